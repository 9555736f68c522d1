//! # What it finds
//!
//! The label `azure.workload.identity/use` in a place where it has no effect: on a workload whose pod template lacks it, or
//! as an annotation of a pod or workload. A label on both the workload and its pod template is accepted.
//!
//! # Why it matters
//!
//! Only the labels of the pod have an effect, and these come from the pod template. The pods start without an identity, and
//! no error is reported.
//!
//! # Example
//!
//! A Deployment with the label under `metadata.labels`, but not under `spec.template.metadata.labels`.
//!
//! # Fix
//!
//! Move it to the labels of the pod template.

use super::repairs::move_member;
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, Place};
use crate::json::Value;
use crate::keys;
use crate::pod::StringMap;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for (holder, map, what) in misplaced(subject) {
        findings.add(|| {
            let path = holder.path_from(subject.object).key("metadata").key(map).key(keys::USE);
            let target = subject.pod_path(&["metadata", "labels"]);
            let map = holder.field("metadata").and_then(|metadata| metadata.field(map));
            Finding::at(Place::key(path), format!("is {what}, which selects no pod"), format!("move it to {target}"))
                .related(target, "here it is read")
                .repair(|| move_member(map, keys::USE, subject.pod.object, ["metadata", "labels", keys::USE]))
        });
    }
}

/// Whether this rule has a finding.
pub(super) fn is_misplaced(subject: &PodSubject<'_>) -> bool {
    misplaced(subject).next().is_some()
}

/// The places without effect at which an unlabelled pod has the label: the object, the map in its metadata, and its name.
fn misplaced<'a>(subject: &PodSubject<'a>) -> impl Iterator<Item = (Value<'a>, &'static str, &'static str)> + use<'a> {
    let (workload, pod) = (subject.workload, subject.pod);
    let is_in = |map: Option<&StringMap<'_>>| map.is_some_and(|map| map.get(keys::USE).is_some());
    let places = [
        (is_in(workload.map(|it| &it.labels)), subject.object, "labels", "a label of the workload itself"),
        (is_in(workload.map(|it| &it.annotations)), subject.object, "annotations", "an annotation of the workload"),
        (is_in(Some(&pod.annotations)), pod.object, "annotations", "an annotation"),
    ];
    let is_unlabelled = pod.labels.get(keys::USE).is_none();
    let places = places.into_iter().filter(move |(is_there, ..)| *is_there && is_unlabelled);
    places.map(|(_, holder, map, what)| (holder, map, what))
}
