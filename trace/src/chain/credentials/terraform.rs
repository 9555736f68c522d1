//! States and plans of Terraform, as `terraform show -json` prints them. Of their many values only those of federated credentials and
//! identities are looked at.
//!
//! Source: developer.hashicorp.com, "JSON Output Format"; the resources' documentation in the registry (`azurerm` 3 and 4 have
//! `parent_id`, 5 has `user_assigned_identity_id`; `azuread` 2 has `application_object_id`, later ones `application_id`).

use std::collections::{HashMap, HashSet};

use azure_workload_identity_lint::report::ObjectName;
use azure_workload_identity_policy::json::{Kind, Value};

use super::{AzureIdentity, Credential, Found, arm_key, arm_part, audiences_of, claim_of, place_of, text_of};
use crate::chain::texts::DocumentText;

/// Why something is absent in a plan.
const UNKNOWN: &str = "is known only after `terraform apply`";

/// The members that may name the identity of a credential.
const OWNERS: [&str; 4] = ["parent_id", "user_assigned_identity_id", "application_id", "application_object_id"];

/// How deep modules may be in modules.
const DEPTH: usize = 50;

/// Whether a document is a state or a plan.
pub(super) fn is(root: Value<'_>) -> bool {
    // An empty state has nothing else.
    root.field("format_version").is_some()
}

/// The outermost module: what a plan leads to, or what a state has.
fn module_of(root: Value<'_>) -> Option<Value<'_>> {
    ["planned_values", "values"].into_iter().find_map(|key| root.field(key)?.field("root_module"))
}

/// Reads a state or plan.
pub(super) fn read(text: &DocumentText<'_, '_>, root: Value<'_>, found: &mut Found) {
    // It would have the credentials if there were some.
    found.has_credentials = true;
    let mut references = HashMap::new();
    if let Some(module) = root.field("configuration").and_then(|configuration| configuration.field("root_module")) {
        add_references(module, "", DEPTH, &mut references);
    }
    let mut resources = Vec::new();
    if let Some(module) = module_of(root) {
        add_resources(module, DEPTH, &mut resources);
    }
    let addresses: HashSet<String> = resources.iter().filter_map(|resource| text_of(*resource, "address")).collect();
    for resource in resources {
        let kind = text_of(resource, "type").unwrap_or_default();
        let (Some(values), Some(address)) = (resource.field("values"), text_of(resource, "address")) else { continue };
        let file = &place_of(text, resource, "address").source.name;
        let key = |address: &str| format!("terraform {file} {address}");
        match kind.as_str() {
            "azurerm_federated_identity_credential" | "azuread_application_federated_identity_credential" => {
                let ids = OWNERS.iter().filter_map(|owner| text_of(values, owner));
                let mut owners: Vec<_> = ids.map(|id| arm_key(&id)).collect();
                let mut identity =
                    owners.first().and_then(|id| arm_part(id, "userassignedidentities")).map(String::from);
                if owners.is_empty()
                    && let Some(reference) = references.get(&without_instances(&address))
                {
                    let owner = instance_of(&address, reference, &addresses);
                    owners.push(key(&owner));
                    identity = Some(owner);
                }
                let is_application = kind.starts_with("azuread");
                let (list, name) = if is_application { ("audiences", "display_name") } else { ("audience", "name") };
                found.credentials.push(Credential {
                    object: ObjectName {
                        kind,
                        name: text_of(values, name).unwrap_or_else(|| address.clone()),
                        ..ObjectName::default()
                    },
                    place: place_of(text, resource, "address"),
                    issuer: claim_of(text, values, "issuer", UNKNOWN),
                    subject: claim_of(text, values, "subject", UNKNOWN),
                    audiences: audiences_of(text, values, list, UNKNOWN),
                    owners,
                    identity,
                    subject_path: format!("{address}.subject"),
                });
            }
            "azurerm_user_assigned_identity" | "azuread_application" => {
                let mut keys = vec![key(&address)];
                keys.extend(["id", "object_id"].iter().filter_map(|id| text_of(values, id)).map(|id| arm_key(&id)));
                let is_application = kind == "azuread_application";
                let name = text_of(values, if is_application { "display_name" } else { "name" });
                found.identities.push(AzureIdentity {
                    keys,
                    name: name.unwrap_or(address),
                    resource_group: text_of(values, "resource_group_name"),
                    client_id: text_of(values, "client_id"),
                    tenant_id: text_of(values, "tenant_id"),
                    is_application,
                });
            }
            _ => {}
        }
    }
}

/// Adds the managed resources of a module and of those in it.
fn add_resources<'a>(module: Value<'a>, depth: usize, resources: &mut Vec<Value<'a>>) {
    let elements = |key: &str| module.field(key).into_iter().flat_map(Value::elements);
    let is_managed = |resource: &Value<'a>| text_of(*resource, "mode").is_none_or(|mode| mode == "managed");
    resources.extend(elements("resources").filter(is_managed));
    for child in elements("child_modules").filter(|_| depth > 0) {
        add_resources(child, depth - 1, resources);
    }
}

