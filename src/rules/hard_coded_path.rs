//! # What it finds
//!
//! The path of a token in an environment variable, argument, command or mount of a container with an identity, if the token
//! is not, or will not be, at that path. `AZURE_FEDERATED_TOKEN_FILE` itself may contain the path that injection uses.
//!
//! # Why it matters
//!
//! The path changed with webhook v1.6.0 and again with v1.6.1. Code that does not read `AZURE_FEDERATED_TOKEN_FILE` breaks
//! when the cluster is upgraded.
//!
//! # Example
//!
//! `args: ["--token-file=/var/run/secrets/azure/tokens/azure-identity-token"]`
//!
//! # Fix
//!
//! Use the variable: `--token-file=$(AZURE_FEDERATED_TOKEN_FILE)`.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};
use crate::json::Value;
use crate::keys;
use crate::layout::{Layout, of_path_in};
use crate::pod::{Container, Volume};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let in_force = layout_in_force(subject);
    for container in subject.participants() {
        check_container(subject, container, in_force, |place| {
            findings.add(|| {
                let problem = match in_force {
                    Some(layout) => format!("holds a token path of another layout than {}", layout.name()),
                    None => "holds a token path, which moves with the webhook's release".to_owned(),
                };
                let fix = format!("use $({})", keys::ENV_TOKEN_FILE);
                Finding::at(subject.path_of(place), problem, fix)
            });
        });
    }
}

/// Calls `report` with each place that holds a path of another layout than the one in force.
fn check_container(
    subject: &PodSubject<'_>,
    container: &Container<'_>,
    in_force: Option<Layout>,
    mut report: impl FnMut(Value<'_>),
) {
    let is_foreign = |text: &str| of_path_in(text).is_some_and(|layout| in_force != Some(layout));
    let is_injected = |name: &str| matches!(name, keys::ENV_TOKEN_FILE | keys::ENV_CA_FILE);
    for variable in &container.env {
        if is_foreign(&variable.value) && !(in_force.is_none() && is_injected(&variable.name)) {
            report(variable.object);
        }
    }
    for mount in &container.mounts {
        if is_foreign(&mount.path) && !subject.pod.volume(&mount.volume).is_some_and(Volume::is_injected) {
            report(mount.object);
        }
    }
    for key in ["command", "args"] {
        let texts = container.object.field(key).into_iter().flat_map(Value::elements);
        texts.filter(|text| text.as_str().is_some_and(|text| is_foreign(&text))).for_each(&mut report);
    }
}

/// The layout that the pod has or will have, as far as it can be known.
pub(super) fn layout_in_force(subject: &PodSubject<'_>) -> Option<Layout> {
    if let Some(inject) = &subject.settings.inject {
        return Some(inject.layout);
    }
    let volume = subject.pod.volumes.iter().find(|volume| volume.is_injected())?;
    let mounts = subject.pod.all_containers().flat_map(|container| &container.mounts);
    mounts.filter(|mount| mount.volume == volume.name).find_map(|mount| of_path_in(&mount.path))
}
