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

use super::key_names::{KeyUse, Meaning};
use super::{Check, Findings, Rule};
use crate::finding::{Finding, Severity};
use crate::json::Path;

pub(super) const RULE: Rule = Rule {
    name: "unknown-key",
    severity: Severity::Warn,
    checks: &[
        Check::Template(|subject, findings| check(&subject.keys, || subject.pod_path(&[]), findings)),
        Check::ServiceAccount(|subject, findings| check(&subject.keys, Path::default, findings)),
    ],
};

fn check(keys: &[KeyUse<'_>], object: impl Fn() -> Path, findings: &mut Findings) {
    for found in keys {
        if found.meaning == Meaning::Unknown {
            let problem = "is nothing that workload identity knows";
            findings.add(Finding::new(RULE.name, found.path(object()), problem, "remove it, or correct it"));
        }
    }
}
