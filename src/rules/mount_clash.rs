//! Another mount hides the token.
//!
//! # What it finds
//!
//! A container with an identity that mounts another volume at the mount path of the token or below it, in any spelling of the
//! path, or a read-only volume above it. A path below `/run` instead of `/var/run` is a warning, because most images link one
//! to the other. Also a block device at the mount path, and a `terminationMessagePath` that is the path of the token.
//!
//! # Why it matters
//!
//! The API server rejects two mounts at the same path (`must be unique`). It does so after injection, with a message about
//! a mount that is not in the manifest. The kubelet mounts an empty file at `terminationMessagePath`. A mount at another spelling of the path, or below it, hides the token. In a read-only
//! volume the container runtime cannot create the directory for the token, so the container does not start. If the pod
//! arrives with the token already mounted, a read-only volume above it is only a warning.
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
use crate::layout::Layout;
use crate::mounts::{Mount, MountedFile, run_alias};
use crate::rule::Severity;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for (position, container) in subject.numbered_participants() {
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

/// Whether a mount at this path may be at, above or below a token's. Most are not, and then nothing has to be worked out.
fn may_clash(path: &str) -> bool {
    let is_known =
        |part: &&str| ["", ".", "var", "run", "secrets"].iter().any(|known| part.eq_ignore_ascii_case(known));
    let first = path.split(['/', '\\']).find(|part| !is_known(part));
    // A drive, or a way back up, may lead anywhere.
    first.is_none_or(|part| part.eq_ignore_ascii_case("azure") || part.contains(':'))
        || path.as_bytes().windows(2).any(|bytes| bytes == b"..")
}
