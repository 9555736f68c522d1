//! The table in `docs/cli.md` of what findings may rest on.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use azure_workload_identity_lint::certainty::{Things, doubt};
use azure_workload_identity_lint::check::asked_of_files;
use azure_workload_identity_policy::assumption::Assumption;
use azure_workload_identity_policy::cluster::Nothing;
use azure_workload_identity_policy::examine;
use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::rule::{RuleId, Severity};
use azure_workload_identity_policy::settings::Settings;

/// The page that has the table.
pub const FILE: &str = "docs/cli.md";

const HEADER: &str = "| `restsOn` | why the finding may be wrong | at most | rules |\n|---|---|---|---|\n";

/// Returns the page with the table as it is now.
///
/// # Errors
/// If the page has no such table.
pub fn in_page(page: &str) -> Result<String> {
    let (before, rest) = page.split_once(HEADER).with_context(|| format!("{FILE} has no line {HEADER}"))?;
    let after = rest.split_inclusive('\n').skip_while(|line| line.starts_with("| ")).collect::<String>();
    Ok([before, HEADER, &table()?, &after].concat())
}

/// One row for each assumption. What only other files tell is not known here.
fn table() -> Result<String> {
    let things = Things { account: Some("NAME"), kind: "KIND" };
    let pod = Document::parse(br#"{"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {}}"#)?;
    let mut grounds = examine(&Inquiry::of_object(pod.root()), &Settings::default(), &Nothing).grounds;
    grounds.unknown = grounds.unknown.and(asked_of_files()).and(Assumption::Reader);
    let mut rows = String::new();
    for assumption in Assumption::ALL {
        let most = if grounds.limit(assumption.into()) == Severity::Warn { "warning" } else { "note" };
        let rules = RuleId::ALL.into_iter().filter(|rule| rule.may_rest_on().contains(&assumption));
        let rules = rules.map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(", ");
        writeln!(rows, "| `{}` | {} | {most} | {rules} |", assumption.name(), doubt(assumption, things))?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_written_into_the_page() {
        let page = format!("Before.\n\n{HEADER}| old | row |\n\nAfter.\n");

        let written = in_page(&page).unwrap();

        assert!(written.starts_with("Before.") && written.ends_with(" |\n\nAfter.\n"), "{written}");
        assert!(
            written.contains("| `final-value` | the value is filled in later | note | `label-value`, "),
            "{written}"
        );
        assert!(!written.contains("| old |"));
    }
}
