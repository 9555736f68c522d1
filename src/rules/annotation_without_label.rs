//! # What it finds
//!
//! A pod or pod template with annotations of workload identity but without the label `azure.workload.identity/use`. With
//! the label `false`, the pod has no identity on purpose, and the annotations may stay.
//!
//! # Why it matters
//!
//! These annotations are read only on labelled pods. The pod starts without an identity, and no error is reported.
//!
//! # Example
//!
//! A pod with `azure.workload.identity/inject-proxy-sidecar: "true"` and no label.
//!
//! # Fix
//!
//! Add the label `azure.workload.identity/use: "true"`, or remove the annotations.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, Place};
use crate::keys;
use crate::subject::{Holder, Meaning, ReadAt};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if subject.wants_identity || subject.pod.labels.get(keys::USE).is_some() {
        return;
    }
    for found in subject.keys {
        let is_for_pods = matches!(found.meaning, Meaning::Known(ReadAt::PodAnnotation | ReadAt::EitherAnnotation));
        if found.holder == Holder::Pod && !found.is_label && is_for_pods {
            findings.add(|| {
                let fix = format!("add label {}: \"true\" to the pod, or remove the annotation", keys::USE);
                let place = Place::key(found.path(subject.object));
                Finding::at(place, "has no effect without the label", fix)
            });
        }
    }
}
