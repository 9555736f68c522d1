//! `azwi-check why` asks a real cluster, as a person with the ClusterRole of `deploy/rbac-why` and nothing else.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do; the answers are for whoever runs them with --nocapture"
)]

mod common;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread::sleep,
    time::Duration,
};

use cluster_tests::{
    control_plane::{ControlPlane, DEVELOPER, User},
    manifests::Manifests,
};
use common::*;
use e2e_tests::kubewarden::FailurePolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;
use serde::Deserialize as _;
use serde_json::{Value, json};
use xtask::Workspace;

/// What no answer may hold: it is the value of a variable in every pod here.
const SECRET: &str = "hunter2-of-the-shop";

/// The client id of another identity.
const OTHER_CLIENT: &str = "99999999-8888-4777-8666-555555555555";

/// The program, built once.
fn azwi_check() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let workspace = Workspace::locate().unwrap();
        workspace.cargo(&["build", "--locked", "--package=azwi-check"]).unwrap();
        workspace.target_directory().join("debug").join(format!("azwi-check{}", std::env::consts::EXE_SUFFIX))
    })
}

/// What `azwi-check why` printed.
struct Answer {
    code: i32,
    text: String,
}

impl Answer {
    /// Asserts that the answer has lines that hold these texts, in this order.
    #[track_caller]
    fn assert_says(&self, texts: &[&str]) {
        let mut lines = self.text.lines();
        for text in texts {
            assert!(
                lines.any(|line| line.contains(text)),
                "{text:?} is not in, or not after the others:\n{}",
                self.text
            );
        }
    }
}

/// Asks as the developer.
fn why(scenario: &Scenario, target: &str) -> Answer {
    let output = Command::new(azwi_check())
        .args(["why", target, "--namespace", &scenario.namespace])
        .env("KUBECTL", scenario.cluster.kubectl_program())
        .env("KUBECONFIG", scenario.cluster.kubeconfig(User::Developer))
        .env("KUBECACHEDIR", scenario.cluster.directory().join("developers-cache"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    for secret in [SECRET, User::Developer.token(), User::Admin.token(), "eyJ"] {
        assert!(!text.contains(secret), "{secret} is in the answer:\n{text}");
    }
    println!("$ azwi-check why {target} --namespace {}\n{text}", scenario.namespace);
    Answer { code: output.status.code().unwrap(), text }
}

/// A cluster with Kubewarden's kinds, a recipe, and the developer's role.
fn scenario(recipe: &str, change: impl FnOnce(Manifests, &str) -> Manifests) -> Scenario {
    let program = programs().pop().unwrap();
    let mut namespace = String::new();
    let mut scenario = Scenario::with(&program, |cluster| {
        namespace = new_namespace(cluster);
        change(Manifests::of_recipe(cluster, recipe).unwrap(), &namespace)
    });
    scenario.namespace = namespace;
    scenario.create("serviceaccounts", &service_account("web")).unwrap();
    // Stand-ins for Kubewarden's CRDs.
    let group = "policies.kubewarden.io";
    scenario.cluster.define_kind(group, "ClusterAdmissionPolicy", &["v1"], "Cluster", &json!({})).unwrap();
    scenario.cluster.define_kind(group, "AdmissionPolicy", &["v1"], "Namespaced", &json!({})).unwrap();
    let policies = policies_of(&scenario.cluster, recipe);
    scenario.cluster.apply(&policies).unwrap();
    grant(&mut scenario.cluster);
    scenario
}

/// The policies of a recipe as objects.
fn policies_of(cluster: &ControlPlane, recipe: &str) -> Vec<Value> {
    let rendered = cluster.kubectl(&["kustomize", &format!("deploy/{recipe}")], "").unwrap();
    let objects =
        yaml_serde::Deserializer::from_str(&rendered.stdout).map(|document| Value::deserialize(document).unwrap());
    objects.filter(|object| object["kind"] == "ClusterAdmissionPolicy").collect()
}

/// Gives the developer the role of `deploy/rbac-why`.
fn grant(cluster: &mut ControlPlane) {
    let mut granted = Manifests::of_recipe(cluster, "rbac-why").unwrap().others;
    granted.push(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "azwi-check-why"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "azwi-check-why"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": DEVELOPER}],
    }));
    cluster.apply(&granted).unwrap();
    cluster.settle().unwrap();
}

/// A pod with a secret among its variables.
fn with_secret(mut pod: Value) -> Value {
    pod["spec"]["containers"][0]["env"] = json!([{"name": "DATABASE_PASSWORD", "value": SECRET}]);
    pod
}

/// The pod of the service account `web` without the label.
fn unlabelled_pod(name: &str) -> Value {
    let mut pod = plain_pod(name);
    pod["spec"]["serviceAccountName"] = json!("web");
    pod
}

/// A Deployment whose pods ask for the identity of a service account.
fn deployment_of(name: &str, service_account: &str) -> Value {
    let mut template = with_secret(labelled_template(name));
    template["spec"]["serviceAccountName"] = json!(service_account);
    deployment(name, &template)
}

