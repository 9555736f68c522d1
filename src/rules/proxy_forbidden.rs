//! # What it finds
//!
//! Any pod that asks for the proxy.
//!
//! # Why it matters
//!
//! The proxy's init container is privileged and has `NET_ADMIN`; with `baseline` or `restricted` Pod Security the pod is
//! refused later. Where all code uses a current Azure SDK, nobody needs it. The rule is off unless it is switched on.
//!
//! # Example
//!
//! `azure.workload.identity/inject-proxy-sidecar: "true"`
//!
//! # Fix
//!
//! Remove the annotation and let the code use workload identity itself.

use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity};
use crate::keys;

pub(super) const RULE: Rule =
    Rule { name: "proxy-forbidden", severity: Severity::Off, checks: &[Check::Template(check)] };

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if subject.wants_identity && subject.identity.proxy.is_some() {
        findings.add(Finding::new(
            RULE.name,
            subject.annotation_path(keys::INJECT_PROXY),
            "adds the proxy, which is not allowed here",
            "remove the annotation and let the code use workload identity itself",
        ));
    }
}
