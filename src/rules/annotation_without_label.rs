//! Pod has annotations of workload identity without the label.
//!
//! # What it finds
//!
//! A pod or pod template with annotations of workload identity but without the label `azure.workload.identity/use`. With
//! the label `false`, the pod has no identity on purpose, and the annotations may stay.
//!
//! # Why it matters
//!
//! These annotations are read only on labelled pods. The pod starts without an identity, and no error is reported.
//!
//! # Example
//!
//! A pod with `azure.workload.identity/inject-proxy-sidecar: "true"` and no label.
//!
//! # Fix
//!
//! Add the label `azure.workload.identity/use: "true"`, or remove the annotations.

use super::label::annotations_without_label;
use super::{Check, PodSubject, Rule};
use crate::assumption::Assumption;
use crate::finding::{Finding, Findings, Place};
use crate::keys;
use crate::subject::KeyUse;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if subject.wants_identity {
        return;
    }
    let mut annotations = annotations_without_label(subject);
    let Some(first) = annotations.next() else { return };
    findings.add_resting_on(Assumption::NothingAdded, || {
        let path = |found: &KeyUse<'_>| found.path(subject.object);
        let fix = format!("add label {}: \"true\" to the pod, or remove the annotation", keys::USE);
        let finding = Finding::at(Place::key(path(first)), "has no effect without the label", fix);
        annotations.fold(finding, |finding, found| finding.related(path(found), "has no effect either"))
    });
}
