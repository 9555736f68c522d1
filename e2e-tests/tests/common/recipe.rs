//! The recipes in `deploy/`: put together as `kubectl apply -k` does, and asked which requests they send to policy-server as
//! the API server does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::settings::Settings;
use cel::{Context, Program};
use e2e_tests::request::AdmissionRequest;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use xtask::metadata::{ContextAwareResource, Rule};

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

/// A `ClusterAdmissionPolicy`, with the fields of Kubewarden's CRD that a recipe may have a reason to set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Policy {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    pub(crate) metadata: Named,
    pub(crate) spec: Spec,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Spec {
    pub(crate) module: String,
    #[serde(rename = "policyServer")]
    _policy_server: Option<String>,
    #[serde(default = "protect")]
    pub(crate) mode: String,
    pub(crate) mutating: bool,
    pub(crate) rules: Vec<Rule>,
    pub(crate) object_selector: Option<Selector>,
    pub(crate) namespace_selector: Option<NamespaceSelector>,
    #[serde(default)]
    pub(crate) match_conditions: Vec<MatchCondition>,
    pub(crate) context_aware_resources: Vec<ContextAwareResource>,
    pub(crate) failure_policy: FailurePolicy,
    pub(crate) timeout_seconds: u32,
    /// Two seconds unless it is set.
    pub(crate) timeout_eval_seconds: Option<u32>,
    pub(crate) background_audit: bool,
    pub(crate) settings: Value,
}

fn protect() -> String {
    "protect".to_owned()
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum FailurePolicy {
    Fail,
    Ignore,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selector {
    #[serde(default)]
    pub(crate) match_labels: BTreeMap<String, String>,
    #[serde(default)]
    match_expressions: Vec<Requirement>,
}

/// Kubewarden 1.36 drops `matchLabels` of this one, so there are none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NamespaceSelector {
    match_expressions: Vec<Requirement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Operator {
    In,
    NotIn,
}

/// A condition of an admission webhook, in CEL.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchCondition {
    pub(crate) name: String,
    #[serde(deserialize_with = "compile")]
    expression: Program,
}

fn compile<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Program, D::Error> {
    Program::compile(&String::deserialize(deserializer)?).map_err(D::Error::custom)
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
    let read =
        |object: &Value| serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{error}: {object:#}"));
    let mut policies: Vec<Policy> = policies.map(read).collect();
    policies.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
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
    /// True if the API server sends this request to policy-server.
    ///
    /// # Errors
    /// When a condition cannot be evaluated: then the API server acts as if policy-server were down.
    pub(crate) fn sees(&self, request: &AdmissionRequest) -> Result<bool, String> {
        let spec = &self.spec;
        let selects = |object: &Option<Value>| {
            let selector = spec.object_selector.as_ref();
            object.as_ref().is_some_and(|object| selector.is_none_or(|selector| selector.selects(&labels(object))))
        };
        // The controller leaves out the namespace that it runs in.
        let is_selected = request.namespace.as_deref() != Some("kubewarden")
            && spec.rules.iter().any(|rule| is_ruled(rule, request))
            && spec.namespace_selector.as_ref().is_none_or(|selector| {
                let namespace = namespace_labels(request.namespace.as_deref().unwrap_or_default());
                selector.match_expressions.iter().all(|requirement| requirement.is_met_by(&namespace))
            })
            // The API server lets either do.
            && (selects(&request.object) || selects(&request.old_object));
        if !is_selected {
            return Ok(false);
        }
        // As the API server does: one that is false decides, whatever happens to the others.
        let answers: Vec<_> = spec.match_conditions.iter().map(|condition| condition.holds(request)).collect();
        if answers.contains(&Ok(false)) {
            return Ok(false);
        }
        answers.into_iter().find(Result::is_err).unwrap_or(Ok(true))
    }

    /// What is wrong with the settings.
    pub(crate) fn problems(&self) -> Vec<String> {
        let text = self.spec.settings.to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        let problems = Settings::read(document.root()).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }
}

impl MatchCondition {
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

impl Selector {
    fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.is_met_by(labels))
    }
}

impl Requirement {
    fn is_met_by(&self, labels: &BTreeMap<String, String>) -> bool {
        let is_in = labels.get(&self.key).is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => is_in,
            Operator::NotIn => !is_in,
        }
    }
}

fn is_ruled(rule: &Rule, request: &AdmissionRequest) -> bool {
    let resource = match &request.sub_resource {
        Some(sub_resource) => format!("{}/{sub_resource}", request.resource.resource),
        None => request.resource.resource.clone(),
    };
    rule.api_groups.contains(&request.resource.group)
        && rule.api_versions.contains(&request.resource.version)
        && rule.resources.contains(&resource)
        && rule.operations.contains(&request.operation)
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
