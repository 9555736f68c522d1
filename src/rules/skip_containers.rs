//! List of skipped containers does not fit the pod.
//!
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

use super::repairs::replace_string;
use super::{Check, PodSubject, Rule};
use crate::assumption::{Assumption, Assumptions};
use crate::finding::{Finding, FindingBuilder, Findings, Repair, quote};
use crate::json::Changes;
use crate::keys::{self, PROXY_CONTAINER, PROXY_INIT_CONTAINER};
use crate::order::Names;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

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

/// What people write between names instead of `;`.
const SEPARATORS: [char; 6] = [',', ':', '|', ' ', '\n', '\t'];

/// How many containers of the pod a message names.
const NAMED_CONTAINERS: usize = 5;

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let identity = subject.identity;
    if !subject.wants_identity || identity.skipped.iter().next().is_none() {
        return;
    }
    let containers = Names::new(subject.pod.all_containers().map(|container| container.name.as_ref()).collect());
    let list = subject.pod.annotations.get(keys::SKIP_CONTAINERS).unwrap_or_default();
    let rests_on = Assumptions::of_value(list).and(Assumption::NothingAdded);
    let is_proxy = |name: &str| matches!(name, PROXY_CONTAINER | PROXY_INIT_CONTAINER);
    let is_known = |name: &str| {
        containers.contains(name) || INJECTED_LATER.contains(&name) || (is_proxy(name) && identity.proxy.is_some())
    };
    for name in identity.skipped.iter().filter(|name| !is_known(name)) {
        findings.add_resting_on(rests_on, || {
            let problem = format!("names container {}, but the pod has {}", quote(name), names_of(subject));
            let fix =
                if name.contains(SEPARATORS) { "separate names by \";\"" } else { "correct the name or remove it" };
            // It is offered only if every name is then that of a container.
            finding(subject, problem, fix.to_owned()).repair(|| Repair::safe(with_separators(subject, is_known)))
        });
    }
    if identity.proxy.is_some() && !identity.includes(PROXY_CONTAINER) {
        findings.add_resting_on(rests_on, || {
            let problem = format!("skips {PROXY_CONTAINER}, which then has no token to answer requests with");
            finding(subject, problem, "take it off the list".to_owned())
        });
    }
    if !subject.pod.containers.is_empty() && containers.iter().all(|name| is_proxy(name) || !identity.includes(name)) {
        findings.add_resting_on(rests_on, || {
            let fix = format!("skip fewer, or set label {} to \"false\"", keys::USE);
            finding(subject, "skips every container: none gets the identity".to_owned(), fix)
        });
    }
}

fn finding(subject: &PodSubject<'_>, problem: String, fix: String) -> FindingBuilder {
    Finding::at(subject.annotation_path(keys::SKIP_CONTAINERS), problem, fix)
}

/// The first containers of the pod.
fn names_of(subject: &PodSubject<'_>) -> String {
    let mut names = subject.pod.all_containers().map(|container| quote(&container.name));
    let first = names.by_ref().take(NAMED_CONTAINERS).collect::<Vec<_>>().join(", ");
    match names.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Separates the names by `;`, if all of them are known then.
fn with_separators(subject: &PodSubject<'_>, is_known: impl Fn(&str) -> bool) -> Changes {
    let list = subject.pod.annotations.get(keys::SKIP_CONTAINERS).unwrap_or_default();
    let separators = |c: char| c == ';' || SEPARATORS.contains(&c);
    let names: Vec<&str> = list.split(separators).map(str::trim).filter(|name| !name.is_empty()).collect();
    if !names.iter().all(|name| is_known(name)) {
        return Changes::default();
    }
    let annotation =
        subject.pod.metadata.and_then(|metadata| metadata.field("annotations")?.field(keys::SKIP_CONTAINERS));
    replace_string(annotation, &names.join(";"))
}
