//! The look-up of a service account through Kubewarden's host.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::cell::RefCell;

use azure_workload_identity_guest::HostCluster;
use azure_workload_identity_policy::cluster::{Cluster, Freshness, LookupError, ServiceAccount};
use serde_json::{Value, json};

/// Texts as `wapc_guest::host_call` passes them on; those of the host are in policy-evaluator 1.36.
const NOT_FOUND: &str = "Host error: Callback evaluation failure: Cannot find v1/ServiceAccount named 'api' inside of namespace 'Some(\"shop\")'";
const NOT_GRANTED: &str = "Host error: Policy has not been granted access to Kubernetes v1/ServiceAccount resources. The violation has been reported.";
const CAPABILITY_DENIED: &str = "Host error: Policy has not been granted access to the 'kubernetes/get_resource' host capability. The violation has been reported.";
const FORBIDDEN: &str = "Host error: Callback evaluation failure: ApiError: serviceaccounts \"api\" is forbidden: User \"system:serviceaccount:kubewarden:policy-server\" cannot get resource \"serviceaccounts\" in API group \"\" in the namespace \"shop\": Forbidden (Status { status: Some(Failure), code: 403 })\n\nCaused by:\n    serviceaccounts \"api\" is forbidden";
const NO_CLIENT: &str = "Host error: Callback evaluation failure: kube::Client was not initialized properly";
const CHANNEL_FULL: &str = "Host error: Error sending request over callback channel: no available capacity";

const SERVICE_ACCOUNT: &str = r#"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"api","annotations":{"azure.workload.identity/client-id":"client"}}}"#;

/// Looks up the service account `shop/api` while the host gives these answers, one after the other: what comes back, and what
/// the host was asked.
fn look_up(answers: &[Result<&str, &str>]) -> (Result<ServiceAccount, LookupError>, Vec<(String, Value)>) {
    let asked = RefCell::new(Vec::new());
    let host = HostCluster(|operation: &str, request: &[u8]| {
        let mut asked = asked.borrow_mut();
        asked.push((operation.to_owned(), serde_json::from_slice(request).unwrap()));
        let answer = answers.get(asked.len() - 1).unwrap();
        answer.map(|object| object.as_bytes().to_vec()).map_err(str::to_owned)
    });
    let found = host.service_account("shop", "api", Freshness::Confirmed);
    (found, asked.into_inner())
}

fn question(disable_cache: bool) -> (String, Value) {
    let request = json!({
        "api_version": "v1",
        "kind": "ServiceAccount",
        "name": "api",
        "namespace": "shop",
        "disable_cache": disable_cache,
        "field_masks": ["metadata"],
    });
    ("get_resource".to_owned(), request)
}

fn service_account(client_id: &str) -> ServiceAccount {
    ServiceAccount { client_id: Some(client_id.to_owned()), ..ServiceAccount::default() }
}

#[test]
fn a_service_account_is_asked_for_once_and_may_come_from_the_cache() {
    assert_eq!(look_up(&[Ok(SERVICE_ACCOUNT)]), (Ok(service_account("client")), vec![question(false)]));
}

#[test]
fn one_that_is_not_found_is_asked_for_again_past_the_cache() {
    let twice = || vec![question(false), question(true)];

    let made_meanwhile = look_up(&[Err(NOT_FOUND), Ok(SERVICE_ACCOUNT)]);
    assert_eq!(made_meanwhile, (Ok(service_account("client")), twice()));

    let not_there = look_up(&[Err(NOT_FOUND), Err(NOT_FOUND)]);
    assert_eq!(not_there, (Err(LookupError::Missing), twice()));

    let forbidden_meanwhile = look_up(&[Err(NOT_FOUND), Err(FORBIDDEN)]);
    assert_eq!(forbidden_meanwhile, (Err(LookupError::Forbidden), twice()));
}

