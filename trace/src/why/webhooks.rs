//! Which webhooks the API server calls when the pod is created, and why it does not call the others.

use std::borrow::Cow;

use azure_workload_identity_policy::json::Value;
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::pod::{Pod, StringMap};

use super::changes::created;
use super::gather::values;
use super::selector::unmet;

/// The condition of our recipes, and the only one whose result is known here.
const NO_MIRROR_POD: &str =
    "!has(object.metadata.annotations)||!('kubernetes.io/config.mirror'inobject.metadata.annotations)";

/// A policy of Kubewarden that has to do with workload identity.
pub(super) struct InstalledPolicy<'a> {
    pub(super) namespace: Option<Cow<'a, str>>,
    pub(super) name: Cow<'a, str>,
    pub(super) settings: Value<'a>,
    /// Why it changes and rejects nothing, as the end of a sentence.
    pub(super) idle: Option<String>,
}

impl<'a> InstalledPolicy<'a> {
    /// The policies of this project in a list: by their settings, or by their module.
    pub(super) fn all(list: Value<'a>) -> impl Iterator<Item = Self> {
        values(list).filter_map(Self::read)
    }

    fn read(object: Value<'a>) -> Option<Self> {
        let (metadata, spec) = (object.field("metadata")?, object.field("spec")?);
        let text = |holder: Option<Value<'a>>, key| holder.and_then(|it| it.field(key)).and_then(Value::as_str);
        let module = text(Some(spec), "module").unwrap_or_default();
        let settings = spec.field("settings");
        let has = |key| settings.is_some_and(|settings| settings.field(key).is_some());
        if !(module.contains("azure-workload-identity-policy") || has("inject") || has("guard")) {
            return None;
        }
        let status = text(object.field("status"), "policyStatus").filter(|status| status != "active");
        let idle = if text(Some(spec), "mode").as_deref() == Some("monitor") {
            Some("is in mode monitor, in which it changes and rejects nothing".to_owned())
        } else {
            status.map(|status| format!("is not active: its status is {status}"))
        };
        Some(Self {
            namespace: text(Some(metadata), "namespace"),
            name: text(Some(metadata), "name")?,
            settings: settings?,
            idle,
        })
    }

    /// Whether it injects identities.
    pub(super) fn injects(&self) -> bool {
        self.settings.field("inject").is_some()
    }

    /// For people.
    pub(super) fn describe(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("AdmissionPolicy {namespace}/{}", self.name),
            None => format!("ClusterAdmissionPolicy {}", self.name),
        }
    }
}

