//! The scripts of the page.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};
use xtask::Workspace;

/// Runs a script of `package.json`, with the dependencies that the lock file names.
///
/// # Errors
/// When there is no npm, or the script fails.
pub fn run(workspace: &Workspace, script: &str) -> Result<()> {
    let page = workspace.root().join("playground");
    if needs_install(&page) {
        npm(&page, &["ci"])?;
    }
    npm(&page, &["run", script])
}

/// Whether the lock file is newer than what is installed.
fn needs_install(page: &Path) -> bool {
    let modified = |file: &str| -> Option<SystemTime> { fs::metadata(page.join(file)).ok()?.modified().ok() };
    // npm writes this file last.
    modified("node_modules/.package-lock.json").is_none_or(|installed| Some(installed) < modified("package-lock.json"))
}

fn npm(page: &Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("npm")
        .args(arguments)
        .current_dir(page)
        .status()
        .context("cannot start npm: install Node.js 20 or later (https://nodejs.org)")?;
    ensure!(status.success(), "npm {} failed: npm says why above", arguments.join(" "));
    Ok(())
}