#[test]
fn other_failures_are_told_apart_by_the_hosts_words_and_not_tried_again() {
    let unreachable = |reason: &str| LookupError::Unreachable(reason.to_owned());
    let long = format!("Host error: {}\nmore", "ä".repeat(200));
    let cases = [
        (NOT_GRANTED, LookupError::NotGranted),
        (CAPABILITY_DENIED, LookupError::CapabilityDenied),
        (FORBIDDEN, LookupError::Forbidden),
        (
            "Host error: Callback evaluation failure: ApiError: no: Forbidden (Status { code: 403 })",
            LookupError::Forbidden,
        ),
        ("Host error: Callback evaluation failure: serviceaccounts \"api\" is forbidden: no", LookupError::Forbidden),
        (NO_CLIENT, unreachable("kube::Client was not initialized properly")),
        (CHANNEL_FULL, unreachable("Error sending request over callback channel: no available capacity")),
        ("Host error: Callback evaluation failure: a\nCaused by:\n  b", unreachable("a")),
        ("Cannot find v1/Secret named 'api'", unreachable("Cannot find v1/Secret named 'api'")),
        (
            "Policy has not been granted access to Kubernetes v1/Secret resources.",
            unreachable("Policy has not been granted access to Kubernetes v1/Secret resources."),
        ),
        ("", unreachable("")),
        (&long, unreachable(&"ä".repeat(160))),
    ];
    for (text, expected) in cases {
        assert_eq!(look_up(&[Err(text)]), (Err(expected), vec![question(false)]), "{text}");
    }
}

#[test]
fn what_a_service_account_says_is_read_and_the_rest_ignored() {
    let nothing = ServiceAccount::default();
    let cases = [
        ("{}", nothing.clone()),
        (r#"{"metadata":null}"#, nothing.clone()),
        (r#"{"metadata":{}}"#, nothing.clone()),
        (r#"{"metadata":{"annotations":null}}"#, nothing.clone()),
        (r#"{"metadata":{"annotations":{"other":"x"}},"secrets":7,"kind":[]}"#, nothing),
        (
            r#"{"metadata":{"annotations":{"azure.workload.identity/client-id":"","azure.workload.identity/tenant-id":null}}}"#,
            ServiceAccount {
                client_id: Some(String::new()),
                tenant_id: Some(String::new()),
                ..ServiceAccount::default()
            },
        ),
        (
            r#"{"metadata":{"annotations":{
                "azure.workload.identity/client-id":"c",
                "azure.workload.identity/tenant-id":"t",
                "azure.workload.identity/service-account-token-expiration":"7200"}}}"#,
            ServiceAccount {
                client_id: Some("c".to_owned()),
                tenant_id: Some("t".to_owned()),
                token_expiration: Some("7200".to_owned()),
            },
        ),
    ];
    for (object, expected) in cases {
        assert_eq!(look_up(&[Ok(object)]).0, Ok(expected), "{object}");
    }
}

#[test]
fn an_answer_that_is_no_service_account_is_described_and_not_quoted() {
    let cases = [
        ("", "the text ends in the middle of a JSON value at line 1 column 1"),
        ("secret", "expected a JSON value at line 1 column 1"),
        (r#""secret""#, "it is a string; expected an object"),
        ("null", "it is null; expected an object"),
        (r#"{"metadata":["secret"]}"#, "metadata is an array; expected an object"),
        (r#"{"metadata":{"annotations":"secret"}}"#, "metadata.annotations is a string; expected an object"),
        (r#"{"metadata":{"annotations":{"a/b":1}}}"#, r#"metadata.annotations["a/b"] is a number; expected a string"#),
    ];
    for (answer, expected) in cases {
        let (found, asked) = look_up(&[Ok(answer)]);
        assert_eq!(found, Err(LookupError::Undecodable(expected.to_owned())), "{answer}");
        assert_eq!(asked.len(), 1, "{answer}");
    }
}
