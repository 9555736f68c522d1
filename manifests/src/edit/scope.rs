//! How much of a document has to be read again to know what a change of its text does. A list of thousands of objects is one document,
//! and each of its findings has a change.

use std::ops::Range;

use json::{Changes, Document, Kind, Value};

use super::plan::node;
use super::{apply_to, plan};
use crate::edit::TextEdit;
use crate::opened::Opened;
use crate::yaml::{self, Style};

/// The part of a document in which all changes are.
pub(super) struct EditScope<'a> {
    /// An element of the list `items`, or the whole document.
    pub(super) value: Value<'a>,
    /// The lines of the element; absent for a whole document.
    lines: Option<Range<usize>>,
}

impl<'a> EditScope<'a> {
    /// The scopes that hold all changes, the smallest one first. A comment behind an element may be a part of it to a person, but not to
    /// YAML: then only the document holds them.
    pub(super) fn of(opened: &Opened<'a>, changes: &Changes) -> impl Iterator<Item = Self> {
        let document = || std::iter::once(Self { value: opened.root, lines: None });
        element(opened, changes).into_iter().chain(document())
    }

    /// How many bytes are read again to know what changes in the scope do.
    pub(super) fn cost(&self, opened: &Opened<'a>) -> usize {
        let written = match (&self.lines, opened.document) {
            (Some(lines), _) => lines.len(),
            (None, Some(document)) => document.span.len(),
            (None, None) => 0,
        };
        written + self.value.raw().len()
    }

    /// Whether what is in the scope reads as expected after edits, and the rest as it is.
    ///
    /// Documents are read independently of each other, and so are the elements of a block list that no alias leads into or out of. What
    /// is read again goes up to the end of the line in which the scope or the last edit ends.
    pub(super) fn reads_as(&self, opened: &Opened<'a>, edits: &[TextEdit], expected: Value<'_>) -> bool {
        let Some(document) = opened.document else { return self.json_reads_as(opened, edits, expected) };
        let part = self.lines.clone().unwrap_or_else(|| {
            let last = edits.last().map_or(0, |edit| edit.span.end).max(document.span.end);
            document.span.start..opened.next_line(opened.line_end(last)).unwrap_or(opened.text.len())
        });
        let is_inside = |edit: &TextEdit| part.start <= edit.span.start && edit.span.end <= part.end;
        if !edits.iter().all(is_inside) {
            return false;
        }
        let changed = apply_to(opened.text, part, edits);
        match self.lines {
            Some(_) => is_element(&changed, expected),
            None => is_document(&changed, document.is_json, expected),
        }
    }

    fn json_reads_as(&self, opened: &Opened<'a>, edits: &[TextEdit], expected: Value<'_>) -> bool {
        let part = if self.value == opened.root { 0..opened.text.len() } else { self.value.span() };
        if edits.iter().any(|edit| edit.span.start < part.start || edit.span.end > part.end) {
            return false;
        }
        let changed = apply_to(opened.text, part, edits);
        Document::parse(changed.as_bytes()).is_ok_and(|changed| plan::is_same(changed.root(), expected))
    }
}

/// The element of `items` in which all changes are.
fn element<'a>(opened: &Opened<'a>, changes: &Changes) -> Option<EditScope<'a>> {
    let items = opened.root.get("items").filter(|items| items.kind() == Kind::Array)?;
    let first = node(changes.iter().next()?);
    let value = opened.element_at(items, first)?;
    let span = value.span();
    let is_inside = |at: Range<usize>| span.start <= at.start && at.end <= span.end;
    // A change of the element as a whole is one of the list.
    if first == value.id() || !changes.iter().all(|change| is_inside(value.at(node(change)).span())) {
        return None;
    }
    let Some(document) = opened.document else { return Some(EditScope { value, lines: None }) };
    let origin = opened.origin(value)?;
    if document.origins.alias(0).is_some() || !matches!(origin.style, Style::BlockMapping | Style::FlowMapping) {
        return None;
    }
    let start = opened.line_start(origin.span.start);
    let end = opened.line_end(opened.content_end(value)?);
    let lines = start..opened.next_line(end).unwrap_or(end);
    // That it can be read alone is seen from how it is read as it is.
    is_element(opened.slice(lines.clone()), value).then_some(EditScope { value, lines: Some(lines) })
}

/// Whether a text is a list of one element, which is as expected.
fn is_element(text: &str, expected: Value<'_>) -> bool {
    reads(text, false, |root| {
        let mut elements = root.elements();
        root.kind() == Kind::Array
            && elements.next().is_some_and(|element| plan::is_same(element, expected))
            && elements.next().is_none()
    })
}

/// Whether a text is one document, in JSON if it was, which is as expected.
fn is_document(text: &str, is_json: bool, expected: Value<'_>) -> bool {
    reads(text, is_json, |root| plan::is_same(root, expected))
}

/// Whether a text is one document, of which a condition is true.
fn reads(text: &str, is_json: bool, condition: impl Fn(Value<'_>) -> bool) -> bool {
    let mut documents = yaml::documents(text, false);
    let (Some(Ok(document)), None) = (documents.next(), documents.next()) else { return false };
    let is_wanted = document.is_json || !is_json;
    is_wanted && Document::parse(document.json.as_bytes()).is_ok_and(|json| condition(json.root()))
}
