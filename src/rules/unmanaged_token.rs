//! # What it finds
//!
//! A projected service account token with an audience of Azure that injection did not add: in a pod without the label, in
//! the pod template of a workload, in a volume with its own name, or in a second volume with a reserved name.
//!
//! # Why it matters
//!
//! The token gives the same access as the injected one, without any of the checks. It needs no label, and it works for
//! every identity that trusts the service account. It is legitimate if workload identity is configured by hand.
//!
//! # Example
//!
//! `projected: {sources: [{serviceAccountToken: {audience: api://AzureADTokenExchange, path: token}}]}`
//!
//! # Fix
//!
//! Use the label, so that the token is injected. If the token is declared by hand on purpose, exempt the service account.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};
use crate::layout::V1_5_VOLUME;
use crate::pod::Volume;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for volume in unmanaged_tokens(subject) {
        findings.add(|| {
            let problem = "holds a token for Azure that injection did not add";
            let fix = "remove it and let the label bring one; exempt the service account if it is meant";
            Finding::at(subject.path_of(volume.object), problem, fix)
        });
    }
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
