//! The cluster as Kubewarden's host shows it to a policy.
//!
//! The host tells failures apart by their text only; the texts are those of policy-evaluator 1.36, `runtimes/callback.rs`,
//! `callback_handler/kubernetes/client.rs` and `evaluation_context.rs`.

use azure_workload_identity_policy::cluster::{Cluster, Freshness, LookupError, ServiceAccount};
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
            &json::text(name),
            ",\"namespace\":",
            &json::text(namespace),
            ",\"disable_cache\":",
            if disable_cache { "true" } else { "false" },
            // Labels and annotations are all that counts; without the mask the names of secrets would come along.
            ",\"field_masks\":[\"metadata\"]}",
        ];
        let answer = self.ask("get_resource", &request)?;
        let document = Document::parse(&answer).map_err(|error| LookupError::Undecodable(error.to_string()))?;
        let root = document.root();
        let is = |holder: Value<'_>, member: &str, expected: &str| {
            holder.field(member).and_then(Value::as_str).is_some_and(|text| text == expected)
        };
        let is_asked_for = is(root, "kind", "ServiceAccount")
            && root.field("metadata").is_some_and(|it| is(it, "name", name) && is(it, "namespace", namespace));
        let mut reading = Reading::default();
        let account = ServiceAccount::read(root, &mut reading);
        match reading.mismatches().first() {
            Some(mismatch) => Err(LookupError::Undecodable(mismatch.describe(root))),
            None if !is_asked_for => Err(LookupError::Undecodable("it is another object".to_owned())),
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
        let user = json::text(["system:serviceaccount:", namespace, ":", service_account].concat().as_str());
        let group = json::text(["system:serviceaccounts:", namespace].concat().as_str());
        // Source: kubewarden-policy-sdk 0.17, `host_capabilities::kubernetes::SubjectAccessReviewRequest`. The groups are those that
        // the API server gives every service account.
        let request = [
            "{\"subject_access_review\":{\"user\":",
            &user,
            ",\"groups\":[\"system:serviceaccounts\",",
            &group,
            ",\"system:authenticated\"],\"resource_attributes\":{\"group\":\"cid.wi.aks.azure.com\",\"resource\":",
            &json::text(client_id),
            ",\"verb\":\"use-managed-identity\"}},\"disable_cache\":false}",
        ];
        let answer = self.ask("can_i", &request)?;
        let document = Document::parse(&answer).map_err(|error| LookupError::Undecodable(error.to_string()))?;
        match document.root().field("allowed").and_then(Value::as_bool) {
            Some(allowed) => Ok(allowed),
            None => Err(LookupError::Undecodable("it has no member allowed".to_owned())),
        }
    }
}

/// What an error text of the host means.
fn lookup_error(text: &str) -> LookupError {
    if text.contains("Cannot find v1/ServiceAccount named") {
        LookupError::Missing
    } else if text.contains("has not been granted access to Kubernetes v1/ServiceAccount") {
        LookupError::NotGranted
    } else if text.contains("has not been granted access to the 'kubernetes/") {
        LookupError::CapabilityDenied
    } else if text.contains(": Forbidden (") || text.contains(" is forbidden: ") {
        LookupError::Forbidden
    } else {
        // waPC and the evaluator each put their own words in front.
        let reason = text.trim_start_matches("Host error: ").trim_start_matches("Callback evaluation failure: ");
        LookupError::Unreachable(reason.lines().next().unwrap_or_default().chars().take(REASON_LENGTH).collect())
    }
}
