//! # What it finds
//!
//! A port for the proxy that is
//!
//! - not a whole number from 1 to 65535 (an empty annotation `azure.workload.identity/proxy-sidecar-port` is found too),
//! - in use by a container of the pod (without the annotation, the proxy uses port 8000), or
//! - set although the pod does not request the proxy (a warning).
//!
//! # Why it matters
//!
//! Microsoft's webhook rejects a value that is not a number. It accepts other numbers, and the API server rejects the pod.
//! A port that is in use causes a failure at run time: all containers of a pod share their ports, so one of the two
//! containers crashes.
//!
//! # Example
//!
//! `azure.workload.identity/proxy-sidecar-port: "70000"`
//!
//! # Fix
//!
//! Set the annotation to a port, in quotes, that no container of the pod uses.

use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity, quote};
use crate::keys;

pub(super) const RULE: Rule = Rule { name: "proxy-port", severity: Severity::Deny, checks: &[Check::Template(check)] };

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity {
        return;
    }
    let own_path = || subject.annotation_path(keys::PROXY_PORT);
    let Some(proxy) = subject.identity.proxy else {
        if subject.pod.annotations.get(keys::PROXY_PORT).is_some() {
            let problem = format!("has no effect without annotation {}", keys::INJECT_PROXY);
            let finding = Finding::new(RULE.name, own_path(), problem, "add that one, or remove this one");
            findings.add(Finding { at_most: Severity::Warn, ..finding });
        }
        return;
    };
    let Some(number) = proxy.number() else {
        let problem = format!("is {}", quote(proxy.text.unwrap_or_default()));
        let finding = Finding::new(RULE.name, own_path(), problem, "it takes a port from 1 to 65535, e.g. \"8080\"");
        findings.add(Finding { blocks_injection: true, ..finding });
        return;
    };
    for container in subject.pod.all_containers().filter(|container| container.name != keys::PROXY_CONTAINER) {
        let Some(port) = container.ports.iter().find(|port| port.number == Some(number.into()) && port.is_tcp()) else {
            continue;
        };
        let path = if proxy.text.is_some() { own_path() } else { subject.annotation_path(keys::INJECT_PROXY) };
        let problem = format!(
            "puts the proxy on port {number}, on which container {} already listens ({})",
            quote(&container.name),
            subject.path_of(port.object)
        );
        let fix = format!("set annotation {} to a port that is free", keys::PROXY_PORT);
        findings.add(Finding::new(RULE.name, path, problem, fix));
    }
}
