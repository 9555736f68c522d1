//! Pod requests the proxy and uses the network of the node.
//!
//! # What it finds
//!
//! A pod that requests the proxy with `azure.workload.identity/inject-proxy-sidecar` and has `hostNetwork: true`.
//!
//! # Why it matters
//!
//! The proxy's init container redirects IMDS requests in its network namespace. With `hostNetwork`, it would redirect those
//! of every pod on the node. Microsoft's webhook rejects the pod.
//!
//! # Example
//!
//! `hostNetwork: true` next to `azure.workload.identity/inject-proxy-sidecar: "true"`
//!
//! # Fix
//!
//! Remove the annotation and use workload identity in the code, which any current Azure SDK supports, or remove
//! `hostNetwork`.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]).guarding_injection();

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity || subject.identity.proxy.is_none() || !subject.pod.host_network {
        return;
    }
    findings.add(|| {
        let problem = format!(
            "is true, but annotation {} asks for the proxy, which would redirect requests of the whole node",
            keys::INJECT_PROXY
        );
        Finding::at(subject.pod_path(&["spec", "hostNetwork"]), problem, "remove the annotation or hostNetwork")
            .related(subject.annotation_path(keys::INJECT_PROXY), "the annotation that asks for the proxy")
            .blocks_injection()
    });
}
