//! The rules of the linter: those of the policy, and those that only files can break.

use std::fmt;

use azure_workload_identity_policy::rule::{RuleId, Severity};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A rule of the policy.
    Policy(RuleId),
    /// A value has another type than the API server requires. Admission answers such a request with an error.
    WrongType,
    /// A suppression does not say why.
    SuppressionReason,
    /// A suppression suppresses nothing.
    UnusedSuppression,
}

impl Rule {
    /// The rules that only files can break.
    pub const OWN: [Self; 3] = [Self::WrongType, Self::SuppressionReason, Self::UnusedSuppression];

    /// All rules, in the order in which documentation shows them.
    pub fn all() -> impl Iterator<Item = Self> {
        RuleId::ALL.into_iter().map(Self::Policy).chain(Self::OWN)
    }

    /// The rule of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|rule| rule.name() == name)
    }

    /// The name in configuration, comments and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy(rule) => rule.name(),
            Self::WrongType => "wrong-type",
            Self::SuppressionReason => "suppression-reason",
            Self::UnusedSuppression => "unused-suppression",
        }
    }

    /// The recommended severity.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Policy(rule) => rule.severity(),
            Self::WrongType => Severity::Deny,
            Self::SuppressionReason | Self::UnusedSuppression => Severity::Warn,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
