//! # What it finds
//!
//! A pod or pod template without the label `azure.workload.identity/use` whose service account has a client id. Pods whose
//! identity is used by a CSI driver (secrets store, Azure Files, Azure Blob), and pods that declare their own token, are
//! excluded.
//!
//! # Why it matters
//!
//! The annotation shows that the pod is meant to have an identity. Without the label, the pod starts without one: since
//! webhook v1.0, the pod needs the label, and the annotations of the service account alone have no effect.
//!
//! # Example
//!
//! A Deployment with `serviceAccountName: workload-identity-sa` and without the label in its pod template.
//!
//! # Fix
//!
//! Add the label `azure.workload.identity/use: "true"` to the pod template. If the pod needs no identity, set the label to
//! `"false"`.

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
