//! Guard beside Microsoft's webhook: what that webhook would have made passes, what later webhooks break is caught.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common;

use std::net::SocketAddr;

use axum::{Json, Router, routing::post};
use azure_workload_identity_policy::rule::RuleId;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use cluster_tests::{
    api::Refusal,
    control_plane::{ControlPlane, free_port},
    https::{self, Identity},
    manifests::Manifests,
};
use common::*;
use e2e_tests::{
    kubewarden::KUBEWARDEN_NAMESPACE,
    vectors::{Case, FILES},
};
use http::Method;
use serde_json::{Value, json};

/// How many recorded pods of each version the guard must let pass.
const PODS: usize = 60;

#[test]
fn pods_of_every_layout_of_the_webhook_pass() {
    for program in programs() {
        let scenario = Scenario::with_recipe("guard-aks", &program);
        for (version, _) in FILES {
            let name = version.replace('.', "-");

            let created = scenario.kubectl_create(&[injected_pod(version, &name)]);

            assert_done(&created);
            assert_eq!(created.stderr, "", "{version}");
        }
    }
}

/// The recorded pods are made to provoke the webhook, so other rules have much to say about them.
#[test]
fn recorded_pods_that_the_webhook_mutated_count_as_injected() {
    for program in programs() {
        let scenario = Scenario::with(&program, |cluster| {
            let manifests = Manifests::of_recipe(cluster, "guard-aks").unwrap();
            manifests.map_policies(|mut policy| {
                let rules = RuleId::ALL.map(RuleId::name).into_iter();
                let others = rules.filter(|rule| !["injection-missing", "container-not-injected"].contains(rule));
                let mut rules: serde_json::Map<_, _> = others.map(|rule| (rule.to_owned(), json!("off"))).collect();
                rules.insert("container-not-injected".to_owned(), json!("deny"));
                policy.spec.settings.insert("rules".to_owned(), rules.into());
                policy
            })
        });
        let mut denials = Vec::new();
        for (version, layout) in FILES {
            let mut passed = 0;
            for case in Case::read(version).unwrap().iter().filter(|case| is_as_on_aks(case, layout)) {
                let Some(pod) = case.expected() else { continue };
                // No policy judges pods there, so this tells which ones the API server accepts at all.
                create_service_accounts(&scenario.cluster, case, KUBEWARDEN_NAMESPACE);
                if try_create(&scenario.cluster, KUBEWARDEN_NAMESPACE, &pod).is_err() {
                    continue;
                }
                // One namespace a case: a service account may be remembered for some seconds.
                let namespace = new_namespace(&scenario.cluster);
                create_service_accounts(&scenario.cluster, case, &namespace);
                if let Err(denial) = try_create(&scenario.cluster, &namespace, &pod) {
                    denials.push(format!("{version} {}: {}", case.id, denial.message));
                }
                passed += 1;
                if passed == PODS {
                    break;
                }
            }
            assert_eq!(passed, PODS, "too few pods of {version} that the API server accepts");
        }
        assert!(denials.is_empty(), "{}", denials.join("\n"));
    }
}

#[test]
fn a_pod_that_the_webhook_missed_is_denied() {
    for program in programs() {
        let scenario = Scenario::with_recipe("guard-aks", &program);

        let created = scenario.kubectl_create(&[labelled_pod("web", "web")]);

        assert!(!created.success);
        assert!(created.stderr.contains("- injection-missing: "), "{}", created.stderr);
    }
}

#[test]
fn a_sidecar_that_a_later_webhook_adds_is_caught() {
    for program in programs() {
        for strict in [false, true] {
            let mut scenario = Scenario::with(&program, |cluster| {
                let manifests = Manifests::of_recipe(cluster, "guard-aks").unwrap();
                manifests.map_policies(|mut policy| {
                    if strict {
                        policy.spec.settings.insert("preset".to_owned(), json!("strict"));
                    }
                    policy
                })
            });
            let sidecar = json!({"name": "mesh", "image": "registry.example.com/mesh:1"});
            let patch = json!([{"op": "add", "path": "/spec/containers/-", "value": sidecar}]);
            install_later_webhook(&mut scenario.cluster, patch);

            let created = scenario.kubectl_create(&[injected_pod("v1.6.1", "web")]);

            assert_eq!(created.success, !strict, "{}", created.stderr);
            let start = if strict { "- container-not-injected: " } else { "Warning: container-not-injected: " };
            let line = created.stderr.lines().find(|line| line.starts_with(start));
            assert!(line.is_some_and(|line| line.contains("mesh")), "{}", created.stderr);
        }
    }
}

