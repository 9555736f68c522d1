//! Service account "default" has an identity or is asked for one.
//!
//! # What it finds
//!
//! A labelled pod or pod template that runs as the service account `default`, or a service account `default` with a client
//! id. The pod template of a patch, which has no containers, is excluded: the object that is patched names the service
//! account.
//!
//! # Why it matters
//!
//! Every pod that names no service account runs as the `default` of its namespace. Anyone who adds the label to one of
//! these pods gets the identity.
//!
//! # Example
//!
//! A pod with `azure.workload.identity/use: "true"` and no `serviceAccountName`.
//!
//! # Fix
//!
//! Create a service account for the application, annotate it, and name it in `serviceAccountName`.

use super::{Check, PodSubject, Rule, ServiceAccountSubject};
use crate::assumption::Assumption;
use crate::finding::{Finding, Findings};
use crate::formats::present;
use crate::keys;

pub(super) const RULE: Rule =
    Rule::new(&[Check::Template(check_template), Check::ServiceAccount(check_service_account)]);

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    let is_patch = subject.pod.containers.is_empty();
    if subject.wants_identity
        && !is_patch
        && subject.service_account.is_possible()
        && subject.pod.service_account() == "default"
    {
        findings.add_resting_on(Assumption::NothingAdded, || {
            Finding::at(
                subject.service_account_place(),
                "is \"default\", which all pods share that name none",
                "name a service account of the application's own",
            )
        });
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    if subject.name == "default" && present(subject.annotations.get(keys::CLIENT_ID)).is_some() {
        findings.add(|| {
            Finding::at(
                subject.annotation_path(keys::CLIENT_ID),
                "gives an identity to \"default\", which all pods share that name no service account",
                "annotate a service account of the application's own",
            )
        });
    }
}
