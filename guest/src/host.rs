//! The cluster as Kubewarden's host shows it to a policy.
//!
//! The host tells failures apart by their text only; the texts are those of policy-evaluator 1.36, `runtimes/callback.rs`,
//! `callback_handler/kubernetes/client.rs` and `evaluation_context.rs`.

use azure_workload_identity_policy::cluster::{Cluster, Freshness, LookupError, LookupFailure, ServiceAccount};
use azure_workload_identity_policy::formats::is_object_name;
use azure_workload_identity_policy::json::{self, Document, Reading, Value};

/// How much of an unknown error of the host is passed on.
const REASON_LENGTH: usize = 160;

/// Asks the host through `call`, which takes the operation and its JSON payload of the namespace `kubernetes`.
pub struct HostCluster<F>(pub F);

impl<F: Fn(&str, &[u8]) -> Result<Vec<u8>, String>> HostCluster<F> {
    /// Asks the host; the payload is in parts.
    fn ask(&self, operation: &str, payload: &[&str]) -> Result<Vec<u8>, LookupError> {
        (self.0)(operation, payload.concat().as_bytes()).map_err(|text| lookup_error(&text))
    }

    fn get_service_account(
        &self,
        namespace: &str,
        name: &str,
        disable_cache: bool,
    ) -> Result<ServiceAccount, LookupError> {
        // The API server stores no object of another name, and the host makes a URL of it.
        if !is_object_name(name) || !is_object_name(namespace) {
            return Err(LookupError::Missing);
        }
        // Source: kubewarden-policy-sdk 0.17, `host_capabilities::kubernetes::GetResourceRequest`.
        let request = [
            "{\"api_version\":\"v1\",\"kind\":\"ServiceAccount\",\"name\":",
            &json::string(name),
            ",\"namespace\":",
            &json::string(namespace),
            ",\"disable_cache\":",
            if disable_cache { "true" } else { "false" },
            // Labels and annotations are all that counts; without the mask the names of secrets would come along.
            ",\"field_masks\":[\"metadata\"]}",
        ];
        let answer = self.ask("get_resource", &request)?;
        let document = Document::parse(&answer).map_err(|error| HostFailure::Undecodable(error.to_string()))?;
        let root = document.root();
        let is = |holder: Value<'_>, member: &str, expected: &str| {
            holder.field(member).and_then(Value::as_str).is_some_and(|text| text == expected)
        };
        let is_asked_for = is(root, "kind", "ServiceAccount")
            && root.field("metadata").is_some_and(|it| is(it, "name", name) && is(it, "namespace", namespace));
        let mut reading = Reading::default();
        let account = ServiceAccount::read(root, &mut reading);
        match reading.mismatches().first() {
            Some(mismatch) => Err(HostFailure::Undecodable(mismatch.describe(root)).into()),
            None if !is_asked_for => Err(HostFailure::Undecodable("it is another object".to_owned()).into()),
            None => Ok(account),
        }
    }
}

impl<F: Fn(&str, &[u8]) -> Result<Vec<u8>, String>> Cluster for HostCluster<F> {
    fn service_account(
        &self,
        namespace: &str,
        name: &str,
        freshness: Freshness,
    ) -> Result<ServiceAccount, LookupError> {
        let answer = self.get_service_account(namespace, name, false);
        match &answer {
            // The host's cache may be up to five seconds behind.
            Ok(account) if freshness == Freshness::Confirmed && account.usable_client_id().is_none() => {
                self.get_service_account(namespace, name, true)
            }
            _ => answer,
        }
    }

