//! The host functions that a guest may call, in the order of checks and with the error texts of Kubewarden's policy evaluator
//! (`runtimes/callback.rs`). Of the gated ones this host has the two that this policy could need, `kubernetes/get_resource`
//! and `kubernetes/can_i`.

use std::sync::Arc;

use fake_cluster::{ClusterApi, GetResourceRequest, Request};
use serde_json::Value;

use crate::capabilities::Grants;

/// A call that a guest made to the host, whether it was answered or refused.
#[derive(Clone, Debug, PartialEq)]
pub struct HostCall {
    /// The host function's namespace and operation, e.g. `kubernetes/get_resource`.
    pub function: String,
    /// What the guest sent; null where that is not JSON.
    pub request: Value,
    /// What the guest was told instead of an answer.
    pub error: Option<String>,
}

impl HostCall {
    pub(crate) fn new(namespace: &str, operation: &str, payload: &[u8], answer: &Result<Vec<u8>, String>) -> Self {
        Self {
            function: format!("{namespace}/{operation}"),
            request: serde_json::from_slice(payload).unwrap_or_default(),
            error: answer.as_ref().err().cloned(),
        }
    }
}

/// Answers a guest's calls.
#[derive(Clone, Default)]
pub struct HostFunctions {
    /// What the guest may call and look up.
    pub(crate) grants: Grants,
    /// The cluster that answers; absent where the host has no Kubernetes client.
    pub(crate) cluster: Option<Arc<dyn ClusterApi>>,
}

impl HostFunctions {
    /// Host functions in front of `cluster`, of which a policy may call those that these names and patterns fit, and look up
    /// these kinds, which are pairs of apiVersion and kind.
    ///
    /// # Errors
    /// When a name or pattern fits no function of the host.
    pub fn new(
        capabilities: &[&str],
        resources: &[(&str, &str)],
        cluster: impl ClusterApi + 'static,
    ) -> Result<Self, anyhow::Error> {
        Ok(Self { grants: Grants::of(capabilities, resources)?, cluster: Some(Arc::new(cluster)) })
    }

