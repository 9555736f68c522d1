//! `--baseline`: old findings rest, new ones count.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use azure_workload_identity_lint::report::Report;
use serde::{Deserialize, Serialize};

use crate::json_text;
use crate::read;

/// The version of the file.
const VERSION: u32 = 1;

/// The file. Everything but the fingerprints is for those who read it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
    version: u32,
    findings: Vec<KnownFinding>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct KnownFinding {
    fingerprint: String,
    rule: String,
    file: String,
    message: String,
}

/// Findings that rest.
#[derive(Debug)]
pub(crate) struct Baseline {
    /// How often each fingerprint may occur.
    counts: BTreeMap<String, usize>,
}

impl Baseline {
    /// Reads a file that [`write()`] wrote.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = read::named(file).map_err(|cause| cause.to_string())?;
        let document: BaselineFile = serde_json::from_slice(&text)
            .map_err(|cause| format!("is no baseline: {cause}; write one with --write-baseline"))?;
        if document.version != VERSION {
            return Err(format!("has version {}; this program reads version {VERSION}", document.version));
        }
        let mut counts = BTreeMap::new();
        for entry in document.findings {
            *counts.entry(entry.fingerprint).or_default() += 1;
        }
        Ok(Self { counts })
    }

    /// Takes the findings that rest out of a report. Returns how many they are, and how many of the baseline have gone.
    pub(crate) fn apply(mut self, report: &mut Report) -> (usize, usize) {
        let before = report.findings.len();
        report.retain(|finding| match self.counts.get_mut(&finding.fingerprint) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        (before - report.findings.len(), self.counts.values().sum())
    }
}

/// Writes all findings of a report as a baseline.
pub(crate) fn write(report: &Report, file: &Path) -> Result<(), String> {
    let findings = report.findings.iter().map(|finding| KnownFinding {
        fingerprint: finding.fingerprint.clone(),
        rule: finding.rule.name().to_owned(),
        file: finding.place.source.name.to_string(),
        message: finding.message.clone(),
    });
    let document = BaselineFile { version: VERSION, findings: findings.collect() };
    let mut text = Vec::new();
    json_text::write(&document, &mut text).map_err(|cause| cause.to_string())?;
    fs::write(file, text).map_err(|cause| format!("cannot be written: {cause}"))
}
