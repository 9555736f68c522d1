//! The scripts of the page.

use anyhow::Result;
use xtask::{Workspace, npm};

/// Runs a script of `package.json`, with the dependencies that the lock file names.
///
/// # Errors
/// When there is no npm, or the script fails.
pub fn run(workspace: &Workspace, script: &str) -> Result<()> {
    let page = workspace.root().join("playground");
    npm::install(&page)?;
    npm::run(&page, &["run", script])
}
