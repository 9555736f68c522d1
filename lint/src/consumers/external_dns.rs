//! external-dns with Azure DNS.
//!
//! # Reads
//!
//! The Secret with `azure.json` that its pod mounts; names in it have any case. `useWorkloadIdentityExtension` uses the token of the pod.
//! The client id is `aadClientId` (since v0.14.0), else the annotation of the service account; the tenant `tenantId`, else that of the
//! account.
//!
//! # Right
//!
//! ```json
//! {"subscriptionId": "..", "resourceGroup": "rg-dns", "useWorkloadIdentityExtension": true}
//! ```
//!
//! The pods have the label, and their service account the annotation.
//!
//! # Fails
//!
//! - `aadClientId` with `aadClientSecret` comes first.
//! - `useManagedIdentityExtension` uses an identity of the node, also in a labelled pod; `userAssignedIdentityID` is for that alone.
//! - `"aadClientId": "msi"` is no client id.
//! - Pods without the label: `no token file specified`.
//!
//! # Uses
//!
//! The DNS zones of `resourceGroup`: DNS Zone Contributor, and Reader on the resource group.
//!
//! # Sources
//!
//! `provider/azure/config.go` of github.com/kubernetes-sigs/external-dns v0.22.0.

use azure_workload_identity_policy::finding::quote;
use azure_workload_identity_policy::json::Document;

use super::controller::EXTERNAL_DNS;
use super::fields::Fields;
use super::secret::SecretData;
use super::{AskedAccount, AzureKind, ConsumerObject, Consumption, IdSource, IdentityRequest, RequestLink};

const CONFIG: &[&str] = &[];
const FILE: &str = "azure.json";

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let data = SecretData(object.value);
    let Some(text) = data.text(FILE) else { return };
    let Ok(document) = Document::parse(text.as_bytes()) else { return };
    let config = Fields::new(Some(document.root()), data.path(FILE), CONFIG).ignoring_case();
    let pod = object.files.controller(&EXTERNAL_DNS, object.position);
    let is_mounted = pod.is_some_and(|pod| pod.mentions(&quote(object.name)));
    let at = data.path(FILE);
    if !config.flag("useWorkloadIdentityExtension").unwrap_or_default() {
        let manages = config.flag("useManagedIdentityExtension").unwrap_or_default();
        if manages && is_mounted && pod.is_some_and(|pod| pod.has_token) {
            let problem = "sets useManagedIdentityExtension: the identity is one of the node, although the pods of external-dns are \
                           labelled";
            found.ignored(at, problem, "set useWorkloadIdentityExtension instead");
        }
        return;
    }
    let client = config.text("aadClientId");
    let is_msi = client.as_deref() == Some("msi");
    if is_msi {
        let problem = "sets aadClientId to \"msi\", which is no client id";
        found.fails(RequestLink::Client, at.clone(), problem, "remove aadClientId");
    } else if client.is_some() && config.text("aadClientSecret").is_some() {
        let problem = "sets aadClientId and aadClientSecret, which come first: workload identity is not used";
        return found.ignored(at, problem, "remove aadClientSecret");
    }
    if config.text("userAssignedIdentityID").is_some() {
        let problem = "sets userAssignedIdentityID, which workload identity does not read";
        found.ignored(
            at.clone(),
            problem,
            "write the client id as aadClientId, or as annotation of the service account",
        );
    }
    object.needs_token_of(&EXTERNAL_DNS, &at, "external-dns fails with `no token file specified`", found);
    // The text is in a string, so that its places are those of the string.
    let own = |key: &str, otherwise: IdSource| {
        config.text(key).map_or(otherwise, |text| IdSource::Own(text.into_owned(), at.clone()))
    };
    found.requests.push(IdentityRequest {
        client: if is_msi { IdSource::Missing } else { own("aadClientId", IdSource::Account) },
        tenant: own("tenantId", IdSource::Account),
        target: config.target("resourceGroup", AzureKind::DnsZone, "DNS Zone Contributor"),
        ..IdentityRequest::new(at.clone(), AskedAccount::Controller(&EXTERNAL_DNS))
    });
}
