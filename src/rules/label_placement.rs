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

use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity};
use crate::json::Path;
use crate::keys;

pub(super) const RULE: Rule =
    Rule { name: "label-placement", severity: Severity::Warn, checks: &[Check::Template(check)] };

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if subject.pod.labels.get(keys::USE).is_some() {
        return;
    }
    let target = subject.pod_path(&["metadata", "labels"]);
    let mut misplaced = |path: Path, what: &str| {
        let problem = format!("is {what}, which selects no pod");
        findings.add(Finding::new(RULE.name, path, problem, format!("move it to {target}")));
    };
    let own = |map: &str| Path::default().key("metadata").key(map).key(keys::USE);
    if let Some(workload) = subject.workload {
        if workload.labels.get(keys::USE).is_some() {
            misplaced(own("labels"), "a label of the workload itself");
        }
        if workload.annotations.get(keys::USE).is_some() {
            misplaced(own("annotations"), "an annotation of the workload");
        }
    }
    if subject.pod.annotations.get(keys::USE).is_some() {
        misplaced(subject.annotation_path(keys::USE), "an annotation");
    }
}
