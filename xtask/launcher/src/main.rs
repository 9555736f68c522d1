//! `launcher ARGUMENTS`: runs cargo with these arguments once the toolchain has the module's target. The aliases in
//! `.cargo/config.toml` go through it.

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

use std::{
    env,
    ffi::OsString,
    process::{Command, ExitCode},
};

use launcher::{ensure_target, exit_code, tell};

fn main() -> ExitCode {
    if let Err(error) = ensure_target(tell) {
        return exit_code(Err(error));
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.args(env::args_os().skip(1));
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_this_package(name)) {
        command.env_remove(name);
    }
    match run(&mut command) {
        Ok(code) => code,
        Err(error) => exit_code(Err(format!("cannot start {}: {error}", cargo.display()))),
    }
}

/// Whether cargo has set the variable for this package. Build scripts that depend on it, as that of ring, would run again.
fn is_of_this_package(name: &OsString) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
}

/// Becomes the program, so that its signals and its exit code are those of this process; returns only if that fails.
#[cfg(unix)]
fn run(command: &mut Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

#[cfg(not(unix))]
fn run(command: &mut Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
