//! # What it finds
//!
//! A pod or pod template without the label `azure.workload.identity/use`, whose service account has a client id. Not a pod
//! whose identity is used by a CSI driver (secrets store, Azure Files, Azure Blob), nor one that brings a token of its own.
//!
//! # Why it matters
//!
//! Somebody meant the pod to have the identity. Without the label it starts without one: since webhook v1.0 the label belongs
//! on the pod, and a service account's annotations alone do nothing.
//!
//! # Example
//!
//! A Deployment with `serviceAccountName: workload-identity-sa` and no label in its pod template.
//!
//! # Fix
//!
//! Add the label `azure.workload.identity/use: "true"` to the pod template; or `"false"`, if the pod really needs no
//! identity.

use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity};
use crate::keys;
use crate::pod::Pod;
use crate::settings::{OptIn, Settings};

pub(super) const RULE: Rule =
    Rule { name: "label-missing", severity: Severity::Warn, checks: &[Check::Template(check)] };

/// True if the rule has to know the service account: the look-up costs something, and most pods of a cluster have nothing to
/// do with Azure.
pub(crate) fn may_apply(pod: &Pod<'_>, settings: &Settings<'_>) -> bool {
    settings.severities.of(RULE.name) != Severity::Off
        && pod.labels.get(keys::USE).is_none()
        && pod.service_account() != "default"
        && settings.inject.as_ref().is_none_or(|inject| inject.opt_in == OptIn::Label)
        && !pod.lends_identity_to_csi_driver()
        && !pod.volumes.iter().any(|volume| settings.is_token_for_azure(volume))
}

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let has_client_id = subject
        .known_service_account()
        .is_some_and(|account| account.client_id.as_ref().is_some_and(|id| !id.is_empty()));
    if !has_client_id || !may_apply(subject.pod, subject.settings) {
        return;
    }
    findings.add(Finding::new(
        RULE.name,
        subject.pod_path(&["metadata", "labels", keys::USE]),
        format!(
            "is missing, but service account {} has a client id: the pod gets no identity",
            subject.service_account_name()
        ),
        "set the label to \"true\", or to \"false\" if the pod needs none",
    ));
}
