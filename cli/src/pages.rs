//! The pages of the rules: what `explain` prints, and help texts of formats.

use azure_workload_identity_lint::rule::Rule;

/// The project.
pub(crate) const HOME_URL: &str = "https://github.com/azure-workload-identity-policy/azure-workload-identity-policy";

/// The page with all rules.
pub(crate) const RULES_URL: &str =
    "https://github.com/azure-workload-identity-policy/azure-workload-identity-policy/blob/main/docs/rules.md";

/// `docs/rules.md`, which is generated from the rules.
const RULES: &str = include_str!("../../docs/rules.md");

/// The page of a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// The whole page.
    pub(crate) markdown: &'static str,
    /// What the objects are that it is about.
    pub(crate) subjects: &'static str,
    /// What the rule finds: the first paragraph.
    pub(crate) finds: &'static str,
}

impl Page {
    /// The page of a rule.
    pub(crate) fn of(rule: Rule) -> Self {
        let markdown = markdown(rule);
        let subjects =
            markdown.split_once("Subjects: ").and_then(|(_, rest)| rest.split_once(".\n")).unwrap_or_default();
        let finds = subjects.1.split_once("\n**").map_or("", |(finds, _)| finds.trim());
        Self { markdown, subjects: subjects.0, finds }
    }

    /// What the rule finds, in one line: the first sentence without its full stop. List items are part of the sentence before them.
    pub(crate) fn summary(&self) -> String {
        let words = self.finds.lines().map(|line| line.strip_prefix("- ").unwrap_or(line));
        let line = words.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
        let end = line.find(". ").unwrap_or(line.len());
        line.get(..end).unwrap_or(&line).trim_end_matches('.').to_owned()
    }

    /// The page without marks of emphasis and code.
    pub(crate) fn plain(&self) -> String {
        self.markdown.replace("**", "").replace('`', "")
    }
}

fn markdown(rule: Rule) -> &'static str {
    match rule {
        Rule::Policy(rule) => {
            let heading = format!("\n## {}\n", rule.name());
            let rest = RULES.split_once(&heading).map_or("", |(_, rest)| rest);
            rest.split_once("\n## ").map_or(rest, |(page, _)| page).trim()
        }
        Rule::WrongType => WRONG_TYPE,
        Rule::SuppressionReason => SUPPRESSION_REASON,
        Rule::UnusedSuppression => UNUSED_SUPPRESSION,
    }
}

const WRONG_TYPE: &str = "\
Default: deny. Subjects: all objects.

A label, annotation or field of another type than the API server requires. In YAML, `true`, `yes` and `3600` without quotes are
no strings.

**Why it matters.**
The API server rejects the object, with a message that names neither file nor line.

**Example.**
`azure.workload.identity/use: true`

**Fix.**
Put the value in quotes: `\"true\"`.";

const SUPPRESSION_REASON: &str = "\
Default: warn. Subjects: comments.

A comment that suppresses a finding without a reason.

**Why it matters.**
A later reader cannot know whether the suppression is still right.

**Example.**
`# azwi-check: ignore[label-value]`

**Fix.**
Write the reason behind the brackets.";

const UNUSED_SUPPRESSION: &str = "\
Default: warn. Subjects: comments.

A comment that suppresses a finding that does not exist.

**Why it matters.**
The comment would hide a later mistake.

**Example.**
`# azwi-check: ignore[label-value] the chart adds the label`, above an object whose label is right

**Fix.**
Remove the comment.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_a_page() {
        for rule in Rule::all() {
            let page = Page::of(rule);
            assert!(page.markdown.contains("**Fix.**"), "{rule}");
            assert!(!page.subjects.is_empty() && !page.subjects.contains('\n'), "{rule}: {}", page.subjects);
            assert!(page.summary().len() > 20 && !page.summary().contains('\n'), "{rule}: {}", page.summary());
        }
    }
}
