//! Pod requests the proxy, which is forbidden.
//!
//! # What it finds
//!
//! Any pod that requests the proxy.
//!
//! # Why it matters
//!
//! The init container of the proxy is privileged and has `NET_ADMIN`. Pod Security `baseline` and `restricted` reject the
//! pod later. If all code uses a current Azure SDK, no workload needs the proxy. The rule is off by default.
//!
//! # Example
//!
//! `azure.workload.identity/inject-proxy-sidecar: "true"`
//!
//! # Fix
//!
//! Remove the annotation, and use workload identity in the code.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, Place};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if subject.wants_identity && subject.identity.proxy.is_some() {
        findings.add(|| {
            Finding::at(
                Place::key(subject.annotation_path(keys::INJECT_PROXY)),
                "adds the proxy, which is not allowed here",
                "remove the annotation and let the code use workload identity itself",
            )
        });
    }
}
