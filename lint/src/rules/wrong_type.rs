//! Value has a type that the API server refuses.
//!
//! # What it finds
//!
//! A label, an annotation or another field that the policy reads with a value of another type than Kubernetes requires: `use: true`
//! or `use: yes` without quotes, an annotation that is a number, a list where a mapping belongs. YAML reads words such as `yes`, `on`
//! and `true` without quotes as booleans.
//!
//! # Why it matters
//!
//! The API server rejects the object. Its message names neither the file nor the line.
//!
//! # Example
//!
//! `azure.workload.identity/use: true`
//!
//! # Fix
//!
//! Put the value in quotes: `azure.workload.identity/use: "true"`.

use azure_workload_identity_policy::finding::{Applicability, Repair};
use azure_workload_identity_policy::json::{self, Changes, Kind, Path, Segment, Value};
use azure_workload_identity_policy::keys;

use crate::correction::{PlaceOf, correction};
use crate::draft::{Draft, Words};
use crate::opened::Opened;

/// The words for a value of the wrong type in an object.
pub(crate) fn words(
    value: Value<'_>,
    expected: Kind,
    draft: &Draft,
    object: Value<'_>,
    opened: &Opened<'_>,
    place: &PlaceOf<'_>,
) -> Words {
    let as_written = opened.plain_text(value).unwrap_or_default();
    let Message { problem, fix, string } = message(value, expected, &draft.place.path, as_written);
    let correction = string.and_then(|string| {
        let mut changes = Changes::default();
        changes.replace(value, string);
        correction(&Repair { applicability: Applicability::Safe, changes }, object, opened, place)
    });
    Words { problem, fix, correction }
}

/// What is said about a value of the wrong type.
pub(crate) struct Message {
    /// What is wrong.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) fix: String,
    /// The string that is meant, as JSON, if one is.
    string: Option<String>,
}

/// What to say about a value at a path, which is `as_written` if it is a plain scalar.
pub(crate) fn message(value: Value<'_>, expected: Kind, path: &Path, as_written: &str) -> Message {
    let kind = value.kind();
    // The value of a variable may be a secret.
    if expected == Kind::String && path.segments().iter().any(|step| *step == Segment::Key("env".to_owned())) {
        let string = matches!(kind, Kind::Bool | Kind::Number)
            .then(|| json::text(if as_written.is_empty() { value.raw() } else { as_written }));
        let fix = if string.is_some() { "put it in quotes" } else { "write a string" };
        return Message { problem: format!("is {}, but must be a string", in_yaml(kind)), fix: fix.to_owned(), string };
    }
    let is_scalar = matches!(kind, Kind::Bool | Kind::Number);
    if expected != Kind::String || !is_scalar {
        let problem = format!("is {}, but must be {}", in_yaml(kind), in_yaml(expected));
        return Message { problem, fix: format!("write {}", in_yaml(expected)), string: None };
    }
    // What is written is meant as a text: `no` is Norway, `n` a name. Only of the label it is known that a boolean is meant.
    let is_boolean = kind == Kind::Bool && path.segments().last() == Some(&Segment::Key(keys::USE.to_owned()));
    let wanted = if is_boolean || as_written.is_empty() { value.raw() } else { as_written };
    let problem = if as_written.is_empty() || as_written == value.raw() {
        format!("is {}, {kind}, but must be a string", value.raw())
    } else {
        format!("is {as_written}, which YAML reads as {}, {kind}, but must be a string", value.raw())
    };
    let verb = if wanted == as_written { "put it in quotes:" } else { "write" };
    let string = json::text(wanted);
    Message { problem, fix: format!("{verb} {string}"), string: Some(string) }
}

/// A type as people who write YAML call it.
fn in_yaml(kind: Kind) -> String {
    match kind {
        Kind::Array => "a list".to_owned(),
        Kind::Object => "a mapping".to_owned(),
        kind => kind.to_string(),
    }
}
