//! The answers as Kubewarden's SDK defines them.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

#[path = "common/admission.rs"]
mod admission;

use admission::{CLIENT_ID, annotated, answer_to, creation, pod};
use azure_workload_identity_guest::validate_settings;
use kubewarden_policy_sdk::response::ValidationResponse;
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde_json::{Value, json};

fn answer(expiration: &str) -> ValidationResponse {
    let pod = pod(&json!({"azure.workload.identity/service-account-token-expiration": expiration}), &json!({}));
    let answer = answer_to(&creation(&pod), &json!({"inject": {}}), &annotated());
    serde_json::from_slice(&answer).expect("no validation response")
}

#[test]
fn a_mutation_is_a_validation_response() {
    let response = answer("7200");
    assert!(response.accepted);
    assert_eq!((response.message, response.code), (None, None));
    let pod = response.mutated_object.expect("nothing is mutated");
    assert_eq!(pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"], 7200);
    let audit_annotations = response.audit_annotations.expect("there are no audit annotations");
    assert_eq!(audit_annotations["client-id"], CLIENT_ID);
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
                "message": "guards is not known; did you mean guard?; preset is \"hard\"; it requires one of recommended, strict",
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
