//! `completions`: a script for a shell.

use clap_complete::{Shell, generate};

use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;

/// Prints the script.
pub(crate) fn run(shell: Shell, mut command: clap::Command, display: &mut Display<'_>) -> Result<Exit, Failure> {
    // `generate` panics where its writer fails, as a closed pipe does.
    let mut script = Vec::new();
    generate(shell, &mut command, env!("CARGO_PKG_NAME"), &mut script);
    display.out.unfiltered()?.write_all(&script)?;
    Ok(Exit::Success)
}
