//! # What it finds
//!
//! A pod that asks for the proxy with `azure.workload.identity/inject-proxy-sidecar` and has a container with the proxy's
//! image already: under another name, or written into the template of a workload.
//!
//! # Why it matters
//!
//! The proxy is added once more. Both want the same port, and one of them crashes.
//!
//! # Example
//!
//! The annotation next to a hand-written container with image `mcr.microsoft.com/oss/azure/workload-identity/proxy:v1.5.1`.
//!
//! # Fix
//!
//! Keep one of the two: remove the container, or the annotation.

use super::images::runs_proxy;
use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity};
use crate::keys;

pub(super) const RULE: Rule = Rule { name: "proxy-twice", severity: Severity::Warn, checks: &[Check::Template(check)] };

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity || subject.identity.proxy.is_none() {
        return;
    }
    for container in subject.pod.all_containers().filter(|container| runs_proxy(container)) {
        // In a pod, one of the proxy's own name is what an earlier injection left.
        if subject.workload.is_some() || container.name != keys::PROXY_CONTAINER {
            let problem = format!("runs the proxy, which annotation {} adds as well", keys::INJECT_PROXY);
            let fix = "remove the container or the annotation";
            findings.add(Finding::new(RULE.name, subject.path_of(container.object), problem, fix));
        }
    }
}
