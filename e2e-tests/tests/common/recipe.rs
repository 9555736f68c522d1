//! The recipes in `deploy/`: put together as `kubectl apply -k` does, and asked which requests they send to policy-server as
//! the API server does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::settings::Settings;
use cel::{Context, Program};
use e2e_tests::kubewarden::{ClusterAdmissionPolicy, PolicySpec};
use e2e_tests::request::AdmissionRequest;
use k8s_openapi::api::admissionregistration::v1::RuleWithOperations;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The recipes, as people name them in `kubectl apply -k deploy/NAME`.
pub(crate) const RECIPES: [&str; 3] = ["guard-aks", "replace-webhook", "audit-only"];

/// The part of kustomize that the recipes use; a key that is not here is an error.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kustomization {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    components: Vec<String>,
    #[serde(default)]
    patches: Vec<Patch>,
    #[serde(default)]
    name_suffix: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    target: Target,
    /// A JSON patch.
    patch: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    kind: String,
    name: Option<String>,
}

/// A policy of a recipe, ready to be asked which requests it sees.
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) spec: PolicySpec,
    pub(crate) conditions: Vec<Condition>,
    /// As Kubewarden's controller makes it.
    namespace_selector: LabelSelector,
}

/// A condition of an admission webhook, in CEL.
pub(crate) struct Condition {
    pub(crate) name: String,
    expression: Program,
}

/// The objects that `kubectl apply -k deploy/NAME` applies.
pub(crate) fn objects(recipe: &str) -> Vec<Value> {
    build(&deploy().join(recipe))
}

/// The objects of a kustomization that is written somewhere else: `resources` are looked up by `find`.
pub(crate) fn objects_of(kustomization: &str, find: &dyn Fn(&str) -> PathBuf) -> Vec<Value> {
    apply(&parse(kustomization), Vec::new(), find)
}

/// The policies of a recipe, sorted by name.
pub(crate) fn policies(recipe: &str) -> Vec<Policy> {
    policies_among(&objects(recipe))
}

pub(crate) fn policies_among(objects: &[Value]) -> Vec<Policy> {
    let policies = objects.iter().filter(|object| object["kind"] == "ClusterAdmissionPolicy");
    let mut policies: Vec<Policy> = policies.map(Policy::read).collect();
    policies.sort_by(|one, other| one.name.cmp(&other.name));
    policies
}

/// The folder `deploy` of the repository.
pub(crate) fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

fn build(directory: &Path) -> Vec<Value> {
    merge(directory, Vec::new())
}

/// What a kustomization or component makes of these objects.
fn merge(directory: &Path, objects: Vec<Value>) -> Vec<Value> {
    let file = directory.join("kustomization.yaml");
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    apply(&parse(&text), objects, &|resource| directory.join(resource))
}

fn apply(kustomization: &Kustomization, mut objects: Vec<Value>, find: &dyn Fn(&str) -> PathBuf) -> Vec<Value> {
    for resource in &kustomization.resources {
        let path = find(resource);
        objects.extend(if path.is_dir() { build(&path) } else { documents(&path) });
    }
    for component in &kustomization.components {
        objects = merge(&find(component), objects);
    }
    for Patch { target, patch } in &kustomization.patches {
        let patch: json_patch::Patch = parse(patch);
        let is_target = |object: &&mut Value| {
            object["kind"] == target.kind
                && target.name.as_ref().is_none_or(|name| object["metadata"]["name"] == **name)
        };
        let targets: Vec<_> = objects.iter_mut().filter(is_target).collect();
        assert!(!targets.is_empty(), "a patch of {target:?} finds nothing");
        for object in targets {
            json_patch::patch(object, &patch).unwrap_or_else(|error| panic!("{error}: {object:#}"));
        }
    }
    for object in &mut objects {
        for pointer in ["/metadata/name", "/roleRef/name"] {
            if let Some(name) = object.pointer_mut(pointer) {
                *name = json!(format!("{}{}", name.as_str().unwrap(), kustomization.name_suffix));
            }
        }
    }
    objects
}

fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.split("\n---\n").map(parse).collect()
}

fn parse<T: DeserializeOwned>(yaml: &str) -> T {
    yaml_serde::from_str(yaml).unwrap_or_else(|error| panic!("{error}: {yaml}"))
}

