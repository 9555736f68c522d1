//! A text with an index of its values, and the view of one of them.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::node::{Kind, Node};
use crate::order::ByName;
use crate::path::{Path, Segment};
use crate::scan::{self, SyntaxError};

impl Node {
    /// What a string stands for, in bytes of UTF-8: without its quotes, its escapes resolved.
    pub(super) fn decoded(self, text: &[u8]) -> Cow<'_, [u8]> {
        let written = self.bytes(text);
        let content = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
        if !self.is_escaped() {
            return Cow::Borrowed(content);
        }
        let mut decoded = Vec::with_capacity(content.len());
        // The scan has rejected every escape that this could fail on.
        let _ = scan::unescape(content, |piece| decoded.extend_from_slice(piece));
        Cow::Owned(decoded)
    }
}

/// A JSON text that was read once and found well-formed: no key twice in an object, nothing nested deeper than
/// [`DEPTH_LIMIT`](crate::DEPTH_LIMIT), no number too large for a 64-bit float.
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

impl<'a> Document<'a> {
    /// Reads `text`, all of it.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        let (text, nodes) = scan::scan(text)?;
        Ok(Self { text, nodes })
    }

    /// The outermost value.
    pub fn root(&'a self) -> Value<'a> {
        Value { document: self, index: 0 }
    }
}

/// The number of a value in its document, keys counted as values: the root is 0, and each value precedes its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    /// The number.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A value of a [`Document`]: as cheap to copy as a reference.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    document: &'a Document<'a>,
    index: u32,
}

impl<'a> Value<'a> {
    /// The value's JSON type.
    pub fn kind(self) -> Kind {
        self.node().kind()
    }

