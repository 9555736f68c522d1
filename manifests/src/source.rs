//! A named text, and lines, columns and UTF-16 offsets in it.

use std::ops::Range;
use std::sync::Arc;

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
pub struct NoText {
    /// Why they are none, and where.
    pub error: yaml::SyntaxError,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How a text is encoded in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-16 with a byte order mark, little endian, as PowerShell writes it.
    Utf16Le,
    /// UTF-16 with a byte order mark, big endian.
    Utf16Be,
}

impl Encoding {
    /// The bytes of a text, with the byte order mark of UTF-16.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let to_bytes = match self {
            Self::Utf8 => return text.as_bytes().to_vec(),
            Self::Utf16Le => u16::to_le_bytes,
            Self::Utf16Be => u16::to_be_bytes,
        };
        std::iter::once(BYTE_ORDER_MARK).chain(text.encode_utf16()).flat_map(to_bytes).collect()
    }
}

const BYTE_ORDER_MARK: u16 = 0xfeff;

impl Source {
    /// The text that bytes are, which is empty if they are none, and then why they are none. As for kubectl, a byte order mark says that
    /// they are UTF-16, and is no part of that text.
    pub fn decode(name: Arc<str>, bytes: Vec<u8>) -> (Self, Encoding, Option<NoText>) {
        let encoding = match bytes.as_slice() {
            [0xff, 0xfe, ..] => Encoding::Utf16Le,
            [0xfe, 0xff, ..] => Encoding::Utf16Be,
            _ => Encoding::Utf8,
        };
        let text = match encoding {
            Encoding::Utf8 => String::from_utf8(bytes).map_err(|cause| {
                let offset = cause.utf8_error().valid_up_to();
                NoText::new(offset, "is not UTF-8; save it as UTF-8", cause.into_bytes())
            }),
            Encoding::Utf16Le => from_utf16(bytes, u16::from_le_bytes),
            Encoding::Utf16Be => from_utf16(bytes, u16::from_be_bytes),
        };
        let (text, no_text) = match text {
            Ok(text) => (text, None),
            Err(no_text) => (String::new(), Some(no_text)),
        };
        (Self { name, text: text.into() }, encoding, no_text)
    }
}

/// The text of UTF-16 behind its byte order mark.
fn from_utf16(bytes: Vec<u8>, unit: fn([u8; 2]) -> u16) -> Result<String, NoText> {
    let (units, rest) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(units.iter().skip(1).map(|bytes| unit(*bytes))).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err(NoText::new(0, "begins as UTF-16, but is none; save it as UTF-8", bytes)),
    }
}

impl NoText {
    fn new(offset: usize, message: &str, bytes: Vec<u8>) -> Self {
        Self { error: yaml::SyntaxError { offset, message: message.to_owned() }, bytes }
    }
}

/// The JSON that a text is, if it begins as a JSON object or list. A text that is no valid JSON may still be YAML, as `kubectl` sees it.
pub fn as_json(text: &str) -> Option<Result<json::Document<'_>, json::SyntaxError>> {
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
    characters: CountsBefore<'t>,
    units: CountsBefore<'t>,
}

/// How many of something are before a byte of a text.
#[derive(Debug)]
struct CountsBefore<'t> {
    text: &'t str,
    count: fn(&[u8]) -> usize,
    /// How many are before each `STEP`th byte, so that an offset costs the same in a line of 100 MB.
    steps: Vec<usize>,
}

/// The distance of counted places, in bytes.
const STEP: usize = 512;

impl<'t> Lines<'t> {
    /// Finds the lines of a text. A line ends with a line feed.
    pub fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let (characters, units) = (CountsBefore::new(text, count_characters), CountsBefore::new(text, count_units));
        Self { text, starts, characters, units }
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

    /// The offset of a byte of the text in UTF-16 code units, as JavaScript counts; of the end of the text if it is shorter.
    pub fn utf16(&self, offset: usize) -> usize {
        self.units.before(offset.min(self.text.len()))
    }
}

impl<'t> CountsBefore<'t> {
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
    fn utf16_with_a_byte_order_mark_is_a_text_and_is_encoded_as_it_was() {
        let text = "name: caf\u{e9} \u{1f511}\r\n";
        for (encoding, start) in
            [(Encoding::Utf16Le, [0xff, 0xfe, b'n', 0]), (Encoding::Utf16Be, [0xfe, 0xff, 0, b'n'])]
        {
            let mut bytes = encoding.encode(text);
            assert!(bytes.starts_with(&start));
            let (source, read_as, no_text) = Source::decode("a.yaml".into(), bytes.clone());
            assert!(&*source.text == text && read_as == encoding && no_text.is_none());
            // An odd byte, and half of a surrogate pair.
            for length in [bytes.len() - 1, bytes.len() - 6] {
                bytes.truncate(length);
                let (source, _, no_text) = Source::decode("a.yaml".into(), bytes.clone());
                let message = no_text.map(|no_text| no_text.error.message);
                assert_eq!(message.as_deref(), Some("begins as UTF-16, but is none; save it as UTF-8"));
                assert!(source.text.is_empty());
            }
        }
        assert_eq!(Encoding::Utf8.encode(text), text.as_bytes());
    }

    #[test]
    fn utf16_offsets_are_those_of_an_encoder() {
        let line = "a: \u{e9} \u{20ac} \u{1f511} # \u{1f468}\u{200d}\u{1f469}\r\n";
        // More than one step, with characters across the limits of steps.
        let text = line.repeat(2 * STEP / line.len() + 3);
        let lines = Lines::new(&text);
        let mut units = 0;
        for (at, character) in text.char_indices() {
            assert_eq!(lines.utf16(at), units, "at byte {at}");
            units += character.len_utf16();
        }
        assert_eq!(lines.utf16(usize::MAX), units);
    }
}
