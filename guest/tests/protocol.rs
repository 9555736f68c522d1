//! The answers as Kubewarden's SDK defines them.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use azure_workload_identity_guest::{validate, validate_settings};
use azure_workload_identity_policy::cluster::{Cluster, Freshness, LookupError, ServiceAccount};
use kubewarden_policy_sdk::response::ValidationResponse;
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde_json::{Value, json};

struct Annotated;

impl Cluster for Annotated {
    fn service_account(&self, _: &str, _: &str, _: Freshness) -> Result<ServiceAccount, LookupError> {
        let client_id = Some("97335aad-fb4e-4a1f-b5bc-3463ea695687".to_owned());
        Ok(ServiceAccount { client_id, ..ServiceAccount::default() })
    }

    fn may_use_identity(&self, _: &str, _: &str, _: &str) -> Result<bool, LookupError> {
        Ok(true)
    }
}

fn answer(expiration: &str) -> ValidationResponse {
    let pod = json!({
        "metadata": {
            "name": "web",
            "labels": {"azure.workload.identity/use": "true"},
            "annotations": {"azure.workload.identity/service-account-token-expiration": expiration},
        },
        "spec": {"serviceAccountName": "api", "containers": [{"name": "web"}]},
    });
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let request = json!({"operation": "CREATE", "kind": kind, "namespace": "shop", "object": pod});
    let payload = json!({"request": request, "settings": {"inject": {}}}).to_string();
    serde_json::from_slice(&validate(payload.as_bytes(), &Annotated)).expect("no validation response")
}

#[test]
fn a_mutation_is_a_validation_response() {
    let response = answer("7200");
    assert!(response.accepted);
    assert_eq!((response.message, response.code), (None, None));
    let pod = response.mutated_object.expect("nothing is mutated");
    assert_eq!(pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"], 7200);
    let audit_annotations = response.audit_annotations.expect("there are no audit annotations");
    assert_eq!(audit_annotations["client-id"], "97335aad-fb4e-4a1f-b5bc-3463ea695687");
}

#[test]
fn a_denial_is_a_validation_response() {
    let response = answer("1h");
    assert!(!response.accepted);
    assert_eq!((response.code, response.mutated_object), (Some(403), None));
    assert!(response.message.expect("there is no message").contains("token-expiration"));
}

#[test]
fn settings_are_answered_with_a_settings_validation_response() {
    let answer = |settings: &str| -> SettingsValidationResponse {
        serde_json::from_slice(&validate_settings(settings.as_bytes())).expect("no settings validation response")
    };
    assert!(answer("{}").valid);
    let refused = answer(r#"{"injcet": {}}"#);
    assert!(!refused.valid);
    assert_eq!(refused.message.as_deref(), Some("injcet is not known; did you mean inject?"));
}

#[test]
fn the_host_gets_all_problems_as_one_message() {
    let cases = [
        ("{}", json!({"valid": true})),
        (
            r#"{"preset":"hard","guards":{}}"#,
            json!({
                "valid": false,
                "message": "guards is not known; did you mean guard?; preset is \"hard\"; it takes one of recommended, strict",
            }),
        ),
        (
            "{",
            json!({
                "valid": false,
                "message": "the settings cannot be read: the text ends in the middle of a JSON value at line 1 column 2",
            }),
        ),
    ];
    for (settings, expected) in cases {
        let answer: Value = serde_json::from_slice(&validate_settings(settings.as_bytes())).expect("JSON");
        assert_eq!(answer, expected, "{settings}");
    }
}
