//! Key of workload identity is misspelt.
//!
//! # What it finds
//!
//! A label or annotation key that is almost a known key: it differs by at most two letters, ignoring case, hyphens,
//! underscores and dots.
//!
//! # Why it matters
//!
//! No component reads the key, and no error is reported. The pod gets no identity, or another identity than intended.
//!
//! # Example
//!
//! `azure.workload.identity/client_id`
//!
//! # Fix
//!
//! Use the key that the message suggests.

use super::repairs::{is_selected, rename_key};
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, Place, Repair};
use crate::json::{Changes, Value};
use crate::subject::{Holder, KeyUse, Meaning, ReadAt, is_same_but_for_separators};

pub(super) const RULE: Rule = Rule::new(&[
    Check::Template(|subject, findings| check(subject.keys, subject.object, Some(subject), findings)),
    Check::ServiceAccount(|subject, findings| check(subject.keys, subject.object, None, findings)),
]);

fn check(keys: &[KeyUse<'_>], object: Value<'_>, pod: Option<&PodSubject<'_>>, findings: &mut Findings) {
    for found in keys {
        let Meaning::Misspelt(meant, read_at) = found.meaning else { continue };
        findings.add(|| {
            let fix = if is_read_at(found, read_at) {
                format!("did you mean {meant}?")
            } else {
                format!("did you mean {meant}, {}?", read_at.name())
            };
            Finding::at(Place::key(found.path(object)), "is not a known key and is ignored", fix).repair(|| {
                // With other letters it may be another key, of a newer version for one. Of several keys one is meant.
                let means_the_same = |other: &&KeyUse<'_>| {
                    (other.object, other.is_label, other.meaning) == (found.object, found.is_label, found.meaning)
                };
                let is_safe = is_same_but_for_separators(found.key, meant)
                    && keys.iter().filter(means_the_same).count() == 1
                    && !pod.is_some_and(|pod| found.is_label && is_selected(pod, found.key));
                Repair::safe_if(is_safe, renamed(found, meant, read_at))
            })
        });
    }
}

/// Whether the right key would be read where the misspelt one stands.
fn is_read_at(found: &KeyUse<'_>, read_at: ReadAt) -> bool {
    match read_at {
        ReadAt::PodLabel => found.holder == Holder::Pod && found.is_label,
        ReadAt::PodAnnotation => found.holder == Holder::Pod && !found.is_label,
        ReadAt::ServiceAccountAnnotation => found.holder == Holder::ServiceAccount && !found.is_label,
        ReadAt::EitherAnnotation => found.holder != Holder::Workload && !found.is_label,
    }
}

/// Renames the key, if the right one is read at the same place.
fn renamed(found: &KeyUse<'_>, meant: &str, read_at: ReadAt) -> Changes {
    if !is_read_at(found, read_at) {
        return Changes::default();
    }
    rename_key(found.holding_map(), found.key, meant)
}
