//! Debug container gets the token of the pod.
//!
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

use std::borrow::Cow;

use super::{Check, EphemeralContainersSubject, Rule};
use crate::finding::{Finding, Findings, quote};
use crate::json::Value;
use crate::order::Names;

pub(super) const RULE: Rule = Rule::new(&[Check::EphemeralContainers(check)]);

fn check(subject: &EphemeralContainersSubject<'_>, findings: &mut Findings) {
    let volumes = subject.pod.volumes.iter();
    let token_volumes = volumes.filter(|volume| volume.is_injected() || subject.settings.is_token_for_azure(volume));
    let token_volumes = Names::new(token_volumes.map(|volume| volume.name.as_ref()).collect::<Vec<&str>>());
    // A container that the pod already has was judged when it was added, and cannot be removed.
    let old = Names::new(subject.old_object.into_iter().flat_map(containers).filter_map(name).collect());
    for container in containers(subject.object).filter(|it| name(*it).is_none_or(|name| !old.contains(&name))) {
        let mounts = container.field("volumeMounts").into_iter().flat_map(Value::elements);
        for mount in mounts {
            let volume = name(mount).unwrap_or_default();
            if token_volumes.contains(volume.as_ref()) {
                findings.add(|| {
                    let problem = format!("gives a debug container the pod's token ({})", quote(&volume));
                    Finding::at(mount.path_from(subject.object), problem, "leave the mount out")
                });
            }
        }
    }
}

fn containers(pod: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let containers = pod.field("spec").and_then(|spec| spec.field("ephemeralContainers"));
    containers.into_iter().flat_map(Value::elements)
}

fn name(object: Value<'_>) -> Option<Cow<'_, str>> {
    object.field("name").and_then(Value::as_str)
}
