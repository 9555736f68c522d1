//! Corrections of findings: what a rule changes in the JSON, as a change of the text, and in words.

use std::ops::Range;

use azure_workload_identity_policy::finding::Repair;
use azure_workload_identity_policy::json::{Change, Document, Path, Value};

use crate::opened::Opened;
use crate::report::{Correction, FilePlace, PlacedEdit, TextEdit};

/// The place of a part of the text.
pub(crate) type PlaceOf<'p> = dyn Fn(Range<usize>) -> FilePlace + 'p;

/// The correction that makes a repair of `object`, if a change of the text does that.
pub(crate) fn correction(
    repair: &Repair,
    object: Value<'_>,
    opened: &Opened<'_>,
    place: &PlaceOf<'_>,
) -> Option<Correction> {
    let edits = opened.corrections(&repair.changes)?;
    let changes: Vec<_> = repair.changes.iter().collect();
    let done = done(&changes, &edits, object, opened).unwrap_or_else(|| "corrected".to_owned());
    let edits = edits.into_iter().map(|TextEdit { span, text }| PlacedEdit { place: place(span), text });
    Some(Correction { applicability: repair.applicability, edits: edits.collect(), done, is_secret: false })
}

/// What changes do, as a text that says it when it is done.
fn done(changes: &[&Change], edits: &[TextEdit], object: Value<'_>, opened: &Opened<'_>) -> Option<String> {
    let at = |node| object.at(node);
    match changes {
        [Change::Replace { value, text }] => {
            let old = opened.on_one_line(at(*value)).unwrap_or_else(|| at(*value).raw());
            let new = match edits {
                [edit] if opened.is_at(at(*value), &edit.span) => &edit.text,
                _ => text,
            };
            Some(format!("{old} -> {new}"))
        }
        [Change::Rename { key, name }] => Some(format!("{} -> {name}", at(*key).as_str()?)),
        [Change::Remove { child, .. }] => {
            let name = at(*child).get("name").and_then(Value::as_str);
            Some(match name {
                Some(name) => format!("removed {name}"),
                None => format!("removed {}", at(*child).path_from(object)),
            })
        }
        [Change::Remove { .. }, Change::Insert { container, key: Some(key), text, .. }] => {
            Some(format!("moved to {}", innermost(at(*container).path_from(object).key(key.as_str()), text)?))
        }
        [Change::Remove { .. }, Change::Replace { value, text }] => {
            Some(format!("moved to {}", innermost(at(*value).path_from(object), text)?))
        }
        _ => None,
    }
}

/// The path of the innermost member of JSON at a path in which each object has one member.
fn innermost(mut path: Path, text: &str) -> Option<Path> {
    let document = Document::parse(text.as_bytes()).ok()?;
    let mut value = document.root();
    while let Some((key, inner)) = value.members().next() {
        path = path.key(key);
        value = inner;
    }
    Some(path)
}
