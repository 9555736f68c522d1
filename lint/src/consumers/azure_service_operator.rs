//! Azure Service Operator.
//!
//! # Reads
//!
//! The Secrets `aso-credential` in the namespace of a resource, `aso-controller-settings` in that of the operator, and the one that the
//! annotation `serviceoperator.azure.com/credential-from` of a resource names. The operator projects its token itself: neither the label
//! nor an annotation is needed, and the subject is that of the operator's account for every namespace. Client id and tenant are
//! `AZURE_CLIENT_ID` and `AZURE_TENANT_ID` of the Secret.
//!
//! # Right
//!
//! ```yaml
//! kind: Secret
//! metadata:
//!   name: aso-credential
//! stringData:
//!   AZURE_SUBSCRIPTION_ID: 00000000-0000-0000-0000-000000000000
//!   AZURE_TENANT_ID: 00000000-0000-0000-0000-000000000000
//!   AZURE_CLIENT_ID: 00000000-0000-0000-0000-000000000000
//! ```
//!
//! # Fails
//!
//! - A key is missing: `credential Secret .. does not contain key ..`.
//! - `AUTH_MODE: podidentity` uses an identity of the node; another mode: `authorization mode .. not valid`.
//! - `AZURE_CLIENT_SECRET` or `AZURE_CLIENT_CERTIFICATE` comes first.
//! - `credential-from` with a slash: `cannot contain '/'`. The Secret has to be in the namespace of the resource.
//! - `aso-controller-settings` needs `USE_WORKLOAD_IDENTITY_AUTH: "true"`.
//!
//! # Uses
//!
//! What it manages in Azure.
//!
//! # Sources
//!
//! `v2/internal/identity/credential_provider.go` (ae7b436) and `v2/pkg/common/config/config.go` (00db67c) of
//! github.com/Azure/azure-service-operator.

use azure_workload_identity_policy::json::Value;

use super::controller::SERVICE_OPERATOR;
use super::secret::SecretData;
use super::{
    AskedAccount, AzureKind, AzureTarget, ConsumerObject, Consumption, IdSource, IdentityRequest, RequestLink, find,
    path,
};

const CREDENTIAL: &str = "aso-credential";
const SETTINGS: &str = "aso-controller-settings";
const FROM: &str = "serviceoperator.azure.com/credential-from";
const REQUIRED: [&str; 3] = ["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"];

pub(super) fn judge_secret(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    if !matches!(object.name, CREDENTIAL | SETTINGS) {
        return;
    }
    let data = SecretData(object.value);
    // What is in neither member comes from elsewhere, such as an external store.
    if object.value.field("stringData").or_else(|| object.value.field("data")).is_none() {
        return;
    }
    let holder = |key: &str| data.path(key);
    for key in ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE"] {
        if data.has(key) {
            return;
        }
    }
    let is_global = object.name == SETTINGS;
    if is_global && data.text("USE_WORKLOAD_IDENTITY_AUTH").as_deref() != Some("true") {
        return;
    }
    match data.text("AUTH_MODE").unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "workloadidentity" => {}
        "podidentity" => {
            let problem = "is podidentity: the operator uses an identity of the node";
            return found.otherwise(holder("AUTH_MODE"), problem, "remove AUTH_MODE to use workload identity");
        }
        _ => found.fails(
            RequestLink::Client,
            holder("AUTH_MODE"),
            "is no mode: the operator fails with `authorization mode .. not valid`",
            "write workloadidentity, or remove AUTH_MODE",
        ),
    }
    for key in REQUIRED {
        if !data.has(key) && (!is_global || key != "AZURE_SUBSCRIPTION_ID") {
            let link = if key == "AZURE_TENANT_ID" { RequestLink::Tenant } else { RequestLink::Client };
            let problem =
                format!("is missing: the operator fails with `credential Secret .. does not contain key {key}`");
            found.fails(link, holder(key), problem, format!("set {key}"));
            found.faults.iter_mut().rev().take(1).for_each(|fault| fault.is_absence = true);
        }
    }
    let own =
        |key: &str| data.text(key).map_or(IdSource::Missing, |text| IdSource::Own(text.into_owned(), holder(key)));
    let target = data.text("AZURE_SUBSCRIPTION_ID");
    found.requests.push(IdentityRequest {
        client: own("AZURE_CLIENT_ID"),
        tenant: own("AZURE_TENANT_ID"),
        target: target.map(|name| AzureTarget { kind: AzureKind::Subscription, name: name.into_owned(), role: "" }),
        ..IdentityRequest::new(path(&[]), AskedAccount::Controller(&SERVICE_OPERATOR))
    });
}

pub(super) fn judge_resource(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let from = find(object.value, "metadata.annotations").and_then(|annotations| annotations.field(FROM));
    if from.and_then(Value::as_str).is_some_and(|name| name.contains('/')) {
        found.fails(
            RequestLink::Client,
            path(&["metadata", "annotations", FROM]),
            "names another namespace: the operator fails with `cannot contain '/'`",
            "write the name of a Secret in the namespace of the resource",
        );
    }
}
