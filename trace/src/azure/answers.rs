//! What `az` prints, and what ARM and Microsoft Graph answer.
//!
//! One object may come in three envelopes: `az ... show` and `az ... list` print it alone or in a list, mostly without `properties`; `az
//! rest` prints what ARM answers, `{"value": [...]}` with `properties`; Graph answers the same with `@odata.context`. Ids and types have
//! no case: ARM answers `resourcegroups` and `resourceGroups` for one object.
//!
//! Sources: the recordings of github.com/Azure/azure-cli (`test_federated_identity_credential.yaml`), and the Microsoft Graph reference.

use azure_workload_identity_policy::json::{Kind, Value};

use super::Places;
use super::found::{Found, arm_key, arm_part};
use super::node::Node;
use super::resource::{Resource, ResourceKind};

/// Reads an answer; whether it is one.
pub(super) fn read(text: &Places<'_>, root: Value<'_>, found: &mut Found) -> bool {
    let list = root.field("value").filter(|list| list.kind() == Kind::Array);
    let context = root.field("@odata.context").and_then(Value::as_str).unwrap_or_default();
    let Some(list) = list.or_else(|| Some(root).filter(|root| root.kind() == Kind::Array)) else {
        return element(text, root, root, &context, found);
    };
    let mut is_known = false;
    let mut strange = Vec::new();
    for value in list.elements() {
        let is_one = element(text, root, value, &context, found);
        is_known |= is_one;
        strange.extend((!is_one).then_some(value));
    }
    // Of an identity without credentials `az` prints an empty list.
    found.has_credentials |= list.is_empty();
    if is_known {
        for value in strange {
            found.add_strange(|| text.of(value));
        }
    }
    is_known || list.is_empty()
}

fn element(text: &Places<'_>, root: Value<'_>, value: Value<'_>, context: &str, found: &mut Found) -> bool {
    let node = Node::of(value);
    let Some(kind) = kind_of(&node) else { return false };
    let id = node.text_of(&["id"]).unwrap_or_default();
    let place = text.of(node.any(&["name", "displayName"]).map_or(value, |name| name.origin));
    let (mut owners, mut identity) = (Vec::new(), None);
    if kind == ResourceKind::Credential {
        let end = id.to_ascii_lowercase().rfind("/federatedidentitycredentials/");
        owners.push(match (end, application_of(context)) {
            (Some(end), _) if arm_part(&id, "userAssignedIdentities").is_some() => {
                identity = arm_part(&id, "userAssignedIdentities").map(String::from);
                arm_key(id.get(..end).unwrap_or_default())
            }
            (_, Some(application)) => arm_key(application),
            // The list of an application does not name it, and there is one list for each.
            _ => format!("list {}", place.source.name),
        });
    }
    found.add(
        text,
        Resource {
            kind,
            name: node.text_of(&["name", "displayName"]).unwrap_or_default(),
            keys: vec![arm_key(&id)],
            id: Some(id),
            owners,
            identity,
            place,
            kind_name: "federated credential".to_owned(),
            subject_path: node.properties().origin.path_from(root).key("subject").to_string(),
            doubt: None,
            node: &node,
        },
    );
    true
}

/// What an object is, by its type; Graph has none, and people leave it out.
fn kind_of(node: &Node<'_>) -> Option<ResourceKind> {
    if let Some(name) = node.text_of(&["type"]) {
        return ResourceKind::of_type(&name);
    }
    let properties = node.properties();
    let has = |key: &str| properties.field(key).is_some();
    if has("issuer") && (has("audiences") || has("subject") || has("claimsMatchingExpression")) {
        Some(ResourceKind::Credential)
    } else if has("clientId") && has("principalId") {
        Some(ResourceKind::ManagedIdentity)
    } else if has("appId") && has("id") {
        Some(ResourceKind::Application)
    } else if has("oidcIssuerProfile") {
        Some(if has("arcAgentProfile") { ResourceKind::ArcCluster } else { ResourceKind::Cluster })
    } else if has("managedIdentity") && has("oidcIssuer") {
        Some(ResourceKind::IdentityBinding)
    } else if has("roleDefinitionId") && has("principalId") {
        Some(ResourceKind::Unused("role assignment"))
    } else if has("namespaceSelector") {
        // Of the file for `--allowed-subjects-from-file`.
        Some(ResourceKind::Unused("allowed subject"))
    } else {
        None
    }
}

/// The application that an answer of Graph belongs to: `…#applications('ID')/federatedIdentityCredentials`.
fn application_of(context: &str) -> Option<&str> {
    context.split_once("applications('")?.1.split_once('\'').map(|(id, _)| id)
}
