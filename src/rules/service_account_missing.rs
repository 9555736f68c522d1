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

use super::accounts::missing;
use super::placeholders::severity_of;
use super::{Check, PodSubject, Rule};
use crate::cluster::LookupError;
use crate::finding::Findings;
use crate::rule::Severity;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]).guarding_injection();

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    // A pod that asks for no identity is not held up by this.
    if !subject.wants_identity || subject.service_account.get() != Err(&LookupError::Missing) {
        return;
    }
    // A workload's service account may be applied a moment later.
    let at_most = if subject.workload.is_some() { Severity::Warn } else { Severity::Deny };
    let at_most = at_most.min(severity_of(subject.pod.service_account(), subject.origin));
    findings.add_at_most(at_most, || {
        missing(subject.service_account_place(), subject.namespace, subject.pod.service_account()).blocks_injection()
    });
}
