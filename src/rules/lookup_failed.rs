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
//! What the message says: it names the missing permission.

use super::{Findings, Rule, Subject};
use crate::cluster::LookupError;
use crate::finding::{Finding, Severity, quote};

pub(super) const RULE: Rule = Rule { name: "lookup-failed", severity: Severity::Deny, check };

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let error = match subject.service_account {
        Ok(_) | Err(LookupError::Missing) => return,
        Err(error) => error,
    };
    let settings = subject.settings;
    let needed = settings.inject.is_some() || settings.guard.is_some() || settings.identities.is_some();
    let problem = format!("names service account {}, but {}", quote(&subject.service_account_name()), error.reason());
    findings.add(Finding {
        blocks_injection: true,
        at_most: if needed { Severity::Deny } else { Severity::Warn },
        ..Finding::new(RULE.name, subject.pod_path(&["spec", "serviceAccountName"]), problem, error.fix())
    });
}
