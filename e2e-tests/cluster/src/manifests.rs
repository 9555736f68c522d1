//! What a person applies to install the policy.

use anyhow::{Context as _, Result, ensure};
use e2e_tests::kubewarden::ClusterAdmissionPolicy;
use serde::Deserialize as _;
use serde_json::Value;

use crate::control_plane::ControlPlane;

/// Policies, and what comes with them.
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    /// The policies.
    pub policies: Vec<ClusterAdmissionPolicy>,
    /// Everything else: roles and their bindings.
    pub others: Vec<Value>,
}

impl Manifests {
    /// Reads YAML documents.
    ///
    /// # Errors
    /// When they are none, or a policy has a member that we do not know.
    pub fn from_yaml(text: &str) -> Result<Self> {
        let mut manifests = Self::default();
        for document in yaml_serde::Deserializer::from_str(text) {
            let object = Value::deserialize(document)?;
            match object.get("kind").and_then(Value::as_str) {
                Some("ClusterAdmissionPolicy") => manifests.policies.push(serde_json::from_value(object)?),
                Some(_) => manifests.others.push(object),
                None => ensure!(object.is_null(), "an object has no kind"),
            }
        }
        Ok(manifests)
    }

    /// One of our recipes, `deploy/NAME`, as `kubectl apply -k` would send it.
    ///
    /// # Errors
    /// When there is no such recipe, or kustomize refuses it.
    pub fn of_recipe(cluster: &ControlPlane, name: &str) -> Result<Self> {
        let rendered = cluster.kubectl(&["kustomize", &format!("deploy/{name}")], "")?;
        ensure!(rendered.success, "deploy/{name} cannot be rendered: {}", rendered.stderr);
        Self::from_yaml(&rendered.stdout).with_context(|| format!("in deploy/{name}"))
    }

    /// The manifests with other policies, made of these one by one.
    #[must_use]
    pub fn map_policies(self, change: impl FnMut(ClusterAdmissionPolicy) -> ClusterAdmissionPolicy) -> Self {
        Self { policies: self.policies.into_iter().map(change).collect(), ..self }
    }
}
