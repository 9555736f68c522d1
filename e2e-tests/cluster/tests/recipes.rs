//! Our recipes against Kubewarden's own schema. Policies themselves are judged in the other files.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod common;

use std::env;

use cluster_tests::{
    control_plane::{ControlPlane, User},
    manifests::Manifests,
    webhooks::policies_yml,
};
use common::*;
use e2e_tests::kubewarden::{ClusterAdmissionPolicy, FailurePolicy};
use http::Method;
use serde_json::{Value, json};

const RECIPES: [&str; 3] = ["guard-aks", "replace-webhook", "audit-only"];

/// Installs Kubewarden's CRDs; says so where they are not at hand.
fn install_crds(cluster: &ControlPlane) -> bool {
    let Some(directory) = env::var_os("KUBEWARDEN_CRDS") else {
        eprintln!("skipped: recipes against Kubewarden's CRDs; KUBEWARDEN_CRDS names no directory of them");
        return false;
    };
    let directory = directory.into_string().unwrap();
    assert_done(&cluster.kubectl(&["apply", "--server-side", "--filename", &directory], "").unwrap());
    let wait = ["wait", "--for=condition=Established", "--timeout=60s", "customresourcedefinition", "--all"];
    assert_done(&cluster.kubectl(&wait, "").unwrap());
    true
}

#[test]
fn recipes_are_accepted_by_kubewardens_own_schema_without_a_warning() {
    let cluster = ControlPlane::shared().unwrap();
    if !install_crds(&cluster) {
        return;
    }
    for recipe in RECIPES {
        let directory = format!("deploy/{recipe}");
        let apply = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "--kustomize", &directory];

        let applied = cluster.kubectl(&apply, "").unwrap();

        assert_done(&applied);
        assert_eq!(applied.stderr, "");
        let policies = applied.stdout.matches("clusteradmissionpolicy.policies.kubewarden.io/").count();
        assert_eq!(policies, Manifests::of_recipe(&cluster, recipe).unwrap().policies.len());
    }
}

/// So that the other tests install what the controller would: it reads what is stored.
#[test]
fn defaults_of_the_schema_change_nothing_about_our_policies() {
    let cluster = ControlPlane::shared().unwrap();
    if !install_crds(&cluster) {
        return;
    }
    for recipe in RECIPES {
        let directory = format!("deploy/{recipe}");
        assert_done(&cluster.kubectl(&["apply", "--server-side", "--kustomize", &directory], "").unwrap());
        for policy in Manifests::of_recipe(&cluster, recipe).unwrap().policies {
            let path = "/apis/policies.kubewarden.io/v1/clusteradmissionpolicies";
            let stored = cluster.api().get(&format!("{path}/{}", policy.metadata.name)).unwrap();
            let stored: ClusterAdmissionPolicy = serde_json::from_value(stored).unwrap();

            assert_eq!(stored.webhook_configuration(), policy.webhook_configuration());
            assert_eq!(policies_yml(&[stored]), policies_yml(&[policy]));
        }
        assert_done(&cluster.kubectl(&["delete", "--wait=false", "--kustomize", &directory], "").unwrap());
    }
}

