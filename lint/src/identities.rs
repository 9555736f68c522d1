//! The kinds of objects that make identities in Azure.
//!
//! Sources: `v2/api/managedidentity` of github.com/Azure/azure-service-operator (`status.clientId`), and the CRDs of
//! github.com/crossplane-contrib/provider-upjet-azure and provider-upjet-azuread (`status.atProvider`).

use azure_workload_identity_policy::federated::FederatedCredential;

/// The API groups of identities: group, kind, where the client id, the tenant and the id in Azure are, and the resource group.
pub const IDENTITIES: [(&str, &str, [&str; 4]); 5] = [
    (
        "managedidentity.azure.com",
        "UserAssignedIdentity",
        ["status.clientId", "status.tenantId", "status.id", "spec.owner.name"],
    ),
    ("managedidentity.azure.upbound.io", "UserAssignedIdentity", UPBOUND),
    ("managedidentity.azure.m.upbound.io", "UserAssignedIdentity", UPBOUND),
    ("applications.azuread.upbound.io", "Application", AZUREAD),
    ("applications.azuread.m.upbound.io", "Application", AZUREAD),
];

const UPBOUND: [&str; 4] = [
    "status.atProvider.clientId",
    "status.atProvider.tenantId",
    "status.atProvider.id",
    "spec.forProvider.resourceGroupName",
];

const AZUREAD: [&str; 4] = ["status.atProvider.clientId", "", "status.atProvider.id", ""];

/// Whether a kind is a federated credential or an identity.
pub fn is_identity(group: &str, kind: &str) -> bool {
    FederatedCredential::is_kind(group, kind) || IDENTITIES.iter().any(|row| (row.0, row.1) == (group, kind))
}
