//! # What it finds
//!
//! The label `azure.workload.identity/use` where it selects nothing: on a workload itself while its pod template lacks it, or
//! written as an annotation of a pod or workload. On both workload and template it is harmless.
//!
//! # Why it matters
//!
//! Only labels of the pod itself count, and those come from the template. The pods start without identity, silently.
//!
//! # Example
//!
//! A Deployment with the label under `metadata.labels`, not under `spec.template.metadata.labels`.
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
