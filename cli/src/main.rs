//! azwi-check: the checks of azure-workload-identity-policy over files. Thin: what is checked, and how, is in `lint/` and `trace/`.
//!
//! ```text
//! arguments -> commands -> output -> exit
//! ```

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

mod arguments;
mod baseline;
mod bounds;
mod commands;
mod configuration;
mod display;
mod exit;
mod failure;
mod git;
mod inputs;
mod json_text;
mod kubectl;
mod names;
mod nothing;
mod output;
mod patch;
mod paths;
mod policy;
mod printable;
mod program;
mod read;
mod render;
mod replace;
mod walk;
mod workers;

use std::ffi::OsString;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::arguments::{Arguments, Command, command_first};
use crate::display::{Display, usage_error};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printable::printable;

fn main() -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let result = run(std::env::args_os().collect(), &mut out);
    match result.and_then(|exit| out.flush().map(|()| exit)) {
        Ok(exit) => exit.into(),
        // The reader has seen enough: `azwi-check | head` is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Success.into(),
        Err(error) => {
            // Where messages cannot be written either, the exit code says it.
            let _ = writeln!(io::stderr(), "error: the output cannot be written: {error}");
            Exit::Error.into()
        }
    }
}

fn run(arguments: Vec<OsString>, out: &mut dyn Write) -> io::Result<Exit> {
    let command = command(arguments.first());
    let typed = command_first(arguments);
    let arguments = match parsed(&command, typed.clone()) {
        Ok(arguments) => arguments,
        // Help and version were asked for.
        Err(error) if error.exit_code() == 0 => return error.print().map(|()| Exit::Success),
        Err(error) => {
            // A file that a shell puts in for `*` may have any name.
            let shown = typed.iter().map(|argument| printable(&argument.to_string_lossy()).into_owned().into());
            let error = parsed(&command, shown.collect()).err().unwrap_or(error);
            return usage_error(&error).map(|()| Exit::Error);
        }
    };
    let mut display = Display::new(&arguments.display, out);
    let result = match arguments.command {
        None => commands::check::run(&arguments.check, &mut display),
        Some(Command::Check(check)) => commands::check::run(&check, &mut display),
        Some(Command::Diff(diff)) => commands::diff::run(&diff, &mut display),
        Some(Command::Fix(fix)) => commands::fix::run(&fix, &mut display),
        Some(Command::Chain(chain)) => commands::chain::run(&chain, &mut display),
        Some(Command::Explain { rule }) => commands::explain::run(&rule, &mut display),
        Some(Command::Rules { format }) => commands::rules::run(format, &mut display),
        Some(Command::Review { file, policy }) => commands::review::run(file.as_ref(), &policy, &mut display),
        Some(Command::Why(why)) => commands::why::run(&why, &mut display),
        Some(Command::Completions { shell }) => commands::completions::run(shell, command, &mut display),
        Some(Command::Man) => commands::man::run(command, &mut display),
    };
    display.out.flush()?;
    match result {
        Ok(exit) => return Ok(exit),
        Err(Failure::Output(error)) => return Err(error),
        Err(Failure::Files(errors)) => display.errors(&errors)?,
        Err(Failure::Other(message)) => display.error(&message)?,
    }
    Ok(Exit::Error)
}

fn parsed(command: &clap::Command, arguments: Vec<OsString>) -> Result<Arguments, clap::Error> {
    Arguments::from_arg_matches(&command.clone().try_get_matches_from(arguments)?)
}

/// The command line, under the name under which it was called: kubectl runs a plugin `azwi-check` as `kubectl-azwi_check`.
fn command(program: Option<&OsString>) -> clap::Command {
    let is_plugin = program
        .and_then(|program| Path::new(program).file_stem())
        .is_some_and(|name| name.to_string_lossy().starts_with("kubectl-"));
    let command = exit::documented(Arguments::command());
    if is_plugin { command.bin_name("kubectl azwi-check") } else { command }
}
