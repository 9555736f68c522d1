//! # What it finds
//!
//! A container with an identity that also sets `AZURE_CLIENT_SECRET`, `AZURE_CLIENT_CERTIFICATE_PATH`, `AZURE_USERNAME` or
//! `AZURE_PASSWORD`.
//!
//! # Why it matters
//!
//! Azure SDKs try these variables before workload identity (`DefaultAzureCredential` tries `EnvironmentCredential` first).
//! The secret that workload identity was meant to replace stays in use, unnoticed until it expires.
//!
//! # Example
//!
//! `env: [{name: AZURE_CLIENT_SECRET, valueFrom: {secretKeyRef: {name: azure, key: secret}}}]` in a labelled pod
//!
//! # Fix
//!
//! Remove the variable. If the container needs it, exclude the container with `azure.workload.identity/skip-containers`.

use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity};

pub(super) const RULE: Rule =
    Rule { name: "static-credentials", severity: Severity::Warn, checks: &[Check::Template(check)] };

/// Source: azure-identity, `EnvironmentCredential`.
const CREDENTIALS: [&str; 4] =
    ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME", "AZURE_PASSWORD"];

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for container in subject.participants() {
        for variable in container.env.iter().filter(|variable| CREDENTIALS.contains(&variable.name.as_ref())) {
            let problem = format!("sets {}, which Azure SDKs take before workload identity", variable.name);
            findings.add(Finding::new(RULE.name, subject.path_of(variable.object), problem, "remove the variable"));
        }
    }
}
