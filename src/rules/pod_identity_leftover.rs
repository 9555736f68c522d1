//! Label of pod identity, the predecessor, is left over.
//!
//! # What it finds
//!
//! The label `aadpodidbinding` on a pod or pod template.
//!
//! # Why it matters
//!
//! The label requests an identity from AAD Pod Identity, which has been deprecated since 2022 and is no longer part of AKS.
//! No component reads it.
//!
//! # Example
//!
//! `labels: {aadpodidbinding: my-identity}`
//!
//! # Fix
//!
//! Migrate to workload identity (`docs/migrating-from-pod-identity.md`), then remove the label.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, Place};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

/// Source: github.com/Azure/aad-pod-identity, `pkg/apis/aadpodidentity/types.go`.
const LABEL: &str = "aadpodidbinding";

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if subject.pod.labels.get(LABEL).is_some() {
        findings.add(|| {
            let place = Place::key(subject.pod_path(&["metadata", "labels", LABEL]));
            let problem = "asks for AAD Pod Identity, which no longer runs";
            Finding::at(place, problem, "use workload identity and remove the label")
        });
    }
}
