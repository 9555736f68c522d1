//! A named text, and lines and columns in it.

use std::ops::Range;
use std::sync::Arc;

/// A text and the name under which messages show it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The path of the file as messages show it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
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
    /// How many characters are before each `STEP`th byte, so that a column costs the same in a line of 100 MB.
    characters: Vec<usize>,
}

/// The distance of counted places, in bytes.
const STEP: usize = 4096;

impl<'t> Lines<'t> {
    /// Finds the lines of a text. A line ends with a line feed.
    pub fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut count = 0;
        let counts = text.as_bytes().chunks(STEP).map(|chunk| {
            count += count_characters(chunk);
            count
        });
        let characters = std::iter::once(0).chain(counts).collect();
        Self { text, starts, characters }
    }

    /// The position of a byte of the text; of the end of the text if it is shorter.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or_default();
        Position { line: line + 1, column: self.characters_before(offset) - self.characters_before(start) + 1 }
    }

    /// How many characters start before a byte of the text.
    fn characters_before(&self, offset: usize) -> usize {
        let step = offset / STEP;
        let rest = self.text.as_bytes().get(step * STEP..offset).unwrap_or_default();
        self.characters.get(step).copied().unwrap_or_default() + count_characters(rest)
    }

    /// The first and the last position of a part of the text; the last one is behind it.
    pub fn range(&self, span: &Range<usize>) -> Range<Position> {
        self.position(span.start)..self.position(span.end)
    }
}

/// How many characters start in a part of a text.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}
