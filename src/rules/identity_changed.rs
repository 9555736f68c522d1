//! Identity of a service account changes.
//!
//! # What it finds
//!
//! A service account whose client id or tenant id is changed or removed.
//!
//! # Why it matters
//!
//! Pods get their variables when they are created. Running pods keep the old identity until they restart. After the
//! restart, they fail if the new identity lacks a role or a federated credential.
//!
//! # Example
//!
//! `kubectl annotate serviceaccount api azure.workload.identity/client-id=22222222-… --overwrite`
//!
//! # Fix
//!
//! Restart the workloads that use the service account: `kubectl rollout restart deployment NAME`.

use super::{Check, Rule, ServiceAccountSubject};
use crate::finding::{Finding, Findings, quote};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::ServiceAccount(check)]);

fn check(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    let Some(old) = subject.old else { return };
    for (key, before) in [(keys::CLIENT_ID, &old.client_id), (keys::TENANT_ID, &old.tenant_id)] {
        let now = subject.annotations.get(key);
        if let Some(before) = before.as_deref().filter(|before| Some(*before) != now && !before.is_empty()) {
            findings.add(|| {
                Finding::at(
                    subject.annotation_path(key),
                    format!("was {}; running pods keep that until they restart", quote(before)),
                    "restart the pods of this service account",
                )
            });
        }
    }
}
