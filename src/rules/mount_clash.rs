//! Another mount hides the token.
//!
//! # What it finds
//!
//! A container with an identity that mounts another volume at the mount path of the token or below it, in any spelling of the
//! path, or a read-only volume above it. A path below `/run` instead of `/var/run` is a warning, because most images link one
//! to the other. Also a block device at the mount path, and a `terminationMessagePath` that is the path of the token.
//!
//! Injection of v1.5 takes a volume `azure-identity-token` of the pod, and the mounts of it, for its own. Where such a mount leaves
//! `AZURE_FEDERATED_TOKEN_FILE` without a token, it is a warning, since the application may read the token where the pod mounts it. It is
//! denied if another source of the volume may bring a file of the token's name.
//!
//! # Why it matters
//!
//! The API server rejects two mounts at the same path (`must be unique`). It does so after injection, with a message about
//! a mount that is not in the manifest. The kubelet mounts an empty file at `terminationMessagePath`. A mount at another spelling
//! of the path, or below it, hides the token. In a read-only volume the container runtime cannot create the directory for the
//! token, so the container does not start. If the pod arrives with the token already mounted, a read-only volume above it is only
//! a warning.
//!
//! # Example
//!
//! `volumeMounts: [{name: cache, mountPath: /var/run/secrets/azure/tokens}]`
//!
//! # Fix
//!
//! Mount the volume at another path. A writable volume above the path of the token is harmless.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};
use crate::json::Value;
use crate::layout::{Layout, V1_5_VOLUME};
use crate::mounts::{Mount, MountedFile, run_alias};
use crate::pod::{Container, VolumeMount};
use crate::rule::Severity;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for (position, container) in subject.numbered_participants() {
        check_own_mount(subject, position, container, findings);
        let log = container.object.field("terminationMessagePath");
        let devices = container.object.field("volumeDevices").into_iter().flat_map(Value::elements);
        let devices: Vec<_> = devices.filter_map(|device| device.field("devicePath")).collect();
        let mut paths = container.mounts.iter().map(|mount| mount.path.as_ref());
        if !paths.any(may_clash)
            && !log.and_then(Value::as_str).is_some_and(|path| may_clash(&path))
            && devices.is_empty()
        {
            continue;
        }
        let Some(mounts) = subject.mounts_of(position) else { continue };
        let is_known = subject.layout_in_force().is_some();
        // The mount path of v1.6.1 is below that of v1.6.0.
        let places = subject.places().iter().filter(|place| is_known || place.layout != Layout::V1_6_1);
        let mut reported = None;
        for place in places {
            if mounts.is_termination_log(&place.file()) {
                findings.add(|| {
                    let path = subject.path_of(container.object).key("terminationMessagePath");
                    let problem = "is where the token is: the kubelet mounts an empty file over it";
                    Finding::at(path, problem, "write the message somewhere else")
                });
            }
            for device in devices.iter().filter(|device| device.as_str().as_deref() == Some(&place.mount_path)) {
                findings.add(|| {
                    let problem = "is where the token is mounted";
                    Finding::at(subject.path_of(*device), problem, "attach the device somewhere else")
                });
            }
            // Up to v1.5 injection takes any volume with a token at the path for its own.
            let is_token = |mount: &Mount<'_>| {
                let file = subject.volumes().file(mount.volume, place.layout.token_path());
                let is_whole = mounts.is_at(mount, &place.mount_path) && !mount.has_sub_path();
                place.layout == Layout::V1_5
                    && is_whole
                    && matches!(file, MountedFile::Token { audience, .. } if subject.settings.accepts_audience(&audience))
            };
            let is_ours = |mount: &Mount<'_>| {
                mount.volume == place.volume || (!is_known && (place.layout.owns_name(mount.volume) || is_token(mount)))
            };
            for (path, is_alias) in [(Some(place.mount_path.clone()), false), (run_alias(&place.mount_path), true)] {
                let Some(path) = path else { continue };
                let mut report = |mount: &Mount<'_>, importance: Severity, problem: &str| {
                    let Some(entry) = mount.entry.filter(|_| !is_ours(mount)) else { return };
                    // One above the paths of several layouts.
                    let id = entry.object.id();
                    if reported.replace(id) == Some(id) {
                        return;
                    }
                    findings.add_minor(if is_alias { Severity::Warn } else { importance }, || {
                        let alias = if is_alias { ", where /var/run is a link to /run" } else { "" };
                        let path = subject.path_of(entry.object).key("mountPath");
                        Finding::at(path, [problem, alias].concat(), "mount the volume somewhere else")
                    });
                };
                for mount in mounts.within(&path) {
                    let is_same = mounts.is_at(mount, &path);
                    let problem = if is_same {
                        "is where the token is mounted"
                    } else {
                        "is inside the token's volume, which it hides or cannot enter"
                    };
                    report(mount, Severity::Deny, problem);
                }
                if let Some(mount) = mounts.above(&path).filter(|mount| mount.is_read_only(subject.volumes())) {
                    let importance = if subject.arrived_volume().is_some() { Severity::Warn } else { Severity::Deny };
                    report(mount, importance, "is read-only and above the token's mount: the container cannot start");
                }
            }
        }
    }
}

/// A mount of the volume that injection of v1.5 takes for its own, with which the token is not where the variable says.
fn check_own_mount(subject: &PodSubject<'_>, position: usize, container: &Container<'_>, findings: &mut Findings) {
    let is_own = |mount: &&VolumeMount<'_>| mount.volume == V1_5_VOLUME;
    let Some(mount) = container.mounts.iter().find(is_own) else { return };
    if subject.settings.inject.is_none() || subject.layout_in_force() != Some(Layout::V1_5) {
        return;
    }
    let Some(identity) = subject.container(position).filter(|it| it.token_file.entry.is_none()) else { return };
    let (importance, problem) = match &identity.token {
        Some(MountedFile::Token { by_sub_path: false, .. }) => return,
        Some(MountedFile::Token { .. }) => (Severity::Warn, "mounts the token with subPath, where it is never renewed"),
        Some(MountedFile::Unknown { .. }) => {
            (Severity::Deny, "mounts a volume in which another source may bring the token's file")
        }
        _ => (Severity::Warn, "mounts the token's volume where AZURE_FEDERATED_TOKEN_FILE does not look for it"),
    };
    findings.add_minor(importance, || {
        let fix = "remove the mount and the volume: injection adds its own";
        Finding::at(subject.path_of(mount.object).key("mountPath"), problem, fix)
    });
}

/// Whether a mount at this path may be at, above or below a token's. Most are not, and then nothing has to be worked out.
fn may_clash(path: &str) -> bool {
    let is_known =
        |part: &&str| ["", ".", "var", "run", "secrets"].iter().any(|known| part.eq_ignore_ascii_case(known));
    let first = path.split(['/', '\\']).find(|part| !is_known(part));
    // A drive, or a way back up, may lead anywhere.
    first.is_none_or(|part| part.eq_ignore_ascii_case("azure") || part.contains(':'))
        || path.as_bytes().windows(2).any(|bytes| bytes == b"..")
}
