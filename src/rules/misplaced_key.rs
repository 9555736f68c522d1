//! # What it finds
//!
//! A label or annotation of workload identity in a place where it is not read: the client id on a pod or as a label, or an
//! annotation for pods on a service account or a workload. A client id on a pod is accepted if a container refers to it by
//! `fieldRef`.
//!
//! # Why it matters
//!
//! The key has no effect. The pod gets another identity, no identity, or a default value.
//!
//! # Example
//!
//! A Deployment with `azure.workload.identity/client-id` among the annotations of its pod template.
//!
//! # Fix
//!
//! Move the key to the place that the message names.

use super::field_ref::reads_annotation;
use super::key_names::{Holder, KeyUse, Meaning, Place};
use super::{Check, Findings, PodSubject, Rule, ServiceAccountSubject};
use crate::finding::{Finding, Severity};
use crate::json::Path;
use crate::keys;

pub(super) const RULE: Rule = Rule {
    name: "misplaced-key",
    severity: Severity::Warn,
    checks: &[Check::Template(check_template), Check::ServiceAccount(check_service_account)],
};

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    for found in &subject.keys {
        let used_all_the_same =
            found.holder == Holder::Pod && !found.is_label && reads_annotation(subject.pod, found.key);
        // The label has rules of its own.
        if found.key != keys::USE && !used_all_the_same {
            check(found, || subject.pod_path(&[]), findings);
        }
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    for found in &subject.keys {
        if found.key != keys::USE || !found.is_label {
            check(found, Path::default, findings);
        }
    }
}

fn check(found: &KeyUse<'_>, object: impl Fn() -> Path, findings: &mut Findings) {
    let Meaning::Known(place) = found.meaning else { return };
    let is_read = match (found.holder, place) {
        (Holder::Pod, Place::PodAnnotation | Place::EitherAnnotation)
        | (Holder::ServiceAccount, Place::ServiceAccountAnnotation | Place::EitherAnnotation) => !found.is_label,
        _ => false,
    };
    if !is_read {
        let fix = format!("make it {}", place.name());
        findings.add(Finding::new(RULE.name, found.path(object()), "is not read here", fix));
    }
}
