//! The host functions that a guest may call, in the order of checks and with the error texts of Kubewarden's policy evaluator
//! (`runtimes/callback.rs`). Of the gated ones this host has the two that this policy could need, `kubernetes/get_resource`
//! and `kubernetes/can_i`.

use std::sync::Arc;

use kubewarden_policy_sdk::host_capabilities::kubernetes::{CanIRequest, GetResourceRequest};
use serde_json::Value;

use crate::{capabilities::Grants, cluster::ClusterApi};

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
pub(crate) struct HostFunctions {
    /// What the guest may call and look up.
    pub(crate) grants: Grants,
    /// The cluster that answers; absent where the host has no Kubernetes client.
    pub(crate) cluster: Option<Arc<dyn ClusterApi>>,
}

impl HostFunctions {
    /// The answer's bytes, or the text of the error.
    pub(crate) fn call(
        &self,
        binding: &str,
        namespace: &str,
        operation: &str,
        payload: &[u8],
    ) -> Result<Vec<u8>, String> {
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
        match (namespace, operation) {
            ("kubernetes", "get_resource") => {
                let request: GetResourceRequest = decode(payload)?;
                self.grants.check_resource(&request.api_version, &request.kind)?;
                self.ask(|cluster| cluster.get_resource(&request))
            }
            ("kubernetes", "can_i") => {
                let request: CanIRequest = decode(payload)?;
                self.ask(|cluster| cluster.can_i(&request))
            }
            ("kubernetes" | "oci" | "net" | "crypto", _) => Err(format!("unknown operation: {operation}")),
            _ => Err(format!("unknown namespace: {namespace}")),
        }
    }

    fn ask(&self, question: impl FnOnce(&dyn ClusterApi) -> Result<Vec<u8>, String>) -> Result<Vec<u8>, String> {
        let answer = match &self.cluster {
            Some(cluster) => question(cluster.as_ref()),
            None => Err("kube::Client was not initialized properly".to_owned()),
        };
        answer.map_err(|error| format!("Callback evaluation failure: {error}"))
    }
}

fn decode<T: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<T, String> {
    serde_json::from_slice(payload).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::FakeCluster;

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
}
