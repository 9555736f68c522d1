//! Pod requests the proxy and already runs it.
//!
//! # What it finds
//!
//! A pod that requests the proxy with `azure.workload.identity/inject-proxy-sidecar` and already has a container with the
//! image of the proxy: under another name, or in the pod template of a workload.
//!
//! # Why it matters
//!
//! A second proxy is added. Both use the same port, so one of them crashes.
//!
//! # Example
//!
//! The annotation, and a container with the image `mcr.microsoft.com/oss/azure/workload-identity/proxy:v1.5.1`.
//!
//! # Fix
//!
//! Remove the container or the annotation.

use super::images::runs_proxy;
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity || subject.identity.proxy.is_none() {
        return;
    }
    for container in subject.pod.all_containers().filter(|container| runs_proxy(container)) {
        // In a pod, one of the proxy's own name is what an earlier injection left.
        if subject.workload.is_some() || container.name != keys::PROXY_CONTAINER {
            findings.add(|| {
                let problem = format!("runs the proxy, which annotation {} adds as well", keys::INJECT_PROXY);
                Finding::at(subject.path_of(container.object), problem, "remove the container or the annotation")
                    .related(subject.annotation_path(keys::INJECT_PROXY), "the annotation that adds the proxy")
            });
        }
    }
}
