//! JSON, as `docs/azwi-check.schema.json` describes it: the report itself.

use std::io::{self, Write};

use azure_workload_identity_lint::report::Report;
use azure_workload_identity_lint::v1::Versioned;

use crate::json_text;

/// Writes a report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    json_text::write(&Versioned::from(report), out)
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
        let edit = json!({"file": "deploy/web, 100%.yaml", "line": 6, "column": 34, "endLine": 6, "endColumn": 40, "offset": 90,
            "endOffset": 96, "text": "\"true\""});
        assert_eq!(
            value["findings"][0],
            json!({
                "rule": "label-value", "severity": "deny", "confidence": "high", "restsOn": [], "file": "deploy/web, 100%.yaml",
                "line": 6, "column": 34, "endLine": 6, "endColumn": 40, "offset": 90, "endOffset": 96,
                "path": "metadata.labels[\"azure.workload.identity/use\"]",
                "message": "metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored",
                "fix": "write \"true\"",
                "object": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"},
                "related": [{"file": "accounts.yaml", "line": 3, "column": 9, "endLine": 3, "endColumn": 12, "offset": 39,
                    "endOffset": 42, "message": "the service account is here"}],
                "fixable": true, "applicability": "safe", "edits": [edit], "fingerprint": "000000000000f00d",
            })
        );
        let reason = "is a template ({{ in line 5) and no YAML: 100% wrong; render it and check the result";
        assert_eq!(value["skipped"][1], json!({"file": "chart/pod.yaml", "kind": "template", "reason": reason}));
        assert_eq!(value["errors"], json!([{"file": "bad.yaml", "line": 7, "message": "a tab indents\nthis line"}]));
        let summary = json!({"files": 4, "documents": 5, "objects": 3, "identity": 3, "deny": 1, "warn": 1, "note": 1});
        assert_eq!(value["summary"], summary);
    }
}
