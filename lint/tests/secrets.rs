//! What may be a secret is in no report, however it is written.

#![expect(clippy::unwrap_used, reason = "a test")]

use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_lint::secrets::masked;
use azure_workload_identity_lint::{File, OneThread, Options, check};
use azure_workload_identity_policy::settings::Settings;
use proptest::prelude::*;

/// All that a report has to show: messages, excerpts, and corrections.
fn shown(text: &str) -> String {
    let files = [File::read("a.yaml", text.as_bytes().to_vec())];
    let report = check(&files, &Options::new(vec![Settings::default()], &[]), &OneThread);
    let mut shown = serde_json::to_string(&report).unwrap();
    let mut show = |place: &FilePlace| shown += &masked(&place.source.text, 0, &place.secrets);
    for finding in &report.findings {
        show(&finding.place);
        finding.related.iter().for_each(|related| show(&related.place));
    }
    assert!(!report.findings.is_empty(), "{text}");
    shown
}

/// A pod with a mistake and a part of its container.
fn pod(part: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, labels: {{azure.workload.identity/use: \"True\"}}}}\nspec:\n  serviceAccountName: web\n  containers:\n  - name: app\n    image: i\n{part}"
    )
}

/// Ways to write a secret, for which `§` stands.
const WAYS: &[&str] = &[
    "    env:\n    - name: A\n      value: §\n",
    "    env:\n    - {name: A, value: '§'}\n",
    "    env: [{value: \"§\", name: A}]\n",
    "    env:\n    - name: A\n      value: |\n        §\n        more\n",
    "    env:\n    - name: A\n      value: >-\n        first\n        §\n",
    "    env:\n    - name: A\n      \"value\": \"§\"\n",
    "    env:\n    - name: A\n      ? value\n      : §\n",
    "    env:\n    - name: A\n      value: &a §\n    - name: B\n      value: *a\n",
    "    env:\n    - name: AZURE_CLIENT_ID\n      value: §\n",
    "    env:\n    - name: AZURE_TENANT_ID\n      value: §\n",
    "    env:\n    - name: AZURE_AUTHORITY_HOST\n      value: https://user:§@evil.example/\n",
    "    env:\n    - name: AZURE_FEDERATED_TOKEN_FILE\n      value: §\n",
    "    env:\n      KEY: §\n",
    "    env:\n    - name: A\n      value: §\n    env: []\n",
    "    args: [--password=§]\n",
    "    args:\n    - --db=§\n    - /var/run/secrets/azure/tokens/azure-identity-token\n",
    "    command: [sh, -c, \"run --key=§\"]\n",
    "    args: ['Server=x;Password=§;']\n",
];

/// Objects of other kinds.
const OBJECTS: &[&str] = &[
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: § # azwi-check: ignore[label-value] old\n",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: §} # azwi-check: ignore[label-value] old\n",
    "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: a\n  annotations: {azure.workload.identity/client-id: \"x\", store: \"AccountName=a;AccountKey=§\"}\n",
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: s}\n  stringData: {a: \"§\"}\n- apiVersion: v1\n  kind: ServiceAccount\n  metadata: {name: a, annotations: {azure.workload.identity/client-id: x}}\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_secret_in_any_style_is_in_no_report(secret in "[b-z]{5}[0-9]{4}[a-z]{3}|[1-9][0-9]{7}") {
        let pods = WAYS.iter().map(|way| pod(way));
        for text in pods.chain(OBJECTS.iter().map(|text| (*text).to_owned())) {
            let text = text.replace('§', &secret);
            let shown = shown(&text);
            prop_assert!(!shown.contains(&secret), "{text}\n{shown}");
        }
    }
}

#[test]
fn what_messages_are_about_is_shown() {
    let text = pod(
        "    env:\n    - {name: AZURE_CLIENT_ID, value: 11111111-1111-1111-1111-111111111111}\n    - {name: AZURE_AUTHORITY_HOST, value: \"https://login.example.com/\"}\n    args: [--file=/var/run/secrets/azure/tokens/azure-identity-token]\n",
    );
    let shown = shown(&text);
    for part in ["11111111-1111-1111-1111-111111111111", "https://login.example.com/", "--file=/var/run/secrets"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}
