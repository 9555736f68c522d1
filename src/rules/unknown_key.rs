//! # What it finds
//!
//! A label or annotation key that begins with `azure.workload.identity/` and that workload identity does not know.
//!
//! # Why it matters
//!
//! The prefix is workload identity's own. Whoever wrote the key expects something of it; nothing happens.
//!
//! # Example
//!
//! `azure.workload.identity/audience: api://example`
//!
//! # Fix
//!
//! Remove it, or see `docs/labels-and-annotations.md` for what there is.

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
