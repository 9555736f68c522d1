//! The lookup of a service account through Kubewarden's host.

use std::cell::Cell;

use azure_workload_identity_guest::{HostCluster, HostFailure};
use azure_workload_identity_policy::cluster::{AccountLookup, Cluster, Freshness, LookupError, ServiceAccount};
use fake_cluster::{Failure, FakeCluster, GetResourceRequest, ObjectKey, Request};
use serde_json::{Value, json};

/// Texts of the host itself, in policy-evaluator 1.36; those of its Kubernetes client are the cluster's.
const NOT_GRANTED: &str =
    "Policy has not been granted access to Kubernetes v1/ServiceAccount resources. The violation has been reported.";
const CAPABILITY_DENIED: &str = "Policy has not been granted access to the 'kubernetes/get_resource' host capability. The violation has been reported.";
const NO_CLIENT: &str = "Callback evaluation failure: kube::Client was not initialized properly";
const CHANNEL_FULL: &str = "Error sending request over callback channel: no available capacity";

/// Looks up the service account `shop/api` in a cluster.
fn lookup(cluster: &FakeCluster) -> Result<ServiceAccount, LookupError> {
    let host = HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload));
    host.service_account("shop", "api", Freshness::Confirmed)
}

/// Looks up a service account while the host tells its guest the same whenever it is asked: what comes of it, and how often it
/// was asked.
fn told(answer: Result<&str, &str>) -> (Result<ServiceAccount, LookupError>, usize) {
    let asked = Cell::new(0);
    let host = HostCluster(|_: &str, _: &[u8]| {
        asked.set(asked.get() + 1);
        answer.map(|object| object.as_bytes().to_vec()).map_err(str::to_owned)
    });
    (host.service_account("shop", "api", Freshness::Confirmed), asked.get())
}

fn annotations() -> Value {
    json!({"azure.workload.identity/client-id": "client"})
}

fn service_account() -> ServiceAccount {
    ServiceAccount { client_id: Some("client".to_owned()), ..ServiceAccount::default() }
}

fn key() -> ObjectKey {
    ObjectKey::service_account("shop", "api")
}

#[test]
fn a_service_account_is_asked_for_once_and_may_come_from_the_cache() {
    let cluster = FakeCluster::default().and_service_account("shop", "api", &annotations());
    assert_eq!(lookup(&cluster), Ok(service_account()));

    let request = GetResourceRequest {
        api_version: "v1".to_owned(),
        kind: "ServiceAccount".to_owned(),
        name: "api".to_owned(),
        namespace: Some("shop".to_owned()),
        disable_cache: false,
        field_masks: Some(["metadata".to_owned()].into()),
    };
    let requests: Vec<_> = cluster.exchanges().into_iter().map(|exchange| exchange.request).collect();
    assert_eq!(requests, [Request::GetResource(request)]);
}

#[test]
fn a_name_that_no_object_can_have_is_not_looked_up() {
    let cluster = FakeCluster::default().and_service_account("shop", "api", &annotations());
    let host = HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload));
    let cases = [
        (Some("shop"), "../secrets/api", LookupError::Missing),
        (Some("shop"), "Api", LookupError::Missing),
        (Some("shop"), "api?watch=1", LookupError::Missing),
        (Some("shop"), "", LookupError::Missing),
        (Some("shop/../kube-system"), "api", LookupError::Missing),
        (Some(""), "api", LookupError::Missing),
        (None, "api", LookupError::NoNamespace),
    ];
    for (namespace, name, expected) in cases {
        let lookup = AccountLookup::new(&host, namespace, name, Freshness::Confirmed);
        assert_eq!(lookup.get(), Err(&expected), "{namespace:?} {name}");
    }
    assert_eq!(cluster.lookups(), [""; 0]);
}

#[test]
fn one_without_a_client_id_is_asked_for_again_past_the_cache() -> anyhow::Result<()> {
    let metadata = json!({"name": "api", "namespace": "shop", "annotations": annotations()});
    let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
    let without = || FakeCluster::default().and_service_account("shop", "api", &json!({}));
    let empty = json!({"azure.workload.identity/client-id": ""});
    let with_empty = FakeCluster::default().and_service_account("shop", "api", &empty);
    let cases = [
        (without().and_uncached(object.clone())?, Ok(service_account())),
        (with_empty.and_uncached(object)?, Ok(service_account())),
        (without(), Ok(ServiceAccount::default())),
        (without().and_failing_uncached(key(), Failure::Forbidden), Err(HostFailure::Forbidden.into())),
    ];
    for (cluster, expected) in cases {
        assert_eq!(lookup(&cluster), expected);
        assert_eq!(cluster.lookups(), ["shop/api", "shop/api uncached"], "{expected:?}");
    }
    Ok(())
}

#[test]
fn one_that_is_not_found_is_not_asked_for_again() {
    let cluster = FakeCluster::default();
    assert_eq!(lookup(&cluster), Err(LookupError::Missing));
    assert_eq!(cluster.lookups(), ["shop/api"]);
}

