//! The generated documents: written by `cargo xtask docs`, compared by `cargo xtask docs --check` and by a test.

use std::fs;

use anyhow::{Context as _, Result};
use azure_workload_identity_policy::rule::RuleId;

use crate::{
    artifacthub, assumptions,
    cargo::Workspace,
    changelog::{self, Changelog},
    consumers_page,
    metadata::Metadata,
    questions, report_schemas, rules_page, settings_schema,
};

const README: &str = "README.md";
/// The action that other repositories use.
const ACTION: &str = "action.yml";

/// Writes the generated documents; returns the paths of those that were stale.
///
/// # Errors
/// When a rule, a setting or the metadata is not as it should be, or a file cannot be read or written.
pub fn write() -> Result<Vec<&'static str>> {
    let workspace = Workspace::locate()?;
    let stale = stale_in(&workspace)?;
    for (path, text) in &stale {
        fs::write(workspace.root().join(path), text).with_context(|| format!("cannot write {path}"))?;
    }
    Ok(stale.into_iter().map(|(path, _)| path).collect())
}

/// The paths of the generated documents that are not as they would be written now.
///
/// # Errors
/// When a rule, a setting or the metadata is not as it should be, or a file cannot be read.
pub fn stale() -> Result<Vec<&'static str>> {
    Ok(stale_in(&Workspace::locate()?)?.into_iter().map(|(path, _)| path).collect())
}

fn stale_in(workspace: &Workspace) -> Result<Vec<(&'static str, String)>> {
    let questions = questions::to_yaml()?;
    let documents = [
        ("docs/consumers.md", consumers_page::markdown(workspace.root())?),
        ("docs/rules.md", rules_page::markdown(workspace.root())?),
        ("docs/settings.schema.json", settings_schema::to_json()?),
        ("docs/azwi-check.schema.json", report_schemas::report()?),
        ("docs/azwi-check-chain.schema.json", report_schemas::chains()?),
        ("docs/azwi-check-config.schema.json", report_schemas::configuration()?),
        (assumptions::FILE, assumptions::in_page(&workspace.read(assumptions::FILE)?)?),
        (README, with_count_of_rules(&workspace.read(README)?)?),
        (ACTION, with_version(&workspace.read(ACTION)?, &workspace.policy_version()?)?),
        (artifacthub::FILE, artifact_hub_package(workspace, &questions)?),
        (questions::FILE, questions),
    ];
    let is_stale =
        |(path, text): &(&str, String)| fs::read_to_string(workspace.root().join(path)).ok().as_ref() != Some(text);
    Ok(documents.into_iter().filter(is_stale).collect())
}

/// Returns the README with the number of rules as it is now.
fn with_count_of_rules(readme: &str) -> Result<String> {
    let (before, after) = readme.split_once(" rules**").context("the README does not say how many rules there are")?;
    let before = before.trim_end_matches(|character: char| character.is_ascii_digit());
    Ok(format!("{before}{} rules**{after}", RuleId::ALL.len()))
}

/// Returns the action with this version as the one that it installs, so that a commit of the action pins the program.
fn with_version(action: &str, version: &str) -> Result<String> {
    const MARK: &str = " # written by `cargo xtask docs`";
    let (before, after) = action.split_once(MARK).context("action.yml has no marked version")?;
    let (before, _) = before.rsplit_once(' ').context("action.yml has no version before the mark")?;
    Ok(format!("{before} v{version}{MARK}{after}"))
}

fn artifact_hub_package(workspace: &Workspace, questions: &str) -> Result<String> {
    let version = workspace.policy_version()?;
    let metadata = Metadata::of_policy(workspace.root(), &version)?;
    let changelog = workspace.read(changelog::FILE)?;
    let changelog = Changelog::parse(&changelog).with_context(|| format!("in {}", changelog::FILE))?;
    let released = changelog.release(&version).map(|release| release.date);
    artifacthub::package(&metadata, released, questions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_installs_the_version_of_the_workspace() {
        let action = "default: v0.1.0 # written by `cargo xtask docs`\nrest\n";

        let written = with_version(action, "1.2.3-rc.1").unwrap();

        assert_eq!(written, "default: v1.2.3-rc.1 # written by `cargo xtask docs`\nrest\n");
        assert_eq!(with_version(&written, "0.1.0").unwrap(), action);
    }

    #[test]
    fn the_generated_documents_are_up_to_date() {
        assert_eq!(stale().unwrap(), [""; 0], "run `cargo xtask docs`");
    }
}