/// A request, and the policies of [`RECIPES`] that it needs an answer of; the names without what they have in common.
struct Judged {
    what: &'static str,
    method: Method,
    /// `NAMESPACE` stands for one that is nobody's.
    path: &'static str,
    object: Value,
    by: [Option<&'static str>; 3],
}

const PODS: &str = "/api/v1/namespaces/NAMESPACE/pods";
const SYSTEM_PODS: &str = "/api/v1/namespaces/kube-system/pods";
const SERVICE_ACCOUNTS: &str = "/api/v1/namespaces/NAMESPACE/serviceaccounts";

/// The table of `docs/install.md`.
fn judged() -> Vec<Judged> {
    const NOBODY: [Option<&str>; 3] = [None; 3];
    const UNLABELLED: [Option<&str>; 3] = [Some("unlabelled"), Some("unlabelled"), Some("unlabelled-audit")];
    const CHECKS: [Option<&str>; 3] = [Some("checks"), Some("checks"), Some("checks-audit")];
    let post = |what, path, object, by| Judged { what, method: Method::POST, path, object, by };
    let put = |what, path, object, by| Judged { what, method: Method::PUT, path, object, by };
    let with = |mut pod: Value, pointer: &str, value: Value| {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let name = name.replace("~1", "/");
        pod.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name, value);
        pod
    };
    let labelled = || labelled_pod("new", "web");
    let account = || with(plain_pod("new"), "/spec/serviceAccountName", json!("web"));
    let annotated = |pod, annotation: &str| with(pod, "/metadata/annotations", json!({annotation: "1"}));
    let token = json!({"serviceAccountToken": {"audience": "api://AzureADTokenExchange", "path": "token"}});
    let mirror = with(plain_pod("new"), "/metadata/labels", json!({"azure.workload.identity/use": "true"}));
    let mirror = with(annotated(mirror, "kubernetes.io/config.mirror"), "/spec/nodeName", json!("node"));
    let selector = json!({"matchLabels": {"app": "web"}});
    let replica_set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "new"},
        "spec": {"selector": selector, "template": labelled_template("web")},
    });
    let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "1", "controller": true}]);
    let plain_account = |name| json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
    let debug = json!([{"name": "debug", "image": "registry.example.com/debug:1"}]);
    let config_map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new"}});

    vec![
        post("a pod with the label", PODS, labelled(), [Some("guard"), Some("inject"), Some("guard-audit")]),
        post("the same in kube-system", SYSTEM_PODS, labelled(), [None, Some("inject"), None]),
        post("a pod of a service account other than default", PODS, account(), UNLABELLED),
        post("the same in kube-system", SYSTEM_PODS, account(), [None, Some("unlabelled"), None]),
        post(
            "a pod with another value of the label",
            PODS,
            with(plain_pod("new"), "/metadata/labels", json!({"azure.workload.identity/use": "True"})),
            UNLABELLED,
        ),
        post(
            "a pod with another annotation of workload identity",
            PODS,
            annotated(plain_pod("new"), "azure.workload.identity/inject-proxy-sidecar"),
            UNLABELLED,
        ),
        post(
            "a pod that brings a token for others than the API server",
            PODS,
            with(plain_pod("new"), "/spec/volumes", json!([{"name": "token", "projected": {"sources": [token]}}])),
            UNLABELLED,
        ),
        post("any other pod", PODS, plain_pod("new"), NOBODY),
        post("any other pod of kube-system", SYSTEM_PODS, plain_pod("new"), NOBODY),
        post("a static pod of a node", PODS, mirror, NOBODY),
        post("a pod in the namespace of Kubewarden", "/api/v1/namespaces/kubewarden/pods", labelled(), NOBODY),
        put(
            "a debug container",
            "/api/v1/namespaces/NAMESPACE/pods/old/ephemeralcontainers",
            with(labelled_pod("old", "web"), "/spec/ephemeralContainers", debug),
            CHECKS,
        ),
        post(
            "a Deployment",
            "/apis/apps/v1/namespaces/NAMESPACE/deployments",
            deployment("new", &labelled_template("new")),
            CHECKS,
        ),
        post("a ReplicaSet", "/apis/apps/v1/namespaces/NAMESPACE/replicasets", replica_set.clone(), CHECKS),
        post(
            "one that a controller makes",
            "/apis/apps/v1/namespaces/NAMESPACE/replicasets",
            with(replica_set, "/metadata/ownerReferences", owner),
            NOBODY,
        ),
        post(
            "a service account with an annotation of workload identity",
            SERVICE_ACCOUNTS,
            service_account("new"),
            CHECKS,
        ),
        put("one that loses it", "/api/v1/namespaces/NAMESPACE/serviceaccounts/web", plain_account("web"), CHECKS),
        post("any other service account", SERVICE_ACCOUNTS, plain_account("new"), NOBODY),
        put(
            "a pod that changes",
            "/api/v1/namespaces/NAMESPACE/pods/old",
            annotated(labelled_pod("old", "web"), "azure.workload.identity/inject-proxy-sidecar"),
            NOBODY,
        ),
        Judged {
            what: "a pod that goes",
            method: Method::DELETE,
            path: "/api/v1/namespaces/NAMESPACE/pods/old",
            object: json!({"apiVersion": "v1", "kind": "DeleteOptions", "dryRun": ["All"]}),
            by: NOBODY,
        },
        post("another kind", "/api/v1/namespaces/NAMESPACE/configmaps", config_map, NOBODY),
    ]
}

