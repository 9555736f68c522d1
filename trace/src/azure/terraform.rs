//! States and plans of Terraform, as `terraform show -json` prints them. Of their many values only those of the resources that matter are
//! looked at.
//!
//! Sources: developer.hashicorp.com, "JSON Output Format"; the resources' documentation in the registry (azurerm: `parent_id` before 4.65,
//! `user_assigned_identity_id` from it; azuread 2: `application_object_id`, later `application_id`; azapi: `body` is a JSON text before
//! 1.13, a text or an object until 2.0, an object from it).

use std::collections::{HashMap, HashSet};

use azure_workload_identity_policy::json::{Kind, Value};

use super::Places;
use super::found::{Found, arm_key, arm_part};
use super::node::{AFTER_APPLY, Content, Mask, Node};
use super::resource::{Resource, ResourceKind};

/// The types of resources. Those of azapi are named by a type of ARM.
const TYPES: [(&str, ResourceKind); 9] = [
    ("azurerm_federated_identity_credential", ResourceKind::Credential),
    ("azuread_application_federated_identity_credential", ResourceKind::Credential),
    ("azuread_application_flexible_federated_identity_credential", ResourceKind::Credential),
    ("azurerm_user_assigned_identity", ResourceKind::ManagedIdentity),
    ("azuread_application", ResourceKind::Application),
    ("azurerm_kubernetes_cluster", ResourceKind::Cluster),
    ("azurerm_role_assignment", ResourceKind::Unused("role assignment")),
    ("azurerm_key_vault", ResourceKind::Unused("key vault")),
    ("azurerm_key_vault_access_policy", ResourceKind::Unused("access policy")),
];

const AZAPI: &str = "azapi_resource";

/// The members that may name the identity of a credential.
const OWNERS: [&str; 4] = ["user_assigned_identity_id", "parent_id", "application_id", "application_object_id"];

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

/// A state or plan that is being read.
struct Terraform<'t, 'v> {
    text: &'t Places<'t>,
    /// Which identity the configuration of each credential refers to: both as addresses without instances.
    references: HashMap<String, String>,
    addresses: HashSet<String>,
    /// What is known only after the plan is applied, by address.
    unknown: HashMap<String, Value<'v>>,
}

/// Reads a state or plan.
pub(super) fn read(text: &Places<'_>, root: Value<'_>, found: &mut Found) {
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
    let changes = root.field("resource_changes").into_iter().flat_map(Value::elements);
    let unknown = changes
        .filter_map(|change| Some((text_of(change, "address")?, change.field("change")?.field("after_unknown")?)));
    let addresses = resources.iter().filter_map(|resource| text_of(*resource, "address")).collect();
    let terraform = Terraform { text, references, addresses, unknown: unknown.collect() };
    for resource in resources {
        terraform.resource(resource, found);
    }
}

impl<'v> Terraform<'_, 'v> {
    fn resource(&self, resource: Value<'v>, found: &mut Found) {
        let (Some(kind_name), Some(address)) = (text_of(resource, "type"), text_of(resource, "address")) else {
            return;
        };
        let Some(values) = resource.field("values") else { return };
        let is_azapi = kind_name == AZAPI;
        let kind = match TYPES.iter().find(|row| row.0 == kind_name) {
            Some(row) => row.1,
            None if is_azapi => match text_of(values, "type").as_deref().and_then(ResourceKind::of_type) {
                Some(kind) => kind,
                None => return,
            },
            None => return,
        };
        // A data source shows a credential that something else makes.
        let is_managed = text_of(resource, "mode").is_none_or(|mode| mode == "managed");
        if !is_managed && kind == ResourceKind::Credential {
            return;
        }
        let mask = Mask { unknown: self.unknown.get(&address).copied(), sensitive: resource.field("sensitive_values") };
        let mut node = Node::masked(values, mask);
        if kind == ResourceKind::Credential && !is_azapi {
            node.require(&["issuer"]);
            node.require(&["audience", "audiences"]);
            node.require(&["subject", "claims_matching_expression"]);
        }
        let body = if is_azapi { self.body(&node, found) } else { None };
        let key = |address: &str| format!("terraform {} {address}", self.text.of(resource).source.name);
        let mut keys = vec![key(&address)];
        keys.extend(["id", "object_id"].iter().filter_map(|id| node.text_of(&[*id])).map(|id| arm_key(&id)));
        let (mut owners, mut identity) = (Vec::new(), None);
        if kind == ResourceKind::Credential {
            owners.extend(OWNERS.iter().filter_map(|owner| node.text_of(&[*owner])).map(|id| arm_key(&id)));
            identity = OWNERS
                .iter()
                .find_map(|owner| Some(arm_part(node.field(owner)?.text()?, "userAssignedIdentities")?.to_owned()));
            if owners.is_empty()
                && let Some(reference) = self.references.get(&without_instances(&address))
            {
                let owner = instance_of(&address, reference, &self.addresses);
                owners.push(key(&owner));
                identity = Some(owner);
            }
        }
        let name = node.text_of(&["display_name", "name"]);
        found.add(
            self.text,
            Resource {
                kind,
                node: body.as_ref().unwrap_or(&node),
                id: node.text_of(&["id"]).or_else(|| node.text_of(&["parent_id"])),
                name: name.unwrap_or_else(|| address.clone()),
                keys,
                owners,
                identity,
                place: self.text.of(resource.field("address").unwrap_or(resource)),
                subject_path: format!("{address}.subject"),
                kind_name,
                doubt: None,
            },
        );
    }

    /// What azapi sends, and below it what Azure answered.
    fn body(&self, node: &Node<'v>, found: &mut Found) -> Option<Node<'v>> {
        let read = |key: &str| match node.field(key) {
            Some(Node { content: Content::Text(text), origin }) => Node::within(text, *origin).ok_or(*origin),
            Some(body) => Ok(body.clone()),
            None => Ok(Node { content: Content::Unknown(AFTER_APPLY), origin: node.origin }),
        };
        let mut parts = Vec::new();
        for key in ["body", "output"] {
            match read(key) {
                Ok(Node { content: Content::Object(members), .. }) => parts.push(members),
                Ok(body) if key == "body" && node.field("output").is_none() => return Some(body),
                Ok(_) => {}
                Err(origin) => found.faults.push((self.text.of(origin), format!("{key} is no JSON"))),
            }
        }
        let members = parts.into_iter().reduce(merged)?;
        Some(Node { content: Content::Object(members), origin: node.origin })
    }
}

/// The members of two objects; those of the first count.
fn merged<'v>(mut first: Vec<(String, Node<'v>)>, second: Vec<(String, Node<'v>)>) -> Vec<(String, Node<'v>)> {
    for (key, value) in second {
        match first.iter_mut().find(|(name, _)| *name == key).map(|(_, value)| value) {
            None => first.push((key, value)),
            Some(own) => {
                if let (Content::Object(own), Content::Object(value)) = (&mut own.content, value.content) {
                    *own = merged(std::mem::take(own), value);
                }
            }
        }
    }
    first
}

/// The text of a member, unless it is empty.
fn text_of(object: Value<'_>, key: &str) -> Option<String> {
    object.field(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(String::from)
}

/// Adds the resources of a module and of those in it.
fn add_resources<'a>(module: Value<'a>, depth: usize, resources: &mut Vec<Value<'a>>) {
    let elements = |key: &str| module.field(key).into_iter().flat_map(Value::elements);
    resources.extend(elements("resources"));
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
            matches!(kind, "azurerm_user_assigned_identity" | "azuread_application" | AZAPI)
                .then(|| format!("{kind}.{name}"))
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
