//! # What it finds
//!
//! A pod that requests the identity binding (`azure.workload.identity/use-identity-binding: "true"`) with a service account
//! to which RBAC does not grant `use-managed-identity` on its client id.
//!
//! # Why it matters
//!
//! With identity bindings, Kubernetes RBAC decides which service account may use which identity. Without the permission,
//! the pod starts, but every request for a token is rejected.
//!
//! # Example
//!
//! A labelled pod with the annotation, but no `ClusterRoleBinding` for its service account.
//!
//! # Fix
//!
//! Bind the service account to a `ClusterRole` with `apiGroups: ["cid.wi.aks.azure.com"]`, `resources: ["CLIENT-ID"]`,
//! `verbs: ["use-managed-identity"]`.

use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity, quote};
use crate::pod::Pod;
use crate::settings::Settings;

pub(super) const RULE: Rule =
    Rule { name: "identity-binding-rbac", severity: Severity::Warn, checks: &[Check::Pod(check)] };

/// True if the rule has to know what the service account may do.
pub(crate) fn access_matters(pod: &Pod<'_>, settings: &Settings<'_>) -> bool {
    settings.severities.of(RULE.name) != Severity::Off
        && pod.annotations.get(settings.binding_annotation()).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(access) = subject.binding_access.filter(|access| *access != Ok(&true)) else { return };
    let (name, id) = (subject.service_account_name(), quote(subject.identity.client_id.unwrap_or_default()));
    let (problem, fix) = match access {
        Ok(_) => (
            format!("names service account {name}, which may not use-managed-identity on {id}"),
            format!("bind it to a ClusterRole with that verb on resource {id} of API group cid.wi.aks.azure.com"),
        ),
        Err(error) => (
            format!("names service account {name}, and whether it may use {id} is not known: {}", error.reason()),
            "let policy-server create subjectaccessreviews, and the policy use kubernetes/can_i".to_owned(),
        ),
    };
    findings.add(Finding::new(RULE.name, subject.service_account_path(), problem, fix));
}
