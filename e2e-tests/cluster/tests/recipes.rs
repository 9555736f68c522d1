//! Our recipes against Kubewarden's own schema. Policies themselves are judged in the other files.

#![expect(clippy::print_stderr, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::env;

use cluster_tests::{
    control_plane::{ControlPlane, User},
    manifests::Manifests,
    webhooks::{ClusterAdmissionPolicy, policies_yml},
};
use common::*;
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
