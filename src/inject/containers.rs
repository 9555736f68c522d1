//! What every container with an identity gets.

use super::env::WrittenVariable;
use super::token_volume::TokenVolume;
use crate::json::{Changes, Document};
use crate::mounts::are_same_path;
use crate::pod::{Container, VolumeMount};

/// Adds what the container does not have yet. Its own variables stay; a mount of the token volume elsewhere is put right.
pub(super) fn add_to(
    container: &Container<'_>,
    variables: &[WrittenVariable],
    volume: &TokenVolume<'_>,
    changes: &mut Changes,
) {
    let is_set = |name: &str| container.env.iter().any(|variable| variable.name == name);
    let missing = variables.iter().filter(|(name, _)| !is_set(name)).map(|(_, json)| json.as_str());
    changes.extend(container.object, "env", &[], &missing.collect::<Vec<_>>());

    let own = container.mounts.iter().find(|mount| mount.volume == volume.name);
    // Two mounts at one path would be rejected by the API server; rule mount-clash says so.
    let is_taken = || {
        let is_other = |mount: &&VolumeMount<'_>| own.is_none_or(|own| !std::ptr::eq(own, *mount));
        container.mounts.iter().filter(is_other).any(|mount| are_same_path(&mount.path, &volume.mount_path))
    };
    match own {
        Some(_) if volume.keeps_mounts() => {}
        Some(own) => {
            let is_right = Document::parse(volume.mount.as_bytes()).is_ok_and(|ours| own.object.same_as(ours.root()));
            if !is_right && !is_taken() {
                changes.replace(own.object, volume.mount.clone());
            }
        }
        None if is_taken() => {}
        None => changes.extend(container.object, "volumeMounts", &[], &[&volume.mount]),
    }
}
