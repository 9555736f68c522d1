//! Velero.
//!
//! # Reads
//!
//! `BackupStorageLocation` and `VolumeSnapshotLocation` with `provider: azure`, and the credential file of `spec.credential`. If the pod of
//! Velero is labelled, client id and tenant are those of its service account; `AZURE_CLIENT_ID` and `AZURE_TENANT_ID` of the file are
//! not read.
//!
//! # Right
//!
//! ```yaml
//! config:
//!   storageAccount: stbackup
//!   resourceGroup: rg-backup
//!   useAAD: "true"
//! ```
//!
//! The file has `AZURE_SUBSCRIPTION_ID`, `AZURE_RESOURCE_GROUP` and `AZURE_CLOUD_NAME`. The pods have the label, those of node-agent too.
//! `useAAD` is known since v1.8 of the plugin.
//!
//! # Fails
//!
//! - `AZURE_CLIENT_SECRET`, a certificate or `AZURE_USERNAME` in the file come before workload identity.
//! - `AZURE_CLIENT_ID` in the file that is not the annotation's has no effect.
//! - `useAAD` that is no boolean of Go is an error; `storageAccountKeyEnvVar` comes first.
//!
//! # Uses
//!
//! The storage account: Storage Blob Data Contributor with `useAAD`, else a role with `listKeys`, such as Storage Account Contributor.
//!
//! # Sources
//!
//! `pkg/util/azure` of github.com/vmware-tanzu/velero d30d389b5; github.com/vmware-tanzu/velero-plugin-for-microsoft-azure 1b682ce.

use azure_workload_identity_policy::json::Value;
use azure_workload_identity_policy::placeholder::has_placeholder;

use super::controller::VELERO;
use super::fields::Fields;
use super::secret::SecretData;
use super::{AskedAccount, AzureKind, ConsumerObject, Consumption, Effect, IdentityRequest, RequestLink, find, path};

const CONFIG: &[&str] = &[
    "activeDirectoryAuthorityURI",
    "resourceGroup",
    "storageAccount",
    "storageAccountKeyEnvVar",
    "storageAccountURI",
    "subscriptionId",
    "useAAD",
];
const FIRST: [&str; 4] =
    ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let provider = find(object.value, "spec.provider").and_then(Value::as_str).unwrap_or_default();
    if !matches!(&*provider, "azure" | "velero.io/azure") {
        return;
    }
    let config = Fields::at(object.value, &["spec", "config"], CONFIG);
    found.misspelt(&config, Effect::Ignored);
    // Without the label Velero has other ways to an identity, none of which is workload identity.
    let Some(pod) = object.files.controller(&VELERO, object.position).filter(|pod| pod.has_token) else { return };
    let uses_entra = match config.flag("useAAD") {
        Ok(flag) => flag,
        Err(text) => {
            if !has_placeholder(&text) {
                found.fails(RequestLink::Target, config.path("useAAD"), "is no boolean", "write \"true\" or \"false\"");
            }
            false
        }
    };
    if uses_entra && config.text("storageAccountKeyEnvVar").is_some() {
        let problem = "comes before useAAD: the storage account is accessed with its key";
        return found.ignored(config.path("storageAccountKeyEnvVar"), problem, "remove it to use workload identity");
    }
    let credential = Fields::at(object.value, &["spec", "credential"], &["key", "name"]);
    if let (Some(name), Some(key)) = (credential.text("name"), credential.text("key")) {
        let secret = object.files.find(object.position, "Secret", object.namespace, &name);
        let file = secret.and_then(|secret| SecretData(object.files.value(secret)?).text(&key));
        let of_file = |wanted: &str| {
            let mut lines = file.as_deref().unwrap_or_default().lines().filter_map(|line| line.trim().split_once('='));
            lines.find(|(name, value)| *name == wanted && !value.is_empty()).map(|(_, value)| value.trim_matches('"'))
        };
        if let Some(first) = FIRST.into_iter().find(|key| of_file(key).is_some()) {
            let problem = format!("names a file with {first}, which comes before workload identity");
            return found.ignored(credential.own_path(), problem, format!("remove {first} from the file"));
        }
        let account = object.files.account(pod.position, pod.namespace.as_deref(), &pod.account);
        for (key, own) in [
            ("AZURE_CLIENT_ID", account.and_then(|account| account.client_id.as_deref())),
            ("AZURE_TENANT_ID", account.and_then(|account| account.tenant_id.as_deref())),
        ] {
            let differs = of_file(key).is_some_and(|text| own.is_none_or(|own| !own.eq_ignore_ascii_case(text)));
            if differs && (key == "AZURE_CLIENT_ID" || own.is_some()) {
                let problem = format!(
                    "names a file with {key}, which workload identity does not read: that of the service account counts"
                );
                found.ignored(
                    credential.own_path(),
                    problem,
                    format!("remove {key} from the file, or annotate the service account"),
                );
            }
        }
    }
    let role = if uses_entra { "Storage Blob Data Contributor" } else { "Storage Account Contributor" };
    found.requests.push(IdentityRequest {
        target: config.target("storageAccount", AzureKind::StorageAccount, role),
        ..IdentityRequest::new(path(&["spec"]), AskedAccount::Controller(&VELERO))
    });
}
