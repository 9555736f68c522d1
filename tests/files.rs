//! What is different for objects in files, which somebody may still fill in or put together.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use azure_workload_identity_policy::cluster::{Cluster, LookupError, Patience, ServiceAccount};
use azure_workload_identity_policy::finding::Severity;
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::policy::judge;
use azure_workload_identity_policy::review::Review;
use azure_workload_identity_policy::settings::Settings;
use serde_json::{Value, json};

/// Knows every service account by the same client id.
struct Accounts {
    is_live: bool,
}

impl Cluster for Accounts {
    fn service_account(&self, _: &str, _: &str, _: Patience) -> Result<ServiceAccount, LookupError> {
        let client_id = Some("97335aad-fb4e-4a1f-b5bc-3463ea695687".to_owned());
        Ok(ServiceAccount { client_id, ..ServiceAccount::default() })
    }

    fn may_use_identity(&self, _: &str, _: &str, _: &str) -> Result<bool, LookupError> {
        Ok(true)
    }

    fn is_live(&self) -> bool {
        self.is_live
    }
}

/// The rules that find something in an object, with the severity that counts.
fn findings(group: &str, kind: &str, object: &Value, is_live: bool) -> Vec<(&'static str, Severity)> {
    let kind = json!({"group": group, "version": "v1", "kind": kind});
    let request = json!({"operation": "CREATE", "kind": kind, "object": object}).to_string();
    let document = Document::parse(request.as_bytes()).expect("JSON");
    let review = Review::read(document.root()).expect("a review");
    let verdict = judge(&review, &Settings::default(), &Accounts { is_live }).expect("an object");
    verdict.findings.into_iter().map(|(severity, finding)| (finding.rule, severity)).collect()
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
            assert_eq!(findings("", "ServiceAccount", &account, false), [(rule, Severity::Note)], "{id}");
            assert_eq!(findings("", "ServiceAccount", &account, true), [(rule, Severity::Deny)], "{id}");
        }
        for id in ["", "REPLACE_ME_ID", "<your-id>", "00000000-0000-0000-0000-000000000000"] {
            let account = account(key, id);
            assert_eq!(findings("", "ServiceAccount", &account, false), [(rule, Severity::Deny)], "{id}");
        }
    }
}

#[test]
fn a_patch_need_not_name_the_service_account() {
    let deployment = |spec: Value| {
        let labels = json!({"azure.workload.identity/use": "true"});
        json!({"spec": {"template": {"metadata": {"labels": labels}, "spec": spec}}})
    };
    assert_eq!(findings("apps", "Deployment", &deployment(Value::Null), false), []);
    let whole = deployment(json!({"containers": [{"name": "web"}]}));
    assert_eq!(findings("apps", "Deployment", &whole, false), [("default-service-account", Severity::Warn)]);
}

#[test]
fn the_label_alone_is_no_selector_for_a_service() {
    let service = |selector: Value| json!({"spec": {"selector": selector}});
    let (key, rule) = ("azure.workload.identity/use", "label-in-selector");
    assert_eq!(findings("", "Service", &service(json!({key: "true"})), false), [(rule, Severity::Note)]);
    assert_eq!(findings("", "Service", &service(json!({key: "true", "app": "web"})), false), []);
}
