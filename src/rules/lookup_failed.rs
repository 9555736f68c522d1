//! # What it finds
//!
//! A pod that asks for an identity and whose service account could not be read, for another reason than that it does not
//! exist: policy-server lacks the RBAC permission, the policy lacks `contextAwareResources` or host capabilities, the API
//! server cannot be reached, or its answer makes no sense.
//!
//! # Why it matters
//!
//! Without the service account nothing is known about the identity. A pod that needs it does not get in, rather than running
//! without it; pods that ask for no identity are never held up by this.
//!
//! # Example
//!
//! A policy installed without the ClusterRole that lets policy-server `get` service accounts.
//!
//! # Fix
//!
//! What the message says: it names the missing permission. Where the identity is only checked (neither `inject` nor `guard` nor
//! `identities`), and for workloads, this is a warning.

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
