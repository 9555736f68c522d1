//! # What it finds
//!
//! A pod that asks for the proxy with `azure.workload.identity/inject-proxy-sidecar`, and a port for it that is
//!
//! - no whole number from 1 to 65535, an empty annotation `azure.workload.identity/proxy-sidecar-port` included, or
//! - taken: a container of the pod already listens on it. Without the annotation the proxy takes port 8000.
//!
//! # Why it matters
//!
//! Microsoft's webhook refuses what is no number, and lets other numbers through to the API server, which refuses the pod. A
//! port that is taken shows at run time only: all containers of a pod share their ports, so one of the two crashes.
//!
//! # Example
//!
//! `azure.workload.identity/proxy-sidecar-port: "70000"`
//!
//! # Fix
//!
//! Set the annotation to a port that no container of the pod uses, in quotes.

use super::{Findings, Rule, Subject};
use crate::finding::{Finding, Severity, quote};
use crate::keys;

pub(super) const RULE: Rule = Rule { name: "proxy-port", severity: Severity::Deny, check };

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(proxy) = subject.identity.proxy else { return };
    let Some(number) = proxy.number() else {
        let problem = format!("is {}", quote(proxy.text.unwrap_or_default()));
        findings.add(Finding {
            blocks_injection: true,
            ..Finding::new(
                RULE.name,
                subject.annotation_path(keys::PROXY_PORT),
                problem,
                "it takes a port from 1 to 65535, e.g. \"8080\"",
            )
        });
        return;
    };
    for container in subject.pod.all_containers().filter(|container| container.name != keys::PROXY_CONTAINER) {
        let Some(port) = container.ports.iter().find(|port| port.number == Some(number.into()) && port.is_tcp()) else {
            continue;
        };
        let key = if proxy.text.is_some() { keys::PROXY_PORT } else { keys::INJECT_PROXY };
        let problem = format!(
            "puts the proxy on port {number}, on which container {} already listens ({})",
            quote(&container.name),
            subject.path_of(port.object)
        );
        let fix = format!("set annotation {} to a port that is free", keys::PROXY_PORT);
        findings.add(Finding::new(RULE.name, subject.annotation_path(key), problem, fix));
    }
}
