//! Text from outside in prose: names, kinds, paths and messages come from strangers, and what the program prints is read by terminals
//! and by the runners of CI, which both obey what they find in it.
//!
//! [`printable()`] puts a text into one line that shows every character. [`Prose`] is the writer behind all prose, on standard output
//! and standard error: whatever a format forgets, no line of it is obeyed. Formats for programs escape in their own way and are written
//! past it: [`json_text`](crate::json_text) and `output/junit.rs` keep every value, `output/github.rs` and
//! `output/azure_pipelines.rs` write commands themselves. `patch.rs` must keep the text of files as it is.
//!
//! What a runner obeys. GitHub Actions (`actions/runner`, `ActionCommand.cs`): a line that begins with `::` after white space, and `##[`
//! anywhere. Azure Pipelines (`azure-pipelines-agent`, `Command.cs`): `##vso[` anywhere. `TeamCity` writes `##teamcity[`.

use std::borrow::Cow;
use std::io::{self, Write};

/// A text from outside as a part of a line: every character that a terminal or an editor would obey is shown.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(shown).collect())
}

/// A text from outside as a part of a line that is a command itself: no runner finds another command in it.
pub(crate) fn in_command(text: &str) -> String {
    let text = printable(text);
    with_backslashes(&text, brackets(&text))
}

/// Whether a character does something where it is printed: control characters, separators of lines, and those that change the direction
/// of a text.
pub(crate) fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// What stands for a character: one of the same width, as in excerpts.
pub(crate) fn shown(character: char) -> char {
    match character {
        '\0'..='\u{1f}' => char::from_u32(u32::from(character) + 0x2400).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        it if is_obeyed(it) => char::REPLACEMENT_CHARACTER,
        it => it,
    }
}

/// Whether a runner would look for a command in a line.
pub(crate) fn is_command(line: &str) -> bool {
    command_start(line).is_some() || !brackets(line).is_empty()
}

/// Where a line has `::`, if it begins with it.
pub(crate) fn command_start(line: &str) -> Option<usize> {
    let text = line.trim_start();
    // An excerpt begins with `::: FILE`: no command has a name that begins with a colon.
    (text.starts_with("::") && !text.starts_with("::: ")).then(|| line.len() - text.len())
}

/// The brackets that make commands of `##[`, `##vso[` and the like.
pub(crate) fn brackets(text: &str) -> Vec<usize> {
    let is_command = |before: &str| before.trim_end_matches(|it: char| it.is_ascii_alphabetic()).ends_with("##");
    text.match_indices('[').map(|(at, _)| at).filter(|at| text.get(..*at).is_some_and(is_command)).collect()
}

/// A writer that makes each line safe before it is written.
pub(crate) struct Prose<W: Write> {
    out: W,
    /// The line so far.
    line: Vec<u8>,
    /// Whether colours and weights are passed on. Those from outside have been shown by [`printable()`].
    is_styled: bool,
}

impl<W: Write> Prose<W> {
    /// Prose, with colours and weights or without.
    pub(crate) fn new(out: W, is_styled: bool) -> Self {
        Self { out, line: Vec::new(), is_styled }
    }

    /// The writer behind, for what is no prose. It protects its reader itself.
    pub(crate) fn unfiltered(&mut self) -> io::Result<&mut W> {
        self.end_line()?;
        Ok(&mut self.out)
    }

    fn end_line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.out.write_all(safe(&String::from_utf8_lossy(&line), self.is_styled).as_bytes())
    }
}

impl<W: Write> Write for Prose<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        for part in text.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(text.len())
    }

    /// Ends the line, too: nothing is flushed in the middle of one.
    fn flush(&mut self) -> io::Result<()> {
        self.end_line()?;
        self.out.flush()
    }
}

