//! The rules of the linter: those of the policy, and those that only files can break.

use std::fmt;

use azure_workload_identity_policy::nearest::nearest;
use azure_workload_identity_policy::rule::{RuleId, Severity, Topic};

/// The documentation of all rules.
const PAGES: &str = include_str!("../../docs/rules.md");

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A rule of the policy.
    Policy(RuleId),
    /// A value has another type than the API server requires. Admission answers such a request with an error.
    WrongType,
    /// A key is set more than once in a mapping.
    RepeatedKey,
    /// A suppression does not say why.
    SuppressionReason,
    /// A suppression suppresses nothing.
    UnusedSuppression,
    /// An identity has more federated credentials than Azure allows.
    FederatedCredentialLimit,
    /// An identity trusts one issuer and subject twice.
    FederatedCredentialDuplicate,
    /// Nothing uses a service account that has an identity.
    ServiceAccountUnused,
    /// Nothing uses the subject that a federated credential trusts.
    FederatedCredentialUnused,
    /// A consumer cannot work with its settings, or ignores them.
    ConsumerSettings,
}

impl Rule {
    /// The rules that only files can break.
    pub const OWN: [Self; 9] = [
        Self::WrongType,
        Self::RepeatedKey,
        Self::SuppressionReason,
        Self::UnusedSuppression,
        Self::FederatedCredentialLimit,
        Self::FederatedCredentialDuplicate,
        Self::ServiceAccountUnused,
        Self::FederatedCredentialUnused,
        Self::ConsumerSettings,
    ];

    /// All rules, in the order in which documentation shows them.
    pub fn all() -> impl Iterator<Item = Self> {
        RuleId::ALL.into_iter().map(Self::Policy).chain(Self::OWN)
    }

    /// The rule of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|rule| rule.name() == name)
    }

    /// The rule whose name is nearest to a misspelt one, if one is near.
    pub fn nearest(name: &str) -> Option<Self> {
        let names: Vec<_> = Self::all().map(Self::name).collect();
        nearest(name, &names).and_then(Self::from_name)
    }

    /// The name in configuration, comments and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy(rule) => rule.name(),
            Self::WrongType => "wrong-type",
            Self::RepeatedKey => "repeated-key",
            Self::SuppressionReason => "suppression-reason",
            Self::UnusedSuppression => "unused-suppression",
            Self::FederatedCredentialLimit => "federated-credential-limit",
            Self::FederatedCredentialDuplicate => "federated-credential-duplicate",
            Self::ServiceAccountUnused => "service-account-unused",
            Self::FederatedCredentialUnused => "federated-credential-unused",
            Self::ConsumerSettings => "consumer-settings",
        }
    }

    /// Its documentation, as Markdown: what it finds, why that matters, an example, and what to do. A section of `docs/rules.md`.
    pub fn page(self) -> &'static str {
        let heading = ["\n## ", self.name(), "\n"].concat();
        let page = PAGES.split_once(&heading).map_or("", |(_, page)| page);
        page.split("\n## ").next().unwrap_or_default().trim()
    }

    /// What is wrong, in a few words: its row in the table of `docs/rules.md`.
    pub fn title(self) -> &'static str {
        let row = ["| [", self.name(), "]("].concat();
        let row = PAGES.lines().find(|line| line.starts_with(&row)).unwrap_or_default();
        row.rsplit(" | ").next().unwrap_or_default().trim_end_matches(" |")
    }

    /// The kinds of objects that it is about, separated by commas.
    pub fn subjects(self) -> &'static str {
        let page = self.page().lines().next().unwrap_or_default();
        page.split_once("Subjects: ").map_or("", |(_, subjects)| subjects.trim_end_matches('.'))
    }

    /// The recommended severity.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Policy(rule) => rule.severity(),
            Self::WrongType | Self::ConsumerSettings => Severity::Deny,
            Self::RepeatedKey
            | Self::SuppressionReason
            | Self::UnusedSuppression
            | Self::FederatedCredentialLimit
            | Self::FederatedCredentialDuplicate => Severity::Warn,
            Self::ServiceAccountUnused | Self::FederatedCredentialUnused => Severity::Note,
        }
    }

    /// What it is about; `None` for what is wrong with a file rather than with an identity.
    pub const fn topic(self) -> Option<Topic> {
        match self {
            Self::Policy(rule) => Some(rule.topic()),
            Self::FederatedCredentialLimit | Self::FederatedCredentialDuplicate | Self::FederatedCredentialUnused => {
                Some(Topic::FederatedCredential)
            }
            Self::ServiceAccountUnused => Some(Topic::ServiceAccount),
            Self::WrongType
            | Self::RepeatedKey
            | Self::SuppressionReason
            | Self::UnusedSuppression
            | Self::ConsumerSettings => None,
        }
    }

    /// All rules by what they are about, with the heading of each group.
    pub fn groups() -> impl Iterator<Item = (&'static str, Vec<Self>)> {
        let topics = Topic::ALL.into_iter().map(Some).chain([None]);
        topics.map(|topic| {
            let title = topic.map_or("Files", Topic::title);
            (title, Self::all().filter(|rule| rule.topic() == topic).collect())
        })
    }
}

impl From<RuleId> for Rule {
    fn from(rule: RuleId) -> Self {
        Self::Policy(rule)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_a_page_and_a_row() {
        for rule in Rule::all() {
            let page = rule.page();
            for part in ["Default: ", "**Why it matters.**", "**Example.**", "**Fix.**"] {
                assert!(page.contains(part), "{rule} has no {part}: {page}");
            }
            assert!(!page.contains("## "), "{page}");
            assert!((10..=70).contains(&rule.title().len()), "{rule}: {}", rule.title());
            assert!(!rule.subjects().is_empty(), "{rule}");
        }
    }

    #[test]
    fn each_rule_is_in_one_group() {
        let mut grouped: Vec<_> = Rule::groups().flat_map(|(_, rules)| rules).collect();
        grouped.sort();
        assert_eq!(grouped, Rule::all().collect::<Vec<_>>());
    }

    #[test]
    fn names_are_found_and_corrected() {
        assert!(Rule::all().all(|rule| Rule::from_name(rule.name()) == Some(rule)));
        assert_eq!(Rule::nearest("label-vlaue"), Rule::from_name("label-value"));
        assert_eq!(Rule::nearest("something"), None);
    }
}
