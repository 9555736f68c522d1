//! # What it finds
//!
//! A projected service account token with an audience of Azure that injection did not add: in a pod without the label, in
//! the pod template of a workload, or in a volume with its own name.
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
    // Templates are never injected into, nor are pods that ask for nothing.
    let may_be_injected = subject.workload.is_none() && subject.wants_identity;
    let volumes = subject.pod.volumes.iter();
    volumes
        .filter(|volume| subject.settings.is_token_for_azure(volume))
        .filter(move |volume| !(may_be_injected && volume.is_injected()))
}
