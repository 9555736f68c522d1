//! Pod declares a token for Azure itself.
//!
//! # What it finds
//!
//! A projected service account token with an audience of Azure that injection did not add: in a pod without the label, in
//! the pod template of a workload, in a volume with its own name, or in a second volume with a reserved name. In a labelled
//! pod, a volume with its own name is a note if no variable of a container names the token.
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

use std::cell::OnceCell;

use super::tokens::unmanaged_tokens;
use super::{Check, PodSubject, Rule};
use crate::assumption::{Assumption, Assumptions};
use crate::finding::{Finding, Findings};
use crate::layout::is_reserved_name;
use crate::mounts::MountedFile;
use crate::order::Names;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let used = OnceCell::new();
    for volume in unmanaged_tokens(subject) {
        // A labelled pod has the injected token: another one that no variable names is there on purpose, unless it looks injected.
        let may_be_meant = subject.wants_identity && !is_reserved_name(&volume.name);
        let is_used = || used.get_or_init(|| used_volumes(subject)).contains(volume.name.as_ref());
        let by_whom = if may_be_meant && !is_used() { Assumption::Application.into() } else { Assumptions::NONE };
        findings.add_resting_on(by_whom.and(Assumption::WholeObject), || {
            let problem = "holds a token for Azure that injection did not add";
            let fix = "remove it and let the label bring one; exempt the service account if it is meant";
            Finding::at(subject.path_of(volume.object), problem, fix)
        });
    }
}

/// The volumes whose tokens a variable of a container names.
fn used_volumes<'s>(subject: &PodSubject<'s>) -> Names<&'s str> {
    let mut used = Vec::new();
    for (position, container) in subject.pod.all_containers().enumerate() {
        let Some(mounts) = subject.mounts_of(position) else { continue };
        let paths = container.env.iter().filter(|variable| variable.value.starts_with('/'));
        used.extend(paths.filter_map(|variable| match mounts.file(&variable.value) {
            MountedFile::Token { volume, .. } => Some(volume),
            _ => None,
        }));
    }
    Names::new(used)
}
