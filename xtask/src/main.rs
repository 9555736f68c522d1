//! `cargo xtask build`: builds the annotated policy module and prints where it is.
//! `cargo xtask docs`: writes the generated documents; with `--check` it fails if one is stale.
//! `cargo xtask release TAG DIRECTORY`: checks that everything is ready to be released as TAG, and lays it out in DIRECTORY.

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

use std::{env, fs, io, io::Write as _, path::Path, process::ExitCode};

use anyhow::{Result, bail, ensure};
use launcher::exit_code;

fn main() -> ExitCode {
    exit_code(run())
}

fn run() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["build"] => build(),
        ["docs"] => write_docs(),
        ["docs", "--check"] => check_docs(),
        ["release", tag, directory] => release(tag, Path::new(directory)),
        _ => bail!("usage: cargo xtask build | docs [--check] | release TAG DIRECTORY"),
    }
}

fn build() -> Result<()> {
    let path = xtask::build_policy()?;
    let size = fs::metadata(&path)?.len();
    writeln!(io::stdout(), "{} ({size} bytes)", path.display())?;
    Ok(())
}

fn write_docs() -> Result<()> {
    for path in xtask::docs::write()? {
        writeln!(io::stdout(), "{path}")?;
    }
    Ok(())
}

fn check_docs() -> Result<()> {
    let stale = xtask::docs::stale()?;
    ensure!(stale.is_empty(), "stale: {}; run `cargo xtask docs`", stale.join(", "));
    Ok(())
}

fn release(tag: &str, directory: &Path) -> Result<()> {
    for path in xtask::release::lay_out(tag, directory)? {
        writeln!(io::stdout(), "{}", path.display())?;
    }
    Ok(())
}
