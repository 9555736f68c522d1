//! ARM templates as JSON: as `bicep build` makes them, and as people write them.
//!
//! The resources are a list, or an object by symbolic name (`languageVersion` 2.0). A module is a deployment with a template of its own; a
//! loop is `copy`. Children may stand in their parents.
//!
//! Sources: learn.microsoft.com, "Understand the structure and syntax of ARM templates"; the templates of
//! github.com/Azure/bicep-registry-modules.

use std::cell::Cell;
use std::collections::HashMap;

use azure_workload_identity_policy::json::{Kind, Value};

use super::Places;
use super::expression::Scope;
use super::found::Found;
use super::node::{Content, Node};
use super::resource::{Resource, ResourceKind};

/// What the schema of a template ends with: there is one for each scope of a deployment.
const SCHEMA: &str = "eploymentTemplate.json";

/// The type of a module.
const MODULE: &str = "Microsoft.Resources/deployments";

/// How deep modules and children may be. Azure allows 5 templates in each other.
const DEPTH: usize = 20;

/// How many rounds of a loop are followed: Azure allows 800.
const ROUNDS: i64 = 800;

/// How much is evaluated of one template.
const STEPS: usize = 200_000;

const UNDER_CONDITION: &str = "is that of a credential whose condition is known only in the deployment";

/// Whether a document is a template.
pub(super) fn is(root: Value<'_>) -> bool {
    let schema = root.field("$schema").and_then(Value::as_str);
    schema.is_some_and(|schema| schema.trim_end_matches('#').ends_with(SCHEMA))
}

/// A template that is being read.
struct Template<'t, 'v> {
    places: &'t Places<'t>,
    root: Value<'v>,
    steps: Cell<usize>,
}

/// Where resources are.
#[derive(Clone)]
struct Holder {
    /// The type and name of the resource that they are in.
    parent: Option<(String, Option<String>)>,
    doubt: Option<&'static str>,
    depth: usize,
}

/// Reads a template.
pub(super) fn read(places: &Places<'_>, root: Value<'_>, found: &mut Found) {
    // It would have the credentials if there were some.
    found.has_credentials = true;
    let template = Template { places, root, steps: Cell::new(STEPS) };
    template.template(root, &HashMap::new(), None, &Holder { parent: None, doubt: None, depth: DEPTH }, found);
}

