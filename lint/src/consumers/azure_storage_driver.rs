//! Azure Files and Azure Blob CSI drivers.
//!
//! # Reads
//!
//! `PersistentVolume`, `StorageClass` and inline volumes of the drivers `file.csi.azure.com` and `blob.csi.azure.com`. The names of
//! attributes and parameters have any case. The kubelet gives the driver a token of the pod's service account; its annotations and
//! the label are not read. The client id is `clientID`, the tenant `tenantID`, else the driver's own.
//!
//! # Right
//!
//! ```yaml
//! volumeAttributes:
//!   storageAccount: stshop
//!   containerName: data
//!   clientID: 00000000-0000-0000-0000-000000000000
//! ```
//!
//! The driver reads the account key with the identity. With `mountWithWorkloadIdentityToken: "true"` (Blob v1.25.6, Files v1.35.0) it
//! mounts with the token itself. An inline volume of Azure Files needs that mode.
//!
//! # Fails
//!
//! - `CSIDriver` without `tokenRequests`: no error; the pod writes to an empty directory of the node. Without the audience: `token for
//!   audience api://AzureADTokenExchange not found`.
//! - Inline volume of Azure Files with `clientID` alone: the driver clears the storage account.
//! - Azure Files with two of `mountWithManagedIdentity`, `mountWithOAuthToken`, `mountWithWorkloadIdentityToken`: `only one of .. can be
//!   true`.
//! - Token mode without `clientID`: the identity is the driver's own, on AKS that of the kubelet.
//! - NFS never uses an identity.
//!
//! # Uses
//!
//! The storage account: Storage Account Contributor to read its key; with the token Storage Blob Data Contributor, or Storage File Data
//! SMB MI Admin.
//!
//! # Sources
//!
//! `pkg/blob/nodeserver.go` of github.com/kubernetes-sigs/blob-csi-driver v1.27.9; `pkg/azurefile/nodeserver.go` of
//! github.com/kubernetes-sigs/azurefile-csi-driver v1.35.7.

use azure_workload_identity_policy::json::{Path, Value};
use azure_workload_identity_policy::placeholder::has_placeholder;
use azure_workload_identity_policy::pod::STORAGE_DRIVERS;

use super::fields::Fields;
use super::secret_provider_class::lacks_audience;
use super::{
    AskedAccount, AzureKind, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, find, path,
};

const ATTRIBUTES: &[&str] = &[
    "clientID",
    "tenantID",
    "mountWithWorkloadIdentityToken",
    "mountWithManagedIdentity",
    "mountWithOAuthToken",
    "protocol",
    "storageAccount",
    "resourceGroup",
    "containerName",
    "shareName",
    "AzureStorageAuthType",
    "AzureStorageIdentityClientID",
];

/// Where attributes stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Volume,
    Class,
    Inline,
}

pub(super) fn judge_volume(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    if let Some(csi) = find(object.value, "spec.csi") {
        judge_csi(object, csi, path(&["spec", "csi"]), Where::Volume, found);
    }
}

pub(super) fn judge_class(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let driver = object.value.field("provisioner").and_then(Value::as_str).unwrap_or_default();
    let fields = Fields::at(object.value, &["parameters"], ATTRIBUTES);
    judge_attributes(object, &driver, &fields, Where::Class, found);
}

/// A volume of a pod.
pub(super) fn judge_inline(object: &ConsumerObject<'_, '_>, csi: Value<'_>, found: &mut Consumption) {
    judge_csi(object, csi, csi.path_from(object.value), Where::Inline, found);
}

fn judge_csi(object: &ConsumerObject<'_, '_>, csi: Value<'_>, path: Path, place: Where, found: &mut Consumption) {
    let driver = csi.field("driver").and_then(Value::as_str).unwrap_or_default();
    let fields = Fields::new(csi.field("volumeAttributes"), path.key("volumeAttributes"), ATTRIBUTES);
    judge_attributes(object, &driver, &fields, place, found);
}