/// Waits until the Deployment says that its pods cannot be created.
fn wait_for_failure(scenario: &Scenario, name: &str) {
    let path = format!("/apis/apps/v1/namespaces/{}/deployments/{name}", scenario.namespace);
    scenario
        .cluster
        .wait_for("the failure of the Deployment", || {
            let stored = scenario.cluster.api().get(&path)?;
            Ok(stored["status"]["conditions"].to_string().contains("ReplicaFailure"))
        })
        .unwrap();
}

/// Waits until the pods of a Deployment are there.
fn wait_for_pods(scenario: &Scenario, name: &str) {
    let path = scenario.path(&format!("pods?labelSelector=app%3D{name}"));
    scenario
        .cluster
        .wait_for("the pods of the Deployment", || {
            Ok(scenario.cluster.api().get(&path)?["items"].as_array().is_some_and(|pods| pods.len() == 2))
        })
        .unwrap();
}

#[test]
fn pods_of_replace_webhook_are_explained() {
    let scenario = scenario("replace-webhook", |manifests, _| manifests);
    scenario.create("pods", &with_secret(labelled_pod("labelled", "web"))).unwrap();
    scenario.create("pods", &with_secret(unlabelled_pod("unlabelled"))).unwrap();
    assert_done(&scenario.kubectl_create(&[deployment_of("orders", "web")]));
    wait_for_pods(&scenario, "orders");
    let namespace = &scenario.namespace;

    let labelled = why(&scenario, "pod/labelled");
    assert_eq!(labelled.code, 0, "{}", labelled.text);
    labelled.assert_says(&[
        &format!("Pod {namespace}/labelled: nothing broken, but not all is known"),
        "✓ label ",
        &format!("✓ service-account       {namespace}/web"),
        &format!("azure.workload.identity/client-id: \"{CLIENT}\" (set at "),
        "✓ webhook               clusterwide-azure-workload-identity-inject selects the pod",
        "✓ injection             injected, with the layout of v1.6.1",
        &format!("container web: client id {CLIENT}, tenant id {TENANT}"),
        "✓ age                   the pod has the client id and tenant id of its service account",
        "issuer   https://oidc.example.com/cluster",
        &format!("subject  system:serviceaccount:{namespace}:web"),
        "audience api://AzureADTokenExchange",
    ]);

    let unlabelled = why(&scenario, "pod/unlabelled");
    assert_eq!(unlabelled.code, 1);
    unlabelled.assert_says(&[
        &format!("Pod {namespace}/unlabelled: broken at label"),
        "✗ label                 the pod does not ask for an identity  <- the first broken link",
        "add azure.workload.identity/use: \"true\" to the labels of the pod",
        "its objectSelector excludes the pod",
        "✗ injection             not injected",
    ]);

    let deployment = why(&scenario, "deploy/orders");
    assert_eq!(deployment.code, 0, "{}", deployment.text);
    deployment.assert_says(&["of Deployment orders", "another pod: orders-", "✓ injection"]);
}

#[test]
fn a_missing_service_account_is_named_where_no_pod_can_be_created() {
    let scenario = scenario("replace-webhook", |manifests, _| manifests);
    assert_done(&scenario.kubectl_create(&[deployment_of("orders", "ghost")]));
    wait_for_failure(&scenario, "orders");

    let answer = why(&scenario, "deployment/orders");

    assert_eq!(answer.code, 1);
    answer.assert_says(&[
        &format!("pod template of Deployment {}/orders: broken at service-account", scenario.namespace),
        "there is no pod; this is about the pod that the template makes",
        "cannot create pods: ",
        "✗ service-account       ",
        "it does not exist; create it, or name another in spec.serviceAccountName",
        "clusterwide-azure-workload-identity-inject will be called",
    ]);
}

#[test]
fn a_service_account_that_is_annotated_after_its_pods_is_seen() {
    let scenario = scenario("replace-webhook", |manifests, _| manifests);
    let plain = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "late"}});
    scenario.create("serviceaccounts", &plain).unwrap();
    assert_done(&scenario.kubectl_create(&[deployment_of("late", "late"), deployment_of("moved", "web")]));
    wait_for_pods(&scenario, "late");
    wait_for_pods(&scenario, "moved");

    let before = why(&scenario, "deploy/late");
    assert_eq!(before.code, 1);
    before.assert_says(&[
        ": broken at service-account",
        "it has no annotation azure.workload.identity/client-id, and a container sets no AZURE_CLIENT_ID",
        "$ kubectl annotate serviceaccount late ",
    ]);

    // Kubernetes keeps times in seconds.
    sleep(Duration::from_millis(1_100));
    for (account, client) in [("late", CLIENT), ("web", OTHER_CLIENT)] {
        let annotation = format!("azure.workload.identity/client-id={client}");
        assert_done(&scenario.kubectl(&["annotate", "--overwrite", "serviceaccount", account, &annotation], ""));
    }

    // The API server keeps no time for `late`, since it was created without fields that somebody owns.
    for (target, differs) in [
        ("deploy/late", "has no client id, the service account says".to_owned()),
        (
            "deploy/moved",
            format!("by kubectl-annotate, after the pod was created: container web has client id \"{CLIENT}\""),
        ),
    ] {
        let after = why(&scenario, target);
        assert_eq!(after.code, 1);
        after.assert_says(&[
            ": broken at age",
            "✓ injection ",
            "✗ age                   the service account was changed after the pod was created",
            &differs,
            "variables are set when a pod is created: restart it",
            "$ kubectl rollout restart deployment ",
        ]);
    }
}