impl<'v> Template<'_, 'v> {
    /// Reads a template with values for its parameters: those that it is given, and its defaults. A template that is evaluated in the
    /// scope of the one around it has that one's variables.
    fn template(
        &self,
        template: Value<'v>,
        given: &HashMap<String, Node<'v>>,
        around: Option<Value<'v>>,
        holder: &Holder,
        found: &mut Found,
    ) {
        let mut parameters = given.clone();
        let variables = around.unwrap_or(template).field("variables");
        for (name, parameter) in template.field("parameters").into_iter().flat_map(Value::fields) {
            let name = name.to_ascii_lowercase();
            if let Some(default) = parameter.field("defaultValue").filter(|_| !parameters.contains_key(&name)) {
                let scope = Scope { parameters: &parameters, variables, loops: Vec::new(), steps: &self.steps };
                let value = scope.value(default);
                parameters.insert(name, value);
            }
        }
        let mut scope = Scope { parameters: &parameters, variables, loops: Vec::new(), steps: &self.steps };
        self.resources(template, &mut scope, template, holder, found);
    }

    /// Reads the resources in a template or in a resource.
    fn resources(
        &self,
        within: Value<'v>,
        scope: &mut Scope<'_, 'v>,
        template: Value<'v>,
        holder: &Holder,
        found: &mut Found,
    ) {
        let Some(resources) = within.field("resources") else { return };
        for resource in resources.elements().chain(resources.fields().map(|(_, value)| value)) {
            let Some(copy) = resource.field("copy") else {
                self.resource(resource, scope, template, holder, found);
                continue;
            };
            let name = copy.field("name").and_then(Value::as_str).unwrap_or_default().into_owned();
            // A loop that cannot be counted is followed once.
            let rounds = match copy.field("count").map(|count| scope.value(count).content) {
                Some(Content::Number(count)) => (0..count.min(ROUNDS)).map(Some).collect(),
                _ => vec![None],
            };
            for round in rounds {
                scope.loops.push((name.clone(), round));
                self.resource(resource, scope, template, holder, found);
                scope.loops.pop();
            }
        }
    }

    fn resource(
        &self,
        resource: Value<'v>,
        scope: &mut Scope<'_, 'v>,
        template: Value<'v>,
        holder: &Holder,
        found: &mut Found,
    ) {
        let condition = resource.field("condition").map(|condition| scope.value(condition).content);
        let doubt = match condition {
            Some(Content::Bool(false)) => return,
            None | Some(Content::Bool(true)) => holder.doubt,
            Some(_) => Some(UNDER_CONDITION),
        };
        let Some(own_type) = resource.field("type").and_then(Value::as_str) else { return };
        let own_name = resource.field("name").map(|name| scope.value(name));
        let own_name = own_name.as_ref().and_then(Node::text).map(String::from);
        // A child in its parent has the rest of type and name.
        let (kind_name, name) = match &holder.parent {
            Some((parent, parent_name)) => (
                [parent, "/", &own_type].concat(),
                parent_name.as_ref().zip(own_name.as_ref()).map(|(parent, own)| [parent, "/", own].concat()),
            ),
            None => (own_type.into_owned(), own_name),
        };
        let Some(depth) = holder.depth.checked_sub(1) else {
            return found.add_strange(|| self.places.of(resource));
        };
        if kind_name.eq_ignore_ascii_case(MODULE) {
            let inside = Holder { parent: None, doubt, depth };
            return self.module(resource, scope, template, &inside, found);
        }
        let is_existing = resource.field("existing").and_then(Value::as_bool) == Some(true);
        if let Some(kind) = ResourceKind::of_type(&kind_name)
            && !(is_existing && kind != ResourceKind::ManagedIdentity)
        {
            self.add(resource, scope, kind, name.as_deref(), doubt, found);
        }
        let inside = Holder { parent: Some((kind_name, name)), doubt, depth };
        self.resources(resource, scope, template, &inside, found);
    }

    fn add(
        &self,
        resource: Value<'v>,
        scope: &Scope<'_, 'v>,
        kind: ResourceKind,
        name: Option<&str>,
        doubt: Option<&'static str>,
        found: &mut Found,
    ) {
        let mut node = scope.value(resource);
        if let Content::Object(members) = &mut node.content
            && !members.iter().any(|(key, _)| key == "properties")
        {
            members.push(("properties".to_owned(), Node { content: Content::Object(Vec::new()), origin: resource }));
        }
        let place = self.places.of(resource.field("name").unwrap_or(resource));
        let key = |name: &str| format!("template {} {}", place.source.name, name.to_ascii_lowercase());
        let (mut owners, mut keys, mut identity) = (Vec::new(), Vec::new(), None);
        match (kind, name.and_then(|name| name.rsplit_once('/'))) {
            (ResourceKind::Credential, Some((owner, _))) => {
                owners.push(key(owner));
                identity = Some(owner.to_owned());
            }
            _ => keys.extend(name.map(key)),
        }
        let last = name.and_then(|name| name.rsplit('/').next());
        found.add(
            self.places,
            Resource {
                kind,
                name: last.unwrap_or("whose name is not known").to_owned(),
                id: None,
                keys,
                owners,
                identity,
                kind_name: "federated credential".to_owned(),
                subject_path: resource.path_from(self.root).key("properties").key("subject").to_string(),
                place,
                doubt,
                node: &node,
            },
        );
    }

    /// Reads the template in a deployment.
    fn module(
        &self,
        resource: Value<'v>,
        scope: &mut Scope<'_, 'v>,
        template: Value<'v>,
        holder: &Holder,
        found: &mut Found,
    ) {
        let properties = resource.field("properties");
        let Some(inner) = properties.and_then(|it| it.field("template")).filter(|it| it.kind() == Kind::Object) else {
            return;
        };
        let options = properties.and_then(|it| it.field("expressionEvaluationOptions")?.field("scope")?.as_str());
        if options.is_none_or(|scope| !scope.eq_ignore_ascii_case("inner")) {
            return self.template(inner, scope.parameters, Some(template), holder, found);
        }
        let given = properties.and_then(|it| it.field("parameters")).into_iter().flat_map(Value::fields);
        let given = given
            .filter_map(|(name, parameter)| Some((name.to_ascii_lowercase(), scope.value(parameter.field("value")?))));
        self.template(inner, &given.collect(), None, holder, found);
    }
}
