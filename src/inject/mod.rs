//! Injection: what a pod gets so that Azure SDKs in it find its identity.
//!
//! The result is a list of edits. What is right already is left alone, so a second run changes nothing.

mod containers;
mod env;
mod proxy;
mod token_volume;

use crate::identity::Identity;
use crate::json::{Edits, text};
use crate::keys;
use crate::pod::Pod;
use crate::settings::Inject;

use token_volume::TokenVolume;

/// Adds to `edits` what `pod` lacks of `identity`.
///
/// `None` if the identity cannot be injected: a rule has a finding that says why ([`blocks_injection`]), or the pod has no spec,
/// which the API server refuses.
///
/// [`blocks_injection`]: crate::finding::Finding::blocks_injection
pub fn inject(pod: &Pod<'_>, identity: &Identity<'_>, inject: &Inject<'_>, edits: &mut Edits) -> Option<()> {
    let expiration = identity.expiration.seconds()?;
    let proxy = match identity.proxy {
        Some(port) if !pod.host_network => Some(port.number()?),
        Some(_) => return None,
        None => None,
    };
    // Without a spec there is nothing to run, and the API server says so.
    let spec = pod.spec?;

    let volume = TokenVolume::of(pod, identity, inject, expiration);
    let variables = env::variables(identity, inject, &volume);
    let additions = containers::Additions::new(&variables, &volume);
    for container in pod.all_containers().filter(|container| identity.includes(&container.name)) {
        additions.add_to(container, edits);
    }
    if let Some(port) = proxy {
        proxy::inject(pod, spec, identity, &inject.proxy, port, (&variables, &volume), edits);
    }
    volume.add_to(spec, edits);
    if !pod.is_labelled() {
        add_label(pod, edits);
    }
    Some(())
}

/// Makes visible, to people and to other policies, that the pod has an identity.
fn add_label(pod: &Pod<'_>, edits: &mut Edits) {
    let value = text("true");
    let labels = format!("{{{}:{value}}}", text(keys::USE));
    match pod.metadata {
        Some(metadata) => match metadata.field("labels") {
            Some(map) => edits.set(map, keys::USE, &value),
            None => edits.set(metadata, "labels", &labels),
        },
        None => edits.set(pod.object, "metadata", &format!("{{\"labels\":{labels}}}")),
    }
}
