//! What other webhooks injected into a pod: what `guard` checks.

use std::collections::BTreeMap;

use super::PodSubject;
use crate::keys;
use crate::layout::Layout;
use crate::pod::Container;

/// Whether the pod must arrive fully injected. A policy does not require of others what it injects itself.
pub(super) fn is_guarded(subject: &PodSubject<'_>) -> bool {
    subject.settings.guard.is_some() && subject.settings.inject.is_none() && subject.wants_identity
}

/// The token volumes that are right, by name, each with the layouts that it may be of.
pub(super) type TokenVolumes<'s> = BTreeMap<&'s str, Vec<Layout>>;

/// The token volumes that are right: one, unless the pod brought its own along.
///
/// The name is computed from the pod's, which may have changed since: by another webhook, or by the name generator, which runs
/// between mutation and validation. So any hash will do, as long as the volume holds the right token.
pub(super) fn token_volumes<'s>(subject: &'s PodSubject<'_>) -> TokenVolumes<'s> {
    let accepted = subject.settings.guard.as_ref().map(|guard| guard.layouts.as_slice()).unwrap_or_default();
    let mut found = TokenVolumes::new();
    for volume in subject.pod.volumes.iter().filter(|volume| subject.settings.is_token_for_azure(volume)) {
        let fits = |layout: &&Layout| layout.owns_name(&volume.name) && volume.holds_token_at(layout.token_path());
        let layouts: Vec<Layout> = accepted.iter().filter(fits).copied().collect();
        if !layouts.is_empty() {
            found.entry(&volume.name).or_insert(layouts);
        }
    }
    found
}

/// The part of the injection that a container lacks; `None` if it has everything.
pub(super) fn missing_part(
    subject: &PodSubject<'_>,
    container: &Container<'_>,
    volumes: &TokenVolumes<'_>,
) -> Option<&'static str> {
    let is_mounted = container.mounts.iter().any(|mount| {
        let layouts = volumes.get(mount.volume.as_ref()).map(Vec::as_slice).unwrap_or_default();
        let path = mount.path.trim_end_matches('/');
        layouts.iter().any(|layout| layout.mount_path(&mount.volume) == path)
    });
    let has = |name: &str| container.env.iter().any(|variable| variable.name == name);
    if !is_mounted {
        Some("the token's mount")
    } else if !has(keys::ENV_TOKEN_FILE) {
        Some(keys::ENV_TOKEN_FILE)
    } else if !has(keys::ENV_AUTHORITY_HOST) {
        Some(keys::ENV_AUTHORITY_HOST)
    } else if !has(keys::ENV_CLIENT_ID) && subject.identity.client_id().is_some() {
        Some(keys::ENV_CLIENT_ID)
    } else {
        None
    }
}