/// A line of prose that neither a terminal nor a runner obeys.
fn safe(line: &str, is_styled: bool) -> Cow<'_, str> {
    let (content, end) = line.strip_suffix('\n').map_or((line, ""), |content| (content, "\n"));
    if !content.contains(is_obeyed) && !is_command(content) {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len() + 8);
    // Where the content begins, behind what styles it.
    let (mut rest, mut start) = (content, 0);
    while let Some(character) = rest.chars().next() {
        let style = style(rest).filter(|_| is_styled);
        if let Some(style) = style {
            text.push_str(style);
            if text.get(start..).is_some_and(|before| before.trim_start() == style) {
                start = text.len();
            }
        } else {
            text.push(shown(character));
        }
        rest = rest.get(style.map_or(character.len_utf8(), str::len)..).unwrap_or_default();
    }
    let command = command_start(text.get(start..).unwrap_or_default()).map(|at| start + at);
    let text = with_backslashes(&text, command.into_iter().chain(brackets(&text)));
    Cow::Owned(text + end)
}

/// A text with a backslash at some positions, which are in order.
fn with_backslashes(text: &str, positions: impl IntoIterator<Item = usize>) -> String {
    let (mut result, mut written) = (String::with_capacity(text.len() + 8), 0);
    for at in positions {
        result.extend([text.get(written..at).unwrap_or_default(), "\\"]);
        written = at;
    }
    result + text.get(written..).unwrap_or_default()
}

/// The escape sequence for colours and weights that a text begins with.
fn style(text: &str) -> Option<&str> {
    let behind = text.strip_prefix("\u{1b}[")?.trim_start_matches(|it: char| it.is_ascii_digit() || it == ';');
    text.get(..text.len() - behind.strip_prefix('m')?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(text: &str, is_styled: bool) -> String {
        let mut out = Vec::new();
        Prose::new(&mut out, is_styled).write_all(text.as_bytes()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_text_becomes_one_line_that_shows_everything() {
        assert_eq!(printable("a\nb\tc\r\u{1b}[1m\u{7f}"), "a␊b␉c␍␛[1m␡");
        for hostile in ["\u{85}", "\u{9b}", "\u{61c}", "\u{200e}", "\u{2028}", "\u{2029}", "\u{202e}", "\u{2069}"] {
            assert_eq!(printable(hostile), "\u{fffd}");
        }
        assert_eq!(printable("grün \u{1f468}\u{200d}\u{1f469} 日本"), "grün \u{1f468}\u{200d}\u{1f469} 日本");
    }

    #[test]
    fn no_line_of_prose_is_a_command() {
        for (line, expected) in [
            ("::error::x", "\\::error::x"),
            (" \u{a0}\u{3000}::add-mask::x", " \u{a0}\u{3000}\\::add-mask::x"),
            ("\u{85}::error::x", "\u{fffd}::error::x"),
            ("a ::error::x", "a ::error::x"),
            (" ::: accounts.yaml:3:9", " ::: accounts.yaml:3:9"),
            (":::error::x", "\\:::error::x"),
            ("a ##[error]x ##[b]", "a ##\\[error]x ##\\[b]"),
            ("##vso[task.complete]", "##vso\\[task.complete]"),
            ("###TeamCity[x]", "###TeamCity\\[x]"),
            ("## heading [1]", "## heading [1]"),
            ("a\r::error::x", "a␍::error::x"),
            ("\u{1b}[2J", "␛[2J"),
        ] {
            assert!(brackets(&in_command(line)).is_empty(), "{line}");
            for is_styled in [false, true] {
                assert_eq!(prose(&format!("{line}\n{line}\n"), is_styled), format!("{expected}\n{expected}\n"));
            }
        }
    }

    #[test]
    fn own_colours_are_passed_on_and_hide_no_command() {
        let line = "\u{1b}[1m\u{1b}[91mx\u{1b}[0m\n";
        assert_eq!(prose(line, true), line);
        assert_eq!(prose(line, false), "␛[1m␛[91mx␛[0m\n");
        assert_eq!(prose(" \u{1b}[1m\u{1b}[0m::error::\n", true), " \u{1b}[1m\u{1b}[0m\\::error::\n");
        assert_eq!(prose("\u{1b}[1;31H\u{1b}[1\n", true), "␛[1;31H␛[1\n");
    }

    #[test]
    fn a_line_may_be_written_in_parts() {
        let mut out = Vec::new();
        let mut prose = Prose::new(&mut out, false);
        for part in [":", ":err", "or::", "x\n#", "#[y\nz"] {
            prose.write_all(part.as_bytes()).unwrap();
        }
        prose.flush().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\\::error::x\n##\\[y\nz");
    }
}
