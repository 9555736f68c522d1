//! Requests of any size, with what the policy needs to decide them: what its cost is measured with.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::request::AdmissionRequest;

/// The settings under which the requests are decided.
pub fn settings() -> Value {
    json!({"inject": {"tenantId": "11111111-2222-3333-4444-555555555555"}})
}

/// The service account of labelled pods.
pub fn service_account() -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
        "name": "web", "namespace": "shop",
        "annotations": {"azure.workload.identity/client-id": "66666666-7777-8888-9999-000000000000"}}})
}

/// The creation of a pod that makes the request about `size` bytes long: variables and, every so many, another container.
///
/// # Errors
/// When the request cannot be written.
pub fn request(size: usize, labelled: bool) -> Result<AdmissionRequest> {
    let mut request = AdmissionRequest::create(pod(labelled, &[container(0)]))?;
    let mut containers = vec![container(0)];
    let mut number = 0;
    while serde_json::to_vec(&request)?.len() < size {
        number += 1;
        if number % 60 == 0 {
            containers.push(full_container(containers.len()));
        }
        let last = containers.last_mut().and_then(|container| container.get_mut("env")).and_then(Value::as_array_mut);
        last.context("the container has no variables")?.push(variable(number));
        request.object = Some(pod(labelled, &containers));
    }
    Ok(request)
}

fn pod(labelled: bool, containers: &[Value]) -> Value {
    let mut labels = json!({"app.kubernetes.io/name": "web", "pod-template-hash": "7c9d8f7b6c"});
    if labelled && let Some(labels) = labels.as_object_mut() {
        labels.insert("azure.workload.identity/use".to_owned(), json!("true"));
    }
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "web-7c9d8f7b6c-",
            "namespace": "shop",
            "labels": labels,
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-7c9d8f7b6c", "controller": true,
                "uid": "0b8f1e9c-54f2-4b0e-8b0c-6f3f0e2c7d11",
            }],
        },
        "spec": {
            "serviceAccountName": if labelled { "web" } else { "default" },
            "containers": containers,
        },
    })
}

fn container(number: usize) -> Value {
    json!({"name": format!("container-{number}"), "image": "registry.example.com/shop/web:2.14.1", "env": []})
}

fn full_container(number: usize) -> Value {
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10});
    json!({
        "name": format!("container-{number}"),
        "image": "registry.example.com/shop/web:2.14.1",
        "args": ["--listen", ":8080", "--log-format=json"],
        "env": [],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "livenessProbe": probe,
        "readinessProbe": probe,
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{
            "name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true,
        }],
    })
}

/// Values and references take turns, as in real pods.
fn variable(number: usize) -> Value {
    let name = format!("SERVICE_SETTING_{number}");
    if number.is_multiple_of(3) {
        let key = format!("setting-{number}");
        json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": "web-settings", "key": key}}})
    } else {
        json!({"name": name, "value": format!("https://service-{number}.shop.svc.cluster.local:8443/api")})
    }
}
