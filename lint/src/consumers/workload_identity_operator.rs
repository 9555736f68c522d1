//! Azure workload identity operator.
//!
//! # Reads
//!
//! `WorkloadIdentity`: the operator creates the service account `spec.serviceAccount.name`, with label and annotations, and the federated
//! credential of the identity `spec.azure.userAssignedIdentityName`. The account is not missing if it is in no file.
//!
//! # Right
//!
//! ```yaml
//! spec:
//!   azure:
//!     userAssignedIdentityName: shop-id
//!     federatedIdentityCredentialName: web
//!   serviceAccount:
//!     name: web
//! ```
//!
//! # Fails
//!
//! - No pod runs as the account.
//!
//! # Uses
//!
//! What the pods use.
//!
//! # Sources
//!
//! `api/v1alpha1` of azure-workload-identity-operator 23d3b58.

use azure_workload_identity_policy::finding::quote;

use super::fields::Fields;
use super::{ConsumerObject, Consumption, Effect};

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let account = Fields::at(object.value, &["spec", "serviceAccount"], &["name"]);
    found.misspelt(&Fields::at(object.value, &["spec"], &["azure", "serviceAccount"]), Effect::Ignored);
    let Some(name) = account.text("name") else { return };
    let accounts = object.files.labelled_accounts(object.namespace);
    if !accounts.is_empty() && !accounts.iter().any(|other| *other == name) {
        let others = accounts.iter().take(3).map(|it| quote(it)).collect::<Vec<_>>().join(", ");
        let problem =
            format!("is the account that the operator makes, but the labelled pods of the namespace run as {others}");
        found.ignored(account.path("name"), problem, "write the same name here and in serviceAccountName of the pods");
    }
}
