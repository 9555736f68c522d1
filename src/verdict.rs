//! What comes of a review.

use crate::finding::{Finding, Severity};
use crate::json::Edits;

/// What the policy makes of an object.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The object, as messages name it: `pod shop/web`.
    pub subject: String,
    /// What is wrong with it, each with the severity that counts.
    pub findings: Vec<(Severity, Finding)>,
    /// The identity that it gets.
    pub client_id: Option<String>,
    /// The tenant of that identity.
    pub tenant_id: Option<String>,
    /// What is to be changed; nothing if the object is denied.
    pub edits: Edits,
}

impl Verdict {
    /// True if the object is refused.
    pub fn is_denied(&self) -> bool {
        self.findings.iter().any(|(severity, _)| *severity == Severity::Deny)
    }
}
