//! Names that people type, and what they may have meant.

use azure_workload_identity_lint::rule::Rule;

/// The page with all rules.
pub(crate) const RULES_URL: &str =
    "https://github.com/azure-workload-identity-policy/azure-workload-identity-policy/blob/main/docs/rules.md";

/// The rule of a name, or a message that suggests one.
pub(crate) fn rule(name: &str) -> Result<Rule, String> {
    Rule::from_name(name).ok_or_else(|| match Rule::nearest(name) {
        Some(known) => format!("there is no rule {name:?}; did you mean {known}?"),
        None => format!("there is no rule {name:?}; `azwi-check rules` lists all"),
    })
}
