//! The volumes that pods mount with their identity: what the object asks for that describes them, which may be in another file.

use std::collections::HashMap;

use super::facts::{FileFacts, IdentityMount, Use};

/// The uses that mounts are.
pub(super) fn uses(facts: &[FileFacts]) -> Vec<Use> {
    let mountable = facts.iter().flat_map(|facts| &facts.mountable);
    let mountable: HashMap<usize, &Use> = mountable.map(|(position, described)| (*position, described)).collect();
    let mounts = facts.iter().flat_map(|facts| &facts.mounts);
    mounts.filter_map(|mount| Some(use_of(mount, mountable.get(&mount.position)?))).collect()
}

fn use_of(mount: &IdentityMount, described: &Use) -> Use {
    let own = |own: &Option<_>, described: &_| Clone::clone(own.as_ref().unwrap_or(described));
    Use {
        client: own(&mount.client, &described.client),
        tenant: own(&mount.tenant, &described.tenant),
        audience: described.audience.clone(),
        faults: described.faults.clone(),
        ..mount.of.clone()
    }
}
