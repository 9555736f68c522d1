//! Port of the proxy is invalid or in use.
//!
//! # What it finds
//!
//! A port for the proxy that is
//!
//! - not a whole number from 1 to 65535 (an empty annotation `azure.workload.identity/proxy-sidecar-port` is found too),
//! - in use by a container of the pod (without the annotation, the proxy uses port 8000), unless it is an init container that
//!   ends before the proxy starts, or the proxy itself, which `proxy-twice` reports, or
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

use super::images::runs_proxy;
use super::{Check, PodSubject, Rule};
use crate::assumption::{Assumption, Assumptions};
use crate::finding::{Finding, Findings, Place, Weight, quote};
use crate::keys;
use crate::pod::{Container, ContainerPort};
use crate::rule::Severity;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]).guarding_injection();

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity {
        return;
    }
    let own_path = || subject.annotation_path(keys::PROXY_PORT);
    let Some(proxy) = subject.identity.proxy else {
        if subject.pod.annotations.get(keys::PROXY_PORT).is_some() {
            findings.add_weighing(
                Weight { rests_on: Assumption::NothingAdded.into(), importance: Severity::Warn },
                || {
                    let problem = format!("has no effect without annotation {}", keys::INJECT_PROXY);
                    Finding::at(Place::key(own_path()), problem, "add that one, or remove this one")
                },
            );
        }
        return;
    };
    let rests_on = Assumptions::of_value(proxy.text.unwrap_or_default()).and(Assumption::WholeObject);
    let Some(number) = proxy.number() else {
        findings.add_resting_on(rests_on, || {
            let problem = format!("is {}", quote(proxy.text.unwrap_or_default()));
            Finding::at(own_path(), problem, "it requires a port from 1 to 65535, e.g. \"8080\"").blocks_injection()
        });
        return;
    };
    // A proxy that is an ordinary container starts when the init containers have ended, native sidecars aside.
    let comes_first = subject.settings.inject.as_ref().is_some_and(|inject| inject.proxy.native_sidecar);
    let is_beside = |init: &&Container<'_>| comes_first || init.is_native_sidecar();
    let containers = subject.pod.init_containers.iter().filter(is_beside).chain(&subject.pod.containers);
    let is_other = |container: &&Container<'_>| container.name != keys::PROXY_CONTAINER && !runs_proxy(container);
    for container in containers.filter(is_other) {
        let is_taken = |port: &&ContainerPort<'_>| port.number == Some(number.into()) && port.is_tcp();
        let Some(port) = container.ports.iter().find(is_taken) else { continue };
        findings.add_resting_on(rests_on, || {
            let path = if proxy.text.is_some() { own_path() } else { subject.annotation_path(keys::INJECT_PROXY) };
            let port_path = subject.path_of(port.object);
            let problem = format!(
                "puts the proxy on port {number}, on which container {} already listens ({port_path})",
                quote(&container.name),
            );
            let fix = format!("set annotation {} to a port that is free", keys::PROXY_PORT);
            Finding::at(path, problem, fix).related(port_path, "the port that is taken")
        });
    }
}
