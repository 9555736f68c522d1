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
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) next: u32,
    pub(super) kind: Kind,
    /// A string with a backslash in it.
    pub(super) escaped: bool,
}

impl Node {
    pub(super) const NULL: Self = Self { start: 0, end: 0, next: 0, kind: Kind::Null, escaped: false };

    pub(super) fn span(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The value as written.
    pub(super) fn bytes(self, text: &[u8]) -> &[u8] {
        text.get(self.span()).unwrap_or_default()
    }
}
