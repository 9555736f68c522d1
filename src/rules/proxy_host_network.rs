//! # What it finds
//!
//! A pod that asks for the proxy with `azure.workload.identity/inject-proxy-sidecar` and runs in the node's network
//! (`hostNetwork: true`).
//!
//! # Why it matters
//!
//! The proxy's init container redirects the network's IMDS requests; in the node's network that would be those of every pod.
//! Microsoft's webhook refuses such a pod.
//!
//! # Example
//!
//! `hostNetwork: true` next to `azure.workload.identity/inject-proxy-sidecar: "true"`
//!
//! # Fix
//!
//! Remove the annotation and let the code use workload identity itself (any current Azure SDK does), or remove `hostNetwork`.

use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity};
use crate::keys;

pub(super) const RULE: Rule =
    Rule { name: "proxy-host-network", severity: Severity::Deny, checks: &[Check::Template(check)] };

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity || subject.identity.proxy.is_none() || !subject.pod.host_network {
        return;
    }
    findings.add(Finding {
        blocks_injection: true,
        ..Finding::new(
            RULE.name,
            subject.pod_path(&["spec", "hostNetwork"]),
            format!(
                "is true, but annotation {} asks for the proxy, which would redirect requests of the whole node",
                keys::INJECT_PROXY
            ),
            "remove the annotation or hostNetwork",
        )
    });
}
