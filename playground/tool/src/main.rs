//! `cargo playground`: from the checkout to the page.

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

mod module;
mod npm;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use launcher::exit_code;
use xtask::Workspace;

/// Builds the page, or runs it for development.
#[derive(Parser)]
#[command(name = "cargo playground", bin_name = "cargo playground")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, Subcommand)]
enum Command {
    /// Serve the page for development, and reload it when a file of it changes [default]
    Dev,
    /// Build the page into playground/dist
    Build,
    /// Compile only the module, with its TypeScript, into playground/src/wasm
    Wasm,
}

fn main() -> ExitCode {
    exit_code(run(Arguments::parse().command.unwrap_or(Command::Dev)))
}

fn run(command: Command) -> Result<()> {
    let workspace = Workspace::locate()?;
    let page = workspace.root().join("playground");
    let module = module::build(&workspace, &page.join("src").join("wasm"))?;
    writeln!(io::stdout(), "{module}")?;
    match command {
        Command::Wasm => Ok(()),
        Command::Dev => npm::run(&page, "dev"),
        Command::Build => npm::run(&page, "build"),
    }
}
