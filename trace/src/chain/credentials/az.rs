//! The output of `az ... list` and `az ... show`.
//!
//! Sources: `Microsoft.ManagedIdentity` REST API 2023-01-31 (`userAssignedIdentities`, `federatedIdentityCredentials`), and the resource
//! types `federatedIdentityCredential` and `application` of Microsoft Graph v1.0; `az` prints their members as they are, those of
//! `properties` beside the others.

use azure_workload_identity_lint::report::ObjectName;
use azure_workload_identity_policy::json::{Kind, Path, Value};

use super::{
    AzureIdentity, Credential, CredentialField, Found, arm_key, arm_part, audiences_of, claim_of, place_of, text_of,
    written,
};
use crate::chain::texts::DocumentText;

/// What begins the id of a credential or identity in Azure, without case.
const PROVIDER: &str = "Microsoft.ManagedIdentity";

/// Reads a list, or one of its elements; whether it is one.
pub(super) fn read(text: &DocumentText<'_, '_>, root: Value<'_>, found: &mut Found) -> bool {
    if root.kind() != Kind::Array {
        return element(text, root, &Path::default(), found);
    }
    let mut is_known = false;
    for (index, value) in root.elements().enumerate() {
        is_known |= element(text, value, &Path::default().index(index), found);
    }
    // Of an identity without credentials `az` prints an empty list.
    found.has_credentials |= root.is_empty();
    is_known || root.is_empty()
}

fn element(text: &DocumentText<'_, '_>, value: Value<'_>, path: &Path, found: &mut Found) -> bool {
    let has = |key: &str| value.field(key).is_some();
    if has("issuer") && has("audiences") {
        found.credentials.push(credential(text, value, path));
        found.has_credentials = true;
        true
    } else if has("clientId") && has("principalId") {
        let id = text_of(value, "id").unwrap_or_default();
        found.identities.push(AzureIdentity {
            keys: vec![arm_key(&id)],
            name: text_of(value, "name").unwrap_or_default(),
            resource_group: text_of(value, "resourceGroup")
                .or_else(|| arm_part(&id, "resourceGroups").map(String::from)),
            client_id: text_of(value, "clientId"),
            tenant_id: text_of(value, "tenantId"),
            is_application: false,
        });
        true
    } else if has("appId") && has("id") {
        found.identities.push(AzureIdentity {
            keys: vec![arm_key(&text_of(value, "id").unwrap_or_default())],
            name: text_of(value, "displayName").unwrap_or_default(),
            resource_group: None,
            client_id: text_of(value, "appId"),
            tenant_id: None,
            is_application: true,
        });
        true
    } else {
        false
    }
}

fn credential(text: &DocumentText<'_, '_>, value: Value<'_>, path: &Path) -> Credential {
    let id = text_of(value, "id").unwrap_or_default();
    let place = place_of(text, value, "name");
    let is_managed = arm_part(&id, "providers").is_some_and(|provider| provider.eq_ignore_ascii_case(PROVIDER));
    let owner = match id.to_ascii_lowercase().rfind("/federatedidentitycredentials/") {
        Some(end) if is_managed => id.get(..end).unwrap_or_default().to_owned(),
        // The list of an application does not name it, and there is one list for each.
        _ => format!("list {}", place.source.name),
    };
    Credential {
        object: ObjectName {
            kind: "federated credential".to_owned(),
            name: text_of(value, "name").unwrap_or_default(),
            ..ObjectName::default()
        },
        issuer: claim_of(text, value, "issuer", "is not set"),
        subject: match value.field("claimsMatchingExpression") {
            Some(expression) if value.field("subject").is_none() => {
                CredentialField::Unknown("is matched by an expression".to_owned(), text.of(expression))
            }
            _ => claim_of(text, value, "subject", "is not set"),
        },
        audiences: audiences_of(text, value, "audiences", "is not set"),
        owners: vec![arm_key(&owner)],
        identity: is_managed.then(|| arm_part(&id, "userAssignedIdentities").map(String::from)).flatten(),
        subject_path: written(path, "subject"),
        place,
    }
}
