//! What a pod brought along of the injection that others were to do: what `guard` judges.

use super::PodSubject;
use crate::keys;
use crate::layout::Layout;
use crate::pod::{Container, Volume};

/// True if pods must arrive fully injected. What the same policy injects itself, it need not ask of others.
pub(super) fn is_guarded(subject: &PodSubject<'_>) -> bool {
    subject.settings.guard.is_some() && subject.settings.inject.is_none() && subject.wants_identity
}

/// A token volume that is right, with the layouts that it may be of.
pub(super) type TokenVolume<'s> = (&'s Volume<'s>, Vec<Layout>);

/// The token volumes that are right: one, unless the pod brought its own along.
///
/// The name is computed from the pod's, which may have changed since: by another webhook, or by the name generator, which runs
/// between mutation and validation. So any hash will do, as long as the volume holds the right token.
pub(super) fn token_volumes<'s>(subject: &'s PodSubject<'_>) -> Vec<TokenVolume<'s>> {
    let accepted = subject.settings.guard.as_ref().map(|guard| guard.layouts.as_slice()).unwrap_or_default();
    let volumes = subject.pod.volumes.iter().filter(|volume| subject.settings.is_token_for_azure(volume));
    let with_layouts = volumes.map(|volume| {
        let fits = |layout: &&Layout| layout.owns_name(&volume.name) && volume.holds_token_at(layout.token_path());
        (volume, accepted.iter().filter(fits).copied().collect::<Vec<Layout>>())
    });
    with_layouts.filter(|(_, layouts)| !layouts.is_empty()).collect()
}

/// What a container lacks of the injection; `None` if nothing.
pub(super) fn lack(
    subject: &PodSubject<'_>,
    container: &Container<'_>,
    volumes: &[TokenVolume<'_>],
) -> Option<&'static str> {
    let is_mounted = container.mounts.iter().any(|mount| {
        let path = mount.path.trim_end_matches('/');
        volumes.iter().any(|(volume, layouts)| {
            mount.volume == volume.name && layouts.iter().any(|layout| layout.mount_path(&volume.name) == path)
        })
    });
    let has = |name: &str| container.env.iter().any(|variable| variable.name == name);
    if !is_mounted {
        Some("the token's mount")
    } else if !has(keys::ENV_TOKEN_FILE) {
        Some(keys::ENV_TOKEN_FILE)
    } else if !has(keys::ENV_AUTHORITY_HOST) {
        Some(keys::ENV_AUTHORITY_HOST)
    } else if subject.identity.client_id.is_some() && !has(keys::ENV_CLIENT_ID) {
        Some(keys::ENV_CLIENT_ID)
    } else {
        None
    }
}