#[test]
fn a_token_that_a_later_webhook_takes_away_is_caught() {
    for program in programs() {
        let mut scenario = Scenario::with_recipe("replace-webhook", &program);
        let patch = json!([
            {"op": "replace", "path": "/spec/volumes", "value": []},
            {"op": "replace", "path": "/spec/containers/0/volumeMounts", "value": []},
        ]);
        install_later_webhook(&mut scenario.cluster, patch);

        let created = scenario.kubectl_create(&[labelled_pod("web", "web")]);

        assert!(!created.success);
        assert!(created.stderr.contains("- injection-missing: "), "{}", created.stderr);
    }
}

/// Installs a webhook that is called after all of Kubewarden's and applies a patch to every labelled pod.
fn install_later_webhook(cluster: &mut ControlPlane, patch: Value) {
    let identity = Identity::generate().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "zz-mesh"},
        "webhooks": [{
            "name": "mesh.example.com",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": format!("https://{address}/"), "caBundle": identity.ca_bundle()},
            "objectSelector": {"matchLabels": {"azure.workload.identity/use": "true"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            "sideEffects": "None",
        }],
    });
    cluster.runtime().spawn(async move {
        let patch = BASE64_STANDARD.encode(patch.to_string());
        let answer = async move |Json(review): Json<Value>| {
            let response =
                json!({"uid": review["request"]["uid"], "allowed": true, "patchType": "JSONPatch", "patch": patch});
            Json(json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}))
        };
        https::serve(address, &identity, Router::new().route("/", post(answer))).await.unwrap();
    });
    cluster.install_configuration(&configuration).unwrap();
}

/// A well-formed pod of service account `web` as the webhook of a release leaves it.
fn injected_pod(version: &str, name: &str) -> Value {
    let (volume, mount_path, path) = match version {
        "v1.5.1" => ("azure-identity-token", "/var/run/secrets/azure/tokens", "azure-identity-token"),
        "v1.6.0" => (
            "azure-workload-identity-reserved-2fd26d113a0de77fef4f8c08e23a4e",
            "/var/run/secrets/azure/wi",
            "token/azure-identity-token",
        ),
        _ => (
            "azure-workload-identity-reserved-2fd26d113a0de77fef4f8c08e23a4e",
            "/var/run/secrets/azure/wi/2fd26d113a0de77fef4f8c08e23a4e",
            "token/azure-identity-token",
        ),
    };
    let mut pod = labelled_pod(name, "web");
    pod["spec"]["containers"][0]["env"] = json!([
        {"name": "AZURE_CLIENT_ID", "value": CLIENT},
        {"name": "AZURE_TENANT_ID", "value": TENANT},
        {"name": "AZURE_FEDERATED_TOKEN_FILE", "value": format!("{mount_path}/{path}")},
        {"name": "AZURE_AUTHORITY_HOST", "value": "https://login.microsoftonline.com/"},
    ]);
    pod["spec"]["containers"][0]["volumeMounts"] = json!([{"name": volume, "mountPath": mount_path, "readOnly": true}]);
    let token = json!({"audience": "api://AzureADTokenExchange", "expirationSeconds": 3600, "path": path});
    pod["spec"]["volumes"] =
        json!([{"name": volume, "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": token}]}}]);
    pod
}

/// The service accounts that the webhook could have looked up.
fn service_accounts(case: &Case) -> impl Iterator<Item = &Value> {
    case.service_accounts.iter().filter(|account| account["metadata"]["namespace"] == case.namespace)
}

/// Whether the webhook was configured as AKS configures it, where the guard looks for tokens for Entra, and injected a token: up to
/// v1.5 it makes do with any that the pod brings along, of another name or for somebody else, which the guard rightly denies. It
/// keeps the pod's own `AZURE_FEDERATED_TOKEN_FILE` too, whose generated values name no file.
fn is_as_on_aks(case: &Case, layout: &str) -> bool {
    let inject = &case.settings(layout)["inject"];
    let spec = &case.pod["spec"];
    let brings_a_token = spec["volumes"].to_string().contains("azure-identity-token");
    let names_a_file = spec.to_string().contains("AZURE_FEDERATED_TOKEN_FILE");
    inject.get("audience").is_none() && inject.get("identityBinding").is_none() && !brings_a_token && !names_a_file
}

/// Creates a case's service accounts in a namespace.
fn create_service_accounts(cluster: &ControlPlane, case: &Case, namespace: &str) {
    for account in service_accounts(case) {
        let mut account = account.clone();
        account["metadata"]["namespace"] = json!(namespace);
        cluster.api().put(&format!("/api/v1/namespaces/{namespace}/serviceaccounts"), &account).unwrap();
    }
}

/// Asks the API server whether it would take a pod.
fn try_create(cluster: &ControlPlane, namespace: &str, pod: &Value) -> Result<Value, Refusal> {
    let mut pod = pod.clone();
    pod["metadata"]["namespace"] = json!(namespace);
    let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All");
    cluster.api().request(Method::POST, &path, Some(&pod)).unwrap()
}