/// All policies fail closed here and nobody answers, so what they have a say in is refused, in the name of one that has.
#[test]
fn each_request_is_judged_by_the_policy_that_the_documentation_names() {
    let program = programs().remove(0);
    for (index, recipe) in RECIPES.into_iter().enumerate() {
        let namespace = {
            let cluster = ControlPlane::shared().unwrap();
            let namespace = new_namespace(&cluster);
            for namespace in [&namespace, "kube-system", "kubewarden"] {
                let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
                cluster.api().put(&accounts, &service_account("web")).unwrap();
            }
            cluster.api().create(&PODS.replace("NAMESPACE", &namespace), &labelled_pod("old", "web")).unwrap();
            namespace
        };
        let mut scenario = Scenario::with(&program, |cluster| {
            Manifests::of_recipe(cluster, recipe).unwrap().map_policies(|mut policy| {
                policy.spec.failure_policy = FailurePolicy::Fail;
                policy
            })
        });
        scenario.server.kill();
        for Judged { what, method, path, mut object, by } in judged() {
            let path = format!("{}?dryRun=All", path.replace("NAMESPACE", &namespace));
            if method == Method::PUT {
                let stored = scenario.cluster.api().get(path.trim_end_matches("?dryRun=All")).unwrap();
                object = changed(stored, &object);
            }

            let answer = scenario.cluster.api().request(method, &path, Some(&object)).unwrap();

            let expected = by.into_iter().nth(index).unwrap();
            let actual = answer.as_ref().err().map(|refusal| refusal.message.as_str());
            let webhook = |name| {
                format!("failed calling webhook \"clusterwide-azure-workload-identity-{name}.kubewarden.admission\"")
            };
            match (expected, actual) {
                (None, None) => {}
                (Some(name), Some(text)) if text.contains(&webhook(name)) => {}
                _ => panic!("{recipe}: {what}: judged by {expected:?} according to the documentation, but: {actual:?}"),
            }
        }
    }
}

/// What is stored, with the annotations and the debug containers of another.
fn changed(mut stored: Value, other: &Value) -> Value {
    stored["metadata"]["annotations"] = other["metadata"]["annotations"].clone();
    if let Some(containers) = other.pointer("/spec/ephemeralContainers") {
        stored["spec"]["ephemeralContainers"] = containers.clone();
    }
    stored
}

/// What policy-server may do with a recipe, and no more.
#[test]
fn recipes_let_policy_server_read_service_accounts_and_nothing_else() {
    for recipe in RECIPES {
        let mut cluster = ControlPlane::shared().unwrap();
        let may = |cluster: &ControlPlane, verb: &str, resource: &str| {
            let kubeconfig = cluster.kubeconfig(User::PolicyServer).display().to_string();
            let question = ["auth", "can-i", verb, resource, "--all-namespaces", "--kubeconfig", &kubeconfig];
            cluster.kubectl(&question, "").unwrap().stdout == "yes\n"
        };
        assert!(!may(&cluster, "get", "serviceaccounts"));
        let manifests = Manifests::of_recipe(&cluster, recipe).unwrap();

        cluster.apply(&manifests.others).unwrap();
        cluster.settle().unwrap();

        assert!(may(&cluster, "get", "serviceaccounts"), "{recipe}");
        for (verb, resource) in [
            ("list", "serviceaccounts"),
            ("watch", "serviceaccounts"),
            ("get", "secrets"),
            ("get", "pods"),
            ("update", "serviceaccounts"),
        ] {
            assert!(!may(&cluster, verb, resource), "{recipe}: {verb} {resource}");
        }
        let kinds: Vec<_> = manifests.others.iter().map(|object: &Value| object["kind"].clone()).collect();
        assert_eq!(kinds, [json!("ClusterRole"), json!("ClusterRoleBinding")]);
    }
}
