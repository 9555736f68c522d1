//! Label or annotation is in a place where it is not read.
//!
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

use super::repairs::{is_only_pod, is_selected, move_member};
use super::{Check, PodSubject, Rule, ServiceAccountSubject};
use crate::assumption::Assumption;
use crate::finding::{Finding, Findings, Place, Repair};
use crate::json::{Changes, Value};
use crate::keys;
use crate::order::Names;
use crate::pod::{EnvVar, Pod};
use crate::subject::{Holder, KeyUse, Meaning, ReadAt};

pub(super) const RULE: Rule =
    Rule::new(&[Check::Template(check_template), Check::ServiceAccount(check_service_account)]);

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    // The label has rules of its own.
    let mut misplaced = subject.keys.iter().filter(|found| found.key != keys::USE).filter_map(misplaced).peekable();
    if misplaced.peek().is_none() {
        return;
    }
    let read = annotations_read_by(subject.pod);
    for (found, read_at) in misplaced {
        let is_read = found.holder == Holder::Pod && !found.is_label && read.contains(found.key);
        if !is_read {
            add(subject.object, Some(subject), found, read_at, "", findings);
        }
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    let candidates = subject.keys.iter().filter(|found| found.key != keys::USE || !found.is_label);
    let has_no_client_id = subject.annotations.get(keys::CLIENT_ID).is_none();
    for (found, read_at) in candidates.filter_map(misplaced) {
        let also = if has_no_client_id && found.key != keys::CLIENT_ID { CLIENT_ID_TOO } else { "" };
        add(subject.object, None, found, read_at, also, findings);
    }
}

/// The annotations of workload identity from which containers of the pod take variables.
fn annotations_read_by(pod: &Pod<'_>) -> Names<String> {
    let variables = pod.all_containers().flat_map(|container| &container.env);
    Names::new(variables.filter_map(EnvVar::identity_annotation).collect())
}

/// Where a key is read, if that is somewhere else.
fn misplaced<'k, 's>(found: &'k KeyUse<'s>) -> Option<(&'k KeyUse<'s>, ReadAt)> {
    let Meaning::Known(read_at) = found.meaning else { return None };
    let is_read = match (found.holder, read_at) {
        (Holder::Pod, ReadAt::PodAnnotation | ReadAt::EitherAnnotation)
        | (Holder::ServiceAccount, ReadAt::ServiceAccountAnnotation | ReadAt::EitherAnnotation) => !found.is_label,
        _ => false,
    };
    (!is_read).then_some((found, read_at))
}

/// What a service account needs as well that has a key meant for pods and no client id.
const CLIENT_ID_TOO: &str = ", and add annotation azure.workload.identity/client-id here";

/// Adds the finding about a key on a pod or a workload around it, or else on the service account `object`.
fn add(
    object: Value<'_>,
    pod: Option<&PodSubject<'_>>,
    found: &KeyUse<'_>,
    read_at: ReadAt,
    also: &str,
    findings: &mut Findings,
) {
    findings.add_resting_on(Assumption::Reader, || {
        let path = found.path(object);
        let fix = ["make it ", read_at.name(), also].concat();
        Finding::at(Place::key(path), "is not read here", fix).repair(|| {
            let to = pod.map_or(object, |subject| subject.pod.object);
            Repair::safe_if(pod.is_none_or(|subject| is_safe(found, subject)), moved(to, found, read_at))
        })
    });
}

/// Whether one place can be meant, and nothing else reads the key where it is.
fn is_safe(found: &KeyUse<'_>, subject: &PodSubject<'_>) -> bool {
    let is_selected = found.is_label && found.holder == Holder::Pod && is_selected(subject, found.key);
    is_only_pod(found.object, subject.pod.object) && !is_selected
}

/// Moves the key to where it is read, if that is in the same object.
fn moved(pod: Value<'_>, found: &KeyUse<'_>, read_at: ReadAt) -> Changes {
    let is_in_object = match read_at {
        ReadAt::PodAnnotation => found.holder != Holder::ServiceAccount,
        ReadAt::ServiceAccountAnnotation => found.holder == Holder::ServiceAccount,
        ReadAt::EitherAnnotation => true,
        ReadAt::PodLabel => false,
    };
    if !is_in_object {
        return Changes::default();
    }
    move_member(found.holding_map(), found.key, pod, ["metadata", "annotations", found.key])
}
