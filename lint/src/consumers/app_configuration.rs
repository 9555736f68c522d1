//! Azure App Configuration provider.
//!
//! # Reads
//!
//! `AzureAppConfigurationProvider`, in three places that do not inherit from each other: `spec.auth` for the store, `spec.secret.auth`
//! for all vaults of references, `spec.secret.auth.keyVaults[]` for one vault. With `workloadIdentity.serviceAccountName` (since v2.0.0)
//! the provider requests a token of that account, whose annotation is the client id. With `managedIdentityClientId` or
//! `managedIdentityClientIdReference` it uses the token of its own pod.
//!
//! # Right
//!
//! ```yaml
//! auth:
//!   workloadIdentity:
//!     serviceAccountName: web
//! secret:
//!   auth:
//!     workloadIdentity:
//!       serviceAccountName: web
//! ```
//!
//! # Fails
//!
//! - `spec.secret` without `auth`: references to vaults use an identity of the node, not `spec.auth`.
//! - Two of the fields of `workloadIdentity`, or two methods of `auth`: `more than one authentication methods`, `setting only one of`.
//! - None of the fields of `workloadIdentity`: `setting one of .. is required`.
//! - `managedIdentityClientId` without the chart's `workloadIdentity.globalServiceAccountEnabled: true`, which is off by default:
//!   `using a global service account is no longer permitted`.
//! - In v2.6.6 an admission policy requires that who applies the object may `use` the service account.
//!
//! # Uses
//!
//! The store of `endpoint`: App Configuration Data Reader; vaults of references: Key Vault Secrets User.
//!
//! # Sources
//!
//! `controller/utils.go` and `loader/configuration_client_manager.go` of github.com/Azure/AppConfiguration-KubernetesProvider v2.6.5.

use azure_workload_identity_policy::json::Value;

use super::controller::APP_CONFIGURATION;
use super::fields::Fields;
use super::{
    AskedAccount, AzureKind, AzureTarget, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink,
};

const AUTH: &[&str] = &["keyVaults", "managedIdentityClientId", "servicePrincipalReference", "uri", "workloadIdentity"];
const METHODS: [&str; 3] = ["workloadIdentity", "managedIdentityClientId", "servicePrincipalReference"];
const WORKLOAD_IDENTITY: &[&str] =
    &["managedIdentityClientId", "managedIdentityClientIdReference", "serviceAccountName"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let spec = Fields::at(object.value, &["spec"], &["auth", "endpoint", "secret"]);
    let store = spec.fields("auth", AUTH);
    let endpoint = spec.target("endpoint", AzureKind::AppConfiguration, "App Configuration Data Reader");
    auth(object, &store, endpoint, found);
    let secret = spec.fields("secret", &["auth", "target"]);
    if !secret.exists() {
        return;
    }
    let vaults = secret.fields("auth", AUTH);
    if !vaults.exists() {
        if store.get("workloadIdentity").is_some() {
            let problem = "has no `auth`: references to key vaults use an identity of the node, since spec.auth is for the store alone";
            let fix = "set spec.secret.auth.workloadIdentity too";
            found.add(Effect::Depends, RequestLink::Client, secret.own_path(), problem, fix);
        }
        return;
    }
    auth(object, &vaults, None, found);
    let each = vaults.get("keyVaults").into_iter().flat_map(Value::elements);
    for (number, vault) in each.enumerate() {
        let at = vaults.path("keyVaults").index(number);
        let fields = Fields::new(Some(vault), at, AUTH);
        let target = fields.target("uri", AzureKind::Vault, "Key Vault Secrets User");
        auth(object, &fields, target, found);
    }
}

/// One place with an identity.
fn auth(object: &ConsumerObject<'_, '_>, fields: &Fields<'_>, target: Option<AzureTarget>, found: &mut Consumption) {
    let methods: Vec<_> = METHODS.into_iter().filter(|key| fields.get(key).is_some()).collect();
    if let [_, second, ..] = methods.as_slice() {
        let problem = "is a second method: `more than one authentication methods` are refused";
        found.fails(RequestLink::Client, fields.path(second), problem, "keep one of them");
    }
    found.misspelt(fields, Effect::Ignored);
    let workload = fields.fields("workloadIdentity", WORKLOAD_IDENTITY);
    if !workload.exists() {
        return;
    }
    let at = workload.own_path();
    let set: Vec<_> = WORKLOAD_IDENTITY.iter().copied().filter(|key| workload.get(key).is_some()).collect();
    match set.as_slice() {
        [] => {
            let problem = format!("sets none of {}: `setting one of .. is required`", WORKLOAD_IDENTITY.join(", "));
            found.fails(RequestLink::Account, at.clone(), problem, "set serviceAccountName");
        }
        [first, _, ..] => {
            let problem =
                format!("is a second one of {}: `setting only one of .. is allowed`", WORKLOAD_IDENTITY.join(", "));
            found.fails(RequestLink::Account, workload.path(first), problem, "keep serviceAccountName alone");
        }
        [_] => {}
    }
    found.misspelt(&workload, Effect::Ignored);
    let request = match workload.text("serviceAccountName") {
        Some(name) => {
            let path = workload.path("serviceAccountName");
            let namespace = object.namespace.map(Into::into);
            IdentityRequest::new(at, AskedAccount::Named { namespace, name: name.into_owned(), path })
        }
        None if set.is_empty() => return,
        None => {
            let pod = object.files.controller(&APP_CONFIGURATION, object.position);
            if pod.is_none_or(|pod| !pod.has_token) {
                let effect = if pod.is_some() { Effect::Fails } else { Effect::Depends };
                let key = set.first().copied().unwrap_or_default();
                let problem = "needs the chart's workloadIdentity.globalServiceAccountEnabled, which is off by default: `using a global \
                               service account is no longer permitted`";
                let fix = "name a service account with serviceAccountName, or set that value of the chart";
                found.add(effect, RequestLink::Account, workload.path(key), problem, fix);
            }
            let reference = workload.path("managedIdentityClientIdReference");
            let client =
                workload.id("managedIdentityClientId", IdSource::Elsewhere("comes from a ConfigMap", reference));
            IdentityRequest { client, ..IdentityRequest::new(at, AskedAccount::Controller(&APP_CONFIGURATION)) }
        }
    };
    found.requests.push(IdentityRequest { target, ..request });
}
