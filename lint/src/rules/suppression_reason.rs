//! Suppression does not say why.
//!
//! # What it finds
//!
//! A comment `# azwi-check: ignore[RULE]` without a reason behind the bracket. The finding is suppressed all the same.
//!
//! # Why it matters
//!
//! Nobody remembers later why the finding was accepted, and whether it still may be.
//!
//! # Example
//!
//! `serviceAccountName: api # azwi-check: ignore[service-account-missing]`
//!
//! # Fix
//!
//! Write the reason behind the bracket: `# azwi-check: ignore[service-account-missing] Terraform creates it`.

use crate::rule::Rule;
use crate::suppressions::{Fault, Suppression};

/// Whether the comment says why.
pub(crate) fn check(suppression: &Suppression) -> Option<Fault> {
    let is_broken = !suppression.has_reason && !suppression.rules.is_empty();
    is_broken.then(|| Fault {
        rule: Rule::SuppressionReason,
        span: suppression.span.clone(),
        problem: "the comment does not say why the finding is accepted".to_owned(),
        fix: "write the reason behind the bracket".to_owned(),
        correction: None,
    })
}
