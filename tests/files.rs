//! What is different for objects in files, which somebody may still fill in or put together.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use azure_workload_identity_policy::cluster::{Cluster, Freshness, LookupError, ServiceAccount};
use azure_workload_identity_policy::inquiry::{Inquiry, Origin};
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::{decide, examine};
use serde_json::{Value, json};

/// Knows every service account by the same client id.
struct Accounts;

impl Cluster for Accounts {
    fn service_account(&self, _: &str, _: &str, _: Freshness) -> Result<ServiceAccount, LookupError> {
        let client_id = Some("97335aad-fb4e-4a1f-b5bc-3463ea695687".to_owned());
        Ok(ServiceAccount { client_id, ..ServiceAccount::default() })
    }

    fn may_use_identity(&self, _: &str, _: &str, _: &str) -> Result<bool, LookupError> {
        Ok(true)
    }
}

/// The rules that find something in an object, with the severity that counts.
fn findings(api_version: &str, kind: &str, object: &Value, origin: Origin) -> Vec<(&'static str, Severity)> {
    let mut object = object.clone();
    object["apiVersion"] = json!(api_version);
    object["kind"] = json!(kind);
    let text = object.to_string();
    let document = Document::parse(text.as_bytes()).expect("JSON");
    let settings = Settings::default();
    let inquiry = Inquiry { origin, ..Inquiry::of_object(document.root()) };
    let verdict = decide(examine(&inquiry, &settings, &Accounts), &settings);
    verdict.findings.into_iter().map(|(severity, finding)| (finding.rule.name(), severity)).collect()
}

#[test]
fn a_variable_is_fine_in_a_file_and_refused_in_a_cluster() {
    let account = |key: &str, id: &str| {
        let annotations = json!({format!("azure.workload.identity/{key}"): id});
        json!({"metadata": {"name": "api", "annotations": annotations}})
    };
    let variables = ["${ID}", "$ID", "$(ID)", "__id__", "#{ID}#", "{{ .Values.id }}", "<%= id %>"];
    for (key, rule) in [("client-id", "client-id-format"), ("tenant-id", "tenant-id-format")] {
        for id in variables {
            let account = account(key, id);
            assert_eq!(findings("v1", "ServiceAccount", &account, Origin::File), [(rule, Severity::Note)], "{id}");
            assert_eq!(findings("v1", "ServiceAccount", &account, Origin::Admission), [(rule, Severity::Deny)], "{id}");
        }
        for id in ["", "REPLACE_ME_ID", "<your-id>", "00000000-0000-0000-0000-000000000000"] {
            let account = account(key, id);
            assert_eq!(findings("v1", "ServiceAccount", &account, Origin::File), [(rule, Severity::Deny)], "{id}");
        }
    }
}

#[test]
fn a_patch_need_not_name_the_service_account() {
    let deployment = |spec: Value| {
        let labels = json!({"azure.workload.identity/use": "true"});
        json!({"spec": {"template": {"metadata": {"labels": labels}, "spec": spec}}})
    };
    assert_eq!(findings("apps/v1", "Deployment", &deployment(Value::Null), Origin::File), []);
    let whole = deployment(json!({"containers": [{"name": "web"}]}));
    assert_eq!(findings("apps/v1", "Deployment", &whole, Origin::File), [("default-service-account", Severity::Warn)]);
}

#[test]
fn the_label_alone_is_no_selector_for_a_service() {
    let service = |selector: Value| json!({"spec": {"selector": selector}});
    let (key, rule) = ("azure.workload.identity/use", "label-in-selector");
    assert_eq!(findings("v1", "Service", &service(json!({key: "true"})), Origin::File), [(rule, Severity::Note)]);
    assert_eq!(findings("v1", "Service", &service(json!({key: "true", "app": "web"})), Origin::File), []);
}
