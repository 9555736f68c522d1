//! # What it finds
//!
//! A pod that asks for an identity and whose service account could not be read, for another reason than that it does not
//! exist: policy-server lacks the RBAC permission, the policy lacks `contextAwareResources` or host capabilities, the API
//! server is unavailable, or its response is invalid.
//!
//! # Why it matters
//!
//! The identity cannot be checked without the service account. A pod that needs the identity is rejected instead of started
//! without it. Pods that ask for no identity are not affected.
//!
//! # Example
//!
//! A policy installed without the ClusterRole that allows policy-server to `get` service accounts.
//!
//! # Fix
//!
//! Follow the message, which names the missing permission. The finding is a warning for workloads, and if the policy has
//! none of the settings `inject`, `guard` and `identities`.

use super::{Check, Findings, PodSubject, Rule};
use crate::cluster::LookupError;
use crate::finding::{Finding, Severity};

pub(super) const RULE: Rule =
    Rule { name: "lookup-failed", severity: Severity::Deny, checks: &[Check::Template(check)] };

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let error = match subject.service_account {
        Some(Err(error)) if subject.wants_identity && *error != LookupError::Missing => error,
        _ => return,
    };
    let settings = subject.settings;
    let needed = settings.inject.is_some() || settings.guard.is_some() || settings.identities.is_some();
    let problem = format!("names service account {}, but {}", subject.service_account_name(), error.reason());
    findings.add(Finding {
        blocks_injection: true,
        at_most: if needed && subject.workload.is_none() { Severity::Deny } else { Severity::Warn },
        ..Finding::new(RULE.name, subject.service_account_path(), problem, error.fix())
    });
}