fn judge_attributes(
    object: &ConsumerObject<'_, '_>,
    driver: &str,
    fields: &Fields<'_>,
    place: Where,
    found: &mut Consumption,
) {
    if !STORAGE_DRIVERS.contains(&driver) {
        return;
    }
    let fields = fields.clone().ignoring_case();
    let is_files = driver.starts_with("file");
    let has_client = fields.text("clientID").is_some();
    repeated(&fields, is_files, place, found);
    let mut flag = |key: &str| match fields.flag(key) {
        Ok(flag) => flag,
        Err(text) => {
            if !has_placeholder(&text) {
                let problem = format!("is no boolean: the mount fails with `invalid {}`", key.to_ascii_lowercase());
                found.fails(RequestLink::Client, fields.path(key), problem, "write \"true\" or \"false\"");
            }
            false
        }
    };
    let token = flag("mountWithWorkloadIdentityToken");
    let managed = is_files && flag("mountWithManagedIdentity");
    let oauth = is_files && flag("mountWithOAuthToken");
    // A StorageClass with an unknown parameter makes no volume; an unknown attribute is ignored.
    found.misspelt(&fields, if place == Where::Class { Effect::Fails } else { Effect::Ignored });
    let asks = has_client || token;
    if fields.text("protocol").is_some_and(|protocol| protocol.eq_ignore_ascii_case("nfs")) {
        if asks {
            let key = if has_client { "clientID" } else { "mountWithWorkloadIdentityToken" };
            found.otherwise(
                fields.path(key),
                "is not used: NFS mounts without an identity",
                "remove it, or use another protocol",
            );
        }
        return;
    }
    if [token, managed, oauth].iter().filter(|it| **it).count() > 1 {
        let key = if managed { "mountWithManagedIdentity" } else { "mountWithOAuthToken" };
        found.fails(
            RequestLink::Client,
            fields.path(key),
            "excludes mountWithWorkloadIdentityToken: the mount fails with `only one of .. can be true`",
            "remove it to use workload identity",
        );
    } else if managed || fields.text("AzureStorageAuthType").is_some_and(|it| it.eq_ignore_ascii_case("msi")) {
        let key = if managed { "mountWithManagedIdentity" } else { "AzureStorageAuthType" };
        let problem = "selects an identity of the node, not that of the pod's service account";
        found.otherwise(fields.path(key), problem, "set clientID instead to use workload identity");
        return;
    }
    if !asks {
        return;
    }
    if !has_client {
        let problem = "needs clientID: without it the identity is that of the driver, on AKS that of the kubelet, which then needs the \
                       federated credential";
        let at = fields.path("mountWithWorkloadIdentityToken");
        found.add(Effect::Depends, RequestLink::Client, at, problem, "set clientID to the client id of the identity");
    }
    if is_files && place == Where::Inline && !token {
        found.fails(
            RequestLink::Client,
            fields.path("clientID"),
            "is not enough for an inline volume: the driver clears the storage account unless it has \
             --allow-inline-volume-key-access-with-identity",
            "set mountWithWorkloadIdentityToken: \"true\", or use a PersistentVolume",
        );
    }
    let role = match (token, is_files) {
        (false, _) => "Storage Account Contributor",
        (true, true) => "Storage File Data SMB MI Admin",
        (true, false) => "Storage Blob Data Contributor",
    };
    let driver_id = IdSource::Elsewhere("is the driver's own", fields.path("mountWithWorkloadIdentityToken"));
    let request = IdentityRequest {
        client: fields.id("clientID", driver_id),
        tenant: fields.id("tenantID", IdSource::Account),
        target: fields.target("storageAccount", AzureKind::StorageAccount, role),
        ..IdentityRequest::new(fields.own_path(), AskedAccount::Mounting)
    };
    if let Some(audiences) = object.files.token_audiences(object.position, driver) {
        lacks_audience(&audiences, &request, &fields.own_path(), driver, found);
    }
    found.requests.push(request);
}

/// One name in two spellings, with different values.
fn repeated(fields: &Fields<'_>, is_files: bool, place: Where, found: &mut Consumption) {
    let names: Vec<_> = fields.names().collect();
    for (number, (name, value)) in names.iter().enumerate() {
        let mut earlier = names.iter().take(number);
        let other = earlier.find(|(other, it)| other.eq_ignore_ascii_case(name) && !it.same_as(*value));
        if let Some((other, _)) = other {
            let at = fields.own_path().key(name.as_ref());
            if is_files && place != Where::Inline {
                let problem =
                    format!("is the same as `{other}`, since case is ignored: which of the two counts is not defined");
                found.add(Effect::Depends, RequestLink::Client, at, problem, "remove one of the two");
            } else {
                let problem = format!("is the same as `{other}`, since case is ignored: the driver refuses the volume");
                found.fails(RequestLink::Client, at, problem, "remove one of the two");
            }
        }
    }
}
