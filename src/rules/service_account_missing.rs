//! # What it finds
//!
//! A pod that asks for an identity and whose service account does not exist in its namespace.
//!
//! # Why it matters
//!
//! The service account says which identity it is. Microsoft's webhook refuses the pod; so does the API server, unless it runs
//! without the ServiceAccount admission plugin.
//!
//! # Example
//!
//! `serviceAccountName: worklaod-identity-sa`
//!
//! # Fix
//!
//! Correct the name, or create the service account in the pod's namespace, with annotation
//! `azure.workload.identity/client-id`.

use super::{Findings, Rule, Subject};
use crate::cluster::LookupError;
use crate::finding::{Finding, Severity, quote};
use crate::keys;

pub(super) const RULE: Rule = Rule { name: "service-account-missing", severity: Severity::Deny, check };

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.service_account != Err(&LookupError::Missing) {
        return;
    }
    let name = quote(subject.pod.service_account());
    let problem =
        format!("names service account {name}, which does not exist in namespace {}", quote(subject.namespace));
    let fix = format!("correct the name, or create it there with annotation {}", keys::CLIENT_ID);
    findings.add(Finding {
        blocks_injection: true,
        ..Finding::new(RULE.name, subject.pod_path(&["spec", "serviceAccountName"]), problem, fix)
    });
}
