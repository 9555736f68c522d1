//! How much of a document has to be read again to know what a change of its text does. A list of thousands of objects is one document,
//! and each of its findings has a change.

use std::ops::Range;

use json::{Changes, Document, Kind, Value};

use super::plan::node;
use super::{Target, apply_to, plan};
use crate::edit::TextEdit;
use crate::yaml::{self, Style};

/// The part of a document in which all changes are.
pub(super) struct Scope<'a> {
    /// An element of the list `items`, or the whole document.
    pub(super) value: Value<'a>,
    /// The lines of the element; absent for a whole document.
    lines: Option<Range<usize>>,
}

impl<'a> Scope<'a> {
    /// The scopes that hold all changes, the smallest one first. A comment behind an element may be a part of it to a person, but not to
    /// YAML: then only the document holds them.
    pub(super) fn of(target: &Target<'a>, changes: &Changes) -> impl Iterator<Item = Self> {
        let document = || std::iter::once(Self { value: target.root, lines: None });
        element(target, changes).into_iter().chain(document())
    }

    /// Whether what is in the scope reads as expected after edits, and the rest as it is.
    ///
    /// Documents are read independently of each other, and so are the elements of a block list that no alias leads into or out of. What
    /// is read again goes up to the end of the line in which the scope or the last edit ends.
    pub(super) fn reads_as(&self, target: &Target<'a>, edits: &[TextEdit], expected: Value<'_>) -> bool {
        let Some(document) = target.document else { return self.json_reads_as(target, edits, expected) };
        let part = self.lines.clone().unwrap_or_else(|| {
            let last = edits.last().map_or(0, |edit| edit.span.end).max(document.span.end);
            document.span.start..target.next_line(target.line_end(last)).unwrap_or(target.text.len())
        });
        let is_inside = |edit: &TextEdit| part.start <= edit.span.start && edit.span.end <= part.end;
        if !edits.iter().all(is_inside) {
            return false;
        }
        let changed = apply_to(target.text, part, edits);
        match self.lines {
            Some(_) => is_element(&changed, expected),
            None => is_document(&changed, document.is_json, expected),
        }
    }

    fn json_reads_as(&self, target: &Target<'a>, edits: &[TextEdit], expected: Value<'_>) -> bool {
        let part = if self.value == target.root { 0..target.text.len() } else { self.value.span() };
        if edits.iter().any(|edit| edit.span.start < part.start || edit.span.end > part.end) {
            return false;
        }
        let changed = apply_to(target.text, part, edits);
        Document::parse(changed.as_bytes()).is_ok_and(|changed| plan::is_same(changed.root(), expected))
    }
}

/// The element of `items` in which all changes are.
fn element<'a>(target: &Target<'a>, changes: &Changes) -> Option<Scope<'a>> {
    let items = target.root.get("items").filter(|items| items.kind() == Kind::Array)?;
    let first = node(changes.iter().next()?);
    let value = target.element_at(items, first)?;
    let span = value.span();
    let is_inside = |at: Range<usize>| span.start <= at.start && at.end <= span.end;
    // A change of the element as a whole is one of the list.
    if first == value.id() || !changes.iter().all(|change| is_inside(value.at(node(change)).span())) {
        return None;
    }
    let Some(document) = target.document else { return Some(Scope { value, lines: None }) };
    let origin = target.origin(value)?;
    if document.origins.alias(0).is_some() || origin.style != Style::BlockMapping {
        return None;
    }
    let start = target.line_start(origin.span.start);
    let end = target.line_end(target.content_end(value)?);
    let lines = start..target.next_line(end).unwrap_or(end);
    // That it can be read alone is seen from how it is read as it is.
    is_element(target.slice(lines.clone()), value).then_some(Scope { value, lines: Some(lines) })
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
