//! Installing policies as a person and Kubewarden's controller would, and waiting until the API server acts by them.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, ensure};
use http::Method;
use serde_json::{Value, json};

use crate::{
    api::Refusal,
    control_plane::{ControlPlane, Installed},
    manifests::Manifests,
    server::{Program, Server},
    webhooks::served_at,
};

/// The collections of webhook configurations, by kind.
const COLLECTIONS: [(&str, &str); 2] = [
    ("MutatingWebhookConfiguration", "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"),
    ("ValidatingWebhookConfiguration", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"),
];
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

impl ControlPlane {
    /// Installs manifests, their policies served by `program`. They stay until the next test begins.
    ///
    /// # Errors
    /// When the server does not start or the API server refuses an object.
    pub fn install(&mut self, manifests: &Manifests, program: &Program) -> Result<Server> {
        self.apply(&manifests.others)?;
        let server = Server::start_with(self, program, &manifests.policies)?;
        for policy in &manifests.policies {
            let configuration = served_at(policy.webhook_configuration(), &server.address(), &server.ca_bundle())?;
            self.store_configuration(&configuration)?;
        }
        self.settle()?;
        Ok(server)
    }

    /// Installs webhook configurations of another maker.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub fn install_configuration(&mut self, configuration: &Value) -> Result<()> {
        self.store_configuration(configuration)?;
        self.settle()
    }

    fn store_configuration(&mut self, configuration: &Value) -> Result<()> {
        for (_, collection) in
            COLLECTIONS.iter().filter(|(kind, _)| configuration.get("kind").is_some_and(|it| it == kind))
        {
            let stored = self.api().put(collection, configuration)?;
            let name =
                stored.pointer("/metadata/name").and_then(Value::as_str).context("what is stored has no name")?;
            self.installed.configurations.push(format!("{collection}/{name}"));
        }
        Ok(())
    }

    /// Applies manifests that are no policies.
    ///
    /// # Errors
    /// When kubectl reports any problem.
    pub fn apply(&mut self, manifests: &[Value]) -> Result<()> {
        if manifests.is_empty() {
            return Ok(());
        }
        let applied = self.kubectl(&["apply", "--filename=-"], &list_of(manifests))?;
        ensure!(applied.success, "the manifests cannot be applied: {}", applied.stderr);
        self.installed.others.extend_from_slice(manifests);
        Ok(())
    }

    /// Defines a kind as a stand-in for somebody's CRD, and waits until the API server serves it. Its objects may have any members; those
    /// of `spec` that have a schema in `members` must follow it.
    ///
    /// # Errors
    /// When kubectl reports any problem.
    pub fn define_kind(
        &mut self,
        group: &str,
        kind: &str,
        versions: &[&str],
        scope: &str,
        members: &Value,
    ) -> Result<()> {
        let singular = kind.to_lowercase();
        let plural = singular.strip_suffix('y').map_or_else(|| format!("{singular}s"), |stem| format!("{stem}ies"));
        let name = format!("{plural}.{group}");
        let version = |(number, version): (usize, &&str)| {
            let open = "x-kubernetes-preserve-unknown-fields";
            let spec = json!({"type": "object", open: true, "properties": members});
            let schema = json!({"type": "object", open: true, "properties": {"spec": spec}});
            json!({"name": version, "served": true, "storage": number == 0, "schema": {"openAPIV3Schema": schema}})
        };
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": name},
            "spec": {
                "group": group,
                "names": {"kind": kind, "plural": plural, "singular": singular},
                "scope": scope,
                "versions": versions.iter().enumerate().map(version).collect::<Vec<_>>(),
            },
        });
        self.apply(&[definition])?;
        let definition = format!("customresourcedefinition/{name}");
        let waited = self.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", &definition], "")?;
        ensure!(waited.success, "{name} is not served: {}", waited.stderr);
        Ok(())
    }

    /// Removes all that is installed.
    ///
    /// # Errors
    /// When the API server or kubectl reports a problem.
    pub fn uninstall(&mut self) -> Result<()> {
        let Installed { configurations, others } = std::mem::take(&mut self.installed);
        for path in &configurations {
            self.api().delete(path)?;
        }
        if !others.is_empty() {
            let deleted = self.kubectl(&["delete", "--ignore-not-found", "--filename=-"], &list_of(&others))?;
            ensure!(deleted.success, "the manifests cannot be deleted: {}", deleted.stderr);
        }
        self.settle()
    }

    /// Waits until the API server acts by all webhook configurations, roles and bindings that are stored. It learns of those of
    /// a kind in the order of their changes, so this adds one more of each kind and waits until that one shows.
    ///
    /// # Errors
    /// When none shows in two minutes.
    pub fn settle(&self) -> Result<()> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let marker = format!("marker-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        for (kind, collection) in COLLECTIONS {
            let webhook = json!({
                "name": "marker.tests.example",
                "admissionReviewVersions": ["v1"],
                // Nothing listens there, so what it matches is refused.
                "clientConfig": {"url": "https://127.0.0.1:1/"},
                "failurePolicy": "Fail",
                "objectSelector": {"matchLabels": {kind: marker}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}],
                "sideEffects": "None",
                "timeoutSeconds": 1,
            });
            let configuration = json!({
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
                "metadata": {"name": "marker"}, "webhooks": [webhook],
            });
            self.api().put(collection, &configuration)?;
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "marker", "labels": {kind: marker}}});
            self.wait_for("webhook configurations to take effect", || {
                let path = "/api/v1/namespaces/default/configmaps?dryRun=All";
                let answer = self.api().request(Method::POST, path, Some(&object))?;
                Ok(matches!(answer, Err(Refusal { message, .. }) if message.contains("marker.tests.example")))
            })?;
        }
        self.settle_roles(&marker)
    }

    fn settle_roles(&self, marker: &str) -> Result<()> {
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": marker},
            "rules": [{"nonResourceURLs": [format!("/{marker}")], "verbs": ["get"]}],
        });
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": marker},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": marker},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": marker}],
        });
        self.api().put(&format!("{RBAC}/clusterroles"), &role)?;
        self.api().put(&format!("{RBAC}/clusterrolebindings"), &binding)?;
        let question = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": marker, "nonResourceAttributes": {"path": format!("/{marker}"), "verb": "get"}},
        });
        let allowed = self.wait_for("roles to take effect", || {
            let answer = self.api().create("/apis/authorization.k8s.io/v1/subjectaccessreviews", &question)?;
            Ok(answer.pointer("/status/allowed").is_some_and(|allowed| allowed == true))
        });
        self.api().delete(&format!("{RBAC}/clusterrolebindings/{marker}"))?;
        self.api().delete(&format!("{RBAC}/clusterroles/{marker}"))?;
        allowed
    }
}

fn list_of(manifests: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": manifests}).to_string()
}
