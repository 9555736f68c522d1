//! What a check of files reports. Each file in `check/` holds the files of one case, each below a line `### NAME`; the report is in
//! `check/snapshots`, line by line as a person reads it. `INSTA_UPDATE=always cargo test -p azure-workload-identity-lint --test check`
//! writes the reports anew.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "helpers of tests fail as tests do")]

use std::fmt::Write as _;
use std::{fs, path::Path};

use azure_workload_identity_lint::report::{FilePlace, Report};
use azure_workload_identity_lint::{File, OneThread, Options, check};
use azure_workload_identity_policy::finding::Applicability;

/// The files of a case, and those that are the state of a cluster: `### cluster NAME`.
fn files(case: &str) -> (Vec<File>, Vec<File>) {
    let (mut files, mut state) = (Vec::new(), Vec::new());
    for part in case.split("### ").skip(1) {
        let (name, text) = part.split_once('\n').unwrap();
        match name.strip_prefix("cluster ") {
            Some(name) => state.push(File::read(name, text.into())),
            None => files.push(File::read(name, text.into())),
        }
    }
    (files, state)
}

fn render(report: &Report) -> String {
    let mut text = String::new();
    for found in &report.findings {
        let place = &found.place;
        let shown = place.source.text[place.span.clone()].lines().next().unwrap_or_default();
        let (severity, rule, message, fix) = (found.severity.name(), found.rule, &found.message, &found.fix);
        let FilePlace { line, column, end_line, end_column, .. } = place;
        let end = if end_line == line { end_column.to_string() } else { format!("{end_line}:{end_column}") };
        let name = &place.source.name;
        writeln!(text, "{name}:{line}:{column}-{end} {severity} {rule}: {message}; {fix}").unwrap();
        writeln!(text, "    `{shown}`").unwrap();
        if let Some(correction) = &found.correction {
            let kind = if correction.applicability == Applicability::Suggestion { "suggestion: " } else { "" };
            for edit in &correction.edits {
                let old = place.source.text[edit.place.span.clone()].replace('\n', "\\n");
                writeln!(text, "    {kind}`{old}` becomes `{}`", edit.text.replace('\n', "\\n")).unwrap();
            }
        }
        for related in &found.related {
            let FilePlace { source, line, column, .. } = &related.place;
            writeln!(text, "    {}:{line}:{column} {}", source.name, related.message).unwrap();
        }
    }
    for skipped in &report.skipped {
        writeln!(text, "skipped {}: {}", skipped.file, skipped.reason).unwrap();
    }
    for error in &report.errors {
        writeln!(text, "error {}:{}: {}", error.file, error.line.unwrap_or_default(), error.message).unwrap();
    }
    let it = &report.summary;
    let counts = [it.files, it.documents, it.objects, it.identity, it.deny, it.warn, it.note];
    writeln!(text, "files, documents, objects, of identity, deny, warn, note: {counts:?}").unwrap();
    text
}

#[test]
fn each_case_is_reported_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let mut cases: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    cases.sort();
    assert!(cases.len() > 8, "{cases:?}");
    for path in cases {
        let (files, state) = files(&fs::read_to_string(&path).unwrap());
        let mut options = Options::new(Vec::new(), &[]);
        options.cluster_state = &state;
        let report = check(&files, &options, &OneThread);
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder.join("snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, render(&report)));
    }
}
