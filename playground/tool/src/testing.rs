//! The tests of the module in Node.js, of which cargo cannot run all by itself: those that are compiled to WebAssembly need the runner of
//! wasm-bindgen. It is a program of its own, because its dependencies are many and old.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use launcher::{TARGET, ensure_target, tell};
use xtask::Workspace;

use crate::module;

/// The package of the runner, and its program.
const RUNNER: (&str, &str) = ("wasm-bindgen-cli", "wasm-bindgen-test-runner");

/// Runs all tests of the module.
///
/// # Errors
/// When a test fails, or there is no Node.js.
pub fn run(workspace: &Workspace) -> Result<()> {
    ensure_target(tell)?;
    let node =
        Command::new("node").arg("--version").output().context("cannot start node: install Node.js 20 or later")?;
    ensure!(node.status.success(), "node --version fails: {}", String::from_utf8_lossy(&node.stderr).trim());
    let test = || {
        let mut cargo = cargo(workspace);
        cargo.args(["test", "--locked", "--package"]);
        cargo
    };
    // Natively: the library, the examples, and the comparison of both.
    succeeds(test().args([module::PACKAGE, "--package", env!("CARGO_PKG_NAME")]))?;
    let runner = format!("CARGO_TARGET_{}_RUNNER", TARGET.to_uppercase().replace('-', "_"));
    succeeds(
        test().args([module::PACKAGE, "--target", TARGET, "--test", "bindings"]).env(runner, runner_of(workspace)?),
    )
}

/// The runner, which is installed into cargo's target directory if it is not there. It must have the version of wasm-bindgen.
fn runner_of(workspace: &Workspace) -> Result<PathBuf> {
    let (package, program) = RUNNER;
    let root = workspace.target_directory().join("playground");
    let path = root.join("bin").join(program).with_extension(env::consts::EXE_EXTENSION);
    let id = workspace.cargo(&["pkgid", "--locked", "wasm-bindgen"])?;
    let version = id.trim().rsplit(['@', '#']).next().unwrap_or_default();
    let installed = Command::new(&path).arg("--version").output();
    let is_same = |output: &std::process::Output| output.stdout.trim_ascii_end().ends_with(version.as_bytes());
    if !installed.is_ok_and(|output| is_same(&output)) {
        tell(&format!("installing {program} {version} (once; minutes)"));
        // It needs neither speed nor the TLS with which it would load a driver of browsers.
        let mut install = cargo(workspace);
        install.args(["install", package, "--version", version, "--bin", program]);
        succeeds(install.args(["--debug", "--no-default-features", "--force", "--root"]).arg(&root))?;
    }
    Ok(path)
}

fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace.root());
    command
}

fn succeeds(command: &mut Command) -> Result<()> {
    let status = command.status().context("cannot start cargo")?;
    ensure!(status.success(), "cargo fails: it says why above");
    Ok(())
}