impl Policy {
    fn read(object: &Value) -> Self {
        let policy: ClusterAdmissionPolicy =
            serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{error}: {object:#}"));
        assert_eq!(policy.spec.namespace_selector.match_labels, None, "Kubewarden drops them: {object:#}");
        let namespace_selector = policy.namespace_selector();
        let ClusterAdmissionPolicy { metadata, spec } = policy;
        let conditions = spec.match_conditions.iter().map(|condition| Condition {
            name: condition.name.clone(),
            expression: Program::compile(&condition.expression).unwrap_or_else(|error| panic!("{error}: {object:#}")),
        });
        Self { name: metadata.name, conditions: conditions.collect(), namespace_selector, spec }
    }

    /// Whether the API server sends this request to policy-server.
    ///
    /// # Errors
    /// When a condition cannot be evaluated: then the API server acts as if policy-server were down.
    pub(crate) fn sees(&self, request: &AdmissionRequest) -> Result<bool, String> {
        let has_selected_labels = |object: &Option<Value>| {
            object.as_ref().is_some_and(|object| selects(&self.spec.object_selector, &labels(object)))
        };
        let is_selected = self.spec.rules.iter().any(|rule| is_ruled(rule, request))
            && selects(&self.namespace_selector, &namespace_labels(request.namespace.as_deref().unwrap_or_default()))
            // The API server lets either do.
            && (has_selected_labels(&request.object) || has_selected_labels(&request.old_object));
        if !is_selected {
            return Ok(false);
        }
        // As the API server does: one that is false decides, whatever happens to the others.
        let answers: Vec<_> = self.conditions.iter().map(|condition| condition.holds(request)).collect();
        if answers.contains(&Ok(false)) {
            return Ok(false);
        }
        answers.into_iter().find(Result::is_err).unwrap_or(Ok(true))
    }

    /// What is wrong with the settings.
    pub(crate) fn problems(&self) -> Vec<String> {
        let text = json!(self.spec.settings).to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        let problems = Settings::read(document.root()).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }
}

impl Condition {
    pub(crate) fn holds(&self, request: &AdmissionRequest) -> Result<bool, String> {
        let mut context = Context::default();
        context.add_variable("object", &request.object).unwrap();
        context.add_variable("oldObject", &request.old_object).unwrap();
        context.add_variable("request", request).unwrap();
        match self.expression.execute(&context) {
            Ok(cel::Value::Bool(holds)) => Ok(holds),
            other => Err(format!("{}: {other:?}", self.name)),
        }
    }
}

/// Whether a selector matches these labels.
fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let mut wanted = selector.match_labels.iter().flatten();
    wanted.all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().flatten().all(|requirement| is_met_by(requirement, labels))
}

fn is_met_by(requirement: &LabelSelectorRequirement, labels: &BTreeMap<String, String>) -> bool {
    let is_in =
        labels.get(&requirement.key).is_some_and(|value| requirement.values.iter().flatten().any(|it| it == value));
    match requirement.operator.as_str() {
        "In" => is_in,
        "NotIn" => !is_in,
        other => panic!("no recipe has operator {other:?}"),
    }
}

fn is_ruled(rule: &RuleWithOperations, request: &AdmissionRequest) -> bool {
    let resource = match &request.sub_resource {
        Some(sub_resource) => format!("{}/{sub_resource}", request.resource.resource),
        None => request.resource.resource.clone(),
    };
    let lists =
        |values: &Option<Vec<String>>, value: &String| values.iter().flatten().any(|it| it == value || it == "*");
    lists(&rule.api_groups, &request.resource.group)
        && lists(&rule.api_versions, &request.resource.version)
        && lists(&rule.resources, &resource)
        && lists(&rule.operations, &request.operation)
}

/// The labels of an object.
fn labels(object: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(object["metadata"]["labels"].clone()).unwrap_or_default()
}

/// The labels of a namespace, on AKS.
fn namespace_labels(namespace: &str) -> BTreeMap<String, String> {
    let mut labels = vec![("kubernetes.io/metadata.name", namespace)];
    if namespace == "kube-system" {
        labels.extend([("control-plane", "true"), ("kubernetes.azure.com/managedby", "aks")]);
    }
    labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// A request as the API server has it once built-in admission is done: no members that are null, and the names of the service
/// account filled in.
pub(crate) fn completed(mut request: AdmissionRequest) -> AdmissionRequest {
    for object in [&mut request.object, &mut request.old_object].into_iter().flatten() {
        drop_nulls(object);
        if object["kind"] == "Pod" {
            let spec = object["spec"].as_object_mut().unwrap();
            let set = ["serviceAccountName", "serviceAccount"].into_iter().find_map(|key| spec.get(key).cloned());
            let name = set.filter(|name| name != "").unwrap_or_else(|| json!("default"));
            spec.insert("serviceAccount".to_owned(), name.clone());
            spec.insert("serviceAccountName".to_owned(), name);
        }
    }
    request
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
