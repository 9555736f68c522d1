//! A text that kubectl reads as JSON: one value, or one after the other, as `kubectl get -o json` prints them.

use std::ops::Range;

use json::{Kind, Value};

use super::{Document, NO_ALIAS, Origins, StoredOrigin, Style, SyntaxError};

/// Reads the values of a text.
pub(super) struct JsonStream<'t> {
    text: &'t str,
    /// Where the next value is.
    at: usize,
    with_origins: bool,
}

impl<'t> JsonStream<'t> {
    /// The values of a text, if kubectl reads it as JSON: it begins with an object, with which it ends or which another one follows.
    /// Otherwise it is YAML.
    pub(super) fn of(text: &'t str, with_origins: bool) -> Option<Self> {
        let stream = Self { text, at: after_white_space(text, 0), with_origins };
        let span = stream.next_span()?;
        let next = text.get(after_white_space(text, span.end)..)?;
        let is_json = (next.is_empty() || next.starts_with('{'))
            && text.get(span).is_some_and(|value| json::Document::parse(value.as_bytes()).is_ok());
        is_json.then_some(stream)
    }

    /// Where the next object is written; `None` if there is none. One that is not closed extends to the end.
    fn next_span(&self) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes().get(self.at..).filter(|bytes| bytes.starts_with(b"{"))?;
        let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
        let is_last = |byte: &u8| {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_text => is_escaped = true,
                b'"' => is_text = !is_text,
                b'{' | b'[' if !is_text => depth += 1,
                b'}' | b']' if !is_text => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        };
        let length = bytes.iter().position(is_last).map_or(bytes.len(), |last| last + 1);
        Some(self.at..self.at + length)
    }
}

impl Iterator for JsonStream<'_> {
    type Item = Result<Document, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        if start == self.text.len() {
            return None;
        }
        // Behind an error kubectl reads nothing.
        self.at = self.text.len();
        let Some(span) = (Self { at: start, ..*self }).next_span() else {
            return Some(Err(SyntaxError::new(start, "expected a JSON object, as those above")));
        };
        let value = self.text.get(span.clone()).unwrap_or_default();
        let document = match json::Document::parse(value.as_bytes()) {
            Ok(document) => document,
            Err(error) => return Some(Err(SyntaxError::of_json(value, start, &error))),
        };
        let mut nodes = Vec::new();
        if self.with_origins {
            add_nodes(document.root(), start, &mut nodes);
        }
        self.at = after_white_space(self.text, span.end);
        let origins = Origins { nodes, aliases: Vec::new() };
        Some(Ok(Document { json: value.to_owned(), origins, repeated: Vec::new(), is_json: true, span }))
    }
}

fn after_white_space(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    text.len() - rest.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}').len()
}

/// Adds the nodes of a value in the order of their numbers.
fn add_nodes(value: Value<'_>, start: usize, nodes: &mut Vec<StoredOrigin>) {
    nodes.push(node(value, start));
    value.elements().for_each(|element| add_nodes(element, start, nodes));
    for (key, member) in value.member_nodes() {
        nodes.push(node(key, start));
        add_nodes(member, start, nodes);
    }
}

fn node(value: Value<'_>, start: usize) -> StoredOrigin {
    let Range { start: from, end } = value.span();
    #[allow(clippy::cast_possible_truncation)] // no text is longer than 4 GiB
    StoredOrigin {
        start: (start + from) as u32,
        end: (start + end) as u32,
        alias: NO_ALIAS,
        style: Style::of_json(value.kind()),
    }
}

impl Style {
    /// How JSON writes a value.
    pub(crate) fn of_json(kind: Kind) -> Self {
        match kind {
            Kind::Object => Self::FlowMapping,
            Kind::Array => Self::FlowSequence,
            Kind::String => Self::DoubleQuoted,
            Kind::Null | Kind::Bool | Kind::Number => Self::Plain,
        }
    }
}

impl SyntaxError {
    /// An error in a JSON value that starts at a position of the text.
    pub fn of_json(value: &str, start: usize, error: &json::SyntaxError) -> Self {
        let (line, column) = error.position();
        let before: usize = value.split_inclusive('\n').take(line - 1).map(str::len).sum();
        Self::new(start + before + column - 1, error.reason())
    }
}
