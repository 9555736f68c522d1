//! Injection: the volume, variables and mounts with which Azure SDKs in a pod find its identity.
//!
//! The result is a list of changes. What is right already is left alone, so a second run changes nothing.

mod containers;
mod env;
mod proxy;
mod token_volume;

use crate::identity::Identity;
use crate::json::{Changes, string};
use crate::keys;
use crate::pod::Pod;
use crate::settings::Inject;

use token_volume::TokenVolume;

/// The most that injection may add to a pod, in bytes: the API server's store takes no larger objects. Source: etcd,
/// `--max-request-bytes`. The store's form of an object is smaller than JSON, but what a container has besides makes up for that.
pub const MAX_ADDED: usize = 1_572_864;

/// Adds to `changes` what `pod` does not have yet of `identity`.
///
/// `None` if the identity cannot be injected: a rule has a finding that says why ([`blocks_injection`]), or the pod has no spec,
/// which the API server refuses. If more than [`MAX_ADDED`] would be added, `changes` has a part of it.
///
/// [`blocks_injection`]: crate::finding::Finding::blocks_injection
pub fn inject(pod: &Pod<'_>, identity: &Identity<'_>, inject: &Inject<'_>, changes: &mut Changes) -> Option<()> {
    let expiration = identity.expiration().seconds()?;
    let proxy = match identity.proxy {
        Some(port) if !pod.host_network => Some(port.number()?),
        Some(_) => return None,
        None => None,
    };
    // Without a spec there is nothing to run, and the API server says so.
    let spec = pod.spec?;

    let volume = TokenVolume::of(pod, identity, inject, expiration)?;
    let variables = env::variables(identity, inject, &volume);
    for container in pod.all_containers().filter(|container| identity.includes(&container.name)) {
        containers::add_to(container, &variables, &volume, changes);
        if changes.added_length() > MAX_ADDED {
            return None;
        }
    }
    if let Some(port) = proxy {
        proxy::inject(pod, spec, identity, &inject.proxy, port, (&variables, &volume), changes);
    }
    volume.add_to(spec, changes);
    if !pod.is_labelled() {
        // Shows people and other policies that the pod has an identity.
        changes.set_at(pod.object, &["metadata", "labels", keys::USE], string("true"));
    }
    Some(())
}
