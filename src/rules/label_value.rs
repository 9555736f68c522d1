//! # What it finds
//!
//! A label `azure.workload.identity/use` on a pod or pod template whose value is neither `true` nor `false`.
//!
//! # Why it matters
//!
//! Only the value `true`, in lower case, has an effect. With any other value, the pod starts without an identity, and no
//! error is reported. Its first request for a token fails, or returns a token for the identity of the node.
//!
//! # Example
//!
//! `azure.workload.identity/use: "True"`
//!
//! # Fix
//!
//! Set the label to `"true"`, in quotes, or to `"false"` if the pod needs no identity.

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
