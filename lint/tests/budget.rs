//! Corrections of documents in which each takes as long as reading all of it.

use azure_workload_identity_lint::{File, OneThread, Options, check};
use azure_workload_identity_policy::settings::Settings;

/// A list of pods with one mistake each.
fn list(each: &str, count: usize) -> String {
    let head = "apiVersion: v1\nkind: List\nlabels: &l {azure.workload.identity/use: \"True\"}\nitems:\n- &p {apiVersion: v1, kind: Pod, metadata: {name: a, labels: *l}, spec: {}}\n";
    [head, &each.repeat(count)].concat()
}

#[test]
fn corrections_of_shared_places_have_a_limit_and_others_have_none() {
    for each in [
        "- *p\n",
        "- {apiVersion: v1, kind: Pod, metadata: {name: a, labels: *l}, spec: {}}\n",
        "- apiVersion: v1\n  kind: Pod\n  metadata: {name: a, labels: {<<: *l, app: web}}\n  spec: {}\n",
    ] {
        let report = checked(&list(each, 2_000));
        let corrected = report.findings.iter().filter(|finding| finding.correction.is_some()).count();
        assert_eq!(report.summary.deny, 2_001, "{each}");
        assert!(report.summary.uncorrected > 0, "{each}: {corrected}");
        assert!(corrected < 200, "{each}: {corrected}");
    }
    // A part of the document is read for each.
    let own = "- {apiVersion: v1, kind: Pod, metadata: {name: a, labels: {azure.workload.identity/use: \"True\"}}, spec: {}}\n";
    let report = checked(&["apiVersion: v1\nkind: List\nitems:\n", &own.repeat(2_000)].concat());
    let corrected = report.findings.iter().filter(|finding| finding.correction.is_some()).count();
    assert_eq!((corrected, report.summary.uncorrected), (2_000, 0));
}

fn checked(text: &str) -> azure_workload_identity_lint::report::Report {
    let files = [File::read("a.yaml", text.as_bytes().to_vec())];
    check(&files, &Options::new(vec![Settings::default()], &[]), &OneThread)
}
