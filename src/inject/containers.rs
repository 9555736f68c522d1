//! The additions to every container with an identity.

use serde::Serialize;

use super::env::EnvVar;
use super::token_volume::TokenVolume;
use crate::json::{Changes, Document, text};
use crate::pod::Container;

/// A mount of the token volume.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VolumeMount<'a> {
    name: &'a str,
    mount_path: &'a str,
    read_only: bool,
}

impl<'a> VolumeMount<'a> {
    pub(super) fn of(volume: &'a TokenVolume<'_>) -> Self {
        Self { name: &volume.name, mount_path: &volume.mount_path, read_only: true }
    }
}

/// The variables and the mount, as JSON.
#[derive(Debug)]
pub(super) struct Additions<'a> {
    variables: Vec<(&'a str, String)>,
    volume: &'a TokenVolume<'a>,
    mount: String,
}

impl<'a> Additions<'a> {
    pub(super) fn new(variables: &[EnvVar<'a>], volume: &'a TokenVolume<'a>) -> Self {
        Self {
            variables: variables.iter().map(|variable| (variable.name, text(variable))).collect(),
            mount: text(&VolumeMount::of(volume)),
            volume,
        }
    }

    /// Adds what the container lacks. Its own variables stay; a mount of the token volume elsewhere is put right.
    pub(super) fn add_to(&self, container: &Container<'_>, changes: &mut Changes) {
        let missing: Vec<&str> = self
            .variables
            .iter()
            .filter(|(name, _)| !container.env.iter().any(|variable| variable.name == *name))
            .map(|(_, json)| json.as_str())
            .collect();
        changes.extend(container.object, "env", &[], &missing);

        match container.mounts.iter().find(|mount| mount.volume == self.volume.name) {
            Some(_) if self.volume.keeps_mounts() => {}
            Some(mount) => {
                let is_right =
                    Document::parse(self.mount.as_bytes()).is_ok_and(|ours| mount.object.same_as(ours.root()));
                if !is_right {
                    changes.replace(mount.object, self.mount.clone());
                }
            }
            None => changes.extend(container.object, "volumeMounts", &[], &[&self.mount]),
        }
    }
}