/// A webhook, of a configuration of either kind.
pub(super) struct Webhook<'a> {
    object: Value<'a>,
    /// The name of its configuration.
    pub(super) configuration: Cow<'a, str>,
    /// When the configuration was created.
    pub(super) created: Option<String>,
    /// The policy of Kubewarden that it calls: namespace, empty for the cluster, and name.
    policy: Option<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Webhook<'a> {
    /// The webhooks of a list of configurations.
    pub(super) fn all(list: Value<'a>) -> Vec<Self> {
        let mut webhooks = Vec::new();
        for configuration in values(list) {
            let metadata = configuration.field("metadata");
            let annotation = |key| metadata.and_then(|it| it.field("annotations")?.field(key)).and_then(Value::as_str);
            let policy = annotation("kubewardenPolicyName")
                .map(|name| (annotation("kubewardenPolicyNamespace").unwrap_or_default(), name));
            for object in configuration.field("webhooks").into_iter().flat_map(Value::elements) {
                webhooks.push(Self {
                    object,
                    configuration: metadata.and_then(|it| it.field("name")?.as_str()).unwrap_or_default(),
                    created: created(configuration),
                    policy: policy.clone(),
                });
            }
        }
        webhooks
    }

    /// Whether it is about workload identity, if it calls a policy of Kubewarden, and which one of `policies` that is.
    pub(super) fn policy<'p>(&self, policies: &'p [InstalledPolicy<'a>]) -> Option<&'p InstalledPolicy<'a>> {
        let (namespace, name) = self.policy.as_ref()?;
        policies.iter().find(|it| it.name == *name && it.namespace.as_deref().unwrap_or_default() == namespace)
    }

    /// Whether a mutating webhook injects identities: Microsoft's by its name, policies by their settings, others by the label that
    /// they select by.
    pub(super) fn injects(&self, policies: &[InstalledPolicy<'a>]) -> bool {
        if let Some(policy) = self.policy(policies) {
            return policy.injects();
        }
        let names = [self.configuration.clone(), self.text("name")];
        self.is_about_the_label()
            || names.iter().any(|name| name.contains("azure-wi-") || name.contains("azure-workload-identity"))
    }

    /// Whether its object selector has the label.
    pub(super) fn is_about_the_label(&self) -> bool {
        let Some(selector) = self.object.field("objectSelector") else { return false };
        let has_label = selector.field("matchLabels").is_some_and(|labels| labels.field(keys::USE).is_some());
        let mut expressions = selector.field("matchExpressions").into_iter().flat_map(Value::elements);
        has_label || expressions.any(|it| it.field("key").and_then(Value::as_str).as_deref() == Some(keys::USE))
    }

    /// Whether objects are stored without it while it cannot be reached.
    pub(super) fn is_ignored_if_it_fails(&self) -> bool {
        self.text("failurePolicy") == "Ignore"
    }

    /// Why it is not called for a pod, each as the end of a sentence; empty if nothing says that it is not. The labels of the
    /// namespace are `None` if they are not known.
    pub(super) fn obstacles(&self, pod: &Pod<'_>, namespace: Option<&StringMap<'_>>) -> Vec<String> {
        let mut obstacles = Vec::new();
        if !self.object.field("rules").into_iter().flat_map(Value::elements).any(creates_pods) {
            obstacles.push("its rules do not include the creation of pods".to_owned());
        }
        if let Some(unmet) = namespace.and_then(|labels| unmet(self.object.field("namespaceSelector"), labels)) {
            obstacles.push(format!("its namespaceSelector excludes the namespace: it {unmet}"));
        }
        if let Some(unmet) = unmet(self.object.field("objectSelector"), &pod.labels) {
            obstacles.push(format!("its objectSelector excludes the pod: it {unmet}"));
        }
        obstacles
    }

    /// The names of conditions whose result is not known here.
    pub(super) fn unknown_conditions(&self) -> Vec<Cow<'a, str>> {
        let conditions = self.object.field("matchConditions").into_iter().flat_map(Value::elements);
        let is_unknown = |condition: &Value<'a>| {
            let expression = condition.field("expression").and_then(Value::as_str).unwrap_or_default();
            let expression: String = expression.chars().filter(|c| !c.is_whitespace()).collect();
            expression != NO_MIRROR_POD
        };
        conditions.filter(is_unknown).filter_map(|condition| condition.field("name")?.as_str()).collect()
    }

    /// Whether it has a namespace selector with requirements.
    pub(super) fn selects_namespaces(&self) -> bool {
        self.object.field("namespaceSelector").is_some_and(|selector| selector.members().next().is_some())
    }

    fn text(&self, key: &str) -> Cow<'a, str> {
        self.object.field(key).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Whether a rule of a webhook includes the creation of pods. Source: `k8s.io/apiserver`, `pkg/admission/plugin/webhook/predicates/rules`.
fn creates_pods(rule: Value<'_>) -> bool {
    let any = |key: &str, is_it: &dyn Fn(&str) -> bool| {
        let values = rule.field(key).into_iter().flat_map(Value::elements);
        values.filter_map(Value::as_str).any(|value| is_it(&value))
    };
    let is_pods = |value: &str| {
        let (resource, subresource) = value.split_once('/').unwrap_or((value, ""));
        matches!(resource, "*" | "pods") && matches!(subresource, "" | "*")
    };
    let scope = rule.field("scope").and_then(Value::as_str);
    any("operations", &|it| matches!(it, "*" | "CREATE"))
        && any("apiGroups", &|it| matches!(it, "*" | ""))
        && any("apiVersions", &|it| matches!(it, "*" | "v1"))
        && any("resources", &is_pods)
        && scope.is_none_or(|scope| scope != "Cluster")
}

#[cfg(test)]
mod tests {
    use azure_workload_identity_policy::json::Document;

    use super::*;

    #[test]
    fn rules_include_the_creation_of_pods_as_for_the_api_server() {
        for (rule, expected) in [
            (r#"{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}"#, true),
            (
                r#"{"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "scope": "*"}"#,
                true,
            ),
            (r#"{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods/*"]}"#, true),
            (r#"{"operations": ["UPDATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}"#, false),
            (r#"{"operations": ["CREATE"], "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["*"]}"#, false),
            (
                r#"{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods/status"]}"#,
                false,
            ),
            (
                r#"{"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["*"], "scope": "Cluster"}"#,
                false,
            ),
        ] {
            let document = Document::parse(rule.as_bytes()).unwrap();
            assert_eq!(creates_pods(document.root()), expected, "{rule}");
        }
    }
}
