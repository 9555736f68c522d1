//! Service account could not be read.
//!
//! # What it finds
//!
//! A pod that asks for an identity and whose service account could not be read, for another reason than that it does not
//! exist: policy-server lacks the RBAC permission, the policy lacks `contextAwareResources` or host capabilities, the API
//! server is unavailable, or its response is invalid.
//!
//! # Why it matters
//!
//! The identity cannot be checked without the service account. A pod that needs the identity is rejected instead of started
//! without it. Pods that ask for no identity are not affected. With `optIn: serviceAccount`, the service account determines
//! whether a pod without the label gets the identity, so the pod is rejected too. If it runs as the service account `default`,
//! the finding is a warning.
//!
//! # Example
//!
//! A policy installed without the ClusterRole that allows policy-server to `get` service accounts.
//!
//! # Fix
//!
//! Follow the message, which names the missing permission. The finding is a warning for workloads, and if the policy has
//! none of the settings `inject`, `guard` and `identities`.

use super::{Check, PodSubject, Rule};
use crate::cluster::LookupError;
use crate::finding::{Finding, Findings};
use crate::rule::Severity;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]).guarding_injection();

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity && !subject.may_follow {
        return;
    }
    let Err(LookupError::Failed(failure)) = subject.service_account.get() else { return };
    let settings = subject.settings;
    let is_needed = settings.inject.is_some() || settings.guard.is_some() || settings.identities.is_some();
    // A pod without the label that names no service account most likely needs no identity.
    let is_meant = subject.wants_identity || subject.pod.service_account() != "default";
    let importance = if is_needed && is_meant && subject.workload.is_none() { Severity::Deny } else { Severity::Warn };
    findings.add_minor(importance, || {
        let problem = format!("names service account {}, but {}", subject.service_account_name(), failure.reason);
        Finding::at(subject.service_account_place(), problem, failure.fix).blocks_injection()
    });
}
