//! What the scenarios have in common.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]
#![allow(dead_code, reason = "no file of scenarios needs all of it")]

use std::{
    fs,
    path::Path,
    sync::{
        MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
};

use cluster_tests::{
    control_plane::{ControlPlane, Kubectl, WORKSPACE},
    manifests::Manifests,
    server::{Program, Server},
};
use serde_json::{Value, json};

/// The tenant of our service accounts.
pub(crate) const TENANT: &str = "11111111-2222-3333-4444-555555555555";
/// The client id of our service accounts.
pub(crate) const CLIENT: &str = "6f0a3f5d-8f5e-4b3e-9d0b-7c1d2e3f4a5b";

/// What each scenario is run with.
pub(crate) fn programs() -> Vec<Program> {
    Program::all(env!("CARGO_BIN_EXE_admission-server"))
}

/// Each recipe with each of the programs.
pub(crate) fn each(recipes: &[&'static str]) -> Vec<(&'static str, Program)> {
    let with_programs =
        |recipe: &&'static str| programs().into_iter().map(|program| (*recipe, program)).collect::<Vec<_>>();
    recipes.iter().flat_map(with_programs).collect()
}

/// A cluster in which a recipe is installed, with a namespace of its own and service account `web` in it.
pub(crate) struct Scenario {
    pub(crate) server: Server,
    pub(crate) cluster: MutexGuard<'static, ControlPlane>,
    pub(crate) manifests: Manifests,
    pub(crate) namespace: String,
}

impl Scenario {
    /// Installs a recipe as it is.
    pub(crate) fn with_recipe(name: &str, program: &Program) -> Self {
        Self::with(program, |cluster| Manifests::of_recipe(cluster, name).unwrap())
    }

    /// Installs manifests.
    pub(crate) fn with(program: &Program, manifests: impl FnOnce(&ControlPlane) -> Manifests) -> Self {
        let mut cluster = ControlPlane::shared().unwrap();
        let manifests = manifests(&cluster);
        let server = cluster.install(&manifests, program).unwrap();
        let namespace = new_namespace(&cluster);
        let scenario = Self { server, cluster, manifests, namespace };
        scenario.create("serviceaccounts", &service_account("web")).unwrap();
        scenario
    }

    /// The path of a resource of the core group in the scenario's namespace.
    pub(crate) fn path(&self, resource: &str) -> String {
        format!("/api/v1/namespaces/{}/{resource}", self.namespace)
    }

    /// Creates an object of the core group; the error is the API server's text.
    pub(crate) fn create(&self, resource: &str, object: &Value) -> Result<Value, String> {
        let answer = self.cluster.api().request(http::Method::POST, &self.path(resource), Some(object)).unwrap();
        answer.map_err(|refusal| refusal.message)
    }

    /// What is stored.
    pub(crate) fn stored(&self, resource: &str, name: &str) -> Value {
        self.cluster.api().get(&self.path(&format!("{resource}/{name}"))).unwrap()
    }

    /// `kubectl create` of objects in the scenario's namespace.
    pub(crate) fn kubectl_create(&self, objects: &[Value]) -> Kubectl {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
        self.kubectl(&["create", "--filename=-"], &list)
    }

    /// kubectl in the scenario's namespace.
    pub(crate) fn kubectl(&self, arguments: &[&str], input: &str) -> Kubectl {
        let namespace = format!("--namespace={}", self.namespace);
        self.cluster.kubectl(&[arguments, &[&namespace]].concat(), input).unwrap()
    }
}

/// A recipe with the component for federated credentials.
pub(crate) fn with_federated_credentials(cluster: &ControlPlane, recipe: &str) -> Manifests {
    let directory = cluster.directory().join("federated-credentials");
    fs::create_dir_all(&directory).unwrap();
    let directory = directory.canonicalize().unwrap();
    // Kustomize takes no absolute paths.
    let up = "../".repeat(directory.components().count() - 1);
    let deploy = Path::new(WORKSPACE).join("deploy").canonicalize().unwrap();
    let deploy = format!("{up}{}", deploy.strip_prefix("/").unwrap().display());
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [format!("{deploy}/{recipe}")],
        "components": [format!("{deploy}/federated-credentials")],
    });
    fs::write(directory.join("kustomization.yaml"), kustomization.to_string()).unwrap();
    let rendered = cluster.kubectl(&["kustomize", &directory.display().to_string()], "").unwrap();
    assert_done(&rendered);
    Manifests::from_yaml(&rendered.stdout).unwrap()
}

/// A namespace that no other scenario of the process uses.
pub(crate) fn new_namespace(cluster: &ControlPlane) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let name = format!("shop-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    cluster.create_namespace(&name).unwrap();
    name
}

/// A service account with an identity.
pub(crate) fn service_account(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": name,
            "annotations": {"azure.workload.identity/client-id": CLIENT, "azure.workload.identity/tenant-id": TENANT},
        },
    })
}

/// A pod that asks for the identity of its service account.
pub(crate) fn labelled_pod(name: &str, service_account: &str) -> Value {
    let mut pod = plain_pod(name);
    pod["metadata"]["labels"] = json!({"azure.workload.identity/use": "true"});
    pod["spec"]["serviceAccountName"] = json!(service_account);
    pod
}

/// A pod that has nothing to do with identities.
pub(crate) fn plain_pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
    })
}

/// A pod template of service account `web` that asks for its identity.
pub(crate) fn labelled_template(app: &str) -> Value {
    let pod = labelled_pod("unused", "web");
    let mut labels = pod["metadata"]["labels"].clone();
    labels["app"] = json!(app);
    json!({"metadata": {"labels": labels}, "spec": pod["spec"]})
}

/// A Deployment of a pod template.
pub(crate) fn deployment(name: &str, template: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template},
    })
}

/// Whether a pod has a token volume of upstream's newest layout, and each container its mount and the variables.
pub(crate) fn is_injected(pod: &Value) -> bool {
    let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
    let mut tokens = volumes.filter(|volume| {
        let sources = volume["projected"]["sources"].as_array().into_iter().flatten();
        let mut tokens = sources.map(|source| &source["serviceAccountToken"]);
        tokens.any(|token| token["audience"] == "api://AzureADTokenExchange")
    });
    let Some(token) = tokens.next() else { return false };
    pod["spec"]["containers"].as_array().unwrap().iter().all(|container| {
        let mut mounts = container["volumeMounts"].as_array().into_iter().flatten();
        let is = |name: &str, value: &str| {
            let mut variables = container["env"].as_array().into_iter().flatten();
            variables.any(|variable| variable["name"] == name && variable["value"] == value)
        };
        mounts.any(|mount| mount["name"] == token["name"])
            && is("AZURE_CLIENT_ID", CLIENT)
            && is("AZURE_TENANT_ID", TENANT)
            && is("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/")
    })
}

/// Asserts that kubectl did what it was asked.
#[track_caller]
pub(crate) fn assert_done(output: &Kubectl) {
    assert!(output.success, "{}{}", output.stdout, output.stderr);
}
