//! # What it finds
//!
//! A container with an identity that mounts another volume at the mount path of the token.
//!
//! # Why it matters
//!
//! The API server rejects two mounts at the same path (`must be unique`). It does so after injection, with a message about
//! a mount that is not in the manifest.
//!
//! # Example
//!
//! `volumeMounts: [{name: cache, mountPath: /var/run/secrets/azure/tokens}]`
//!
//! # Fix
//!
//! Mount the volume at another path.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};
use crate::layout::{Layout, of_path_in};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    // Hashing the pod's name is for the few pods that mount something near a token's path.
    let mounts = || subject.participants().flat_map(|container| &container.mounts);
    if !mounts().any(|mount| of_path_in(&mount.path).is_some()) {
        return;
    }
    let configured = subject.settings.inject.as_ref().map(|inject| inject.layout);
    let layouts: Vec<Layout> = configured.map_or(Layout::ALL.to_vec(), |layout| vec![layout]);
    let name = subject.pod.naming();
    let paths: Vec<String> = layouts.iter().map(|layout| layout.mount_path(&layout.volume_name(&name))).collect();
    for mount in mounts() {
        let is_ours = layouts.iter().any(|layout| layout.owns_name(&mount.volume));
        if !is_ours && paths.iter().any(|path| path == mount.path.trim_end_matches('/')) {
            findings.add(|| {
                let path = subject.path_of(mount.object).key("mountPath");
                Finding::at(path, "is where the token is mounted", "mount the volume somewhere else")
            });
        }
    }
}
