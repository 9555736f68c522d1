//! YAML as Kubernetes reads it: the JSON of each document, and where in the text each JSON node comes from.

use std::ops::Range;

use json::NodeId;

mod documents;
mod json_stream;
mod problem;
mod refusals;
mod scalar;
mod transcode;

pub use documents::documents;

/// Whether kubectl reads a text as JSON objects, at least the first of them.
pub fn is_json(text: &str) -> bool {
    json_stream::JsonStream::of(text, false).is_some()
}

/// A YAML document as JSON.
#[derive(Debug)]
pub struct Document {
    /// The JSON text that `sigs.k8s.io/yaml` makes of it. Members are in the order of the YAML text; those that come from merge keys
    /// follow the mapping's own.
    pub json: String,
    /// Where each JSON node comes from; empty unless it was asked for.
    pub origins: Origins,
    /// The keys that are set more than once in their mapping. The last one counts.
    pub repeated: Vec<Repeated>,
    /// Whether it is written as JSON, and kubectl would read nothing else in its place.
    pub is_json: bool,
    /// The part of the text that the document is, comments included, without the lines that separate it from others.
    pub span: Range<usize>,
}

/// A key that is set, and set again in the same mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// The key.
    pub key: String,
    /// Where it is written first.
    pub first: Range<usize>,
    /// What sets it again.
    pub again: Range<usize>,
    /// How it is set again.
    pub repetition: Repetition,
}

/// How a key is set again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// It is written again.
    Key,
    /// A merge key that stands below it sets it. To other readers what the mapping has itself counts.
    Merged,
    /// It is the merge key `<<`, written again. Members of both are merged; to other readers this is an error.
    MergeKey,
}

/// The origins of the nodes of a document, keys counted as nodes, in the order of [`NodeId`].
#[derive(Debug, Default)]
pub struct Origins {
    nodes: Vec<StoredOrigin>,
    aliases: Vec<Alias>,
}

/// An origin as it is kept: there is one for every dozen bytes of text.
#[derive(Clone, Copy, Debug)]
struct StoredOrigin {
    start: u32,
    end: u32,
    /// [`NO_ALIAS`] if there is none.
    alias: u32,
    style: Style,
}

const NO_ALIAS: u32 = u32::MAX;

/// Where a JSON node comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The node as it is written, without anchor and tag: for an alias what the anchor names. A block collection extends from its
    /// first key or dash to the end of its last child, a block scalar from its indicator to the end of its last line, line feed included.
    /// Empty for a value that is not written; the place is the one where it belongs (behind the colon of `key:`).
    pub span: Range<usize>,
    /// How it is written.
    pub style: Style,
    /// The alias through which it came, if any: the innermost one.
    pub alias: Option<usize>,
}

/// A use of an anchor: `*name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Where the alias is written.
    pub span: Range<usize>,
    /// The alias through which this one came, if any.
    pub outer: Option<usize>,
}

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the styles are those of YAML 1.2")]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
    BlockMapping,
    FlowMapping,
    BlockSequence,
    FlowSequence,
}

impl Origins {
    /// Where a node comes from.
    pub fn of(&self, node: NodeId) -> Option<Origin> {
        let node = self.nodes.get(node.index())?;
        let alias = (node.alias != NO_ALIAS).then_some(node.alias as usize);
        Some(Origin { span: node.start as usize..node.end as usize, style: node.style, alias })
    }

    /// An alias.
    pub fn alias(&self, alias: usize) -> Option<&Alias> {
        self.aliases.get(alias)
    }
}

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong, lowercase, without the position.
    pub message: String,
}

impl SyntaxError {
    fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}
