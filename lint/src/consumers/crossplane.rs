//! Crossplane with provider-upjet-azure.
//!
//! # Reads
//!
//! `ProviderConfig` and `ClusterProviderConfig` with `credentials.source: OIDCTokenFile`. The token is that of the provider's pod, whose
//! label and account name come from a `DeploymentRuntimeConfig`. Client id, tenant and subscription are those of the object; variables of
//! the pod are not read.
//!
//! # Right
//!
//! ```yaml
//! credentials:
//!   source: OIDCTokenFile
//! clientID: 00000000-0000-0000-0000-000000000000
//! tenantID: 00000000-0000-0000-0000-000000000000
//! subscriptionID: 00000000-0000-0000-0000-000000000000
//! ```
//!
//! The `DeploymentRuntimeConfig` has the label in its pod template, and a fixed name in `serviceAccountTemplate`.
//!
//! # Fails
//!
//! - `clientID`, `tenantID` or `subscriptionID` is missing: `client ID must be set in ProviderConfig when credential source is
//!   OIDCTokenFile`.
//! - Other sources use no workload identity: `UserAssignedManagedIdentity` is an identity of the node.
//! - The pods of the provider lack the label: the file of the token does not exist.
//! - Before v2.7.0 the token is read from `/var/run/secrets/azure/tokens/azure-identity-token` alone.
//!
//! # Uses
//!
//! What it manages in the subscription.
//!
//! # Sources
//!
//! `internal/clients/azure.go` of github.com/crossplane-contrib/provider-upjet-azure v2.7.0.

use azure_workload_identity_policy::json::Value;

use super::controller::CROSSPLANE;
use super::fields::Fields;
use super::{
    AskedAccount, AzureKind, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, find, path,
};

const SPEC: &[&str] =
    &["clientID", "credentials", "environment", "msiEndpoint", "oidcTokenFilePath", "subscriptionID", "tenantID"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let fields = Fields::at(object.value, &["spec"], SPEC);
    let source = find(object.value, "spec.credentials.source").and_then(Value::as_str).unwrap_or_default();
    match &*source {
        "OIDCTokenFile" => {}
        "UserAssignedManagedIdentity" | "SystemAssignedManagedIdentity" => {
            let problem = "selects an identity of the node, not workload identity";
            let at = path(&["spec", "credentials", "source"]);
            return found.otherwise(at, problem, "write OIDCTokenFile to use workload identity");
        }
        _ => return,
    }
    for (key, link, name) in [
        ("clientID", RequestLink::Client, "client ID"),
        ("tenantID", RequestLink::Tenant, "tenant ID"),
        ("subscriptionID", RequestLink::Target, "subscription ID"),
    ] {
        if fields.text(key).is_none() {
            let consequence =
                format!("it fails with `{name} must be set in ProviderConfig when credential source is OIDCTokenFile`");
            found.missing(&fields, key, link, &consequence);
        }
    }
    let at = path(&["spec"]);
    object.needs_token_of(&CROSSPLANE, &at, "the file of the token does not exist", found);
    found.requests.push(IdentityRequest {
        client: fields.id("clientID", IdSource::Missing),
        tenant: fields.id("tenantID", IdSource::Missing),
        target: fields.target("subscriptionID", AzureKind::Subscription, ""),
        ..IdentityRequest::new(at, AskedAccount::Controller(&CROSSPLANE))
    });
    found.misspelt(&fields, Effect::Ignored);
}
