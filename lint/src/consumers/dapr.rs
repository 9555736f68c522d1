//! Dapr components.
//!
//! # Reads
//!
//! `Component` of a type of Azure. The token is that of the application's pod, and client id and tenant are those of its service account:
//! `azureClientId` is that of a service principal or of an identity of the node. Names have any case. Workload identity is used since
//! v1.11.
//!
//! # Right
//!
//! ```yaml
//! spec:
//!   type: secretstores.azure.keyvault
//!   metadata:
//!   - name: vaultName
//!     value: kv-shop
//! ```
//!
//! The pods of the application have the label. All components of a pod use one identity.
//!
//! # Fails
//!
//! - `azureClientId` without a secret has no effect in a labelled pod.
//! - `azureAuthMethods` (since v1.14) without `wi` or `workloadidentity` switches workload identity off.
//!
//! # Uses
//!
//! What the type of the component names: a key vault, a storage account, a Service Bus, a Cosmos DB, ...
//!
//! # Sources
//!
//! `auth.go` and `metadata-properties.go` in `common/authentication/azure` of github.com/dapr/components-contrib v1.18.4.

use azure_workload_identity_policy::json::Value;

use super::{ConsumerObject, Consumption, find, path};

const CLIENT: [&str; 3] = ["azureClientId", "spnClientId", "clientId"];
const SECRETS: [&str; 6] = [
    "azureClientSecret",
    "spnClientSecret",
    "clientSecret",
    "azureCertificate",
    "azureCertificateFile",
    "azureCertificatePassword",
];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let is_azure = find(object.value, "spec.type").and_then(Value::as_str).is_some_and(|it| it.contains(".azure."));
    // Without a labelled pod nothing uses workload identity.
    if !is_azure || object.files.labelled_accounts(object.namespace).is_empty() {
        return;
    }
    let entries = find(object.value, "spec.metadata").into_iter().flat_map(Value::elements);
    let entries: Vec<_> =
        entries.map(|it| (it.field("name").and_then(Value::as_str).unwrap_or_default(), it)).collect();
    let entry = |names: &[&str]| {
        let is_one = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        entries.iter().position(|(name, _)| is_one(name))
    };
    let value = |number: usize| entries.get(number).and_then(|(_, it)| it.field("value")?.as_str());
    let at = |number: usize| path(&["spec", "metadata"]).index(number).key("value");
    if let Some(methods) = entry(&["azureAuthMethods"])
        && let Some(text) = value(methods)
        && !text.split(',').any(|it| matches!(it.trim().to_ascii_lowercase().as_str(), "wi" | "workloadidentity"))
    {
        let problem = "switches workload identity off, although pods of the namespace are labelled";
        return found.ignored(at(methods), problem, "add wi, or remove azureAuthMethods");
    }
    let clients = object.files.labelled_clients(object.position, object.namespace);
    if let Some(client) = entry(&CLIENT).filter(|_| entry(&SECRETS).is_none())
        && let Some(text) = value(client)
        && !clients.iter().any(|own| own.eq_ignore_ascii_case(&text))
    {
        let problem = "is not read by workload identity, which uses the client id of the pod's service account";
        found.ignored(at(client), problem, "remove it, and annotate the service account with the client id");
    }
}
