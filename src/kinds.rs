//! The kinds that the policy knows without settings.

use crate::federated::FederatedCredential;
use crate::json::Value;

/// Kinds with a pod template: API group, kind, and the JSON pointer to the template.
const WORKLOADS: [(&str, &str, &str); 7] = [
    ("apps", "Deployment", "/spec/template"),
    ("apps", "StatefulSet", "/spec/template"),
    ("apps", "DaemonSet", "/spec/template"),
    ("apps", "ReplicaSet", "/spec/template"),
    ("", "ReplicationController", "/spec/template"),
    ("batch", "Job", "/spec/template"),
    ("batch", "CronJob", "/spec/jobTemplate/spec/template"),
];

/// Where the pod template of a built-in kind is.
pub(crate) fn pod_template(group: &str, kind: &str) -> Option<&'static str> {
    WORKLOADS.iter().find(|known| (known.0, known.1) == (group, kind)).map(|known| known.2)
}

/// Whether objects of a built-in kind have a pod template.
pub fn has_pod_template(group: &str, kind: &str) -> bool {
    pod_template(group, kind).is_some()
}

/// The pod template of an object of a built-in kind.
pub fn pod_template_of<'a>(group: &str, kind: &str, object: Value<'a>) -> Option<Value<'a>> {
    pod_template(group, kind)?.split('/').skip(1).try_fold(object, Value::field)
}

/// Whether objects of this kind are judged as what they are, whatever the settings say.
pub(crate) fn is_built_in(group: &str, kind: &str) -> bool {
    matches!((group, kind), ("", "Pod" | "ServiceAccount" | "Service"))
        || has_pod_template(group, kind)
        || FederatedCredential::is_kind(group, kind)
}