#[test]
fn a_webhook_that_excludes_the_namespace_is_named_with_the_reason() {
    let scenario = scenario("replace-webhook", |manifests, namespace| {
        // Only the policy that injects, so that the pod is admitted without an identity.
        let mut manifests = manifests;
        manifests.policies.retain(|policy| policy.metadata.name.ends_with("-inject"));
        manifests.map_policies(|mut policy| {
            let excluded = LabelSelectorRequirement {
                key: "kubernetes.io/metadata.name".to_owned(),
                operator: "NotIn".to_owned(),
                values: Some(vec![namespace.to_owned()]),
            };
            policy.spec.namespace_selector.match_expressions.get_or_insert_default().push(excluded);
            policy
        })
    });
    scenario.create("pods", &with_secret(labelled_pod("excluded", "web"))).unwrap();

    let answer = why(&scenario, "pod/excluded");

    assert_eq!(answer.code, 1);
    answer.assert_says(&[
        ": broken at webhook",
        "✓ label ",
        "✗ webhook               no webhook that injects identities selects the pod  <- the first broken link",
        "clusterwide-azure-workload-identity-inject is not called: its namespaceSelector excludes the namespace",
        "✗ injection             not injected",
    ]);
}

#[test]
fn a_pod_that_was_created_while_the_webhook_was_unavailable_is_told_so() {
    let mut scenario = scenario("replace-webhook", |manifests, _| {
        manifests.map_policies(|mut policy| {
            policy.spec.failure_policy = FailurePolicy::Ignore;
            policy
        })
    });
    scenario.server.kill();
    scenario.create("pods", &with_secret(labelled_pod("missed", "web"))).unwrap();

    let answer = why(&scenario, "pod/missed");

    assert_eq!(answer.code, 1);
    answer.assert_says(&[
        ": broken at webhook",
        "clusterwide-azure-workload-identity-inject selects the pod now, but it was not injected",
        "has failurePolicy Ignore: the pod may have been created while the webhook was unavailable",
        "delete the pod and create it again: no controller does it",
    ]);
}

/// The webhook of AKS is not there, so its guard rejects the pods, and nothing injects.
#[test]
fn guard_aks_without_the_webhook_is_explained() {
    let scenario = scenario("guard-aks", |manifests, _| manifests);
    assert_done(&scenario.kubectl_create(&[deployment_of("orders", "web")]));
    wait_for_failure(&scenario, "orders");

    let answer = why(&scenario, "deploy/orders");

    assert_eq!(answer.code, 1);
    answer.assert_says(&[
        ": broken at webhook",
        "cannot create pods: admission webhook \"clusterwide-azure-workload-identity-guard.kubewarden.admission\" denied",
        "✗ webhook               no mutating webhook injects identities  <- the first broken link",
        "neither Microsoft's webhook nor a policy that injects is installed",
        "az aks update --enable-oidc-issuer --enable-workload-identity",
    ]);
}

#[test]
fn the_role_is_all_that_a_person_needs_and_without_it_the_answer_says_what_is_not_allowed() {
    let scenario = scenario("replace-webhook", |manifests, _| manifests);
    scenario.create("pods", &with_secret(labelled_pod("web", "web"))).unwrap();
    let may = |verb: &str, resource: &str| {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let (user, subresource) = (format!("--as={DEVELOPER}"), format!("--subresource={subresource}"));
        scenario.kubectl(&["auth", "can-i", verb, resource, &subresource, &user], "").stdout.trim() == "yes"
    };
    for (verb, resource) in [
        ("get", "secrets"),
        ("list", "secrets"),
        ("create", "serviceaccounts/token"),
        ("get", "pods/log"),
        ("create", "pods/exec"),
        ("delete", "pods"),
        ("get", "configmaps"),
        ("patch", "serviceaccounts"),
    ] {
        assert!(!may(verb, resource), "the role allows to {verb} {resource}");
    }
    assert!(may("get", "pods"));
    let whole = why(&scenario, "pod/web");
    assert_eq!(whole.code, 0, "{}", whole.text);
    assert!(!whole.text.contains("RBAC"), "{}", whole.text);

    assert_done(&scenario.cluster.kubectl(&["delete", "clusterrolebinding", "azwi-check-why"], "").unwrap());
    scenario.cluster.settle().unwrap();
    let refused = why(&scenario, "pod/web");

    assert_eq!(refused.code, 2);
    refused.assert_says(&["RBAC"]);
}
