//! Label azure.workload.identity/use is on a service account.
//!
//! # What it finds
//!
//! The label `azure.workload.identity/use` on a service account.
//!
//! # Why it matters
//!
//! The label has had no effect on service accounts since webhook v1.0, but many examples still show it. It suggests that
//! the pods need no label.
//!
//! # Example
//!
//! A service account with `labels: {azure.workload.identity/use: "true"}`.
//!
//! # Fix
//!
//! Remove the label from the service account, and check that the pods have it.

use super::{Check, Rule, ServiceAccountSubject};
use crate::finding::{Finding, Findings, Place};
use crate::json::Path;
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::ServiceAccount(check)]);

fn check(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    if subject.labels.get(keys::USE).is_some() {
        findings.add(|| {
            let path = Path::default().key("metadata").key("labels").key(keys::USE);
            let fix = "remove it here and set it on the pods";
            Finding::at(Place::key(path), "has no effect on a service account", fix)
        });
    }
}
