//! Reserved name is used for something else.
//!
//! # What it finds
//!
//! A container named `azwi-proxy` or `azwi-proxy-init` that does not run the proxy, or a volume with a name that is reserved
//! for the token but with other contents. The image of the proxy is the one in `inject.proxy`, or Microsoft's
//! (`mcr.microsoft.com/oss/v2/azure/workload-identity/proxy`, up to v1.5 `mcr.microsoft.com/oss/azure/workload-identity/proxy`),
//! with any tag. A container with a command of its own does not run the proxy, regardless of its image.
//!
//! With layout v1.5, also a volume with a token for another audience at the path of the injected token.
//!
//! # Why it matters
//!
//! Injection identifies containers and volumes by name. A container with the name of the proxy prevents the injection of
//! the proxy, may receive requests that are meant for the proxy, and may be exempt from other policies. A volume with the
//! name of the token volume is replaced, or it conflicts with the token volume and the pod is rejected.
//!
//! With layout v1.5 injection uses any volume with a token at its path. A token for another audience is useless there, or it is
//! meant for somebody else.
//!
//! # Example
//!
//! An init container named `azwi-proxy-init` with image `busybox`.
//!
//! # Fix
//!
//! Use another name. If the webhook injects the proxy from a mirror, set the severity of this rule to `warn`.

use super::images::is_genuine;
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, quote};
use crate::keys;
use crate::layout::{Layout, RESERVED_PREFIX, V1_5_VOLUME};
use crate::mounts::volume_for_token;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]).guarding_injection();

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity {
        return;
    }
    for container in subject.pod.all_containers() {
        let is_reserved = matches!(container.name.as_ref(), keys::PROXY_CONTAINER | keys::PROXY_INIT_CONTAINER);
        if is_reserved && !is_genuine(container, subject.settings) {
            findings.add(|| {
                let problem = format!("is named {}, but does not run the proxy", quote(&container.name));
                Finding::at(subject.path_of(container.object), problem, "use another name")
            });
        }
    }
    // Only v1.5 uses the old name.
    let old_name_counts = || subject.layout_in_force().is_none_or(|layout| layout == Layout::V1_5);
    for volume in &subject.pod.volumes {
        let is_reserved = volume.name.starts_with(RESERVED_PREFIX) || (volume.name == V1_5_VOLUME && old_name_counts());
        if is_reserved && !volume.is_injected() {
            findings.add(|| {
                let problem = format!("is named {}, which is reserved for the token", quote(&volume.name));
                Finding::at(subject.path_of(volume.object), problem, "use another name")
            });
        }
    }
    check_own_token(subject, findings);
}

/// With layout v1.5 injection keeps a volume that has a token at the token's path.
fn check_own_token(subject: &PodSubject<'_>, findings: &mut Findings) {
    let (layout, path) = (Layout::V1_5, Layout::V1_5.token_path());
    let Some(inject) = subject.settings.inject.as_ref().filter(|inject| inject.layout == layout) else { return };
    let audience = subject.identity.audience(inject);
    let Some(volume) = volume_for_token(subject.pod, layout).0 else { return };
    if volume.holds_token_of_others_at(path, audience) {
        findings.add(|| {
            let problem =
                ["holds a token at path \"", path, "\", where layout v1.5 expects audience ", &quote(audience)];
            let fix = "project the token at another path, or with this audience";
            Finding::at(subject.path_of(volume.object), problem.concat(), fix).blocks_injection()
        });
    }
}
