//! `cargo xtask`: the build of the module, the generated documents, and releases.

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};
use launcher::exit_code;
use xtask::Workspace;

/// Builds the policy module, writes the generated documents, and lays out releases.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the annotated policy module and print its path
    Build,
    /// Write the generated documents and print the paths of those that have changed
    Docs {
        /// Fail if a document is stale, and write none
        #[arg(long)]
        check: bool,
    },
    /// Write the files of a new rule, which works and is to be changed, and print their paths
    NewRule {
        /// The name of the rule, as in label-value
        name: String,
    },
    /// Check that the repository is ready to be released, and lay the release out in a directory
    Release {
        /// The tag of the release, as in v0.1.0
        tag: String,
        /// Where to
        directory: PathBuf,
    },
}

fn main() -> ExitCode {
    exit_code(run(Arguments::parse().command))
}

fn run(command: Command) -> Result<()> {
    let mut out = io::stdout();
    match command {
        Command::Build => {
            let path = xtask::build_policy()?;
            let size = fs::metadata(&path)?.len();
            writeln!(out, "{} ({size} bytes)", path.display())?;
        }
        Command::Docs { check: true } => {
            let stale = xtask::docs::stale()?;
            ensure!(stale.is_empty(), "stale: {}; run `cargo xtask docs`", stale.join(", "));
        }
        Command::Docs { check: false } => {
            for path in xtask::docs::write()? {
                writeln!(out, "{path}")?;
            }
        }
        Command::NewRule { name } => {
            let workspace = Workspace::locate()?;
            for path in xtask::new_rule::create(workspace.root(), &name)? {
                writeln!(out, "{path}")?;
            }
            writeln!(out, "next: `cargo xtask docs`, `INSTA_UPDATE=always cargo test -p e2e-tests --test rules`")?;
        }
        Command::Release { tag, directory } => {
            for path in xtask::release::lay_out(&tag, &directory)? {
                writeln!(out, "{}", path.display())?;
            }
        }
    }
    Ok(())
}
