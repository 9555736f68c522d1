//! Path of a token is hard-coded, and the token is not there.
//!
//! # What it finds
//!
//! The path of a token in an environment variable, argument, command or mount of a container with an identity, if the token
//! is not, or will not be, at that path in this container. `AZURE_FEDERATED_TOKEN_FILE` itself may contain the path that
//! injection uses. Also a mount of a token volume that the pod does not have and that this layout does not add.
//!
//! # Why it matters
//!
//! The path changed with webhook v1.6.0 and again with v1.6.1. Code that does not read `AZURE_FEDERATED_TOKEN_FILE` breaks
//! when the cluster is upgraded.
//! Since v1.6.0 the token volume has another name, so the API server rejects a pod that mounts `azure-identity-token`
//! without having such a volume.
//!
//! # Example
//!
//! `args: ["--token-file=/var/run/secrets/azure/tokens/azure-identity-token"]`
//!
//! # Fix
//!
//! In `args` and `command` use the variable: `--token-file=$(AZURE_FEDERATED_TOKEN_FILE)`, and in the `$(…)` of a shell
//! `$AZURE_FEDERATED_TOKEN_FILE`, since the kubelet replaces no reference in another one. In `env` such a reference does not
//! work, because injected variables come last: read `AZURE_FEDERATED_TOKEN_FILE` in the code instead. Remove variables and mounts
//! that injection adds.

use std::cell::OnceCell;

use super::tokens::token_file_fault;
use super::{Check, PodSubject, Rule};
use crate::assumption::Assumption;
use crate::finding::{Finding, FindingBuilder, Findings, quote};
use crate::json::Value;
use crate::keys;
use crate::layout::{Layout, PathInText, contains_path};
use crate::mounts::MountedFile;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for (position, container) in subject.numbered_participants() {
        let mounts = OnceCell::new();
        let is_foreign = |found: PathInText<'_>| {
            if subject.layout_in_force().is_some()
                && subject.places().iter().any(|at| at.mount_path == found.mount_path)
            {
                return false;
            }
            let Some(mounts) = mounts.get_or_init(|| subject.mounts_of(position)) else { return false };
            let is_azure = |audience: &str| subject.settings.is_azure_audience(audience);
            let is_token =
                matches!(mounts.file(found.path), MountedFile::Token { audience, .. } if is_azure(&audience));
            let holds_token = |volume: &str| subject.volumes().holds_azure_token(volume);
            // Other files than the token are in the volume too.
            let is_in_volume = || {
                let mount = mounts.at(found.mount_path).filter(|mount| mounts.is_at(mount, found.mount_path));
                !found.path.ends_with(Layout::V1_5.token_path()) && mount.is_some_and(|mount| holds_token(mount.volume))
            };
            !is_token && !is_in_volume()
        };
        let is_foreign = |text: &str| contains_path(text, &is_foreign);
        for variable in &container.env {
            let is_own = matches!(variable.name.as_ref(), keys::ENV_TOKEN_FILE | keys::ENV_CA_FILE);
            // What endpoint-override rejects need not be said twice.
            let is_rejected = || {
                let container = subject.container(position).filter(|_| variable.name == keys::ENV_TOKEN_FILE);
                container.is_some_and(|container| token_file_fault(subject, container).is_some())
            };
            if is_foreign(&variable.value) && !(is_own && subject.layout_in_force().is_none()) && !is_rejected() {
                let fix = if is_own {
                    "remove the variable: injection sets it"
                } else {
                    "read $AZURE_FEDERATED_TOKEN_FILE in the code, or refer to it in args"
                };
                findings.add_resting_on(Assumption::WholeObject, || finding(subject, variable.object, fix));
            }
        }
        for mount in &container.mounts {
            let is_injected = |layout: &Layout| layout.owns_name(&mount.volume);
            let is_missing = Layout::ALL.iter().any(is_injected) && subject.pod.volume(&mount.volume).is_none();
            let is_added =
                || subject.layout_in_force().is_some() && subject.places().iter().any(|at| at.volume == mount.volume);
            if is_missing && !is_added() {
                findings.add_resting_on(Assumption::NothingAdded, || {
                    let by_whom = match subject.layout_in_force() {
                        Some(layout) => [", which layout ", layout.name(), " does not add"].concat(),
                        None => ", which not every release of the webhook adds".to_owned(),
                    };
                    let problem = ["names volume ", &quote(&mount.volume), &by_whom].concat();
                    Finding::at(subject.path_of(mount.object), problem, REMOVE_MOUNT)
                });
            } else if is_foreign(&mount.path) && subject.layout_in_force().is_some() {
                findings.add_resting_on(Assumption::WholeObject, || finding(subject, mount.object, REMOVE_MOUNT));
            }
        }
        for key in ["command", "args"] {
            let texts = container.object.field(key).into_iter().flat_map(Value::elements);
            for text in texts.filter(|text| text.as_str().is_some_and(|text| is_foreign(&text))) {
                findings.add_resting_on(Assumption::WholeObject, || {
                    let is_for_shell = text
                        .as_str()
                        .is_some_and(|text| contains_path(&text, &|found| is_in_substitution(&text, found.path)));
                    let fix = if is_for_shell {
                        "use $AZURE_FEDERATED_TOKEN_FILE, which the shell replaces"
                    } else {
                        "use $(AZURE_FEDERATED_TOKEN_FILE)"
                    };
                    finding(subject, text, fix)
                });
            }
        }
    }
}

/// Whether a path stands in `$(…)`, in which the kubelet replaces no reference.
fn is_in_substitution(text: &str, path: &str) -> bool {
    let before = text.split(path).next().unwrap_or_default();
    before.rsplit_once("$(").is_some_and(|(_, inside)| !inside.contains(')'))
}

const REMOVE_MOUNT: &str = "remove the mount: injection adds its own";

#[inline(never)]
fn finding(subject: &PodSubject<'_>, place: Value<'_>, fix: &str) -> FindingBuilder {
    let problem = match subject.layout_in_force() {
        Some(layout) => ["holds a token path at which layout ", layout.name(), " puts no token"].concat(),
        None => "holds a token path, which moves with the webhook's release".to_owned(),
    };
    Finding::at(subject.path_of(place), problem, fix)
}
