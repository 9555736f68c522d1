//! Annotation that requests the proxy is not "true".
//!
//! # What it finds
//!
//! An annotation `azure.workload.identity/inject-proxy-sidecar` with another value than `true`.
//!
//! # Why it matters
//!
//! The presence of the annotation counts, not its value. `"false"` adds the proxy too, with its privileged init container.
//!
//! # Example
//!
//! `azure.workload.identity/inject-proxy-sidecar: "false"`
//!
//! # Fix
//!
//! Remove the annotation if the pod needs no proxy. Otherwise, set it to `"true"`.

use super::{Check, PodSubject, Rule};
use crate::assumption::Assumptions;
use crate::finding::{Finding, Findings, quote};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(value) = subject.pod.annotations.get(keys::INJECT_PROXY) else { return };
    if !subject.wants_identity || value == "true" {
        return;
    }
    findings.add_resting_on(Assumptions::of_value(value), || {
        Finding::at(
            subject.annotation_path(keys::INJECT_PROXY),
            format!("is {}, but any value adds the proxy", quote(value)),
            "remove the annotation, or write \"true\"",
        )
    });
}
