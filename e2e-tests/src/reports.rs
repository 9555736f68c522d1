//! Requests with the right answers: objects from public bug reports and vendors' documentation, rebuilt as small as can be, and
//! attacks on the policy next to what looks like one and must pass.
//!
//! `reports/*.jsonl` hold one request a line, with the settings of the policy and the service accounts of the cluster.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::{request::AdmissionRequest, response::AdmissionResponse};

/// The files by their names without `.jsonl`.
pub const FILES: [&str; 3] = ["reports", "hostile", "module"];

/// Stands in [`Report::absent`] for all rules.
const EVERYTHING: &str = "*";

/// A request, and what the policy has to answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The name of the line in its file.
    pub id: String,
    /// The public report or the documentation that the object comes from, as a URL.
    pub source: Option<String>,
    /// Why the answer is right.
    pub note: String,
    /// The settings of the policy.
    pub settings: Value,
    /// The service accounts that exist.
    pub cluster: Vec<Value>,
    /// The request.
    pub request: AdmissionRequest,
    /// Whether the policy lets the request pass.
    pub accepted: bool,
    /// Rules that have to be named in the message or in a warning.
    pub rules: Vec<String>,
    /// Rules that must not be named; `*` stands for all.
    pub absent: Vec<String>,
}

impl Report {
    /// The requests in a file, e.g. `reports`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(file: &str) -> Result<Vec<Self>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports").join(file).with_extension("jsonl");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let read = |(index, line)| {
            serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), index + 1))
        };
        text.lines().enumerate().map(read).collect()
    }

    /// What is wrong with an answer, one problem an element.
    pub fn problems(&self, response: &AdmissionResponse) -> Vec<String> {
        let mut problems = Vec::new();
        if response.allowed != self.accepted {
            let decision = if response.allowed { "allowed" } else { "denied" };
            problems.push(format!("the request is {decision}"));
        }
        let named = rules_named(response);
        let missing = self.rules.iter().filter(|rule| !named.contains(&rule.as_str()));
        problems.extend(missing.map(|rule| format!("{rule} is not named")));
        let is_absent = |rule: &&&str| self.absent.iter().any(|absent| absent == EVERYTHING || absent == *rule);
        problems.extend(named.iter().filter(is_absent).map(|rule| format!("{rule} is named")));
        problems
    }
}

/// The rules whose findings are in the message or in the warnings.
pub fn rules_named(response: &AdmissionResponse) -> Vec<&str> {
    let denials =
        response.message.iter().flat_map(|message| message.lines()).filter_map(|line| line.strip_prefix("- "));
    let warnings = response.warnings.iter().flatten().map(String::as_str);
    denials.chain(warnings).filter_map(|finding| finding.split_once(": ")).map(|(rule, _)| rule).collect()
}
