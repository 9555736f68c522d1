//! `cargo playground`: builds the page, runs it, and tests its module.

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use launcher::exit_code;
use playground::{module, npm, testing};
use xtask::Workspace;

/// Builds the page of the playground, or runs it for development.
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
    /// Compile only the module, with its JavaScript and TypeScript, into playground/src/wasm
    Wasm,
    /// Test the module in Node.js
    Test,
}

fn main() -> ExitCode {
    exit_code(run(Arguments::parse().command.unwrap_or(Command::Dev)))
}

fn run(command: Command) -> Result<()> {
    let workspace = Workspace::locate()?;
    if let Command::Test = command {
        return testing::run(&workspace);
    }
    writeln!(io::stdout(), "{}", module::build(&workspace)?)?;
    match command {
        Command::Dev => npm::run(&workspace, "dev"),
        Command::Build => npm::run(&workspace, "build"),
        Command::Wasm | Command::Test => Ok(()),
    }
}
