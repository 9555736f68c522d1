//! azwi-check: the checks of azure-workload-identity-policy over files. Thin: what is checked, and how, is in `lint/`.
//!
//! ```text
//! arguments -> commands -> output -> exit
//! ```

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

mod arguments;
mod commands;
#[allow(dead_code, reason = "the command `check` will end in all ways")]
mod exit;
mod names;
#[allow(dead_code, unused_imports, reason = "the command `check` will write reports")]
mod output;
mod pages;

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::arguments::{Arguments, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut messages = io::stderr();
    let result = run(std::env::args_os().collect(), &mut out, &mut messages);
    match result.and_then(|exit| out.flush().map(|()| exit)) {
        Ok(exit) => exit.into(),
        // The reader has seen enough: `azwi-check | head` is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Success.into(),
        Err(error) => {
            // Where messages cannot be written either, the exit code says it.
            let _ = writeln!(messages, "error: the output cannot be written: {error}");
            Exit::Error.into()
        }
    }
}

fn run(arguments: Vec<OsString>, out: &mut dyn Write, messages: &mut dyn Write) -> io::Result<Exit> {
    let command = command(arguments.first());
    let arguments = match parse(command.clone(), arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            error.print()?;
            // Help and version were asked for.
            return Ok(if error.exit_code() == 0 { Exit::Success } else { Exit::Error });
        }
    };
    match arguments.command {
        Command::Explain { rule } => return commands::explain::run(&rule, out, messages),
        Command::Rules { format } => commands::rules::run(format, out)?,
        Command::Completions { shell } => commands::completions::run(shell, command, out)?,
        Command::Man => commands::man::run(command, out)?,
    }
    Ok(Exit::Success)
}

fn parse(command: clap::Command, arguments: Vec<OsString>) -> Result<Arguments, clap::Error> {
    Arguments::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

/// The command line, under the name under which it was called: kubectl runs a plugin `azwi-check` as `kubectl-azwi_check`.
fn command(program: Option<&OsString>) -> clap::Command {
    let is_plugin = program
        .and_then(|program| Path::new(program).file_stem())
        .is_some_and(|name| name.to_string_lossy().starts_with("kubectl-"));
    let command = Arguments::command();
    if is_plugin { command.bin_name("kubectl azwi-check") } else { command }
}