#[test]
fn an_old_answer_will_do_for_a_pod_that_does_not_ask_for_an_identity() {
    let cluster = FakeCluster::default().and_service_account("shop", "api", &json!({}));
    let host = HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload));
    assert_eq!(host.service_account("shop", "api", Freshness::Cached), Ok(ServiceAccount::default()));
    assert_eq!(cluster.lookups(), ["shop/api"]);
}

#[test]
fn an_answer_about_another_object_does_not_count() {
    let other = LookupError::from(HostFailure::Undecodable("it is another object".to_owned()));
    for answer in [
        "{}",
        r#"{"metadata":null}"#,
        r#"{"kind":"ServiceAccount","metadata":{}}"#,
        r#"{"kind":"ServiceAccount","metadata":{"name":"other","namespace":"shop"}}"#,
        r#"{"kind":"ServiceAccount","metadata":{"name":"api","namespace":"other"}}"#,
        r#"{"kind":"ServiceAccount","metadata":{"name":"api"}}"#,
        r#"{"kind":"ConfigMap","metadata":{"name":"api","namespace":"shop"}}"#,
    ] {
        assert_eq!(told(Ok(answer)), (Err(other.clone()), 1), "{answer}");
    }
}

#[test]
fn other_failures_are_told_apart_by_the_clusters_words_and_not_tried_again() {
    let unreachable = |reason: &str| LookupError::from(HostFailure::Unreachable(reason.to_owned()));
    let other = |text: &str| Failure::Other(text.to_owned());
    let cases = [
        (Failure::Forbidden, HostFailure::Forbidden.into()),
        (other("ApiError: no: Forbidden (Status { code: 403 })"), HostFailure::Forbidden.into()),
        (other("serviceaccounts \"api\" is forbidden: no"), HostFailure::Forbidden.into()),
        (Failure::Unreachable, unreachable("ServiceError: client error (Connect)")),
        (other("a\nCaused by:\n  b"), unreachable("a")),
        (other("Cannot find v1/Secret named 'api'"), unreachable("Cannot find v1/Secret named 'api'")),
        (other(&format!("{}\nmore", "ä".repeat(200))), unreachable(&"ä".repeat(160))),
        (other(""), unreachable("")),
    ];
    for (failure, expected) in cases {
        let cluster = FakeCluster::default().and_failing(key(), failure);
        assert_eq!(lookup(&cluster), Err(expected));
        assert_eq!(cluster.lookups(), ["shop/api"]);
    }
}

#[test]
fn the_hosts_own_failures_are_told_apart_by_its_words_and_not_tried_again() {
    let unreachable = |reason: &str| LookupError::from(HostFailure::Unreachable(reason.to_owned()));
    let cases = [
        (NOT_GRANTED, HostFailure::NotGranted.into()),
        (CAPABILITY_DENIED, HostFailure::CapabilityDenied.into()),
        (NO_CLIENT, unreachable("kube::Client was not initialized properly")),
        (CHANNEL_FULL, unreachable(CHANNEL_FULL)),
        (
            "Policy has not been granted access to Kubernetes v1/Secret resources.",
            unreachable("Policy has not been granted access to Kubernetes v1/Secret resources."),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(told(Err(text)), (Err(expected.clone()), 1), "{text}");
        // As `wapc-guest` passes errors on.
        assert_eq!(told(Err(&format!("Host error: {text}"))), (Err(expected), 1), "{text}");
    }
}

#[test]
fn what_a_service_account_says_is_read_and_the_rest_ignored() {
    let nothing = ServiceAccount::default();
    let cases = [
        ("{}", nothing.clone()),
        (r#"{"annotations":null}"#, nothing.clone()),
        (
            r#"{"labels":{"azure.workload.identity/use":"true"}}"#,
            ServiceAccount { is_labelled: true, ..ServiceAccount::default() },
        ),
        (r#"{"annotations":{"other":"x"},"secrets":7}"#, nothing),
        (
            r#"{"annotations":{"azure.workload.identity/client-id":"","azure.workload.identity/tenant-id":null}}"#,
            ServiceAccount {
                client_id: Some(String::new()),
                tenant_id: Some(String::new()),
                ..ServiceAccount::default()
            },
        ),
        (
            r#"{"annotations":{
                "azure.workload.identity/client-id":"c",
                "azure.workload.identity/tenant-id":"t",
                "azure.workload.identity/service-account-token-expiration":"7200"}}"#,
            ServiceAccount {
                client_id: Some("c".to_owned()),
                tenant_id: Some("t".to_owned()),
                token_expiration: Some("7200".to_owned()),
                is_labelled: false,
            },
        ),
    ];
    for (metadata, expected) in cases {
        let mut metadata: Value = serde_json::from_str(metadata).expect("a case is JSON");
        metadata["name"] = json!("api");
        metadata["namespace"] = json!("shop");
        let object = json!({"kind": "ServiceAccount", "metadata": metadata, "secrets": 7}).to_string();
        assert_eq!(told(Ok(&object)).0, Ok(expected), "{object}");
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
        let (found, asked) = told(Ok(answer));
        assert_eq!(found, Err(HostFailure::Undecodable(expected.to_owned()).into()), "{answer}");
        assert_eq!(asked, 1, "{answer}");
    }
}
