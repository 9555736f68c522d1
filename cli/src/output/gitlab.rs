//! The code quality report of GitLab.
//!
//! Source: docs.gitlab.com, "Code Quality", "Code Quality report format".

use std::io::{self, Write};

use azure_workload_identity_lint::report::{Diagnostic, FilePlace, ReadError, Report};
use serde::Serialize;

use super::{sentence, word};
use crate::json_text;

#[derive(Serialize)]
struct Issue<'r> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: FileLocation<'r>,
}

#[derive(Serialize)]
struct FileLocation<'r> {
    path: &'r str,
    lines: LineRange,
}

#[derive(Serialize)]
struct LineRange {
    begin: usize,
    end: usize,
}

/// Writes a report. Skipped files have no place in this format.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let issues: Vec<_> = report.errors.iter().map(unreadable).chain(report.findings.iter().map(issue)).collect();
    json_text::write(&issues, out)
}

fn issue(finding: &Diagnostic) -> Issue<'_> {
    let FilePlace { source, line, end_line, .. } = &finding.place;
    Issue {
        description: sentence(finding),
        check_name: finding.rule.name(),
        fingerprint: finding.fingerprint.clone(),
        severity: word(finding.severity, ["major", "minor", "info"]),
        location: FileLocation { path: &source.name, lines: LineRange { begin: *line, end: *end_line } },
    }
}

/// A file that cannot be read may hide anything.
fn unreadable(error: &ReadError) -> Issue<'_> {
    let line = error.line.unwrap_or(1);
    Issue {
        description: format!("cannot be read: {}", error.message),
        check_name: "unreadable",
        fingerprint: format!("unreadable:{}:{line}", error.file),
        severity: "blocker",
        location: FileLocation { path: &error.file, lines: LineRange { begin: line, end: line } },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::output::sample;

    #[test]
    fn a_report_is_a_list_of_issues() {
        let mut out = Vec::new();
        write(&sample::report(), &mut out).unwrap();
        let value: Value = serde_json::from_slice(&out).unwrap();

        let severities: Vec<_> = value.as_array().unwrap().iter().map(|issue| &issue["severity"]).collect();
        assert_eq!(severities, ["blocker", "major", "minor", "info"]);
        assert_eq!(
            value[1],
            json!({
                "description": "metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored; write \"true\"",
                "check_name": "label-value", "fingerprint": "000000000000f00d", "severity": "major",
                "location": {"path": "deploy/web, 100%.yaml", "lines": {"begin": 6, "end": 6}},
            })
        );
    }
}
