//! Recorded pods, created for real where the policy replaces the webhook: what is stored is what the webhook's answer would have
//! been stored as.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common;

use std::collections::BTreeSet;

use cluster_tests::{api::Refusal, control_plane::ControlPlane, manifests::Manifests};
use common::*;
use e2e_tests::{
    kubewarden::{ClusterAdmissionPolicy, KUBEWARDEN_NAMESPACE},
    vectors::{Case, FILES, canonical},
};
use http::Method;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;
use serde_json::{Value, json};

/// How many pods in all, the versions taking turns.
const PODS: usize = 500;

/// A recorded case in a namespace of its own, and what its pod is to be stored as.
struct Prepared {
    case: Case,
    namespace: String,
    settings: Value,
    expected: Value,
}

#[test]
fn recorded_pods_are_stored_as_the_webhook_would_have_had_them_stored() {
    for (round, program) in programs().into_iter().enumerate() {
        let mut cluster = ControlPlane::shared().unwrap();
        let prepared = prepare(&cluster, round);
        assert_eq!(prepared.len(), PODS, "the API server accepts too few of the recorded pods");
        let recipe = Manifests::of_recipe(&cluster, "replace-webhook").unwrap();
        let inject = recipe.policies.iter().find(|policy| policy.spec.mutating).unwrap();
        let policies = prepared.iter().map(|it| policy_for(it, inject)).collect();
        let _server = cluster.install(&Manifests { policies, ..recipe.clone() }, &program).unwrap();

        let wrong: Vec<_> = prepared.iter().filter_map(|prepared| check(&cluster, prepared).err()).collect();

        let differences = prepared.iter().filter(|prepared| prepared.case.difference().is_some()).count();
        println!(
            "{program:?}: {} recorded pods stored, {} as upstream's, {differences} different on purpose, {} wrong",
            prepared.len(),
            prepared.len() - differences - wrong.len(),
            wrong.len()
        );
        assert!(wrong.is_empty(), "{} pods are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n"));
    }
}

/// The first cases of each version that are allowed and that the API server accepts. Each round has namespaces of its own, since
/// one that is deleted takes a while to go.
fn prepare(cluster: &ControlPlane, round: usize) -> Vec<Prepared> {
    let mut names = BTreeSet::new();
    let mut prepared = Vec::new();
    for (index, (version, layout)) in FILES.into_iter().enumerate() {
        let wanted = PODS * (index + 1) / FILES.len();
        for case in Case::read(version).unwrap() {
            if prepared.len() == wanted {
                break;
            }
            let Some(expected) = case.expected().and_then(|pod| as_stored(cluster, &case, pod)) else { continue };
            let namespace = format!("{}-{}-{round}", version.replace('.', "-"), case.id);
            assert!(names.insert(namespace.clone()));
            prepared.push(Prepared { settings: case.settings(layout), case, namespace, expected });
        }
    }
    prepared
}

/// What the API server makes of a pod where no policy is; nothing where it does not accept it.
fn as_stored(cluster: &ControlPlane, case: &Case, pod: Value) -> Option<Value> {
    create_service_accounts(cluster, case, KUBEWARDEN_NAMESPACE);
    create(cluster, KUBEWARDEN_NAMESPACE, "?dryRun=All", pod).ok()
}

fn create_service_accounts(cluster: &ControlPlane, case: &Case, namespace: &str) {
    let here = |account: &&Value| account["metadata"]["namespace"] == case.namespace;
    for account in case.service_accounts.iter().filter(here) {
        let mut account = account.clone();
        account["metadata"]["namespace"] = json!(namespace);
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
        cluster.api().put(&path, &account).unwrap();
    }
}

fn create(cluster: &ControlPlane, namespace: &str, query: &str, mut pod: Value) -> Result<Value, Refusal> {
    pod["metadata"]["namespace"] = json!(namespace);
    let path = format!("/api/v1/namespaces/{namespace}/pods{query}");
    cluster.api().request(Method::POST, &path, Some(&pod)).unwrap()
}

/// The recipe's policy with the settings of a case, for the namespace of the case only.
fn policy_for(prepared: &Prepared, inject: &ClusterAdmissionPolicy) -> ClusterAdmissionPolicy {
    let mut policy = inject.clone();
    policy.metadata.name.clone_from(&prepared.namespace);
    policy.spec.settings.clone_from(prepared.settings.as_object().unwrap());
    let here = LabelSelectorRequirement {
        key: "kubernetes.io/metadata.name".to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![prepared.namespace.clone()]),
    };
    policy.spec.namespace_selector.match_expressions.get_or_insert_default().push(here);
    policy
}

/// Creates the case's pod for real and compares what is stored.
fn check(cluster: &ControlPlane, prepared: &Prepared) -> Result<(), String> {
    let Prepared { case, namespace, expected, .. } = prepared;
    cluster.create_namespace(namespace).unwrap();
    create_service_accounts(cluster, case, namespace);
    let created = create(cluster, namespace, "", case.pod.clone());
    let created = created.map_err(|refusal| format!("{namespace}: {}", refusal.message))?;
    let name = created["metadata"]["name"].as_str().unwrap();
    let stored = cluster.api().get(&format!("/api/v1/namespaces/{namespace}/pods/{name}")).unwrap();

    let [ours, theirs] = [&stored, expected].map(|pod| comparable(pod, case));
    if ours == theirs {
        return Ok(());
    }
    let [ours, theirs] = [ours, theirs].map(|pod| serde_json::to_string_pretty(&pod).unwrap());
    let diff = similar::TextDiff::from_lines(&theirs, &ours);
    Err(format!("{namespace}:\n{}", diff.unified_diff().header("upstream", "ours")))
}

/// Without what no two pods have in common: when and where they were stored, and the volume with a random name that the API
/// server's ServiceAccount plugin adds (before webhooks are asked, and so in another place of the list).
fn comparable(pod: &Value, case: &Case) -> Value {
    let mut pod = pod.clone();
    let metadata = pod["metadata"].as_object_mut().unwrap();
    for name in ["creationTimestamp", "managedFields", "namespace", "resourceVersion", "uid"] {
        metadata.remove(name);
    }
    if case.pod["metadata"].get("generateName").is_some() {
        metadata.remove("name");
    }
    let spec = pod["spec"].as_object_mut().unwrap();
    let is_plugins = |entry: &Value| entry["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-"));
    let remove = |list: Option<&mut Value>| {
        list.and_then(Value::as_array_mut).into_iter().for_each(|list| list.retain(|entry| !is_plugins(entry)));
    };
    remove(spec.get_mut("volumes"));
    for containers in ["containers", "initContainers"] {
        for container in spec.get_mut(containers).and_then(Value::as_array_mut).into_iter().flatten() {
            remove(container.get_mut("volumeMounts"));
        }
    }
    canonical(pod)
}
