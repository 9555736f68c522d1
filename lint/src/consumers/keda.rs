//! KEDA.
//!
//! # Reads
//!
//! `TriggerAuthentication` and `ClusterTriggerAuthentication` with `podIdentity.provider: azure-workload`, in `spec` and in
//! `spec.azureKeyVault`. The token is always that of the KEDA operator, never that of the scaled workload. The client id is
//! `identityId`, else the annotation of the operator's account; the tenant `identityTenantId`, else that of the operator.
//!
//! # Right
//!
//! ```yaml
//! podIdentity:
//!   provider: azure-workload
//!   identityId: 00000000-0000-0000-0000-000000000000
//! ```
//!
//! The operator's pods have the label. Its service account needs no annotation if each object has `identityId`. Each identity needs a
//! federated credential for the operator's account.
//!
//! # Fails
//!
//! - No `identityId` and no annotation: `no client ID specified`. Names are exact: `identityID` is an unknown field.
//! - The operator without the label: `no token file specified`.
//! - `identityId: ""`, or `identityAuthorityHost` without `identityTenantId`: refused by KEDA's webhook.
//! - `identityOwner` and, since v2.19, `identityAuthorityHost` have no effect.
//! - `provider: azure` was removed in v2.15.
//!
//! # Uses
//!
//! | trigger | named by | role |
//! |---|---|---|
//! | `azure-servicebus` | `namespace` | Azure Service Bus Data Owner |
//! | `azure-queue`, `azure-blob` | `accountName` | Storage Queue Data Reader, Storage Blob Data Reader |
//! | `azure-eventhub` | `eventHubNamespace`, `storageAccountName` | Azure Event Hubs Data Receiver, Storage Blob Data Reader |
//! | `azure-monitor`, `azure-app-insights` | `resourceURI`, `applicationInsightsId` | Monitoring Reader |
//! | `azure-log-analytics` | `workspaceId` | Log Analytics Reader |
//! | `prometheus` | `serverAddress` | Monitoring Data Reader |
//! | `azureKeyVault` | `vaultUri` | Key Vault Secrets User |
//!
//! # Sources
//!
//! `apis/keda/v1alpha1/triggerauthentication_types.go`, `triggerauthentication_webhook.go` and `pkg/scalers/azure` of
//! github.com/kedacore/keda v2.20.2.

use super::controller::KEDA;
use super::fields::Fields;
use super::{
    AskedAccount, AzureKind, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, path,
};

const POD_IDENTITY: &[&str] =
    &["identityAuthorityHost", "identityId", "identityOwner", "identityTenantId", "provider", "roleArn"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    for keys in [&["spec", "podIdentity"][..], &["spec", "azureKeyVault", "podIdentity"]] {
        let fields = Fields::at(object.value, keys, POD_IDENTITY);
        match fields.text("provider").as_deref() {
            Some("azure-workload") => pod_identity(object, keys, &fields, found),
            Some("azure") => found.fails(
                RequestLink::Client,
                fields.path("provider"),
                "was removed in KEDA v2.15: the object is refused",
                "write azure-workload",
            ),
            _ => {}
        }
    }
}

fn pod_identity(object: &ConsumerObject<'_, '_>, keys: &[&str], fields: &Fields<'_>, found: &mut Consumption) {
    let at = path(keys);
    if fields.get("identityId").is_some() && fields.text("identityId").is_none() {
        found.fails(
            RequestLink::Client,
            fields.path("identityId"),
            "is refused by KEDA's webhook: `identityId of PodIdentity should not be empty`",
            "remove it, or set it to the client id of the identity",
        );
    }
    if fields.text("identityAuthorityHost").is_some() {
        if fields.text("identityTenantId").is_none() {
            found.fails(
                RequestLink::Tenant,
                fields.path("identityAuthorityHost"),
                "is refused by KEDA's webhook without `identityTenantId`",
                "remove it, or set identityTenantId",
            );
        } else {
            let problem = "is not read since KEDA v2.19: the authority is AZURE_AUTHORITY_HOST of the operator's pod";
            found.ignored(fields.path("identityAuthorityHost"), problem, "remove it");
        }
    }
    if fields.text("identityOwner").is_some_and(|owner| owner != "keda") {
        let problem =
            "has no meaning for Azure: the token is that of the KEDA operator, never that of the scaled workload";
        found.ignored(fields.path("identityOwner"), problem, "remove it, and set identityId");
    }
    object.needs_token_of(&KEDA, &at, "scalers fail with `no token file specified`", found);
    found.requests.push(IdentityRequest {
        client: fields.id("identityId", IdSource::Account),
        tenant: fields.id("identityTenantId", IdSource::Account),
        target: Fields::at(object.value, &["spec", "azureKeyVault"], &[])
            .target("vaultUri", AzureKind::Vault, "Key Vault Secrets User")
            .filter(|_| keys.len() > 2),
        ..IdentityRequest::new(at, AskedAccount::Controller(&KEDA))
    });
    found.misspelt(fields, Effect::Ignored);
}
