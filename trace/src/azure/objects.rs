//! Objects of Azure Service Operator and Crossplane that make federated credentials and identities.
//!
//! Which credential an object makes is the view of the library; here it is which identity it belongs to.
//!
//! Sources: `v2/api/managedidentity` of github.com/Azure/azure-service-operator (`spec.owner`, `status.clientId`), and the CRDs of
//! github.com/crossplane-contrib/provider-upjet-azure and provider-upjet-azuread (`parentId`, `userAssignedIdentityId`, `applicationId`
//! and their `...Ref`; `status.atProvider`).

use azure_workload_identity_lint::consumers::find;
use azure_workload_identity_lint::identities::IDENTITIES;
use azure_workload_identity_lint::report::{FilePlace, ObjectName};
use azure_workload_identity_policy::federated::{Claim, FederatedCredential};
use azure_workload_identity_policy::finding::{Part, quote};
use azure_workload_identity_policy::json::{Path, Reading, Value};

use super::found::{AzureIdentity, Credential, CredentialField, Found, arm_key, arm_part};
use crate::chain::texts::DocumentText;

/// Where a credential names its identity: by id, or by the name of its object.
const OWNER_IDS: [&str; 4] = [
    "spec.owner.armId",
    "spec.forProvider.parentId",
    "spec.forProvider.userAssignedIdentityId",
    "spec.forProvider.applicationId",
];
const OWNER_NAMES: [&str; 4] = [
    "spec.owner.name",
    "spec.forProvider.parentIdRef.name",
    "spec.forProvider.userAssignedIdentityIdRef.name",
    "spec.forProvider.applicationIdRef.name",
];

/// Reads an object; whether it is of one of the kinds.
pub(crate) fn read(text: &DocumentText<'_, '_>, object: Value<'_>, name: &ObjectName, found: &mut Found) -> bool {
    let group = name.api_version.split_once('/').map_or("", |(group, _)| group);
    if FederatedCredential::is_kind(group, &name.kind) {
        found.credentials.push(credential(text, object, group, name));
        found.has_credentials = true;
        return true;
    }
    if name.kind == "RoleAssignment" && group.starts_with("authorization.azure.") {
        found.add_unused("role assignment");
        return true;
    }
    let Some((_, _, paths)) = IDENTITIES.iter().find(|row| (row.0, row.1) == (group, name.kind.as_str())) else {
        return false;
    };
    let [client_id, tenant_id, id, resource_group] = paths.map(|path| string_at(object, path));
    let mut keys = vec![object_key(group, name.namespace.as_deref(), &name.name)];
    keys.extend(id.as_deref().map(arm_key));
    let azure_name = string_at(object, "spec.azureName");
    found.identities.push(AzureIdentity {
        keys,
        name: azure_name.unwrap_or_else(|| name.name.clone()),
        resource_group: id
            .as_deref()
            .and_then(|id| arm_part(id, "resourceGroups"))
            .map(String::from)
            .or(resource_group),
        client_id,
        tenant_id,
        is_application: name.kind == "Application",
    });
    true
}

fn credential(text: &DocumentText<'_, '_>, object: Value<'_>, group: &str, name: &ObjectName) -> Credential {
    let view = FederatedCredential::read(object, group, &mut Reading::default());
    let holder = match object.field("spec") {
        Some(spec) if spec.field("forProvider").is_some() => ["spec", "forProvider"].as_slice(),
        _ => ["spec"].as_slice(),
    };
    let missing = || CredentialField::Unknown("is not set".to_owned(), place_at(text, object, holder));
    let elsewhere = |value: Value<'_>| {
        let why = match text_of(value, "name") {
            Some(name) => format!("comes from ConfigMap {}", quote(&name)),
            None => "is matched by an expression".to_owned(),
        };
        CredentialField::Unknown(why, text.of(value))
    };
    let claim = |claim: Option<&Claim<'_>>, source: Option<Value<'_>>, key: &str| {
        let wrong = || find(object, &[&holder.join("."), ".", key].concat());
        match (claim, source, wrong()) {
            (Some(claim), _, _) => CredentialField::of(&claim.text, text.of(claim.value)),
            (None, Some(source), _) => elsewhere(source),
            (None, None, Some(value)) => CredentialField::Unknown("is no text".to_owned(), text.of(value)),
            (None, None, None) => missing(),
        }
    };
    let ids = OWNER_IDS.iter().filter_map(|path| string_at(object, path)).map(|id| (arm_key(&id), last_step(&id)));
    let names = OWNER_NAMES.iter().filter_map(|path| string_at(object, path));
    let names = names.map(|owner| (object_key(group, name.namespace.as_deref(), &owner), owner));
    let (owners, identities): (Vec<_>, Vec<_>) = names.chain(ids).unzip();
    let mut subject_path = holder.join(".");
    subject_path.push_str(".subject");
    Credential {
        object: name.clone(),
        place: text.of_name(object),
        issuer: claim(view.issuer.as_ref(), view.issuer_source(), "issuer"),
        subject: claim(view.subject.as_ref(), view.subject_source(), "subject"),
        audiences: match &view.audiences {
            Some(audiences) => {
                audiences.claims.iter().map(|claim| CredentialField::of(&claim.text, text.of(claim.value))).collect()
            }
            None => vec![missing()],
        },
        owners,
        identity: identities.into_iter().next(),
        subject_path,
    }
}

/// The key of an identity that is an object. Names of the cluster-scoped kinds are unique in a cluster.
fn object_key(group: &str, namespace: Option<&str>, name: &str) -> String {
    format!("{group} {}/{name}", namespace.unwrap_or_default())
}

fn last_step(id: &str) -> String {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned()
}

fn string_at(object: Value<'_>, path: &str) -> Option<String> {
    match path.rsplit_once('.') {
        Some((holder, key)) => text_of(find(object, holder)?, key),
        None => None,
    }
}

/// The text of a member, unless it is empty.
fn text_of(object: Value<'_>, key: &str) -> Option<String> {
    object.field(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(String::from)
}

/// The place of a value at a path from an object of Kubernetes.
fn place_at(text: &DocumentText<'_, '_>, object: Value<'_>, path: &[&str]) -> FilePlace {
    let path = path.iter().fold(Path::default(), |path, key| path.key(*key));
    text.place(object, &path, Part::Value)
}
