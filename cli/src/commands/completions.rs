//! `completions`: a script for a shell.

use std::io::{self, Write};

use clap_complete::{Shell, generate};

/// Prints the script for the program of this name: a shell completes what is typed, and a plugin of kubectl is typed differently.
pub(crate) fn run(shell: Shell, mut command: clap::Command, out: &mut dyn Write) -> io::Result<()> {
    // A script that cannot be written is an error, not a panic: `generate` panics where its writer fails.
    let mut script = Vec::new();
    generate(shell, &mut command, env!("CARGO_PKG_NAME"), &mut script);
    out.write_all(&script)
}