    /// The answer's bytes, or the text of the error.
    ///
    /// # Errors
    /// When the function is unknown or not granted, its payload cannot be read, or the cluster does not answer.
    pub fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if binding != "kubewarden" {
            return Err(format!("unknown binding: {binding}"));
        }
        match (namespace, operation) {
            ("tracing", "log") => Ok(Vec::new()),
            ("tracing", _) => Err(format!("unknown operation: {operation}")),
            _ => {
                self.grants.check_capability(&format!("{namespace}/{operation}"))?;
                self.call_granted(namespace, operation, payload)
            }
        }
    }

    fn call_granted(&self, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        match namespace {
            "kubernetes" => {
                let request = Request::decode(operation, payload)?;
                if let Request::GetResource(GetResourceRequest { api_version, kind, .. }) = &request {
                    self.grants.check_resource(api_version, kind)?;
                }
                match &self.cluster {
                    Some(cluster) => cluster.answer(&request),
                    None => Err("Callback evaluation failure: kube::Client was not initialized properly".to_owned()),
                }
            }
            "oci" | "net" | "crypto" => Err(format!("unknown operation: {operation}")),
            _ => Err(format!("unknown namespace: {namespace}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use fake_cluster::FakeCluster;
    use kubewarden_policy_sdk::host_capabilities::kubernetes as sdk;
    use serde_json::json;

    use super::*;

    const GET_RESOURCE: &[u8] =
        br#"{"api_version":"v1","kind":"ServiceAccount","name":"web","namespace":"shop","disable_cache":false}"#;

    fn functions(capability: &str, kind: &str) -> HostFunctions {
        let kind = xtask::metadata::ContextAwareResource { api_version: "v1".to_owned(), kind: kind.to_owned() };
        let grants = Grants::new([capability.to_owned()].into(), [kind].into()).unwrap();
        HostFunctions { grants, cluster: Some(Arc::new(FakeCluster::default())) }
    }

    fn refusal(functions: &HostFunctions, function: (&str, &str, &str), payload: &[u8]) -> String {
        functions.call(function.0, function.1, function.2, payload).unwrap_err()
    }

    #[test]
    fn functions_that_the_host_does_not_have_are_refused_by_name() {
        let all = functions("*", "ServiceAccount");

        assert_eq!(refusal(&all, ("wasi", "kubernetes", "get_resource"), b""), "unknown binding: wasi");
        assert_eq!(refusal(&all, ("kubewarden", "kubernets", "get_resource"), b""), "unknown namespace: kubernets");
        assert_eq!(refusal(&all, ("kubewarden", "kubernetes", "list_all"), b""), "unknown operation: list_all");
        assert_eq!(refusal(&all, ("kubewarden", "tracing", "span"), b""), "unknown operation: span");
    }

    #[test]
    fn the_capability_is_checked_before_the_request_is_read() {
        assert_eq!(
            refusal(&functions("oci/*", "ServiceAccount"), ("kubewarden", "kubernetes", "get_resource"), b"{"),
            "Policy has not been granted access to the 'kubernetes/get_resource' host capability. The violation has been \
             reported."
        );
    }

    #[test]
    fn logging_needs_no_grant() {
        assert_eq!(HostFunctions::default().call("kubewarden", "tracing", "log", b"{}"), Ok(Vec::new()));
    }

    #[test]
    fn a_request_without_a_mandatory_member_is_refused() {
        let request = br#"{"api_version":"v1","kind":"ServiceAccount","name":"web","namespace":"shop"}"#;

        assert_eq!(
            refusal(&functions("*", "ServiceAccount"), ("kubewarden", "kubernetes", "get_resource"), request),
            "missing field `disable_cache` at line 1 column 76"
        );
    }

    #[test]
    fn a_kind_that_is_not_granted_is_refused() {
        assert_eq!(
            refusal(&functions("*", "Secret"), ("kubewarden", "kubernetes", "get_resource"), GET_RESOURCE),
            "Policy has not been granted access to Kubernetes v1/ServiceAccount resources. The violation has been reported."
        );
    }

    #[test]
    fn the_clusters_error_is_passed_on() {
        assert_eq!(
            refusal(&functions("*", "ServiceAccount"), ("kubewarden", "kubernetes", "get_resource"), GET_RESOURCE),
            "Callback evaluation failure: Cannot find v1/ServiceAccount named 'web' inside of namespace 'Some(\"shop\")'"
        );
    }

    #[test]
    fn a_host_without_a_cluster_says_so() {
        let functions = HostFunctions { cluster: None, ..functions("*", "ServiceAccount") };

        assert_eq!(
            refusal(&functions, ("kubewarden", "kubernetes", "get_resource"), GET_RESOURCE),
            "Callback evaluation failure: kube::Client was not initialized properly"
        );
    }

    #[test]
    fn requests_are_read_as_the_sdk_writes_them() {
        let text = |text: &str| Some(text.to_owned());
        let get_resource = sdk::GetResourceRequest {
            api_version: "v1".to_owned(),
            kind: "ServiceAccount".to_owned(),
            name: "web".to_owned(),
            namespace: text("shop"),
            disable_cache: true,
            field_masks: Some(["metadata".to_owned()].into()),
        };
        let can_i = sdk::CanIRequest {
            subject_access_review: sdk::SubjectAccessReview {
                groups: Some(vec!["developers".to_owned()]),
                resource_attributes: sdk::ResourceAttributes {
                    group: text("apps"),
                    name: text("web"),
                    namespace: text("shop"),
                    resource: "deployments".to_owned(),
                    subresource: text("scale"),
                    verb: "patch".to_owned(),
                    version: text("v1"),
                },
                user: "alice".to_owned(),
            },
            disable_cache: true,
        };
        for (operation, written) in [("get_resource", json!(get_resource)), ("can_i", json!(can_i))] {
            let read = match Request::decode(operation, written.to_string().as_bytes()).unwrap() {
                Request::GetResource(request) => json!(request),
                Request::CanI(request) => json!(request),
            };
            assert_eq!(read, written);
        }
    }
}
