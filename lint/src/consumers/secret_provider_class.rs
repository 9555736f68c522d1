//! Secrets Store CSI driver with the Azure Key Vault provider.
//!
//! # Reads
//!
//! `SecretProviderClass` with `provider: azure`. The names in `parameters` are exact. The attributes of the pod's volume replace
//! parameters of the same name. The kubelet gives the driver tokens of the pod's service account: the pod needs no label, and
//! annotations of the service account are not read. The client id is `clientID`, the tenant `tenantID`, else `tenantId`.
//!
//! # Right
//!
//! ```yaml
//! parameters:
//!   clientID: 00000000-0000-0000-0000-000000000000
//!   tenantID: 00000000-0000-0000-0000-000000000000
//!   keyvaultName: kv-shop
//!   objects: |
//!     array:
//!     - |
//!       objectName: db
//!       objectType: secret
//! ```
//!
//! `useAzureTokenProxy: "true"` (since v1.8.1) exchanges the token through an identity binding, for which no federated credential is
//! needed.
//!
//! # Fails
//!
//! - No `clientID`, no other identity, and no `nodePublishSecretRef`: `nodePublishSecretRef secret is not set`.
//! - More than one of `usePodIdentity`, `useVMManagedIdentity` and `useAzureTokenProxy`: `only one identity mode can be enabled`.
//! - `CSIDriver` without `tokenRequests`: `service account tokens not found`; without the audience: `token for audience
//!   api://AzureADTokenExchange not found`.
//! - No `keyvaultName`, `tenantID` or `objects`: `keyvaultName is not provided`, `tenantId is not provided`, `objects is not set`.
//!
//! # Uses
//!
//! The key vault `keyvaultName`: Key Vault Secrets User for secrets, Key Vault Crypto User for keys, Key Vault Certificate User for
//! certificates.
//!
//! # Sources
//!
//! `pkg/provider/types/parameters.go`, `pkg/provider/provider.go` and `pkg/auth/auth.go` of
//! github.com/Azure/secrets-store-csi-driver-provider-azure v1.8.2; `pkg/secrets-store/nodeserver.go` of
//! github.com/kubernetes-sigs/secrets-store-csi-driver v1.6.0.

use azure_workload_identity_policy::json::Value;
use azure_workload_identity_policy::placeholder::has_placeholder;
use azure_workload_identity_policy::pod::SECRETS_STORE_DRIVER;

use super::fields::Fields;
use super::{
    AskedAccount, AzureKind, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, find, path,
};

/// The parameters that the provider reads.
pub(super) const PARAMETERS: &[&str] = &[
    "clientID",
    "tenantID",
    "tenantId",
    "keyvaultName",
    "objects",
    "usePodIdentity",
    "useVMManagedIdentity",
    "userAssignedIdentityID",
    "useAzureTokenProxy",
    "cloudName",
    "cloudEnvFileName",
];

const CLOUDS: [&str; 4] = ["AzurePublicCloud", "AzureChinaCloud", "AzureUSGovernmentCloud", "AzureUSGovernment"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    if find(object.value, "spec.provider").and_then(Value::as_str).as_deref() != Some("azure") {
        return;
    }
    let Some(request) = judge_parameters(object, found) else { return };
    if let Some(audiences) = object.files.token_audiences(object.position, SECRETS_STORE_DRIVER) {
        lacks_audience(&audiences, &request, &request.at, SECRETS_STORE_DRIVER, found);
    }
    found.requests.push(request);
}

/// The request that the parameters make, if they choose workload identity.
pub(super) fn judge_parameters(object: &ConsumerObject<'_, '_>, found: &mut Consumption) -> Option<IdentityRequest> {
    let fields = Fields::at(object.value, &["spec", "parameters"], PARAMETERS);
    let mut modes = Vec::new();
    for key in ["usePodIdentity", "useVMManagedIdentity", "useAzureTokenProxy"] {
        match fields.flag(key) {
            Ok(true) => modes.push(key),
            Ok(false) => {}
            Err(text) if has_placeholder(&text) => {}
            Err(_) => found.fails(
                RequestLink::Client,
                fields.path(key),
                format!("is no boolean: the mount fails with `failed to parse {key} flag`"),
                "write \"true\" or \"false\"",
            ),
        }
    }
    if let [_, second, ..] = modes.as_slice() {
        found.fails(
            RequestLink::Client,
            fields.path(second),
            "is a second identity: the mount fails with `only one identity mode can be enabled at a time`",
            "keep one of usePodIdentity, useVMManagedIdentity and useAzureTokenProxy",
        );
    }
    let client = fields.id("clientID", IdSource::Missing);
    let mode = modes.first().copied();
    let request = match (mode, &client) {
        (Some(mode @ ("usePodIdentity" | "useVMManagedIdentity")), _) => {
            let is_set = fields.text("clientID").is_some();
            let problem =
                format!("is not used with `{mode}`: the identity is one of the node, not that of the service account");
            if is_set {
                found.ignored(fields.path("clientID"), problem, format!("remove {mode} to use workload identity"));
            } else {
                let problem = "selects an identity of the node, not that of the service account";
                found.otherwise(fields.path(mode), problem, "set clientID instead to use workload identity");
            }
            None
        }
        (None, IdSource::Missing) => without_client(object, &fields, found),
        (mode, _) => {
            if mode.is_some() && matches!(client, IdSource::Missing) {
                let consequence = "the mount fails with `clientID is required for identity binding`";
                found.missing(&fields, "clientID", RequestLink::Client, consequence);
            }
            Some(mode.is_some())
        }
    };
    settings(&fields, found);
    found.misspelt(&fields, Effect::Ignored);
    Some(IdentityRequest {
        client,
        tenant: fields.id("tenantID", fields.id("tenantId", IdSource::Missing)),
        is_binding: request?,
        target: fields.target("keyvaultName", AzureKind::Vault, "Key Vault Secrets User"),
        ..IdentityRequest::new(path(&["spec"]), AskedAccount::Mounting)
    })
}

