//! Container has a static credential beside its identity.
//!
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

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

/// Source: azure-identity, `EnvironmentCredential`.
const CREDENTIALS: [&str; 4] =
    ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME", "AZURE_PASSWORD"];

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for variable in subject.participants().flat_map(|container| &container.env) {
        if CREDENTIALS.contains(&variable.name.as_ref()) {
            findings.add(|| {
                let problem = format!("sets {}, which Azure SDKs take before workload identity", variable.name);
                Finding::at(subject.path_of(variable.object), problem, "remove the variable")
            });
        }
    }
}
