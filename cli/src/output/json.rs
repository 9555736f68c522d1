//! JSON, as `docs/azwi-check.schema.json` describes it. Members are only ever added to a version.

use std::io::{self, Write};

use azure_workload_identity_lint::report::{Diagnostic, ReadError, Report, Skipped, Summary};
use azure_workload_identity_policy::assumption::Assumption;
use azure_workload_identity_policy::finding::Applicability;
use serde::Serialize;

use crate::json_text;

/// The version of the format.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    findings: Vec<Finding<'r>>,
    skipped: Vec<SkippedFile<'r>>,
    errors: Vec<Unreadable<'r>>,
    summary: Counts,
}

/// A finding as every format of JSON has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding<'r> {
    rule: &'static str,
    severity: &'static str,
    confidence: &'static str,
    rests_on: Vec<&'static str>,
    file: &'r str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    path: &'r str,
    message: String,
    fix: &'r str,
    object: Object<'r>,
    related: Vec<Related<'r>>,
    fixable: bool,
    applicability: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'r> {
    api_version: &'r str,
    kind: &'r str,
    namespace: Option<&'r str>,
    name: &'r str,
}

#[derive(Serialize)]
struct Related<'r> {
    file: &'r str,
    line: usize,
    column: usize,
    message: &'r str,
}

/// A file that was skipped.
#[derive(Serialize)]
pub(super) struct SkippedFile<'r> {
    file: &'r str,
    kind: &'static str,
    reason: String,
}

/// An error.
#[derive(Serialize)]
pub(super) struct Unreadable<'r> {
    file: &'r str,
    line: Option<usize>,
    message: &'r str,
}

#[derive(Serialize)]
struct Counts {
    files: usize,
    documents: usize,
    objects: usize,
    identity: usize,
    deny: usize,
    warn: usize,
    note: usize,
}

/// Writes a report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Summary { files, documents, objects, identity, deny, warn, note } = report.summary;
    let document = Document {
        version: VERSION,
        findings: report.findings.iter().map(finding).collect(),
        skipped: report.skipped.iter().map(skipped).collect(),
        errors: report.errors.iter().map(unreadable).collect(),
        summary: Counts { files, documents, objects, identity, deny, warn, note },
    };
    json_text::write(&document, out)
}

/// A finding.
pub(super) fn finding(finding: &Diagnostic) -> Finding<'_> {
    let (start, end) = (finding.place.range.start, finding.place.range.end);
    let related = finding.related.iter().map(|related| Related {
        file: &related.place.source.name,
        line: related.place.range.start.line,
        column: related.place.range.start.column,
        message: &related.message,
    });
    Finding {
        rule: finding.rule.name(),
        severity: finding.severity.name(),
        confidence: finding.certainty.confidence.name(),
        rests_on: finding.certainty.doubtful.iter().map(Assumption::name).collect(),
        file: &finding.place.source.name,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        path: &finding.path,
        message: finding.message(),
        fix: &finding.fix,
        object: Object {
            api_version: &finding.object.api_version,
            kind: &finding.object.kind,
            namespace: finding.object.namespace.as_deref(),
            name: &finding.object.name,
        },
        related: related.collect(),
        fixable: finding.correction.is_some(),
        applicability: finding.correction.as_ref().map(|correction| match correction.applicability {
            Applicability::Safe => "safe",
            Applicability::Suggestion => "suggestion",
        }),
    }
}

/// A file that was skipped.
pub(super) fn skipped(Skipped { file, reason }: &Skipped) -> SkippedFile<'_> {
    SkippedFile { file, kind: reason.name(), reason: reason.to_string() }
}

/// An error.
pub(super) fn unreadable(error: &ReadError) -> Unreadable<'_> {
    Unreadable { file: &error.file, line: error.line, message: &error.message }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::sample;

    #[test]
    fn a_report_has_the_documented_members() {
        let mut out = Vec::new();
        write(&sample::report(), &mut out).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();

        assert_eq!(value["version"], 1);
        assert_eq!(
            value["findings"][0],
            json!({
                "rule": "label-value", "severity": "deny", "confidence": "high", "restsOn": [], "file": "deploy/web, 100%.yaml",
                "line": 6, "column": 34, "endLine": 6, "endColumn": 40,
                "path": "metadata.labels[\"azure.workload.identity/use\"]",
                "message": "metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored",
                "fix": "write \"true\"",
                "object": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"},
                "related": [{"file": "accounts.yaml", "line": 3, "column": 9, "message": "the service account is here"}],
                "fixable": true, "applicability": "safe",
            })
        );
        let reason = "is a template ({{ in line 5) and no YAML: 100% wrong; render it and check the result";
        assert_eq!(value["skipped"][1], json!({"file": "chart/pod.yaml", "kind": "template", "reason": reason}));
        assert_eq!(value["errors"], json!([{"file": "bad.yaml", "line": 7, "message": "a tab indents\nthis line"}]));
        let summary = json!({"files": 4, "documents": 5, "objects": 3, "identity": 3, "deny": 1, "warn": 1, "note": 1});
        assert_eq!(value["summary"], summary);
    }
}
