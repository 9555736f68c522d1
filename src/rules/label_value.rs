//! # What it finds
//!
//! A label `azure.workload.identity/use` on a pod or pod template whose value is neither `true` nor `false`.
//!
//! # Why it matters
//!
//! Only `true`, in lower case, selects the pod. With any other value the pod starts without identity, silently, and its code
//! fails when it first asks for a token, or gets the node's identity.
//!
//! # Example
//!
//! `azure.workload.identity/use: "True"`
//!
//! # Fix
//!
//! Write `"true"`, in quotes; or `"false"` if the pod is to have no identity.

use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity, quote};
use crate::keys;

pub(super) const RULE: Rule = Rule { name: "label-value", severity: Severity::Deny, checks: &[Check::Template(check)] };

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(value) = subject.pod.labels.get(keys::USE) else { return };
    if matches!(value, "true" | "false") {
        return;
    }
    findings.add(Finding::new(
        RULE.name,
        subject.pod_path(&["metadata", "labels", keys::USE]),
        format!("is {}, which selects nothing", quote(value)),
        "write \"true\", or \"false\" for no identity",
    ));
}
