//! Lookups that fail: what the policy asks of the host, and what it decides. What it says is in the snapshot of the cases
//! `lookup-failed`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use e2e_tests::{
    callback::HostCall,
    cluster::{Failure, FakeCluster, ObjectKey},
    policy::{Evaluation, Policy},
    request::AdmissionRequest,
};
use serde_json::{Value, json};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";

fn policy() -> Policy<'static> {
    // The one rule that asks for the service account of a pod without the label.
    let rules = json!({"label-missing": "off"});
    Policy::new(e2e_tests::policy_module().unwrap(), json!({"inject": {"tenantId": TENANT}, "rules": rules})).unwrap()
}

fn annotations() -> Value {
    json!({"azure.workload.identity/client-id": "66666666-7777-8888-9999-000000000000"})
}

/// A cluster in which the service account exists.
fn found() -> FakeCluster {
    FakeCluster::default().and_service_account("shop", "web", &annotations())
}

fn failing(failure: Failure) -> FakeCluster {
    FakeCluster::default().and_failing(ObjectKey::service_account("shop", "web"), failure)
}

fn pod(labels: &Value) -> AdmissionRequest {
    AdmissionRequest::create(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "labels": labels},
        "spec": {"serviceAccountName": "web", "containers": [{"name": "web", "image": "web:1"}]},
    }))
    .unwrap()
}

fn labelled() -> AdmissionRequest {
    pod(&json!({"azure.workload.identity/use": "true"}))
}

fn unlabelled() -> AdmissionRequest {
    pod(&json!({"app": "web"}))
}

/// The only lookup that the policy makes.
fn lookup(disable_cache: bool) -> (String, Value) {
    let request = json!({
        "api_version": "v1",
        "kind": "ServiceAccount",
        "name": "web",
        "namespace": "shop",
        "disable_cache": disable_cache,
        "field_masks": ["metadata"],
    });
    ("kubernetes/get_resource".to_owned(), request)
}

fn asked(evaluation: &Evaluation) -> Vec<(String, Value)> {
    let pair = |call: &HostCall| (call.function.clone(), call.request.clone());
    evaluation.host_calls.iter().map(pair).collect()
}

/// Whatever the host would answer, a pod without the label is let through and nothing is asked.
fn assert_unlabelled_passes(policy: &Policy<'_>) {
    let evaluation = policy.validate(&unlabelled()).unwrap();

    assert!(evaluation.response.allowed, "{:?}", evaluation.response);
    assert_eq!(evaluation.response.patch, None);
    assert_eq!(evaluation.host_calls, []);
}

/// The rule that asks for it never denies, and takes what the cache knows.
#[test]
fn a_lookup_for_an_unlabelled_pod_that_fails_is_no_reason_to_say_anything() {
    for failure in [Failure::Forbidden, Failure::Unreachable, Failure::Undecodable] {
        let policy = Policy::new(e2e_tests::policy_module().unwrap(), json!({"inject": {"tenantId": TENANT}})).unwrap();
        let evaluation = policy.connected_to(failing(failure)).validate(&unlabelled()).unwrap();

        assert!(evaluation.response.allowed, "{:?}", evaluation.response);
        assert_eq!(evaluation.response.warnings, None);
        assert_eq!(asked(&evaluation), [lookup(false)]);
    }
}

/// A labelled pod is denied by a rule after these lookups, in a message that passes on one line of the host's.
fn assert_labelled_denied(policy: &Policy<'_>, lookups: &[(String, Value)], rule: &str) {
    let evaluation = policy.validate(&labelled()).unwrap();

    assert_eq!(asked(&evaluation), lookups);
    assert!(!evaluation.response.allowed);
    assert_eq!(evaluation.response.code, Some(403));
    assert_eq!(evaluation.response.patch, None);
    let message = evaluation.response.message.unwrap();
    let findings: Vec<_> = message.lines().skip(1).collect();
    assert!(matches!(findings[..], [only] if only.starts_with(&format!("- {rule}: "))), "{message}");
}

#[test]
fn a_service_account_that_is_found_is_looked_up_once() {
    let policy = policy().connected_to(found());
    let evaluation = policy.validate(&labelled()).unwrap();

    assert!(evaluation.response.allowed, "{:?}", evaluation.response);
    assert_eq!(asked(&evaluation), [lookup(false)]);
    assert_unlabelled_passes(&policy);
}

#[test]
fn a_missing_service_account_is_looked_up_once_since_the_host_caches_no_errors() {
    let policy = policy().connected_to(FakeCluster::default());

    assert_labelled_denied(&policy, &[lookup(false)], "service-account-missing");
    assert_unlabelled_passes(&policy);
}

#[test]
fn a_missing_service_account_is_recognised_with_a_backtrace_behind_the_text() {
    let text = "Cannot find v1/ServiceAccount named 'web' inside of namespace 'Some(\"shop\")'\n\nStack backtrace:\n   0: main";
    let policy = policy().connected_to(failing(Failure::Other(text.to_owned())));

    assert_labelled_denied(&policy, &[lookup(false)], "service-account-missing");
}

#[test]
fn an_annotation_newer_than_the_cache_is_found() {
    let old = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "shop"}});
    let metadata = json!({"name": "web", "namespace": "shop", "annotations": annotations()});
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
    let policy = policy().connected_to(FakeCluster::with_objects([old]).unwrap().and_uncached(account).unwrap());
    let evaluation = policy.validate(&labelled()).unwrap();

    assert!(evaluation.response.allowed, "{:?}", evaluation.response);
    assert_eq!(asked(&evaluation), [lookup(false), lookup(true)]);
}

#[test]
fn other_failures_deny_after_one_lookup() {
    let metadata = json!({"name": "web", "namespace": "shop", "annotations": ["client-id"]});
    let unreadable = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
    let failures = [
        ("RBAC forbids it", policy().connected_to(failing(Failure::Forbidden))),
        ("the kind is not granted", policy().connected_to(found()).granted(&["*"], &[("v1", "Secret")]).unwrap()),
        (
            "the capability is denied",
            policy().connected_to(found()).granted(&["oci/*"], &[("v1", "ServiceAccount")]).unwrap(),
        ),
        ("the host has no Kubernetes client", policy()),
        ("the API server is unreachable", policy().connected_to(failing(Failure::Unreachable))),
        ("the answer is not JSON", policy().connected_to(failing(Failure::Undecodable))),
        ("the answer is no service account", policy().connected_to(FakeCluster::with_objects([unreadable]).unwrap())),
    ];
    for (failure, policy) in failures {
        println!("{failure}");
        assert_labelled_denied(&policy, &[lookup(false)], "lookup-failed");
        assert_unlabelled_passes(&policy);
    }
}
