//! # What it finds
//!
//! A pod or workload that asks for an identity and whose service account does not exist in the namespace. For a workload,
//! this is a warning, because the service account may be applied a moment later.
//!
//! # Why it matters
//!
//! The service account determines the identity. Microsoft's webhook rejects the pod. The API server rejects it too, unless
//! it runs without the ServiceAccount admission plugin.
//!
//! # Example
//!
//! `serviceAccountName: worklaod-identity-sa`
//!
//! # Fix
//!
//! Correct the name, or create the service account in the namespace of the pod, with the annotation
//! `azure.workload.identity/client-id`.

use super::{Check, Findings, PodSubject, Rule};
use crate::cluster::LookupError;
use crate::finding::{Finding, Severity, quote};
use crate::keys;

pub(super) const RULE: Rule =
    Rule { name: "service-account-missing", severity: Severity::Deny, checks: &[Check::Template(check)] };

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    // Pods that ask for nothing are not held up by this.
    if !subject.wants_identity || subject.service_account != Some(Err(&LookupError::Missing)) {
        return;
    }
    let name = quote(subject.pod.service_account());
    let problem =
        format!("names service account {name}, which does not exist in namespace {}", quote(subject.namespace));
    let fix = format!("correct the name, or create it there with annotation {}", keys::CLIENT_ID);
    findings.add(Finding {
        blocks_injection: true,
        // A workload's service account may be applied a moment later.
        at_most: if subject.workload.is_some() { Severity::Warn } else { Severity::Deny },
        ..Finding::new(RULE.name, subject.service_account_path(), problem, fix)
    });
}
