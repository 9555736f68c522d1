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

use super::key_names::{KeyUse, Meaning};
use super::{Check, Findings, Rule};
use crate::finding::{Finding, Severity};
use crate::json::Path;

pub(super) const RULE: Rule = Rule {
    name: "misspelt-key",
    severity: Severity::Deny,
    checks: &[
        Check::Template(|subject, findings| check(&subject.keys, || subject.pod_path(&[]), findings)),
        Check::ServiceAccount(|subject, findings| check(&subject.keys, Path::default, findings)),
    ],
};

fn check(keys: &[KeyUse<'_>], object: impl Fn() -> Path, findings: &mut Findings) {
    for found in keys {
        if let Meaning::Misspelt(meant) = found.meaning {
            let fix = format!("did you mean {meant}?");
            findings.add(Finding::new(RULE.name, found.path(object()), "is read by nobody", fix));
        }
    }
}
