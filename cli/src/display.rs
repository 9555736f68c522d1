//! How the program speaks to its user: where to, how wide, and in colour or not.

use std::io::{self, Stderr, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::AnsiColor;
use azure_workload_identity_lint::report::{ReadError, Report};

use crate::arguments::{Colour, DisplayArguments};
use crate::printable::printable;

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
    /// What was asked for.
    pub(crate) out: &'w mut dyn Write,
    /// Everything else: errors and what was skipped.
    messages: AutoStream<Stderr>,
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
        Self {
            out,
            messages: AutoStream::new(io::stderr(), asked),
            is_coloured: choice != ColorChoice::Never,
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
            Some(line) => self.error(&format!("{file}:{line}: {message}")),
            None => self.error(&format!("{file}: {message}")),
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
        lines.iter().try_for_each(|line| self.say("skipped", AnsiColor::Yellow, line))
    }

    fn say(&mut self, word: &str, colour: AnsiColor, text: &str) -> io::Result<()> {
        let style = colour.on_default().bold();
        writeln!(self.messages, "{style}{word}{style:#}: {}", printable(text))
    }
}
