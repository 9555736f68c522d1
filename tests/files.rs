//! What is different for objects in files, which somebody may still fill in.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use azure_workload_identity_policy::cluster::Nothing;
use azure_workload_identity_policy::inquiry::{Inquiry, Origin};
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::{decide, examine};
use serde_json::json;

/// The rules that find something in a service account with this annotation, with the severity that counts.
fn findings(key: &str, value: &str, origin: Origin) -> Vec<(&'static str, Severity)> {
    let annotations = json!({format!("azure.workload.identity/{key}"): value});
    let metadata = json!({"name": "api", "annotations": annotations});
    let text = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}).to_string();
    let document = Document::parse(text.as_bytes()).expect("JSON");
    let settings = Settings::default();
    let inquiry = Inquiry { origin, ..Inquiry::of_object(document.root()) };
    let verdict = decide(examine(&inquiry, &settings, &Nothing), &settings);
    verdict.findings.into_iter().map(|(severity, finding)| (finding.rule.name(), severity)).collect()
}

#[test]
fn a_variable_is_fine_in_a_file_and_refused_in_a_cluster() {
    let variables = ["${ID}", "$ID", "$(ID)", "__id__", "#{ID}#", "{{ .Values.id }}", "<%= id %>"];
    for (key, rule) in [("client-id", "client-id-format"), ("tenant-id", "tenant-id-format")] {
        for id in variables {
            assert_eq!(findings(key, id, Origin::File), [(rule, Severity::Note)], "{id}");
            assert_eq!(findings(key, id, Origin::Admission), [(rule, Severity::Deny)], "{id}");
        }
        for id in ["", "REPLACE_ME_ID", "<your-id>", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(findings(key, id, Origin::File), [(rule, Severity::Deny)], "{id}");
        }
    }
}
