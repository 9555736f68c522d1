//! Pod lacks the label azure.workload.identity/use.
//!
//! # What it finds
//!
//! A pod or pod template without the label `azure.workload.identity/use` whose service account has a client id, the label or
//! a token expiration. Pods whose identity is used by a CSI driver (secrets store, Azure Files, Azure Blob), and pods that
//! declare their own token, are excluded. If `label-placement` or `annotation-without-label` reports the missing label, this
//! rule does not repeat it.
//!
//! # Why it matters
//!
//! The service account shows that the pod is meant to have an identity. Without the label, the pod starts without one: since
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

use super::label::{annotations_without_label, is_misplaced};
use super::{Check, PodSubject, Rule};
use crate::assumption::Assumption;
use crate::cluster::ServiceAccount;
use crate::finding::{Finding, Findings, Place};
use crate::keys;
use crate::rule::{RuleId, Severity};
use crate::settings::OptIn;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    // The lookup costs something, and most pods of a cluster have nothing to do with Azure.
    if !may_apply(subject)
        || !subject.identity.service_account().is_some_and(ServiceAccount::is_for_workload_identity)
        || is_reported(subject)
    {
        return;
    }
    findings.add_resting_on(Assumption::NothingAdded, || {
        let name = subject.service_account_name();
        let what = match subject.identity.client_id() {
            Some(_) => "has a client id",
            None => "is meant for workload identity",
        };
        Finding::at(
            Place::absence(subject.pod_path(&["metadata", "labels", keys::USE])),
            format!("is missing, but service account {name} {what}: the pod gets no identity"),
            "set the label to \"true\", or to \"false\" if the pod needs none",
        )
        .related_service_account(
            subject.namespace,
            subject.pod.service_account(),
            keys::CLIENT_ID,
            "the identity of the service account",
        )
    });
}

/// Whether another rule reports that the label is missing.
fn is_reported(subject: &PodSubject<'_>) -> bool {
    let is_on = |rule| subject.settings.severities.of(rule) != Severity::Off;
    (is_on(RuleId::LabelPlacement) && is_misplaced(subject))
        || (is_on(RuleId::AnnotationWithoutLabel) && annotations_without_label(subject).next().is_some())
}

fn may_apply(subject: &PodSubject<'_>) -> bool {
    let (pod, settings) = (subject.pod, subject.settings);
    pod.labels.get(keys::USE).is_none()
        && pod.service_account() != "default"
        && settings.inject.as_ref().is_none_or(|inject| inject.opt_in == OptIn::Label)
        && !pod.lends_identity_to_csi_driver()
        && !pod.volumes.iter().any(|volume| settings.is_token_for_azure(volume))
}
