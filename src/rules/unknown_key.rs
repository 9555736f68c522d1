//! Key begins with azure.workload.identity/ and is not a known one.
//!
//! # What it finds
//!
//! A label or annotation key that begins with `azure.workload.identity/` but is not a key of workload identity.
//!
//! # Why it matters
//!
//! The prefix is reserved for workload identity. The key is probably meant to have an effect, but it has none.
//!
//! # Example
//!
//! `azure.workload.identity/audience: api://example`
//!
//! # Fix
//!
//! Remove the key, or use one of the keys in `docs/labels-and-annotations.md`.

use super::{Check, Rule};
use crate::finding::{Finding, Findings, Place};
use crate::json::Value;
use crate::subject::{KeyUse, Meaning};

pub(super) const RULE: Rule = Rule::new(&[
    Check::Template(|subject, findings| check(subject.keys, subject.object, findings)),
    Check::ServiceAccount(|subject, findings| check(subject.keys, subject.object, findings)),
]);

fn check(keys: &[KeyUse<'_>], object: Value<'_>, findings: &mut Findings) {
    for found in keys.iter().filter(|found| found.meaning == Meaning::Unknown) {
        findings.add(|| {
            let place = Place::key(found.path(object));
            Finding::at(place, "is nothing that workload identity knows", "remove it, or correct it")
        });
    }
}
