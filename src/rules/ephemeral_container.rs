//! # What it finds
//!
//! A debug container (`kubectl debug`) that mounts the volume with the token of the pod.
//!
//! # Why it matters
//!
//! A user in the debug container has the Azure identity of the pod, regardless of their own permissions in Azure.
//!
//! # Example
//!
//! An ephemeral container with `volumeMounts: [{name: azure-identity-token, mountPath: /token}]`
//!
//! # Fix
//!
//! Remove the mount, unless you need to debug the identity.

use super::{Check, EphemeralContainersSubject, Findings, Rule};
use crate::finding::{Finding, Severity, quote};
use crate::json::Value;

pub(super) const RULE: Rule =
    Rule { name: "ephemeral-container", severity: Severity::Warn, checks: &[Check::EphemeralContainers(check)] };

fn check(subject: &EphemeralContainersSubject<'_>, findings: &mut Findings) {
    let token_volumes: Vec<&str> = subject
        .pod
        .volumes
        .iter()
        .filter(|volume| volume.is_injected() || subject.settings.is_token_for_azure(volume))
        .map(|volume| volume.name.as_ref())
        .collect();
    // What was there before was judged before; it cannot be removed either.
    let old: Vec<_> = subject.old_object.map(containers).unwrap_or_default().into_iter().filter_map(name).collect();
    for container in containers(subject.object)
        .into_iter()
        .filter(|container| name(*container).is_none_or(|name| !old.contains(&name)))
    {
        let mounts = container.field("volumeMounts").into_iter().flat_map(Value::elements);
        for mount in mounts {
            let volume = name(mount).unwrap_or_default();
            if token_volumes.contains(&volume.as_ref()) {
                let problem = format!("gives a debug container the pod's token ({})", quote(&volume));
                let path = mount.path_from(subject.object);
                findings.add(Finding::new(RULE.name, path, problem, "leave the mount out"));
            }
        }
    }
}

fn containers(pod: Value<'_>) -> Vec<Value<'_>> {
    let spec = pod.field("spec").and_then(|spec| spec.field("ephemeralContainers"));
    spec.into_iter().flat_map(Value::elements).collect()
}

fn name(object: Value<'_>) -> Option<std::borrow::Cow<'_, str>> {
    object.field("name").and_then(Value::as_str)
}