    fn may_use_identity(&self, namespace: &str, service_account: &str, client_id: &str) -> Result<bool, LookupError> {
        let user = json::string(&["system:serviceaccount:", namespace, ":", service_account].concat());
        let group = json::string(&["system:serviceaccounts:", namespace].concat());
        // Source: kubewarden-policy-sdk 0.17, `host_capabilities::kubernetes::SubjectAccessReviewRequest`. The groups are those that
        // the API server gives every service account.
        let request = [
            "{\"subject_access_review\":{\"user\":",
            &user,
            ",\"groups\":[\"system:serviceaccounts\",",
            &group,
            ",\"system:authenticated\"],\"resource_attributes\":{\"group\":\"cid.wi.aks.azure.com\",\"resource\":",
            &json::string(client_id),
            ",\"verb\":\"use-managed-identity\"}},\"disable_cache\":false}",
        ];
        self.ask("can_i", &request).and_then(|answer| permission(&answer)).map_err(|error| match error {
            LookupError::Failed(failure) => LookupError::Failed(LookupFailure { fix: ACCESS_FIX, ..failure }),
            other => other,
        })
    }
}

/// Whether an answer of the host permits what was asked for.
fn permission(answer: &[u8]) -> Result<bool, LookupError> {
    let document = Document::parse(answer).map_err(|error| HostFailure::Undecodable(error.to_string()))?;
    let allowed = document.root().field("allowed").and_then(Value::as_bool);
    Ok(allowed.ok_or_else(|| HostFailure::Undecodable("it has no member allowed".to_owned()))?)
}

/// What to do if the host does not say what RBAC permits.
const ACCESS_FIX: &str = "let policy-server create subjectaccessreviews, and the policy use kubernetes/can_i";

/// Why the host does not answer a question about the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostFailure {
    /// RBAC does not let policy-server read the object.
    Forbidden,
    /// The policy's `contextAwareResources` do not name the kind. A namespaced policy can never have it.
    NotGranted,
    /// The host capabilities that the policy server grants do not include the lookup.
    CapabilityDenied,
    /// The host could not reach the API server; the first line of its error.
    Unreachable(String),
    /// The answer is not what was asked for; the text says why.
    Undecodable(String),
}

impl From<HostFailure> for LookupError {
    fn from(failure: HostFailure) -> Self {
        let (reason, fix) = match failure {
            HostFailure::Forbidden => (
                "policy-server may not read it".to_owned(),
                "bind the service account of policy-server to a ClusterRole with verb `get` on resource `serviceaccounts` of the \
                 core API group",
            ),
            HostFailure::NotGranted => (
                "the policy may not look up service accounts".to_owned(),
                "list `apiVersion: v1`, `kind: ServiceAccount` under `contextAwareResources` of the ClusterAdmissionPolicy (a \
                 namespaced AdmissionPolicy cannot have them)",
            ),
            HostFailure::CapabilityDenied => (
                "the policy server does not grant the policy this lookup".to_owned(),
                "add `kubernetes/get_resource` to the policy's `hostCapabilities` (for namespaced policies: \
                 `namespacedPoliciesCapabilities` of the PolicyServer)",
            ),
            HostFailure::Unreachable(reason) => (
                ["policy-server could not reach the API server (", &reason, ")"].concat(),
                "check policy-server's connection to the API server, then try again",
            ),
            HostFailure::Undecodable(reason) => (
                ["the answer cannot be read: ", &reason].concat(),
                "check that policy-server talks to a Kubernetes API server",
            ),
        };
        Self::Failed(LookupFailure { reason, fix })
    }
}

/// What an error text of the host means.
fn lookup_error(text: &str) -> LookupError {
    let failure = if text.contains("Cannot find v1/ServiceAccount named") {
        return LookupError::Missing;
    } else if text.contains("has not been granted access to Kubernetes v1/ServiceAccount") {
        HostFailure::NotGranted
    } else if text.contains("has not been granted access to the 'kubernetes/") {
        HostFailure::CapabilityDenied
    } else if text.contains(": Forbidden (") || text.contains(" is forbidden: ") {
        HostFailure::Forbidden
    } else {
        // waPC and the evaluator each put their own words in front.
        let reason = text.trim_start_matches("Host error: ").trim_start_matches("Callback evaluation failure: ");
        HostFailure::Unreachable(reason.lines().next().unwrap_or_default().chars().take(REASON_LENGTH).collect())
    };
    failure.into()
}
