//! How the program speaks to its user: where to, how wide, and in colour or not.

use std::io::{self, IsTerminal as _, Stderr, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::AnsiColor;
use azure_workload_identity_lint::report::{ReadError, Report};

use crate::arguments::{Colour, DisplayArguments};
use crate::printable::{Prose, printable};

/// The width of a text that is not for a terminal, in columns.
pub(crate) const DEFAULT_WIDTH: usize = 140;

/// How much is told besides findings and errors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verbosity {
    /// Nothing.
    Quiet,
    /// Counts, hints, and what was skipped in one line for each reason.
    Usual,
    /// The same, but each file that was skipped has a line of its own.
    Verbose,
}

/// The streams of the program, and how they are used.
pub(crate) struct Display<'w> {
    /// What was asked for, as prose.
    pub(crate) out: Prose<&'w mut dyn Write>,
    /// Everything else: errors and what was skipped.
    messages: Prose<AutoStream<Stderr>>,
    /// Whether `out` is coloured.
    pub(crate) is_coloured: bool,
    /// The width of the terminal.
    pub(crate) width: usize,
    /// How much is told besides findings and errors.
    verbosity: Verbosity,
    /// Whether a bar may be drawn.
    pub(crate) shows_progress: bool,
}

impl<'w> Display<'w> {
    pub(crate) fn new(arguments: &DisplayArguments, out: &'w mut dyn Write) -> Self {
        let width =
            terminal_size::terminal_size_of(io::stdout()).map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0));
        let asked = match arguments.color {
            Colour::Auto => ColorChoice::Auto,
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        };
        let choice = if asked == ColorChoice::Auto { AutoStream::choice(&io::stdout()) } else { asked };
        let is_coloured = choice != ColorChoice::Never;
        Self {
            out: Prose::new(out, is_coloured),
            messages: messages(asked),
            is_coloured,
            width,
            verbosity: match (arguments.quiet, arguments.verbose) {
                (true, _) => Verbosity::Quiet,
                (false, true) => Verbosity::Verbose,
                (false, false) => Verbosity::Usual,
            },
            shows_progress: !arguments.quiet && !arguments.no_progress,
        }
    }

    /// Whether nothing is told besides findings and errors.
    pub(crate) fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Whether a person reads `out`, and no program such as `patch`.
    pub(crate) fn is_read_by_person(&self) -> bool {
        self.is_coloured || io::stdout().is_terminal()
    }

    /// Tells why the program cannot go on.
    pub(crate) fn error(&mut self, message: &str) -> io::Result<()> {
        self.say("error", AnsiColor::BrightRed, message)
    }

    /// Tells what the reader may want to do.
    pub(crate) fn hint(&mut self, message: &str) -> io::Result<()> {
        if self.is_quiet() { Ok(()) } else { self.say("hint", AnsiColor::BrightCyan, message) }
    }

    /// Tells what was done, or was not: `word` in one word.
    pub(crate) fn status(&mut self, word: &str, message: &str) -> io::Result<()> {
        if self.is_quiet() { Ok(()) } else { self.say(word, AnsiColor::BrightBlue, message) }
    }

    /// Names what could not be read.
    pub(crate) fn errors(&mut self, errors: &[ReadError]) -> io::Result<()> {
        errors.iter().try_for_each(|ReadError { file, line, message }| match line {
            Some(line) => self.error(&format!("{}:{line}: {message}", printable(file))),
            None => self.error(&format!("{}: {message}", printable(file))),
        })
    }

    /// Names what was skipped: in one line for each reason, or file by file.
    pub(crate) fn skipped(&mut self, report: &Report) -> io::Result<()> {
        if self.is_quiet() {
            return Ok(());
        }
        let lines: Vec<_> = if self.verbosity == Verbosity::Verbose {
            report.skipped.iter().map(|it| format!("{}: {}", it.file, it.reason)).collect()
        } else {
            let hint = |unnamed| if unnamed > 0 { "; --verbose names all" } else { "" };
            report.skipped_alike().iter().map(|alike| format!("{alike}{}", hint(alike.unnamed()))).collect()
        };
        lines.iter().try_for_each(|line| self.say("skipped", AnsiColor::Yellow, &printable(line)))
    }

    fn say(&mut self, word: &str, colour: AnsiColor, text: &str) -> io::Result<()> {
        let style = colour.on_default().bold();
        // Programs that fail say so in several lines. No part of a text looks like a message of its own.
        let lines: Vec<_> = text.lines().map(printable).collect();
        writeln!(self.messages, "{style}{word}{style:#}: {}", lines.join("\n  "))
    }
}

/// Standard error. The stream behind removes colours that nobody asked for.
fn messages(choice: ColorChoice) -> Prose<AutoStream<Stderr>> {
    Prose::new(AutoStream::new(io::stderr(), choice), true)
}

/// Tells what is wrong with the command line.
pub(crate) fn usage_error(error: &clap::Error) -> io::Result<()> {
    let mut messages = messages(ColorChoice::Auto);
    write!(messages, "{}", error.render().ansi())?;
    messages.flush()
}
