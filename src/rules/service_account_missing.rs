//! Service account does not exist.
//!
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
use super::{Check, PodSubject, Rule};
use crate::assumption::{Assumption, Assumptions};
use crate::cluster::LookupError;
use crate::finding::Findings;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]).guarding_injection();

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    // A pod that asks for no identity is not held up by this.
    if !subject.wants_identity {
        return;
    }
    let Err(error @ (LookupError::Missing | LookupError::Unknown)) = subject.service_account.get() else { return };
    let name = subject.pod.service_account();
    let rests_on = Assumptions::from([Assumption::Absence, Assumption::NothingAdded]).and(Assumptions::of_value(name));
    findings.add_resting_on(rests_on, || {
        missing(error, subject.service_account_place(), subject.namespace, name).blocks_injection()
    });
}
