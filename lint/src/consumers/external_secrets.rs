//! External Secrets Operator.
//!
//! # Reads
//!
//! `SecretStore` and `ClusterSecretStore` with `provider.azurekv` and `authType: WorkloadIdentity`; the generator `ACRAccessToken`. With
//! `serviceAccountRef` the operator requests a token of that account, which needs no label; without it, it uses the token of its own
//! pod. A `ClusterSecretStore` without `serviceAccountRef.namespace` uses the account in the namespace of each `ExternalSecret`.
//! The client id is the annotation of the account or `authSecretRef.clientId`. The tenant is `authSecretRef.tenantId`, else `tenantId`,
//! else the annotation, else that of the operator.
//!
//! # Right
//!
//! ```yaml
//! azurekv:
//!   vaultUrl: https://kv-shop.vault.azure.net
//!   authType: WorkloadIdentity
//!   serviceAccountRef:
//!     name: web
//! ```
//!
//! # Fails
//!
//! - `serviceAccountRef` without `authType`: it is `ServicePrincipal` then: `missing secretRef in provider config`, or `missing tenantID in
//!   store config`.
//! - `tenantId` and a tenant annotation, even an equal one (since v0.9.16, unless `useAzureSDK`): `multiple tenantID found`.
//! - `authSecretRef.clientId` and a client-id annotation: `multiple clientID found`; `authSecretRef` without `clientId`: `missing
//!   accessKeyID/secretAccessKey in store config`.
//! - `serviceAccountRef.namespace` of a `SecretStore` that is not its own: refused.
//! - `ACRAccessToken`: the account needs both annotations: `service account is missing annotation`.
//! - The operator without the label, for a store without `serviceAccountRef`: `missing environment variables`.
//!
//! # Uses
//!
//! The vault of `vaultUrl`: Key Vault Secrets User, Crypto User or Certificate User. `ACRAccessToken`: `AcrPull`, or `AcrPush`, on the registry.
//!
//! # Sources
//!
//! `keyvault.go` and `keyvault_new_sdk.go` of the provider, and `acr.go` of the generator, of
//! github.com/external-secrets/external-secrets v2.9.0.

use azure_workload_identity_policy::cluster::ServiceAccount;
use azure_workload_identity_policy::finding::quote;
use azure_workload_identity_policy::json::Path;

use super::controller::EXTERNAL_SECRETS;
use super::fields::Fields;
use super::{
    AskedAccount, AzureKind, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, path,
};

const STORE: &[&str] = &[
    "authSecretRef",
    "authType",
    "customCloudConfig",
    "environmentType",
    "identityId",
    "serviceAccountRef",
    "tenantId",
    "useAzureSDK",
    "vaultUrl",
];
const SECRET_REFERENCE: &[&str] = &["clientCertificate", "clientId", "clientSecret", "tenantId"];
const ACCOUNT: &[&str] = &["audiences", "name", "namespace"];
const GENERATOR: &[&str] = &["auth", "environmentType", "registry", "scope", "tenantId"];

pub(super) fn judge_store(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let at = path(&["spec", "provider", "azurekv"]);
    let fields = Fields::at(object.value, &["spec", "provider", "azurekv"], STORE);
    if !fields.exists() {
        return;
    }
    let account = fields.fields("serviceAccountRef", ACCOUNT);
    match fields.text("authType").as_deref() {
        Some("WorkloadIdentity") => {}
        None if account.exists() => {
            found.fails(
                RequestLink::Client,
                fields.path("serviceAccountRef"),
                "is ignored without `authType`, which is ServicePrincipal then: the store fails with `missing tenantID in store \
                 config` or `missing secretRef in provider config`",
                "set authType: WorkloadIdentity",
            );
            found.requests.extend(of_account(object, &fields, &account, &at));
            return;
        }
        _ => {
            found.misspelt(&fields, Effect::Ignored);
            return;
        }
    }
    if fields.text("identityId").is_some() {
        let problem = "is not used with authType WorkloadIdentity, only with ManagedIdentity";
        found.ignored(
            fields.path("identityId"),
            problem,
            "remove it; the client id is an annotation of the service account",
        );
    }
    if account.text("name").is_none() {
        let consequence = "the store fails with `missing environment variables. AZURE_CLIENT_ID, AZURE_TENANT_ID and \
                           AZURE_FEDERATED_TOKEN_FILE must be set`";
        object.needs_token_of(&EXTERNAL_SECRETS, &at, consequence, found);
        for key in ["tenantId", "authSecretRef"] {
            if fields.get(key).is_some() {
                let problem = "is not used without `serviceAccountRef`: the operator takes the ids of its own pod";
                found.ignored(fields.path(key), problem, "remove it, or set serviceAccountRef");
            }
        }
        let target = fields.target("vaultUrl", AzureKind::Vault, "Key Vault Secrets User");
        let request = IdentityRequest::new(at, AskedAccount::Controller(&EXTERNAL_SECRETS));
        found.requests.push(IdentityRequest { target, ..request });
    } else {
        check_namespace(object, &account, found);
        for request in of_account(object, &fields, &account, &at) {
            ids(object, &fields, &request, found);
            found.requests.push(request);
        }
    }
    found.misspelt(&fields, Effect::Ignored);
    found.misspelt(&account, Effect::Ignored);
}

fn check_namespace(object: &ConsumerObject<'_, '_>, account: &Fields<'_>, found: &mut Consumption) {
    let Some(named) = account.text("namespace").filter(|_| object.kind == "SecretStore") else { return };
    if object.namespace.is_some_and(|own| own != named) {
        found.fails(
            RequestLink::Account,
            account.path("namespace"),
            "is refused: `namespace should either be empty or match the namespace of the SecretStore`",
            "remove it, or use a ClusterSecretStore",
        );
    }
}

