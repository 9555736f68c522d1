//! Binaryen's optimiser: what it leaves of the module is a twelfth smaller and takes fewer instructions.
//!
//! It comes from npm, which has the newest version for every system; `wasm-opt/package-lock.json` pins its bytes.

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};

use crate::npm;

/// Where the lock file is, in the repository.
const DIRECTORY: &str = "xtask/wasm-opt";

/// The features are those that rustc uses. Not `--traps-never-happen`: a trap is how the guest ends where it must not go on.
const ARGUMENTS: [&str; 6] = [
    "-O3",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Writes the module in the file `module`, optimised, to the file `optimised`. The same module always gives the same bytes.
///
/// # Errors
/// When there is no Node.js, when the optimiser cannot be installed, or when it refuses the module.
pub(crate) fn optimise(root: &Path, module: &Path, optimised: &Path) -> Result<()> {
    let directory = root.join(DIRECTORY);
    npm::install(&directory)?;
    let output = Command::new("node")
        .arg(directory.join("node_modules/binaryen/bin/wasm-opt"))
        .arg(module)
        .args(ARGUMENTS)
        .arg("--output")
        .arg(optimised)
        .output()
        .context("cannot start node: install Node.js 20 or later (https://nodejs.org)")?;
    ensure!(output.status.success(), "wasm-opt failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
