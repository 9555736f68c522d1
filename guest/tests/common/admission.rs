//! Admission requests as JSON, and what the policy answers to them.

use azure_workload_identity_guest::{HostCluster, validate};
use fake_cluster::FakeCluster;
use serde_json::{Value, json};

/// A client id as Entra ID gives them.
pub(crate) const CLIENT_ID: &str = "97335aad-fb4e-4a1f-b5bc-3463ea695687";

/// A cluster in which service account `shop/api` has a client id.
pub(crate) fn annotated() -> FakeCluster {
    annotated_as("shop", "api")
}

/// A cluster in which this service account has a client id.
pub(crate) fn annotated_as(namespace: &str, name: &str) -> FakeCluster {
    let annotations = json!({"azure.workload.identity/client-id": CLIENT_ID});
    FakeCluster::default().and_service_account(namespace, name, &annotations)
}

/// A pod `web` of the service account `api`, with the label, these annotations and these members of its spec.
pub(crate) fn pod(annotations: &Value, spec: &Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": "web", "labels": {"azure.workload.identity/use": "true"}, "annotations": annotations},
        "spec": {"serviceAccountName": "api", "containers": [{"name": "web"}]},
    });
    for (key, value) in spec.as_object().into_iter().flatten() {
        pod["spec"][key] = value.clone();
    }
    pod
}

/// The creation of a pod in namespace `shop`.
pub(crate) fn creation(pod: &Value) -> Value {
    json!({"operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "shop", "object": pod})
}

/// What the policy answers to a request under these settings.
pub(crate) fn answer_to(request: &Value, settings: &Value, cluster: &FakeCluster) -> Vec<u8> {
    answer(json!({"request": request, "settings": settings}).to_string().as_bytes(), cluster)
}

/// What the policy answers to the payload of the host's call `validate`.
pub(crate) fn answer(payload: &[u8], cluster: &FakeCluster) -> Vec<u8> {
    validate(payload, &HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload)))
}
