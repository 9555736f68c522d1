//! Pod requests the proxy and cannot run it.
//!
//! # What it finds
//!
//! A pod that requests the proxy but cannot run it: a pod for Windows nodes, or a pod whose `securityContext.runAsUser` is
//! not 1501, the user of the proxy.
//!
//! If the proxy is an ordinary container, also a warning for a pod that is to end, such as that of a Job.
//!
//! # Why it matters
//!
//! The images of the proxy are for Linux only. The rules that redirect IMDS requests exclude user 1501, as which the proxy
//! runs. As another user, the proxy sends its own requests to itself in a loop.
//!
//! A Job is complete when all its containers have ended, and the proxy never ends unless it is a native sidecar.
//!
//! # Example
//!
//! A pod with `securityContext: {runAsUser: 1000}` and `azure.workload.identity/inject-proxy-sidecar: "true"`
//!
//! # Fix
//!
//! Set `runAsUser` on the containers that need it, not on the pod. On Windows, use workload identity in the code.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};
use crate::json::Value;
use crate::keys;
use crate::rule::Severity;

/// The user of the proxy's image, which its `iptables` rules exempt. Source: upstream's `init/init-iptables.sh`.
const PROXY_USER: i64 = 1501;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity || subject.identity.proxy.is_none() {
        return;
    }
    let is_windows = |value: &Value<'_>| value.as_str().as_deref() == Some("windows");
    let os = subject.pod.spec_field("os", "name").filter(is_windows);
    let node = subject.pod.spec_field("nodeSelector", "kubernetes.io/os").filter(is_windows);
    if let Some(value) = os.or(node) {
        findings.add(|| {
            let problem =
                format!("is \"windows\", but the proxy of annotation {} runs on Linux only", keys::INJECT_PROXY);
            let fix = "remove the annotation and let the code use workload identity itself";
            Finding::at(subject.path_of(value), problem, fix)
        });
    }
    let user = subject.pod.spec_field("securityContext", "runAsUser");
    if let Some(value) = user.filter(|user| user.as_i64() != Some(PROXY_USER)) {
        findings.add(|| {
            let problem =
                format!("makes the proxy of annotation {} run as another user than {PROXY_USER}", keys::INJECT_PROXY);
            Finding::at(subject.path_of(value), problem, "set runAsUser on your own containers instead")
        });
    }
    let is_ordinary = match &subject.settings.inject {
        Some(inject) => !inject.proxy.native_sidecar,
        None => subject.pod.containers.iter().any(|container| container.name == keys::PROXY_CONTAINER),
    };
    let policy = subject.pod.spec.and_then(|spec| spec.field("restartPolicy"));
    if let Some(policy) = policy.filter(|policy| is_ordinary && policy.as_str().is_some_and(|it| it != "Always")) {
        findings.add_minor(Severity::Warn, || {
            let problem = "lets the pod end, but its proxy is an ordinary container, which never ends";
            let fix = "remove the proxy and let the code use workload identity, or make the proxy a native sidecar";
            Finding::at(subject.path_of(policy), problem, fix)
        });
    }
}
