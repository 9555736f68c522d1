//! Policies in a cluster without Kubewarden's controller.

use anyhow::{Context as _, Result};
use e2e_tests::kubewarden::ClusterAdmissionPolicy;
use serde_json::{Map, Value, json};

/// What policy-server is given: every policy under its name.
pub fn policies_yml(policies: &[ClusterAdmissionPolicy]) -> Value {
    policies.iter().map(|policy| (policy.id(), policy.policy_server_entry())).collect::<Map<_, _>>().into()
}

/// The configuration with its service replaced by a server at `address`, e.g. `127.0.0.1:8443`, which has a certificate by
/// `ca_bundle` (base64 of PEM).
///
/// # Errors
/// When the configuration is none of the controller's.
pub fn served_at(mut configuration: Value, address: &str, ca_bundle: &str) -> Result<Value> {
    const NOT_OURS: &str = "a webhook configuration of Kubewarden names a service and its path";
    let webhooks = configuration.get_mut("webhooks").and_then(Value::as_array_mut).context(NOT_OURS)?;
    for client in webhooks.iter_mut().map(|webhook| webhook.get_mut("clientConfig")) {
        let client = client.context(NOT_OURS)?;
        let path = client.pointer("/service/path").and_then(Value::as_str).context(NOT_OURS)?;
        *client = json!({"url": format!("https://{address}{path}"), "caBundle": ca_bundle});
    }
    Ok(configuration)
}
