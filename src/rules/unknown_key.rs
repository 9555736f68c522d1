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

use super::key_names::{KeyUse, Meaning, in_service_account, in_template};
use super::{Check, Findings, Rule};
use crate::finding::{Finding, Severity};

pub(super) const RULE: Rule = Rule {
    name: "unknown-key",
    severity: Severity::Warn,
    checks: &[
        Check::Template(|subject, findings| check(in_template(subject), findings)),
        Check::ServiceAccount(|subject, findings| check(in_service_account(subject), findings)),
    ],
};

fn check(keys: Vec<KeyUse<'_>>, findings: &mut Findings) {
    for found in keys {
        if found.meaning == Meaning::Unknown {
            let problem = "is nothing that workload identity knows";
            findings.add(Finding::new(RULE.name, found.path, problem, "remove it, or correct it"));
        }
    }
}
