//! A report for the tests of formats: texts with what formats have to escape, places in two files, a correction.

use azure_workload_identity_lint::certainty::Certainty;
use azure_workload_identity_lint::report::{
    Correction, Diagnostic, FilePlace, ObjectName, PlacedEdit, ReadError, RelatedPlace, Report, SkipKind, Skipped,
    Summary,
};
use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_lint::source::{Lines, Source};
use azure_workload_identity_policy::finding::Applicability;
use azure_workload_identity_policy::rule::{RuleId, Severity};

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    azure.workload.identity/use: \"True\"
spec:
  serviceAccountName: web
";

const ACCOUNT: &str = "\
kind: ServiceAccount
metadata:
  name: web
";

/// The place of the first occurrence of `part` in a text.
pub(super) fn place(name: &str, text: &str, part: &str) -> FilePlace {
    let start = text.find(part).unwrap();
    let span = start..start + part.len();
    FilePlace::new(&Source { name: name.into(), text: text.into() }, &Lines::new(text), span)
}

/// A finding at a place.
pub(super) fn finding(rule: RuleId, severity: Severity, place: FilePlace) -> Diagnostic {
    Diagnostic {
        rule: Rule::Policy(rule),
        severity,
        certainty: Certainty::default(),
        place,
        path: "metadata.labels[\"azure.workload.identity/use\"]".into(),
        message: "metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored".into(),
        fix: "write \"true\"".into(),
        object: ObjectName {
            api_version: "v1".into(),
            kind: "Pod".into(),
            namespace: Some("shop".into()),
            name: "web".into(),
        },
        related: Vec::new(),
        correction: None,
        fingerprint: format!("{:016x}", 0xf00d + rule as u64),
    }
}

fn template(file: &str) -> Skipped {
    let reason = "is a template ({{ in line 5) and no YAML: 100% wrong; render it and check the result".into();
    Skipped { file: file.into(), kind: SkipKind::Template, reason }
}

/// A correction that is one edit.
pub(super) fn correction(applicability: Applicability, edit: PlacedEdit) -> Correction {
    Correction { applicability, edits: vec![edit], done: "\"True\" -> \"true\"".into(), is_secret: false }
}

/// A report with one finding of each severity, skipped files and an error.
pub(super) fn report() -> Report {
    const FILE: &str = "deploy/web, 100%.yaml";
    let denied = place(FILE, POD, "\"True\"");
    let edit = PlacedEdit { place: denied.clone(), text: "\"true\"".into() };
    let account = place("accounts.yaml", ACCOUNT, "web");
    let related = vec![RelatedPlace { place: account, message: "the service account is here".into() }];
    let denied = finding(RuleId::LabelValue, Severity::Deny, denied);
    Report {
        findings: vec![
            Diagnostic { related, correction: Some(correction(Applicability::Safe, edit)), ..denied },
            finding(RuleId::UnknownKey, Severity::Warn, place(FILE, POD, "azure.workload.identity/use")),
            finding(RuleId::LabelOnServiceAccount, Severity::Note, place("accounts.yaml", ACCOUNT, "name")),
        ],
        skipped: vec![template("chart/a, b.yaml"), template("chart/pod.yaml")],
        errors: vec![ReadError { file: "bad.yaml".into(), line: Some(7), message: "a tab indents\nthis line".into() }],
        summary: Summary { files: 4, documents: 5, objects: 3, identity: 3, uncorrected: 0, deny: 1, warn: 1, note: 1 },
    }
}
