//! # What it finds
//!
//! The label `azure.workload.identity/use` on a service account.
//!
//! # Why it matters
//!
//! It has had no effect since webhook v1.0, though many examples still show it. It hides that the label on the pod is what
//! counts.
//!
//! # Example
//!
//! A service account with `labels: {azure.workload.identity/use: "true"}`.
//!
//! # Fix
//!
//! Remove it, and see that the pods have it.

use super::{Check, Findings, Rule, ServiceAccountSubject};
use crate::finding::{Finding, Severity};
use crate::json::Path;
use crate::keys;

pub(super) const RULE: Rule =
    Rule { name: "label-on-service-account", severity: Severity::Note, checks: &[Check::ServiceAccount(check)] };

fn check(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    if subject.labels.get(keys::USE).is_some() {
        findings.add(Finding::new(
            RULE.name,
            Path::default().key("metadata").key("labels").key(keys::USE),
            "has no effect on a service account",
            "remove it here and set it on the pods",
        ));
    }
}
