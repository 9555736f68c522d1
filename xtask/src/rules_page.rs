//! Generates `docs/rules.md` from the table of rules and the doc comment of each rule's file.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_policy::rule::RuleId;
use azure_workload_identity_policy::rules::{Check, checks};

/// The headings of a rule's doc comment, in this order, below its title.
const HEADINGS: [&str; 4] = ["What it finds", "Why it matters", "Example", "Fix"];

/// The longest title of a rule, in characters: a table of rules has to fit into the width of a terminal.
const LONGEST_TITLE: usize = 70;

const INTRODUCTION: &str = "\
<!-- Written by `cargo xtask docs` from src/rules/ and lint/src/rules/; changes here are lost. -->

# Rules

This page lists the rules of the policy. The setting [`rules`](settings.md#rules) sets the severity of a rule by its name:

- `deny`: the object is rejected.
- `warn`: the object is admitted, and the client that applies it gets a warning.
- `note`: the finding is shown by tools that check files, and is silent at admission.
- `off`: the rule is not applied.

Workloads are objects with a pod template: Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob,
and the kinds of the setting [`workloads`](settings.md#workloads). A labelled pod has the label
`azure.workload.identity/use: \"true\"`. A pod asks for an identity if it is labelled, or if the setting
[`inject.optIn`](settings.md#inject) is `serviceAccount` and its service account has a client id.

Rules about files are those of [azwi-check](cli.md) alone, which applies all rules to files.
";

/// Generates the page from the rules and their files in the repository at `root`.
///
/// # Errors
/// If a rule's file cannot be read, or its doc comment lacks one of the four headings.
pub fn markdown(root: &Path) -> Result<String> {
    let (mut tables, mut sections) = (String::new(), String::new());
    for (title, rules) in Rule::groups() {
        writeln!(tables, "\n**{title}**\n\n| rule | default | subjects | what is wrong |\n|---|---|---|---|")?;
        for rule in rules {
            let (folder, subjects) = match rule {
                Rule::Policy(rule) => ("src/rules", subjects(rule)),
                _ => ("lint/src/rules", "files".to_owned()),
            };
            let file = format!("{folder}/{}.rs", rule.name().replace('-', "_"));
            let source = fs::read_to_string(root.join(&file)).with_context(|| format!("cannot read {file}"))?;
            let (title, [finds, matters, example, fix]) =
                parts(&source, HEADINGS).with_context(|| format!("in {file}"))?;

            let (name, severity) = (rule.name(), rule.severity().name());
            writeln!(tables, "| [{name}](#{name}) | {severity} | {subjects} | {title} |")?;
            writeln!(
                sections,
                "\n## {name}\n\nDefault: {severity}. Subjects: {subjects}.\n\n{finds}\n\n**Why it matters.**\n{matters}\n\n\
                 **Example.**\n{example}\n\n**Fix.**\n{fix}"
            )?;
        }
    }
    Ok(format!("{INTRODUCTION}{tables}{}", with_links(&sections)))
}

/// Returns the title and the texts under the headings of the doc comment at the start of `source`.
pub(crate) fn parts<const N: usize>(source: &str, expected: [&str; N]) -> Result<(String, [String; N])> {
    let (mut title, mut headings) = (String::new(), Vec::new());
    let mut texts = [const { String::new() }; N];
    for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        if let Some(heading) = line.strip_prefix("# ") {
            headings.push(heading);
        } else if let Some(text) = headings.len().checked_sub(1).and_then(|index| texts.get_mut(index)) {
            text.push_str(line);
            text.push('\n');
        } else {
            title.push_str(line);
        }
    }
    let title = title.strip_suffix('.').context("there is no sentence above the first heading")?.to_owned();
    ensure!(
        title.len() <= LONGEST_TITLE,
        "the title has {} characters, more than {LONGEST_TITLE}: {title}",
        title.len()
    );
    ensure!(headings == expected, "the headings are {headings:?}, not {expected:?}");
    let texts = texts.map(|text| text.trim().to_owned());
    ensure!(texts.iter().all(|text| !text.is_empty()), "there is a heading without text");
    Ok((title, texts))
}

/// The subjects that a rule checks, separated by commas.
fn subjects(rule: RuleId) -> String {
    let subjects: Vec<&str> = checks(rule).iter().flat_map(Check::subjects).copied().collect();
    let order = ["pods", "workloads", "service accounts", "services", "debug containers", "federated credentials"];
    order.into_iter().filter(|subject| subjects.contains(subject)).collect::<Vec<_>>().join(", ")
}

/// Turns the names of other pages into links.
fn with_links(text: &str) -> String {
    ["labels-and-annotations.md", "migrating-from-pod-identity.md"]
        .iter()
        .fold(text.to_owned(), |text, page| text.replace(&format!("`docs/{page}`"), &format!("[{page}]({page})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doc_comment_has_the_four_headings() {
        let source = "//! It is wrong.\n//!\n//! # What it finds\n//!\n//! A.\n//!\n//! # Fix\n//!\n//! B.\n\nuse x;\n";

        assert_eq!(
            parts(source, HEADINGS).unwrap_err().to_string(),
            r#"the headings are ["What it finds", "Fix"], not ["What it finds", "Why it matters", "Example", "Fix"]"#
        );
    }
}
