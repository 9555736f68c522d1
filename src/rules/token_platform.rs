//! Nodes of the pod cannot provide the token.
//!
//! # What it finds
//!
//! A pod with an identity for nodes that cannot provide the token: virtual nodes (`nodeSelector` `type: virtual-kubelet`), or
//! Windows nodes if all containers run as the same `runAsUser`.
//!
//! # Why it matters
//!
//! Virtual nodes on Azure Container Instances project no service account tokens. The kubelet makes the user that all containers
//! run as the owner of the token file, which fails on Windows: the pod remains in `ContainerCreating` with `FailedMount`.
//!
//! # Example
//!
//! A labelled pod with `nodeSelector: {kubernetes.io/os: windows}` and `securityContext: {runAsUser: 1000}`
//!
//! # Fix
//!
//! Run the pod on other nodes. On Windows, use `windowsOptions.runAsUserName` instead of `runAsUser`.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};
use crate::json::Value;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity {
        return;
    }
    let is_virtual = |value: &Value<'_>| value.as_str().as_deref() == Some("virtual-kubelet");
    if let Some(selector) = subject.pod.spec_field("nodeSelector", "type").filter(is_virtual) {
        findings.add(|| {
            let problem = "selects virtual nodes, which project no service account token";
            Finding::at(subject.path_of(selector), problem, "run the pod on other nodes")
        });
    }
    if let Some(user) = common_user(subject).filter(|_| subject.pod.is_for_windows()) {
        findings.add(|| {
            let problem = "is the user of all containers of a Windows pod: the kubelet cannot give it the token file";
            Finding::at(subject.path_of(user), problem, "use windowsOptions.runAsUserName instead")
        });
    }
}

/// The user that all containers run as. Source: `FsUserFrom` in Kubernetes' `pkg/volume/util`.
fn common_user<'a>(subject: &PodSubject<'a>) -> Option<Value<'a>> {
    let of_pod = subject.pod.spec_field("securityContext", "runAsUser");
    let mut users = subject.pod.all_containers().map(|container| {
        let own = container.object.field("securityContext").and_then(|context| context.field("runAsUser"));
        own.or(of_pod)
    });
    let first = users.next()??;
    let is_same = |user: Option<Value<'_>>| user.is_some_and(|user| user.as_i64() == first.as_i64());
    users.all(is_same).then_some(first)
}
