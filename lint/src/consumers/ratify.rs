//! Ratify.
//!
//! # Reads
//!
//! `KeyManagementProvider` of type `azurekeyvault`: client id and tenant are those of its parameters. `Store` with the `authProvider`
//! `azureWorkloadIdentity`: the client id is `clientID`, else the annotation; the tenant is that of the pod. Both use the token of
//! Ratify's pod. This is Ratify v1.
//!
//! # Right
//!
//! ```yaml
//! parameters:
//!   vaultURI: https://kv-shop.vault.azure.net
//!   tenantID: 00000000-0000-0000-0000-000000000000
//!   clientID: 00000000-0000-0000-0000-000000000000
//! ```
//!
//! The pods of Ratify have the label.
//!
//! # Fails
//!
//! - `clientID`, `tenantID` or `vaultURI` of a `KeyManagementProvider` is missing: `clientID is not set`.
//! - The pods of Ratify lack the label: `no token file specified`.
//!
//! # Uses
//!
//! The vault of `vaultURI`: Key Vault Secrets User, Key Vault Certificate User or Key Vault Crypto User; the registries of the images:
//! `AcrPull`.
//!
//! # Sources
//!
//! `pkg/keymanagementprovider/azurekeyvault` and `pkg/common/oras/authprovider/azure` of github.com/ratify-project/ratify v1.4.0.

use azure_workload_identity_policy::json::Value;

use super::controller::RATIFY;
use super::fields::Fields;
use super::{
    AskedAccount, AzureKind, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, find, path,
};

const VAULT: &[&str] = &["certificates", "clientID", "cloudName", "keys", "tenantID", "vaultURI"];
const AUTH: &[&str] = &["clientID", "name"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let is = |at: &str, wanted: &str| find(object.value, at).and_then(Value::as_str).as_deref() == Some(wanted);
    let request = if object.kind == "KeyManagementProvider" && is("spec.type", "azurekeyvault") {
        let fields = Fields::at(object.value, &["spec", "parameters"], VAULT);
        for (key, link) in
            [("clientID", RequestLink::Client), ("tenantID", RequestLink::Tenant), ("vaultURI", RequestLink::Target)]
        {
            if fields.text(key).is_none() {
                let consequence = format!("it fails with `{key} is not set`, and no variable of the pod is read");
                found.missing(&fields, key, link, &consequence);
            }
        }
        found.misspelt(&fields, Effect::Ignored);
        IdentityRequest {
            client: fields.id("clientID", IdSource::Missing),
            tenant: fields.id("tenantID", IdSource::Missing),
            target: fields.target("vaultURI", AzureKind::Vault, "Key Vault Secrets User"),
            ..IdentityRequest::new(path(&["spec"]), AskedAccount::Controller(&RATIFY))
        }
    } else if object.kind == "Store" && is("spec.parameters.authProvider.name", "azureWorkloadIdentity") {
        let fields = Fields::at(object.value, &["spec", "parameters", "authProvider"], AUTH);
        found.misspelt(&fields, Effect::Ignored);
        IdentityRequest {
            client: fields.id("clientID", IdSource::Account),
            ..IdentityRequest::new(path(&["spec"]), AskedAccount::Controller(&RATIFY))
        }
    } else {
        return;
    };
    object.needs_token_of(&RATIFY, &request.at, "it fails with `no token file specified`", found);
    found.requests.push(request);
}