    /// True for JSON `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The value as it is written.
    pub fn raw(self) -> &'a str {
        self.document.text.get(self.span()).unwrap_or_default()
    }

    /// Where the value is in the text, in bytes.
    pub fn span(self) -> Range<usize> {
        self.node().span()
    }

    /// What a string stands for; `None` for other types.
    #[inline(never)]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let node = self.node();
        if node.kind() != Kind::String {
            return None;
        }
        if !node.is_escaped() {
            let Range { start, end } = node.span();
            return Some(Cow::Borrowed(self.document.text.get(start + 1..end - 1).unwrap_or_default()));
        }
        let decoded = node.decoded(self.document.text.as_bytes()).into_owned();
        Some(Cow::Owned(String::from_utf8(decoded).unwrap_or_default()))
    }

    /// A boolean's value; `None` for other types.
    #[inline(never)]
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == "true")
    }

    /// A number's value where it is written as a whole number that fits; `None` otherwise.
    #[inline(never)]
    pub fn as_i64(self) -> Option<i64> {
        if self.kind() == Kind::Number { self.raw().parse().ok() } else { None }
    }

    /// True for an array or object without content.
    pub fn is_empty(self) -> bool {
        self.node().next() == self.index + 1
    }

    /// The elements of an array; nothing for other types.
    pub fn elements(self) -> impl Iterator<Item = Value<'a>> {
        let end = if self.kind() == Kind::Array { self.node().next() } else { 0 };
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            let element = (index < end).then_some(Value { document: self.document, index })?;
            index = element.node().next();
            Some(element)
        })
    }

    /// The members of an object, in the order in which they are written; nothing for other types.
    pub fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        self.member_nodes().map(|(key, value)| (key.as_str().unwrap_or_default(), value))
    }

    /// The members of an object that are not `null`.
    pub fn fields(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        self.members().filter(|(_, value)| !value.is_null())
    }

    /// Whether both mean the same to Kubernetes: the order of members and white space make no difference, and null is absent.
    /// Numbers are the same if they are written the same.
    #[inline(never)]
    pub fn same_as(self, other: Value<'_>) -> bool {
        // An update leaves most of an object as it was, text included.
        if self.raw() == other.raw() {
            return true;
        }
        match (self.kind(), other.kind()) {
            (Kind::Object, Kind::Object) => {
                let (members, others) = (self.sorted_fields(), other.sorted_fields());
                members.len() == others.len()
                    && members
                        .iter()
                        .zip(&others)
                        .all(|((key, value), (other_key, other))| key == other_key && value.same_as(*other))
            }
            (Kind::Array, Kind::Array) => {
                self.elements().count() == other.elements().count()
                    && self.elements().zip(other.elements()).all(|(value, other)| value.same_as(other))
            }
            (Kind::String, Kind::String) => self.as_str() == other.as_str(),
            _ => false,
        }
    }

    fn sorted_fields(self) -> Vec<(Cow<'a, str>, Value<'a>)> {
        let fields: Vec<_> = self.fields().collect();
        let key = |position: usize| fields.get(position).map_or::<&[u8], _>(b"", |(key, _)| key.as_bytes());
        let by_key = ByName::new(fields.len(), &key);
        by_key.positions().filter_map(|position| fields.get(position).cloned()).collect()
    }

    /// The member of an object that has this key, `null` included; `None` for other types.
    #[inline(never)]
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        let key = self.key_of(key)?;
        Some(Value { document: self.document, index: key.index + 1 })
    }

    /// The key of an object with this text, as a value of its own.
    pub fn key_of(self, key: &str) -> Option<Value<'a>> {
        let text = self.document.text.as_bytes();
        let is_it = |name: &Value<'_>| {
            let node = name.node();
            if node.is_escaped() {
                return *node.decoded(text) == *key.as_bytes();
            }
            let Range { start, end } = node.span();
            // Lengths first: most keys differ by it.
            end - start == key.len() + 2 && text.get(start + 1..end - 1) == Some(key.as_bytes())
        };
        self.member_nodes().map(|(name, _)| name).find(is_it)
    }

    /// The member with this key, unless it is `null`: Kubernetes makes no difference between null and absent.
    #[inline(never)]
    pub fn field(self, key: &str) -> Option<Value<'a>> {
        self.get(key).filter(|value| !value.is_null())
    }

    /// The path from `root` to this value. Empty if this is `root`, or not below it.
    #[inline(never)]
    pub fn path_from(self, root: Value<'a>) -> Path {
        let mut path = Path::default();
        let mut at = root;
        while at.index != self.index {
            let holds_self = |value: &Value<'a>| (value.index..value.node().next()).contains(&self.index);
            let step = if at.kind() == Kind::Array {
                at.elements()
                    .enumerate()
                    .find(|(_, value)| holds_self(value))
                    .map(|(i, value)| (Segment::Index(i), value))
            } else {
                at.members()
                    .find(|(_, value)| holds_self(value))
                    .map(|(key, value)| (Segment::Key(key.into_owned()), value))
            };
            let Some((segment, child)) = step else { break };
            path.push(segment);
            at = child;
        }
        path
    }

    /// The members of an object, with each key as a value of its own.
    pub fn member_nodes(self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let end = if self.kind() == Kind::Object { self.node().next() } else { 0 };
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            let key = (index < end).then_some(Value { document: self.document, index })?;
            let value = Value { document: self.document, index: index + 1 };
            index = value.node().next();
            Some((key, value))
        })
    }

    /// The children of an array or object, each with the place where it begins: that of its key, if it has one.
    pub(super) fn child_starts(self) -> impl Iterator<Item = (usize, Value<'a>)> {
        let elements = self.elements().map(|element| (element.span().start, element));
        elements.chain(self.member_nodes().map(|(key, value)| (key.span().start, value)))
    }

    /// The value's node.
    pub fn id(self) -> NodeId {
        NodeId(self.index)
    }

    /// Another value of the same document.
    #[must_use]
    pub fn at(self, id: NodeId) -> Value<'a> {
        Value { index: id.0, ..self }
    }

    pub(super) fn document_text(self) -> &'a [u8] {
        self.document.text.as_bytes()
    }

    fn node(self) -> &'a Node {
        self.document.nodes.get(self.index as usize).unwrap_or(&Node::NULL)
    }
}

impl PartialEq for Value<'_> {
    /// The same value of the same document, not an equal one.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw())
    }
}

/// A value that is not of the type that its place asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TypeMismatch<'a> {
    /// The value found.
    pub value: Value<'a>,
    /// What belongs there.
    pub expected: Kind,
}

impl TypeMismatch<'_> {
    /// `PATH is a number; expected a string`, with the path from `root` and never the value.
    #[inline] // into the crates that ask: with one copy less of what formats
    pub fn describe(&self, root: Value<'_>) -> String {
        // The two are of one document, whose lifetimes differ only to the compiler.
        let path = Value { document: root.document, index: self.value.index }.path_from(root);
        let place = if path.segments().is_empty() { "it".to_owned() } else { path.to_string() };
        format!("{place} is {}; expected {}", self.value.kind(), self.expected)
    }
}