/// Without client id and without another identity the provider uses the Secret of a service principal.
fn without_client(object: &ConsumerObject<'_, '_>, fields: &Fields<'_>, found: &mut Consumption) -> Option<bool> {
    let mounts = object.files.class_mounts(object.name, object.namespace);
    if mounts.iter().any(|mount| mount.has_secret) && fields.near_miss("clientID").is_none() {
        return None;
    }
    if mounts.iter().any(|mount| mount.has_client) {
        return Some(false);
    }
    found.missing(
        fields,
        "clientID",
        RequestLink::Client,
        "the provider reads no annotation, and the mount fails with `nodePublishSecretRef secret is not set`",
    );
    if mounts.is_empty() && fields.near_miss("clientID").is_none() {
        // A pod of another repository may bring the Secret.
        found.faults.iter_mut().rev().take(1).for_each(|fault| fault.effect = Effect::Depends);
    }
    Some(false)
}

/// What every mode requires.
fn settings(fields: &Fields<'_>, found: &mut Consumption) {
    if fields.text("tenantID").or_else(|| fields.text("tenantId")).is_none() {
        found.missing(fields, "tenantID", RequestLink::Tenant, "the mount fails with `tenantId is not provided`");
    }
    let is_vault =
        |name: &str| (3..=24).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    match fields.text("keyvaultName") {
        None => {
            found.missing(
                fields,
                "keyvaultName",
                RequestLink::Target,
                "the mount fails with `keyvaultName is not provided`",
            );
        }
        Some(name) if !is_vault(name.trim()) && !has_placeholder(&name) => found.fails(
            RequestLink::Target,
            fields.path("keyvaultName"),
            "is no name of a key vault: the mount fails with `Invalid vault name`",
            "write the name of the vault, not its URL: 3 to 24 letters, digits and hyphens",
        ),
        Some(_) => {}
    }
    if fields.text("objects").is_none() {
        found.missing(fields, "objects", RequestLink::Target, "the mount fails with `objects is not set`");
    }
    if let Some(cloud) = fields.text("cloudName")
        && !CLOUDS.iter().any(|known| known.eq_ignore_ascii_case(cloud.trim()))
        && !has_placeholder(&cloud)
        && fields.text("cloudEnvFileName").is_none()
    {
        found.fails(
            RequestLink::Target,
            fields.path("cloudName"),
            "is no cloud: the mount fails with `cloudName is not valid`",
            "write AzurePublicCloud, AzureChinaCloud or AzureUSGovernmentCloud, or leave it out",
        );
    }
}

/// What a driver without tokens for the audience of a request comes to.
pub(super) fn lacks_audience(
    audiences: &[String],
    request: &IdentityRequest,
    at: &azure_workload_identity_policy::json::Path,
    driver: &str,
    found: &mut Consumption,
) {
    let audience = request.audience();
    let problem = if audiences.iter().any(|it| it == audience) {
        return;
    } else if audiences.is_empty() {
        if driver == SECRETS_STORE_DRIVER {
            format!("gets no token, since CSIDriver {driver} has no tokenRequests: `service account tokens not found`")
        } else {
            format!(
                "gets no token, since CSIDriver {driver} has no tokenRequests: the driver mounts an empty directory of the node \
                 without an error"
            )
        }
    } else {
        format!(
            "gets no token, since tokenRequests of CSIDriver {driver} lack it: `token for audience {audience} not found`"
        )
    };
    found.fails(RequestLink::Audience, at.clone(), problem, format!("add audience {audience} to its tokenRequests"));
}
