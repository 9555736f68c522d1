//! Kubewarden's ClusterAdmissionPolicy, and what its controller (1.36) makes of it. Compared with the recorded output of the
//! controller in `cluster/tests/webhooks.rs`.

use k8s_openapi::{
    api::admissionregistration::v1::{MatchCondition, RuleWithOperations},
    apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use xtask::metadata::ContextAwareResource;

use crate::response::Mode;

/// Where Kubewarden runs; the controller keeps every policy away from it.
pub const KUBEWARDEN_NAMESPACE: &str = "kubewarden";

/// A policy for the whole cluster. A member that is not here is an error: the controller's treatment of it would be missing.
#[derive(Clone, Debug, Deserialize)]
pub struct ClusterAdmissionPolicy {
    /// Of which the name counts.
    pub metadata: Metadata,
    /// What is to be judged, by what, and how.
    pub spec: PolicySpec,
}

/// The metadata of a policy.
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    /// The name.
    pub name: String,
}

/// The `spec` of a ClusterAdmissionPolicy, with the defaults of its CRD.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySpec {
    /// The name of the PolicyServer.
    #[serde(default = "default_policy_server")]
    pub policy_server: String,
    /// Where the module is, as a URL.
    pub module: String,
    /// Whether the policy's decisions take effect.
    #[serde(default)]
    pub mode: Mode,
    /// Whether the policy may change objects.
    pub mutating: bool,
    /// The policy's own settings.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// The requests that it judges.
    pub rules: Vec<RuleWithOperations>,
    /// What becomes of a request that policy-server does not answer.
    #[serde(default)]
    pub failure_policy: FailurePolicy,
    /// Whether rules stand for other versions of their resources too.
    #[serde(default = "default_match_policy")]
    pub match_policy: String,
    /// Conditions in CEL, all of which must hold.
    #[serde(default)]
    pub match_conditions: Vec<MatchCondition>,
    /// Which objects, by their labels.
    #[serde(default)]
    pub object_selector: LabelSelector,
    /// Which namespaces, by their labels.
    #[serde(default)]
    pub namespace_selector: LabelSelector,
    /// What else a request may change.
    #[serde(default = "default_side_effects")]
    pub side_effects: String,
    /// How long the API server waits, in seconds.
    #[serde(default = "default_timeout")]
    pub timeout_seconds: i32,
    /// How long policy-server lets the guest run, in seconds.
    pub timeout_eval_seconds: Option<i32>,
    /// A text in place of the policy's own.
    pub message: Option<String>,
    /// What the policy may look up.
    #[serde(default)]
    pub context_aware_resources: Vec<ContextAwareResource>,
    /// Whether the audit scanner asks the policy too. No matter here.
    #[serde(default = "default_background_audit")]
    pub background_audit: bool,
}

/// What the API server does with a request that a webhook does not answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum FailurePolicy {
    /// Rejects it.
    #[default]
    Fail,
    /// Admits it.
    Ignore,
}

fn default_policy_server() -> String {
    "default".to_owned()
}

fn default_match_policy() -> String {
    "Equivalent".to_owned()
}

fn default_side_effects() -> String {
    "None".to_owned()
}

fn default_timeout() -> i32 {
    10
}

fn default_background_audit() -> bool {
    true
}

impl ClusterAdmissionPolicy {
    /// The policy's name in policy-server, and its webhook configuration's.
    pub fn id(&self) -> String {
        format!("clusterwide-{}", self.metadata.name)
    }

    /// The webhook configuration as the API server stores it; the certificate authority is for whoever installs it.
    pub fn webhook_configuration(&self) -> Value {
        let spec = &self.spec;
        let id = self.id();
        let webhook = without_nulls(json!({
            "name": format!("{id}.kubewarden.admission"),
            "admissionReviewVersions": ["v1"],
            "clientConfig": {
                "service": {
                    "name": format!("policy-server-{}", spec.policy_server),
                    "namespace": KUBEWARDEN_NAMESPACE,
                    "path": format!("/validate/{id}"),
                    "port": 443,
                },
            },
            "failurePolicy": spec.failure_policy,
            "matchConditions": (!spec.match_conditions.is_empty()).then_some(&spec.match_conditions),
            "matchPolicy": spec.match_policy,
            "namespaceSelector": self.namespace_selector(),
            "objectSelector": spec.object_selector,
            "reinvocationPolicy": spec.mutating.then_some("Never"),
            "rules": spec.rules.iter().map(with_scope).collect::<Vec<_>>(),
            "sideEffects": spec.side_effects,
            "timeoutSeconds": spec.timeout_seconds,
        }));
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": if spec.mutating { "MutatingWebhookConfiguration" } else { "ValidatingWebhookConfiguration" },
            "metadata": {
                "name": id,
                "labels": {"app.kubernetes.io/part-of": "kubewarden"},
                "annotations": {"kubewardenPolicyName": self.metadata.name, "kubewardenPolicyNamespace": ""},
            },
            "webhooks": [webhook],
        })
    }

    /// The namespaces whose requests are sent: the controller excludes its own namespace and copies the expressions of the policy,
    /// but drops its `matchLabels`.
    pub fn namespace_selector(&self) -> LabelSelector {
        let not_kubewarden = LabelSelectorRequirement {
            key: "kubernetes.io/metadata.name".to_owned(),
            operator: "NotIn".to_owned(),
            values: Some(vec![KUBEWARDEN_NAMESPACE.to_owned()]),
        };
        let own = self.spec.namespace_selector.match_expressions.iter().flatten().cloned();
        LabelSelector { match_labels: None, match_expressions: Some([not_kubewarden].into_iter().chain(own).collect()) }
    }

    /// The policy's entry in `policies.yml`, the file that policy-server reads.
    pub fn policy_server_entry(&self) -> Value {
        let spec = &self.spec;
        without_nulls(json!({
            "namespacedName": {"Namespace": "", "Name": self.metadata.name},
            "module": spec.module,
            "policyMode": spec.mode,
            "allowedToMutate": spec.mutating,
            "settings": spec.settings,
            "contextAwareResources":
                (!spec.context_aware_resources.is_empty()).then_some(&spec.context_aware_resources),
            "hostCapabilities": ["*"],
            "message": spec.message,
            "timeoutEvalSeconds": spec.timeout_eval_seconds,
        }))
    }
}

/// The object without the members that are null.
pub fn without_nulls(mut object: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|_, value| !value.is_null());
    }
    object
}

fn with_scope(rule: &RuleWithOperations) -> RuleWithOperations {
    RuleWithOperations { scope: rule.scope.clone().or_else(|| Some("*".to_owned())), ..rule.clone() }
}
