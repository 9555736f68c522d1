//! What rules ask about the tokens of a pod: whether a container's token file is right, and which tokens injection did not add.

use super::PodSubject;
use crate::container_identity::ContainerIdentity;
use crate::finding::quote;
use crate::layout::{Layout, TokenPlace, V1_5_VOLUME};
use crate::mounts::{Absence, MountedFile};
use crate::pod::Volume;

/// What is wrong with the token file that a container names, as the end of a sentence.
pub(super) fn token_file_fault(subject: &PodSubject<'_>, container: &ContainerIdentity<'_>) -> Option<String> {
    let Some(path) = container.token_file.text() else {
        return Some("from another source, which cannot be checked".to_owned());
    };
    let is_injected = || subject.places().iter().any(|place| place.file() == path);
    // Such a path is the concern of hard-coded-path.
    let is_old =
        || [Layout::V1_5, Layout::V1_6_0].iter().any(|layout| TokenPlace::new(*layout, String::new()).file() == path);
    let (problem, name) = match &container.token {
        Some(MountedFile::Token { audience, by_sub_path, .. }) => match subject.settings.accepts_audience(audience) {
            true if *by_sub_path => ("to a token mounted with subPath, which is never renewed", None),
            true => return None,
            false => ("to a token with audience ", Some(audience.as_ref())),
        },
        Some(MountedFile::ApiServerToken) => ("to the token for the API server, which Entra ID does not accept", None),
        // What else is at that path is the concern of other rules.
        _ if is_injected() => return None,
        Some(MountedFile::Nothing(Absence::NotMounted)) if is_old() => return None,
        Some(MountedFile::Nothing(Absence::NotMounted)) => ("to a path at which no volume is mounted", None),
        Some(MountedFile::Nothing(Absence::Relative)) => ("to a path that is not absolute", None),
        Some(MountedFile::Nothing(Absence::NoVolume { volume })) => {
            ("to a path in a volume that the pod does not have: ", Some(*volume))
        }
        Some(MountedFile::Nothing(Absence::NotInVolume { volume })) => {
            ("to a path at which no token is in volume ", Some(*volume))
        }
        Some(MountedFile::Nothing(Absence::NoFile)) => ("to a path that leads to no file", None),
        Some(MountedFile::Nothing(Absence::Covered)) => {
            ("to a path at which the kubelet mounts a file of its own", None)
        }
        Some(MountedFile::Unknown { volume }) => ("to a file that may be no token, in volume ", Some(*volume)),
        None => ("to an empty path, which injection does not replace", None),
    };
    Some([problem, &name.map(quote).unwrap_or_default()].concat())
}

/// The volumes with a token for Azure that injection did not add.
pub(super) fn unmanaged_tokens<'s>(subject: &'s PodSubject<'_>) -> impl Iterator<Item = &'s Volume<'s>> {
    let mut injected = None;
    let volumes = subject.pod.volumes.iter().filter(|volume| subject.settings.is_token_for_azure(volume));
    volumes.filter(move |volume| {
        let injected = *injected.get_or_insert_with(|| injected_volume(subject));
        // Charts that were made for v1.5 bring its volume.
        let is_injected = |name| volume.is_injected() && (volume.name == name || volume.name == V1_5_VOLUME);
        !injected.is_some_and(is_injected)
    })
}

/// The volume that injection has added or takes for its own. Templates are never injected into, nor are pods that ask for nothing.
fn injected_volume<'s>(subject: &'s PodSubject<'_>) -> Option<&'s str> {
    match &subject.settings.inject {
        _ if !subject.wants_identity || subject.workload.is_some() => None,
        Some(_) => subject.places().first().map(|place| place.volume.as_str()),
        None => subject.arrived_volume(),
    }
}
