//! Changes of objects as changes of the text in which a person wrote them.
//!
//! Comments, quotes, indentation and line ends stay as they are; what is new is written as its surroundings are. A change of the text
//! is offered only if reading the changed text gives exactly the JSON that the same change makes of the JSON.

mod layout;
mod place;
mod plan;
mod render;
mod scalar;
mod scope;
mod tidy;
mod write;

use std::ops::Range;

use json::{Changes, Document, Value};

use crate::opened::Opened;
use plan::{Plan, Sharing};
use render::{Flow, TextLayout};
use scalar::Context;
use scope::EditScope;

/// A replacement in a text; an insertion where the span is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// What is replaced, in bytes of the old text.
    pub span: Range<usize>,
    /// The new text.
    pub text: String,
}

impl Opened<'_> {
    /// The changes of the text that make `changes` of the document, in order and not overlapping. `None` if no change of the text is
    /// sure to do that: a place that is used through aliases, for one, may not be changed for one of its uses only.
    pub fn edits(&self, changes: &Changes) -> Option<Vec<TextEdit>> {
        edits_by(self, changes, &[Sharing::Keep, Sharing::Expand, Sharing::Freeze])
    }

    /// As [`edits`](Self::edits), for changes that correct a mistake. What is written once with the mistake is not written a second
    /// time with it, where an alias was. A list of variables, annotations or labels that would be left empty is removed, if the text
    /// then means the same.
    pub fn corrections(&self, changes: &Changes) -> Option<Vec<TextEdit>> {
        let ways = [Sharing::Keep, Sharing::Expand];
        let without_empty = tidy::without_empty(self, changes);
        without_empty.and_then(|changes| edits_by(self, &changes, &ways)).or_else(|| edits_by(self, changes, &ways))
    }
}

/// The changes of the text that make changes of the document, with what may be done about places that are used several times.
fn edits_by(opened: &Opened<'_>, changes: &Changes, ways: &[Sharing]) -> Option<Vec<TextEdit>> {
    if changes.is_empty() {
        return Some(Vec::new());
    }
    let has_aliases = opened.document.is_some_and(|document| document.origins.alias(0).is_some());
    let ways = if has_aliases { ways } else { &[Sharing::Keep] };
    EditScope::of(opened, changes).find_map(|scope| {
        if !opened.may_read(scope.cost(opened)) {
            return None;
        }
        let mut expected = Vec::new();
        changes.write(scope.value, &mut expected);
        let expected = Document::parse(&expected).ok()?;
        ways.iter().find_map(|sharing| {
            let plan = Plan::new(opened, changes, *sharing)?;
            let edits = write::edits(opened, &plan, scope.value)?;
            scope.reads_as(opened, &edits, expected.root()).then_some(edits)
        })
    })
}

/// The text with the edits, which are in order and do not overlap. An edit that does not fit the text is left out.
pub fn apply(text: &str, edits: &[TextEdit]) -> String {
    apply_to(text, 0..text.len(), edits)
}

/// A value as JSON with a line for each member and element, and a line break at its end.
pub fn indented_json(value: Value<'_>) -> String {
    let json = Flow { context: Context::Json, lines: Some(("", "  ")), ..Flow::YAML };
    let layout = TextLayout { newline: "\n", step: 2, list_step: 2, json, json_step: None };
    layout.flow(value, json) + "\n"
}

/// A part of the text with the edits in it.
fn apply_to(text: &str, part: Range<usize>, edits: &[TextEdit]) -> String {
    let mut changed = String::with_capacity(part.len());
    let mut at = part.start;
    for edit in edits {
        let Some(kept) = text.get(at..edit.span.start) else { continue };
        changed.push_str(kept);
        changed.push_str(&edit.text);
        at = edit.span.end;
    }
    changed.push_str(text.get(at..part.end).unwrap_or_default());
    changed
}
