//! # What it finds
//!
//! An annotation `azure.workload.identity/skip-containers` that names a container that the pod does not have, separates
//! names with another character than `;`, skips every container, or skips the proxy. Sidecars that known webhooks add
//! (Istio, Dapr, Linkerd, Vault, Consul) count as containers of the pod.
//!
//! # Why it matters
//!
//! A name that matches no container is ignored without an error, and the intended container gets the identity. A proxy
//! without an identity cannot answer requests. A pod with all containers skipped needs no label.
//!
//! # Example
//!
//! `azure.workload.identity/skip-containers: "log,metrics"`
//!
//! # Fix
//!
//! Separate the names with `;`, and correct the names that the message quotes.

use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity, quote};
use crate::keys::{self, PROXY_CONTAINER, PROXY_INIT_CONTAINER};

pub(super) const RULE: Rule =
    Rule { name: "skip-containers", severity: Severity::Warn, checks: &[Check::Template(check)] };

/// Containers that other webhooks add later, by the names that their documentation gives.
const INJECTED_LATER: [&str; 12] = [
    "istio-proxy",
    "istio-init",
    "istio-validation",
    "daprd",
    "linkerd-proxy",
    "linkerd-init",
    "linkerd-network-validator",
    "vault-agent",
    "vault-agent-init",
    "consul-dataplane",
    "consul-connect-inject-init",
    "envoy-sidecar",
];

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let skipped = &subject.identity.skipped;
    if !subject.wants_identity || skipped.is_empty() {
        return;
    }
    let containers: Vec<&str> = subject.pod.all_containers().map(|container| container.name.as_ref()).collect();
    let mut add = |problem: String, fix: String| {
        findings.add(Finding::new(RULE.name, subject.annotation_path(keys::SKIP_CONTAINERS), problem, fix));
    };

    let is_proxy = |name: &str| matches!(name, PROXY_CONTAINER | PROXY_INIT_CONTAINER);
    for name in skipped.iter().filter(|name| !containers.contains(name) && !INJECTED_LATER.contains(name)) {
        if is_proxy(name) && subject.identity.proxy.is_some() {
            continue;
        }
        let names: Vec<String> = containers.iter().map(|name| quote(name)).collect();
        let has_separator = name.contains([',', ':', '|', ' ', '\n', '\t']);
        let fix = if has_separator { "separate names by \";\"" } else { "correct the name or remove it" };
        add(format!("names container {}, but the pod has {}", quote(name), names.join(", ")), fix.to_owned());
    }
    if subject.identity.proxy.is_some() && skipped.contains(&PROXY_CONTAINER) {
        let problem = format!("skips {PROXY_CONTAINER}, which answers nobody without an identity of its own");
        add(problem, "take it off the list".to_owned());
    }
    if !containers.is_empty() && containers.iter().all(|name| is_proxy(name) || skipped.contains(name)) {
        let fix = format!("skip fewer, or set label {} to \"false\"", keys::USE);
        add("skips every container: none gets the identity".to_owned(), fix);
    }
}