/// Adds which identity the configuration of each credential refers to: both as addresses without instances.
fn add_references(module: Value<'_>, prefix: &str, depth: usize, references: &mut HashMap<String, String>) {
    for resource in module.field("resources").into_iter().flat_map(Value::elements) {
        let Some(address) = text_of(resource, "address") else { continue };
        let expressions = resource.field("expressions");
        let owner = OWNERS.iter().find_map(|owner| expressions?.field(owner)?.field("references"));
        let named = owner.into_iter().flat_map(Value::elements).filter_map(|reference| {
            let reference = without_instances(&reference.as_str()?);
            let mut steps = reference.split('.');
            let (kind, name) = (steps.next()?, steps.next()?);
            matches!(kind, "azurerm_user_assigned_identity" | "azuread_application").then(|| format!("{kind}.{name}"))
        });
        if let Some(named) = named.into_iter().next() {
            references.insert(format!("{prefix}{address}"), format!("{prefix}{named}"));
        }
    }
    let calls = module.field("module_calls").filter(|calls| calls.kind() == Kind::Object && depth > 0);
    for (name, call) in calls.into_iter().flat_map(Value::members) {
        if let Some(module) = call.field("module") {
            add_references(module, &format!("{prefix}module.{name}."), depth - 1, references);
        }
    }
}

/// An address without the keys of instances: `module.a["x"].b.c[0]` is `module.a.b.c`.
fn without_instances(address: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(address.len()), address);
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        rest = match after.strip_prefix('"') {
            Some(key) => key.split_once("\"]").map_or("", |(_, rest)| rest),
            None => after.split_once(']').map_or("", |(_, rest)| rest),
        };
    }
    plain.push_str(rest);
    plain
}

/// The address of the identity that an instance of a credential refers to: in the same instance of modules, and the instance of the same
/// key if there is one.
fn instance_of(credential: &str, reference: &str, addresses: &HashSet<String>) -> String {
    let mut steps = reference.rsplitn(3, '.');
    let (name, kind) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
    let plain = without_instances(credential);
    // The module's own part of the credential's address, instances included.
    let resource: String =
        plain.rsplitn(3, '.').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join(".");
    let (module, instance) = match credential.rfind(&resource) {
        Some(at) => (credential.get(..at), credential.get(at + resource.len()..)),
        None => (None, None),
    };
    let own = format!("{}{kind}.{name}", module.unwrap_or_default());
    let same = format!("{own}{}", instance.unwrap_or_default());
    if addresses.contains(&same) { same } else { own }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_left_out_of_addresses() {
        for (address, plain) in [
            ("a.b", "a.b"),
            ("module.m[\"x.y\"].a.b[0]", "module.m.a.b"),
            ("module.m[0].a.b[\"k]\"]", "module.m.a.b"),
            ("a.b[", "a.b"),
        ] {
            assert_eq!(without_instances(address), plain);
        }
    }

    #[test]
    fn an_instance_refers_to_the_instance_of_its_key() {
        let addresses = HashSet::from(["module.m[\"x\"].azurerm_user_assigned_identity.i[\"a\"]".to_owned()]);
        let reference = "module.m.azurerm_user_assigned_identity.i";
        assert_eq!(
            instance_of("module.m[\"x\"].azurerm_federated_identity_credential.c[\"a\"]", reference, &addresses),
            "module.m[\"x\"].azurerm_user_assigned_identity.i[\"a\"]"
        );
        assert_eq!(
            instance_of("module.m[\"x\"].azurerm_federated_identity_credential.c[\"b\"]", reference, &addresses),
            "module.m[\"x\"].azurerm_user_assigned_identity.i"
        );
    }
}
