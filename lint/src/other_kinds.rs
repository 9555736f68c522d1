//! Objects of kinds that the policy does not know but that may hand labels and annotations to pods: the values of a
//! `HelmRelease`, Tekton tasks, kinds of operators.
//!
//! What such a kind does with its labels is not known, so what is wrong with them is a note.

use azure_workload_identity_policy::assumption::{Assumption, Assumptions};
use azure_workload_identity_policy::cluster::Nothing;
use azure_workload_identity_policy::finding::{Finding, Part, Place};
use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::{self, Document, Kind, Path, Reading, Segment, Value};
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::subject::SubjectKind;
use azure_workload_identity_policy::{decide, examine};

use crate::certainty::{Certainty, Things};
use crate::draft::{Draft, DraftSubject, Request};

/// A part of every key of workload identity, and of most misspellings.
const MARK: &str = "workload";

/// How deep maps are searched for. Values of charts are not deeper.
const DEPTH: usize = 20;

/// What is wrong with labels and annotations of workload identity in an object of another kind.
pub(crate) fn check(object: Value<'_>, inquiry: &Inquiry<'_>, settings: &Settings<'_>, position: usize) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if object.raw().contains(MARK) && SubjectKind::of(inquiry, settings, &mut Reading::default()).is_none() {
        search(object, &Path::default(), DEPTH, &mut |map, path, holder| {
            drafts.extend(
                findings(map, holder, settings).into_iter().map(|finding| draft(finding, inquiry, path, position)),
            );
        });
    }
    drafts
}

/// What a map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MapOwner {
    PodLabels,
    PodAnnotations,
    AccountAnnotations,
}

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
        name if name.ends_with("labels") && !name.contains("match") => Some(MapOwner::PodLabels),
        // `labels[0].pairs` of a kustomization.
        name if name == "pairs" && is_of_labels(path) => Some(MapOwner::PodLabels),
        name if name.ends_with("annotations") && is_account => Some(MapOwner::AccountAnnotations),
        name if name.ends_with("annotations") => Some(MapOwner::PodAnnotations),
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

/// Whether a path leads into a member `labels`.
fn is_of_labels(path: &Path) -> bool {
    path.segments().iter().any(|step| matches!(step, Segment::Key(key) if key == "labels"))
}

/// What the rules find in a pod or service account with these labels or annotations and nothing else.
fn findings(map: Value<'_>, holder: MapOwner, settings: &Settings<'_>) -> Vec<Finding> {
    let (kind, key) = match holder {
        MapOwner::PodLabels => ("Pod", "labels"),
        MapOwner::PodAnnotations => ("Pod", "annotations"),
        MapOwner::AccountAnnotations => ("ServiceAccount", "annotations"),
    };
    let text =
        format!("{{\"apiVersion\":\"v1\",\"kind\":{},\"metadata\":{{\"{key}\":{}}}}}", json::text(kind), map.raw());
    let Ok(document) = Document::parse(text.as_bytes()) else { return Vec::new() };
    let verdict = decide(examine(&Inquiry::of_object(document.root()), settings, &Nothing), settings);
    // Of the object there is nothing but the map, and whose it is, is a guess.
    let not_shown = [
        Assumption::WholeObject,
        Assumption::NothingAdded,
        Assumption::Reader,
        Assumption::Absence,
        Assumption::Account,
    ];
    let not_shown = Assumptions::from(not_shown);
    let found = verdict.findings.into_iter().map(|(_, finding)| finding);
    found.filter(|finding| !finding.weight.rests_on.intersects(not_shown)).collect()
}

/// The finding at its place in the object.
fn draft(finding: Finding, inquiry: &Inquiry<'_>, map: &Path, position: usize) -> Draft {
    let mut path = map.clone();
    // The first two steps lead to the map in the pod or service account that was made up.
    finding.place.path.segments().iter().skip(2).for_each(|segment| path.push(segment.clone()));
    let Place { part, .. } = finding.place;
    let part = if part == Part::Absence { Part::Key } else { part };
    Draft {
        rule: finding.rule.into(),
        severity: Severity::Note,
        certainty: Certainty::lowered_by(Assumption::Reader, Things { account: None, kind: &inquiry.kind }),
        place: Request { object: position, path, part },
        related: Vec::new(),
        subject: DraftSubject::Finding { problem: finding.problem, fix: finding.fix, repair: None },
    }
}
