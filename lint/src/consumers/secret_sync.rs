//! Secret Sync controller with the Azure Key Vault provider.
//!
//! # Reads
//!
//! `SecretSync`: the controller requests a token of `spec.serviceAccountName` and gives it to the provider with the parameters of
//! `spec.secretProviderClassName`, which the [provider](#secrets-store-csi-driver-with-the-azure-key-vault-provider) reads as for a
//! mount.
//!
//! # Right
//!
//! ```yaml
//! spec:
//!   serviceAccountName: web
//!   secretProviderClassName: kv
//! ```
//!
//! The chart's value `tokenRequestAudience` lists `api://AzureADTokenExchange`.
//!
//! # Fails
//!
//! - The controller has no `--token-request-audience`, as its chart installs it: `service account tokens not found`.
//!
//! # Uses
//!
//! What the `SecretProviderClass` uses.
//!
//! # Sources
//!
//! github.com/kubernetes-sigs/secrets-store-sync-controller v0.0.4.

use super::controller::SECRET_SYNC;
use super::fields::Fields;
use super::{
    AskedAccount, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, path,
    secret_provider_class,
};

const FIELDS: &[&str] = &["serviceAccountName", "secretProviderClassName", "secretObject", "forceSynchronization"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let fields = Fields::at(object.value, &["spec"], FIELDS);
    let Some(name) = fields.text("serviceAccountName") else { return };
    let class = fields.text("secretProviderClassName").and_then(|class| {
        let position = object.files.find(object.position, "SecretProviderClass", object.namespace, &class)?;
        let class = ConsumerObject { value: object.files.value(position)?, position, ..*object };
        secret_provider_class::judge_parameters(&class, &mut Consumption::default())
    });
    let at = path(&["spec"]);
    let name_path = fields.path("serviceAccountName");
    let account =
        AskedAccount::Named { namespace: object.namespace.map(Into::into), name: name.into_owned(), path: name_path };
    // The paths of the class lead nowhere here.
    let of_class = fields.path("secretProviderClassName");
    let moved = |id: IdSource| match id {
        IdSource::Own(text, _) => IdSource::Own(text, of_class.clone()),
        other => other,
    };
    let elsewhere =
        || IdSource::Elsewhere("is a parameter of a SecretProviderClass that is not among the files", of_class.clone());
    let (client, tenant, is_binding, target) = match class {
        Some(class) => (moved(class.client), moved(class.tenant), class.is_binding, class.target),
        None => (elsewhere(), IdSource::Account, false, None),
    };
    let request = IdentityRequest { client, tenant, is_binding, target, ..IdentityRequest::new(at.clone(), account) };
    let controller = object.files.controller(&SECRET_SYNC, object.position);
    let audience = request.audience();
    if controller.is_none_or(|pod| !pod.mentions(audience)) {
        let effect = if controller.is_some() { Effect::Fails } else { Effect::Depends };
        let problem = format!(
            "needs a controller with --token-request-audience={audience}, which its chart does not set: `service account tokens not \
             found`"
        );
        found.add(effect, RequestLink::Audience, at, problem, "set tokenRequestAudience in the values of its chart");
    }
    found.requests.push(request);
    found.misspelt(&fields, Effect::Ignored);
}
