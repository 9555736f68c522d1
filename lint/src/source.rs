//! A named text, and lines, columns and UTF-16 offsets in it.

use std::ops::Range;
use std::sync::Arc;

use azure_workload_identity_policy::json;

use crate::yaml;

/// A text and the name under which messages show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The path of the file as messages show it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

/// Bytes that are no text.
pub(crate) struct NoText {
    /// Why they are none, and where.
    pub(crate) error: yaml::SyntaxError,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Source {
    /// The text that bytes are, which is empty if they are none.
    pub(crate) fn decode(name: Arc<str>, bytes: Vec<u8>) -> (Self, Option<NoText>) {
        let (text, no_text) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(cause) => {
                let error = encoding_error(cause.as_bytes(), cause.utf8_error().valid_up_to());
                (String::new(), Some(NoText { error, bytes: cause.into_bytes() }))
            }
        };
        (Self { name, text: text.into() }, no_text)
    }
}

/// Why bytes are no text, and where.
fn encoding_error(bytes: &[u8], valid_up_to: usize) -> yaml::SyntaxError {
    let message = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "is UTF-16; save it as UTF-8",
        _ => "is not UTF-8; save it as UTF-8",
    };
    yaml::SyntaxError { offset: valid_up_to, message: message.to_owned() }
}

/// The JSON that a text is, if it begins as a JSON object or list. A text that is no valid JSON may still be YAML, as `kubectl` sees it.
pub(crate) fn as_json(text: &str) -> Option<Result<json::Document<'_>, json::SyntaxError>> {
    text.trim_start().starts_with(['{', '[']).then(|| json::Document::parse(text.as_bytes()))
}

/// A place in a text for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// The lines of a text. Made once a text, since finding a line from the start costs the length of the text.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    /// Where each line starts, in bytes.
    starts: Vec<usize>,
    characters: Counts<'t>,
}

/// The offsets in a text as JavaScript counts them, in UTF-16 code units. Made once a text.
#[derive(Debug)]
pub struct Utf16<'t>(Counts<'t>);

/// How many of something are before a byte of a text.
#[derive(Debug)]
struct Counts<'t> {
    text: &'t str,
    count: fn(&[u8]) -> usize,
    /// How many are before each `STEP`th byte, so that an offset costs the same in a line of 100 MB.
    steps: Vec<usize>,
}

/// The distance of counted places, in bytes.
const STEP: usize = 4096;

impl<'t> Lines<'t> {
    /// Finds the lines of a text. A line ends with a line feed.
    pub fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts, characters: Counts::new(text, count_characters) }
    }

    /// The position of a byte of the text; of the end of the text if it is shorter.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or_default();
        Position { line: line + 1, column: self.characters.before(offset) - self.characters.before(start) + 1 }
    }

    /// The first and the last position of a part of the text; the last one is behind it.
    pub fn range(&self, span: &Range<usize>) -> Range<Position> {
        self.position(span.start)..self.position(span.end)
    }
}

impl<'t> Utf16<'t> {
    /// Counts the code units of a text.
    pub fn new(text: &'t str) -> Self {
        Self(Counts::new(text, count_units))
    }

    /// The offset in code units of a byte of the text; of the end of the text if it is shorter.
    pub fn offset(&self, byte: usize) -> usize {
        self.0.before(byte.min(self.0.text.len()))
    }

    /// A part of the text, in code units.
    pub fn span(&self, span: &Range<usize>) -> Range<usize> {
        self.offset(span.start)..self.offset(span.end)
    }
}

impl<'t> Counts<'t> {
    fn new(text: &'t str, count: fn(&[u8]) -> usize) -> Self {
        let mut sum = 0;
        let steps = text.as_bytes().chunks(STEP).map(|chunk| {
            sum += count(chunk);
            sum
        });
        Self { text, count, steps: std::iter::once(0).chain(steps).collect() }
    }

    fn before(&self, offset: usize) -> usize {
        let step = offset / STEP;
        let rest = self.text.as_bytes().get(step * STEP..offset).unwrap_or_default();
        self.steps.get(step).copied().unwrap_or_default() + (self.count)(rest)
    }
}

/// How many characters start in a part of a text.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

/// How many code units of UTF-16 the characters have that start in a part of a text: two where UTF-8 has four bytes.
fn count_units(bytes: &[u8]) -> usize {
    count_characters(bytes) + bytes.iter().filter(|byte| **byte >= 0b1111_0000).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_offsets_are_those_of_an_encoder() {
        let line = "a: \u{e9} \u{20ac} \u{1f511} # \u{1f468}\u{200d}\u{1f469}\r\n";
        // More than one step, with characters across the limits of steps.
        let text = line.repeat(2 * STEP / line.len() + 3);
        let offsets = Utf16::new(&text);
        let mut units = 0;
        for (at, character) in text.char_indices() {
            assert_eq!(offsets.offset(at), units, "at byte {at}");
            units += character.len_utf16();
        }
        assert_eq!(offsets.span(&(0..text.len())), 0..units);
        assert_eq!(offsets.offset(usize::MAX), units);
    }
}
