//! What the index of a text consists of.

use std::fmt;
use std::ops::Range;

/// The JSON type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the types are those of RFC 8259")]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        })
    }
}

/// Where one value is in the text, and which node follows its subtree.
///
/// In 12 bytes: an index is the larger part of what a request touches in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    start: u32,
    end: u32,
    /// The number of the following node, above the kind and the mark of a string with a backslash in it.
    packed: u32,
}

/// The longest text whose nodes can be numbered: each takes a byte of text at least.
pub(super) const LONGEST_TEXT: usize = (u32::MAX >> KIND_BITS) as usize;

const ESCAPED: u32 = 1 << 3;
const KIND_BITS: u32 = 4;

impl Node {
    pub(super) const NULL: Self = Self { start: 0, end: 0, packed: Kind::Null as u32 };

    /// A value without children. No cast here or below truncates, since no position or number is greater than [`LONGEST_TEXT`].
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn leaf(span: Range<usize>, next: usize, kind: Kind, escaped: bool) -> Self {
        let escaped = if escaped { ESCAPED } else { 0 };
        let packed = (next as u32) << KIND_BITS | escaped | kind as u32;
        Self { start: span.start as u32, end: span.end as u32, packed }
    }

    /// An array or object that is still to be closed.
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn open(start: usize, kind: Kind) -> Self {
        Self { start: start as u32, end: 0, packed: kind as u32 }
    }

    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn close(&mut self, end: usize, next: usize) {
        self.end = end as u32;
        self.packed |= (next as u32) << KIND_BITS;
    }

    pub(super) fn span(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn next(self) -> u32 {
        self.packed >> KIND_BITS
    }

    pub(super) fn kind(self) -> Kind {
        match self.packed & (ESCAPED - 1) {
            0 => Kind::Null,
            1 => Kind::Bool,
            2 => Kind::Number,
            3 => Kind::String,
            4 => Kind::Array,
            _ => Kind::Object,
        }
    }

    /// Whether it is a string with a backslash in it.
    pub(super) fn is_escaped(self) -> bool {
        self.packed & ESCAPED != 0
    }

    /// The value as written.
    pub(super) fn bytes(self, text: &[u8]) -> &[u8] {
        text.get(self.span()).unwrap_or_default()
    }
}
