//! Objects of kinds that the policy does not know but that may hand labels and annotations to pods: the values of a
//! `HelmRelease`, Tekton tasks, kinds of operators.
//!
//! What such a kind does with its labels is not known, so what is wrong with them is a note.

use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::{Kind, Path, Reading, Segment, Value};
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::subject::SubjectKind;

use crate::draft::Draft;
use crate::fragments::{Fragment, fragments, is_read};

/// A part of every key of workload identity, and of most misspellings.
const MARK: &str = "workload";

/// How deep maps are searched for. Values of charts are not deeper.
const DEPTH: usize = 20;

/// What is wrong with labels and annotations of workload identity in an object of another kind.
pub(crate) fn check(object: Value<'_>, inquiry: &Inquiry<'_>, settings: &Settings<'_>, position: usize) -> Vec<Draft> {
    if !object.raw().contains(MARK) || SubjectKind::of(inquiry, settings, &mut Reading::default()).is_some() {
        return Vec::new();
    }
    let mut parts = fragments(object, inquiry);
    search(object, &Path::default(), DEPTH, &mut |map, path, (kind, key)| {
        // What such a kind does with them is not known.
        if !is_read(&inquiry.group, path) {
            parts.push(Fragment { is_guess: true, ..Fragment::metadata(kind, key, map, path.clone()) });
        }
    });
    parts.iter().flat_map(|part| part.check(inquiry, settings, position)).collect()
}

/// The kind of objects that a map seems to be in, and the member of their metadata that it seems to be.
type MapOwner = (&'static str, &'static str);

/// Calls `report` with each map that looks like labels or annotations and has a key of workload identity.
fn search(value: Value<'_>, path: &Path, depth: usize, report: &mut dyn FnMut(Value<'_>, &Path, MapOwner)) {
    if depth == 0 || !value.raw().contains(MARK) {
        return;
    }
    let name = match path.segments().last() {
        Some(Segment::Key(key)) => key.to_ascii_lowercase(),
        _ => String::new(),
    };
    let is_account = path
        .segments()
        .iter()
        .any(|step| matches!(step, Segment::Key(key) if key.to_ascii_lowercase().contains("serviceaccount")));
    let holder = match name {
        name if name.ends_with("labels") && !name.contains("match") => Some(("Pod", "labels")),
        name if name.ends_with("annotations") && is_account => Some(("ServiceAccount", "annotations")),
        name if name.ends_with("annotations") => Some(("Pod", "annotations")),
        _ => None,
    };
    if let (Some(holder), Kind::Object) = (holder, value.kind()) {
        report(value, path, holder);
        return;
    }
    for (key, member) in value.members() {
        search(member, &path.clone().key(key), depth - 1, report);
    }
    for (index, element) in value.elements().enumerate() {
        search(element, &path.clone().index(index), depth - 1, report);
    }
}
