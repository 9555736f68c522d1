//! # What it finds
//!
//! A label or annotation key within a typo of one of workload identity. Case, hyphens, underscores and dots aside, up to two
//! letters may differ.
//!
//! # Why it matters
//!
//! Nothing reads such a key, and nothing complains: the pod gets no identity, or not the one that was meant.
//!
//! # Example
//!
//! `azure.workload.identity/client_id`
//!
//! # Fix
//!
//! Write the key that the message suggests.

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
