//! Annotation for the identity binding is neither true nor false.
//!
//! # What it finds
//!
//! An annotation `azure.workload.identity/use-identity-binding` with another value than `true` or `false`, in any case.
//!
//! # Why it matters
//!
//! The webhook ignores such a value. The pod then uses a federated credential of the identity, which nobody made because the identity
//! has a binding.
//!
//! # Example
//!
//! `azure.workload.identity/use-identity-binding: "yes"`
//!
//! # Fix
//!
//! Write `"true"`, or remove the annotation.

use super::{Check, PodSubject, Rule};
use crate::assumption::Assumptions;
use crate::finding::{Finding, Findings, quote};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let key = subject.settings.binding_annotation();
    let Some(value) = subject.pod.annotations.get(key) else { return };
    if !subject.wants_identity || ["true", "false"].iter().any(|known| known.eq_ignore_ascii_case(value)) {
        return;
    }
    findings.add_resting_on(Assumptions::of_value(value), || {
        let problem = format!("is {}, which is ignored", quote(value));
        Finding::at(subject.annotation_path(key), problem, "write \"true\", or remove the annotation")
    });
}