/// The requests for the account that a store names: one for each namespace that it may be in.
fn of_account(
    object: &ConsumerObject<'_, '_>,
    fields: &Fields<'_>,
    account: &Fields<'_>,
    at: &Path,
) -> Vec<IdentityRequest> {
    let Some(name) = account.text("name") else { return Vec::new() };
    let secret = fields.fields("authSecretRef", SECRET_REFERENCE);
    let uses_sdk = fields.flag("useAzureSDK").unwrap_or_default();
    let from_secret = |key: &str, otherwise: IdSource| match secret.get(key) {
        Some(_) if !uses_sdk => IdSource::Elsewhere("comes from a Secret", secret.path(key)),
        _ => otherwise,
    };
    let namespaces = match (object.kind, account.text("namespace")) {
        ("SecretStore", _) => vec![object.namespace.map(Into::into)],
        (_, Some(named)) => vec![Some(named.into_owned())],
        (_, None) => match object.files.store_users(object.name) {
            [] => vec![None],
            users => users.iter().map(|namespace| Some(namespace.clone())).collect(),
        },
    };
    let request = |namespace| {
        let named = AskedAccount::Named { namespace, name: name.to_string(), path: account.path("name") };
        IdentityRequest {
            client: from_secret("clientId", IdSource::Account),
            tenant: from_secret("tenantId", fields.id("tenantId", IdSource::Account)),
            target: fields.target("vaultUrl", AzureKind::Vault, "Key Vault Secrets User"),
            ..IdentityRequest::new(at.clone(), named)
        }
    };
    namespaces.into_iter().map(request).collect()
}

/// What is wrong with the ids of a store and of the account that it names.
fn ids(object: &ConsumerObject<'_, '_>, fields: &Fields<'_>, request: &IdentityRequest, found: &mut Consumption) {
    let secret = fields.fields("authSecretRef", SECRET_REFERENCE);
    if fields.flag("useAzureSDK").unwrap_or_default() {
        if secret.exists() {
            let problem = "is not used with useAzureSDK and authType WorkloadIdentity";
            found.ignored(fields.path("authSecretRef"), problem, "remove it; annotate the service account");
        }
        return;
    }
    if secret.exists() && secret.get("clientId").is_none() {
        let consequence = "the store fails with `missing accessKeyID/secretAccessKey in store config`";
        found.missing(&secret, "clientId", RequestLink::Client, consequence);
    }
    let AskedAccount::Named { namespace, name, .. } = &request.account else { return };
    let Some(account) = object.files.account(object.position, namespace.as_deref(), name) else { return };
    let name = quote(name);
    if secret.get("clientId").is_some() && account.usable_client_id().is_some() {
        let problem = format!(
            "is a second client id beside the annotation of service account {name}: the store fails with `multiple clientID found`"
        );
        found.fails(RequestLink::Client, secret.path("clientId"), problem, "remove one of the two");
    }
    let own_tenant = match (secret.get("tenantId"), fields.text("tenantId")) {
        (Some(_), _) => secret.path("tenantId"),
        (None, Some(_)) => fields.path("tenantId"),
        (None, None) => return,
    };
    if account.tenant_id.as_deref().is_some_and(|tenant| !tenant.is_empty()) {
        let problem = format!(
            "is a second tenant beside the annotation of service account {name}, and be it the same: the store fails with `multiple \
             tenantID found` (since v0.9.16)"
        );
        found.fails(RequestLink::Tenant, own_tenant, problem, "remove one of the two");
    }
}

pub(super) fn judge_generator(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let keys: &[&str] = match object.kind {
        "ClusterGenerator" => &["spec", "generator", "acrAccessTokenSpec"],
        _ => &["spec"],
    };
    let fields = Fields::at(object.value, keys, GENERATOR);
    let auth = fields.fields("auth", &["managedIdentity", "servicePrincipal", "workloadIdentity"]);
    let workload = auth.fields("workloadIdentity", &["serviceAccountRef"]);
    found.misspelt(&auth, Effect::Ignored);
    if !workload.exists() || auth.get("servicePrincipal").or_else(|| auth.get("managedIdentity")).is_some() {
        return;
    }
    let at = path(keys);
    let account = workload.fields("serviceAccountRef", ACCOUNT);
    let target = fields.target("registry", AzureKind::Registry, "AcrPull");
    let Some(name) = account.text("name") else {
        let consequence = "it fails with `missing environment variables`";
        object.needs_token_of(&EXTERNAL_SECRETS, &at, consequence, found);
        let request = IdentityRequest::new(at, AskedAccount::Controller(&EXTERNAL_SECRETS));
        found.requests.push(IdentityRequest { target, ..request });
        return;
    };
    if account.text("namespace").is_some() {
        let problem = "is not used: the account is that of the namespace in which the generator is used";
        found.ignored(account.path("namespace"), problem, "remove it");
    }
    let namespace = object.namespace.filter(|_| object.kind != "ClusterGenerator");
    let known: Option<&ServiceAccount> = object.files.account(object.position, namespace, &name);
    if known.is_some_and(|account| account.tenant_id.is_none()) {
        let problem = format!(
            "is {}, which has no annotation azure.workload.identity/tenant-id: `service account is missing annotation`",
            quote(&name)
        );
        let fix = "add the annotation; spec.tenantId is not used for the token";
        found.fails(RequestLink::Tenant, account.path("name"), problem, fix);
    }
    let name_path = account.path("name");
    let named = AskedAccount::Named { namespace: namespace.map(Into::into), name: name.into_owned(), path: name_path };
    found.requests.push(IdentityRequest { target, ..IdentityRequest::new(at, named) });
}
