//! RBAC does not let the service account use its identity binding.
//!
//! # What it finds
//!
//! A pod that requests the identity binding (`azure.workload.identity/use-identity-binding: "true"`) with a service account
//! to which RBAC does not grant `use-managed-identity` on its client id.
//!
//! # Why it matters
//!
//! With identity bindings, Kubernetes RBAC decides which service account may use which identity. Without the permission,
//! the pod starts, but every request for a token is rejected. The `allowedSubjects` of a binding in Azure may permit it all the same;
//! they are not in the cluster, so `preset: strict` does not deny this.
//!
//! # Example
//!
//! A labelled pod with the annotation, but no `ClusterRoleBinding` for its service account.
//!
//! # Fix
//!
//! Bind the service account to a `ClusterRole` with `apiGroups: ["cid.wi.aks.azure.com"]`, `resources: ["CLIENT-ID"]`,
//! `verbs: ["use-managed-identity"]`.

use super::{Check, PodSubject, Rule};
use crate::assumption::Assumption;
use crate::cluster::{LookupError, LookupFailure};
use crate::finding::{Finding, Findings, quote};

pub(super) const RULE: Rule = Rule::new(&[Check::Pod(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity || !subject.identity.wants_binding {
        return;
    }
    let Some(client_id) = subject.identity.client_id() else { return };
    let failure = match subject.service_account.may_use_identity(client_id) {
        Ok(false) => None,
        Err(LookupError::Failed(failure)) => Some(failure),
        Ok(true) | Err(_) => return,
    };
    findings.add_resting_on(Assumption::Access, || {
        let (name, id) = (subject.service_account_name(), quote(client_id));
        let (problem, fix) = match failure {
            None => (
                format!("names service account {name}, which may not use-managed-identity on {id}"),
                format!("bind it to a ClusterRole with that verb on resource {id} of API group cid.wi.aks.azure.com"),
            ),
            Some(LookupFailure { reason, fix }) => (
                format!("names service account {name}, and whether it may use {id} is not known: {reason}"),
                fix.to_owned(),
            ),
        };
        Finding::at(subject.service_account_place(), problem, fix)
    });
}
