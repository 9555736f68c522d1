//! Packages of npm, in the versions that a lock file names.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio},
    time::SystemTime,
};

use anyhow::{Context as _, Result, ensure};

/// Installs what `package-lock.json` in `directory` names, unless it is there.
///
/// # Errors
/// When there is no npm, or it fails.
pub fn install(directory: &Path) -> Result<()> {
    // Standard output belongs to the command that needs the packages.
    let output = || Stdio::from(io::stderr());
    if needs_install(directory) { npm(directory, &["ci", "--prefer-offline"], output()) } else { Ok(()) }
}

/// Whether the lock file is newer than what is installed.
fn needs_install(directory: &Path) -> bool {
    let modified = |file: &str| -> Option<SystemTime> { fs::metadata(directory.join(file)).ok()?.modified().ok() };
    // npm writes this file last.
    modified("node_modules/.package-lock.json").is_none_or(|installed| Some(installed) < modified("package-lock.json"))
}

/// Runs npm in `directory`.
///
/// # Errors
/// When there is no npm, or it fails.
pub fn run(directory: &Path, arguments: &[&str]) -> Result<()> {
    npm(directory, arguments, Stdio::inherit())
}

fn npm(directory: &Path, arguments: &[&str], output: Stdio) -> Result<()> {
    let status = Command::new("npm")
        .args(arguments)
        .current_dir(directory)
        .stdout(output)
        .status()
        .context("cannot start npm: install Node.js 20 or later (https://nodejs.org)")?;
    ensure!(status.success(), "npm {} failed: npm says why above", arguments.join(" "));
    Ok(())
}
