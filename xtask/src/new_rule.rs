//! `cargo xtask new-rule`: the files of a new rule.
//!
//! What is written works at once: the rule finds the label `example`, its cases and its example show that. From there, its author
//! changes one thing after the other.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use azure_workload_identity_lint::rule::Rule;

const TABLE: &str = "src/rule.rs";
const MODULES: &str = "src/rules/mod.rs";
/// What is behind the last row of the table.
const END_OF_TABLE: &str = "        }\n    };\n}\npub(crate) use with_rules;";

const SOURCE: &str = r#"//! Pod has the label `example`.
//!
//! # What it finds
//!
//! The label `example` on a pod or pod template.
//!
//! # Why it matters
//!
//! TODO
//!
//! # Example
//!
//! `labels: {example: yes}`
//!
//! # Fix
//!
//! Remove the label.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, Place};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if subject.pod.labels.get("example").is_some() {
        findings.add(|| {
            let place = Place::key(subject.pod_path(&["metadata", "labels", "example"]));
            Finding::at(place, "has no meaning", "remove the label")
        });
    }
}
"#;

const CASES: &str = r#"- note: the label
  create: {podOrTemplate: {labels: {azure.workload.identity/use: "true", example: "yes"}}}
  expect: [{rule: RULE, severity: warn, path: metadata.labels.example}]
- note: another label
  create: {podOrTemplate: {labels: {azure.workload.identity/use: "true", other: "yes"}}}
"#;

const EXAMPLE: &str = r#"# The pod template has the label.
apiVersion: v1
kind: ServiceAccount
metadata:
  name: orders
  namespace: shop
  annotations:
    azure.workload.identity/client-id: a1f7c3e9-5b2d-4e8a-9c6f-3d0b7e5a2c41
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
  namespace: shop
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: orders
  template:
    metadata:
      labels:
        app.kubernetes.io/name: orders
        azure.workload.identity/use: "true"
        example: "yes"
    spec:
      serviceAccountName: orders
      containers:
      - name: orders
        image: registry.example.com/shop/orders:1.4.2
"#;

/// Writes the files of a new rule into the repository at `root`; returns their paths.
///
/// # Errors
/// If the name is not one of a rule, or a file cannot be read or written.
pub fn create(root: &Path, name: &str) -> Result<Vec<String>> {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    ensure!(name.split('-').all(is_part), "the name of a rule is lower-case words with hyphens, as in label-value");
    ensure!(Rule::from_name(name).is_none(), "there is a rule {name} already");
    let module = name.replace('-', "_");
    let read = |path: &str| fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"));
    let files = [
        (format!("src/rules/{module}.rs"), SOURCE.to_owned()),
        (TABLE.to_owned(), with_row(&read(TABLE)?, name, &module)?),
        (MODULES.to_owned(), with_module(&read(MODULES)?, &module)?),
        (format!("e2e-tests/cases/{name}.yaml"), CASES.replace("RULE", name)),
        (format!("playground/examples/{name}/orders.yaml"), EXAMPLE.to_owned()),
    ];
    for (path, text) in &files {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(files.map(|(path, _)| path).into())
}

/// The table of rules with a row for the rule, behind all others.
fn with_row(table: &str, name: &str, module: &str) -> Result<String> {
    let (rows, rest) = table.split_once(END_OF_TABLE).with_context(|| format!("{TABLE} has no table of rules"))?;
    let id = name.split('-').map(capitalized).collect::<String>();
    Ok(format!("{rows}            {module} {id} \"{name}\" Warn Label [],\n{END_OF_TABLE}{rest}"))
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// The list of modules with that of the rule, in alphabetical order.
fn with_module(list: &str, module: &str) -> Result<String> {
    let line = format!("mod {module};");
    // Those of the rules come first; behind them are those that rules share.
    let is_module = |other: &&str| other.starts_with("mod ");
    let modules = list.lines().skip_while(|other| !is_module(other)).take_while(is_module);
    let last = modules.take_while(|other| *other < line.as_str()).last();
    let last = last.with_context(|| format!("{MODULES} has no modules"))?;
    Ok(list.replacen(&format!("{last}\n"), &format!("{last}\n{line}\n"), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_in_the_table_and_among_the_modules() {
        let table = format!("            a A \"a\" Deny Label [],\n{END_OF_TABLE}\n");
        let row = "            token_age TokenAge \"token-age\" Warn Label [],\n        }\n";
        assert!(with_row(&table, "token-age", "token_age").unwrap().contains(row));
        let list = "mod skip;\nmod unknown;\n\nmod ids;\n";
        assert_eq!(with_module(list, "token_age").unwrap(), "mod skip;\nmod token_age;\nmod unknown;\n\nmod ids;\n");
    }

    #[test]
    fn a_name_is_new_and_has_the_form_of_the_others() {
        for name in ["label-value", "Label", "label_age", "label--age", ""] {
            assert!(create(Path::new("/nowhere"), name).is_err(), "{name}");
        }
    }
}
