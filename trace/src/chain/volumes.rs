//! The volumes that pods mount with their identity: from the pod to what it names, which may be in another file.

use std::collections::HashMap;

use azure_workload_identity_lint::accounts::{Accounts, ObjectPlace};
use azure_workload_identity_lint::consumers::Mounted;
use azure_workload_identity_lint::set::Set;

use super::facts::{FileFacts, IdentityMount, MountOf, Use, VolumeFact, Wanted};

/// What pods can mount.
#[derive(Default)]
struct MountableVolumes<'f> {
    all: Vec<&'f VolumeFact>,
    classes: Accounts<'f, usize>,
    claims: Accounts<'f, &'f Wanted>,
    storage_classes: HashMap<&'f str, usize>,
    by_name: HashMap<&'f str, usize>,
    by_class: HashMap<&'f str, usize>,
    /// Volumes that are kept for a claim, by the namespace and name of the claim.
    by_claim: HashMap<(Option<&'f str>, &'f str), usize>,
}

/// The uses that mounts are.
pub(super) fn uses<'f>(set: &Set<'f>, facts: &'f [FileFacts]) -> Vec<Use> {
    let mut volumes = MountableVolumes::default();
    for (file, facts) in facts.iter().enumerate() {
        let Some(place) = set.place_of(file) else { continue };
        facts.volumes.iter().for_each(|volume| volumes.add(volume, place.clone()));
        for claim in &facts.claims {
            volumes.claims.add(claim.namespace.as_deref(), &claim.name, place.clone(), &claim.wanted);
        }
    }
    volumes.classes = volumes.classes.finish();
    volumes.claims = volumes.claims.finish();
    let mounts = facts.iter().flat_map(|facts| &facts.mounts);
    mounts.filter_map(|mount| volumes.use_of(set, mount)).collect()
}

impl<'f> MountableVolumes<'f> {
    fn add(&mut self, volume: &'f VolumeFact, place: ObjectPlace<'f>) {
        let number = self.all.len();
        self.all.push(volume);
        let object = &volume.user.object;
        match volume.kind {
            Mounted::SecretProviderClass => {
                self.classes.add(object.namespace.as_deref(), &object.name, place, number);
            }
            Mounted::StorageClass => {
                self.storage_classes.entry(&object.name).or_insert(number);
            }
            Mounted::PersistentVolume => {
                self.by_name.entry(&object.name).or_insert(number);
                if let Some((namespace, name)) = &volume.claim {
                    self.by_claim.entry((namespace.as_deref(), name)).or_insert(number);
                } else if let Some(class) = &volume.class {
                    self.by_class.entry(class).or_insert(number);
                }
            }
        }
    }

    fn use_of(&self, set: &Set<'f>, mount: &IdentityMount) -> Option<Use> {
        let place = set.place_of(mount.of.file)?;
        let namespace = mount.of.account.namespace.as_deref();
        let number = match &mount.what {
            MountOf::Class(name) => self.classes.nearest(place, namespace, name)?,
            MountOf::Claim(name) => {
                let kept = || self.by_claim.get(&(namespace, name.as_str())).copied();
                let claim = self.claims.nearest(place, namespace, name);
                claim.and_then(|wanted| self.volume_of(wanted)).or_else(kept)?
            }
            MountOf::Template(wanted) => self.volume_of(wanted)?,
        };
        let volume = self.all.get(number)?;
        Some(Use { client: volume.client.clone(), tenant: volume.tenant.clone(), ..mount.of.clone() })
    }

    /// The volume that a claim gets: the one that it names, one that its class makes, or one that has the class already.
    fn volume_of(&self, wanted: &Wanted) -> Option<usize> {
        if let Some(volume) = &wanted.volume {
            return self.by_name.get(volume.as_str()).copied();
        }
        let class = wanted.class.as_deref()?;
        self.storage_classes.get(class).or_else(|| self.by_class.get(class)).copied()
    }
}
