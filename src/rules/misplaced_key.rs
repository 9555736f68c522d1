//! # What it finds
//!
//! A label or annotation of workload identity where it is not read: the client id on a pod or as a label, a pod's annotation
//! on a service account or on the workload around the pod template. Not a client id on a pod that a container takes from there
//! itself (`fieldRef`).
//!
//! # Why it matters
//!
//! It has no effect: the pod gets another identity than was meant, or none, or the default of whatever it was to configure.
//!
//! # Example
//!
//! A Deployment with `azure.workload.identity/client-id` among the annotations of its pod template.
//!
//! # Fix
//!
//! Move it to where the message says.

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
