//! Cases as they are written in `cases/*.yaml`: a request in short form and what is found in it.
//!
//! A pod has the label, runs as service account `shop/api` and has one container `web`, unless the case says otherwise.
//! Unless it lists `objects`, that service account exists and has a client id. `podOrTemplate` is judged twice: as a pod, and
//! as the pod template of a Deployment. A federated credential is one of Azure Service Operator for `shop/api` on an AKS cluster,
//! without mistakes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use e2e_tests::request::AdmissionRequest;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// A client id as Entra ID gives them.
const CLIENT_ID: &str = "97335aad-fb4e-4a1f-b5bc-3463ea695687";

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Case {
    /// What the case shows.
    pub(crate) note: String,
    #[serde(default)]
    pub(crate) settings: Map<String, Value>,
    objects: Option<Vec<Object>>,
    /// Why service accounts cannot be looked up, if they cannot.
    pub(crate) lookups: Option<Lookups>,
    /// Client ids that `shop/api` may use by an identity binding.
    #[serde(default)]
    pub(crate) may_use: Vec<String>,
    /// The object is in a file and may still be filled in; only the library judges those.
    #[serde(default)]
    pub(crate) in_file: bool,
    create: Option<Object>,
    update: Option<Update>,
    #[serde(default)]
    pub(crate) expect: Vec<Expected>,
    /// Why no admission policy can find what is wrong here.
    pub(crate) out_of_reach: Option<String>,
}

/// Why looking up service accounts fails.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Lookups {
    /// RBAC does not let policy-server read them.
    Forbidden,
    /// The policy's `contextAwareResources` do not name them.
    NotGranted,
    /// The policy's host capabilities leave lookups out.
    CapabilityDenied,
    /// Nothing listens where the API server should be.
    Unreachable,
    /// The answer is not JSON.
    Undecodable,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Update {
    from: Object,
    to: Object,
    sub_resource: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Object {
    Pod(PodForm),
    Deployment(DeploymentForm),
    PodOrTemplate(PodForm),
    ServiceAccount(ServiceAccountForm),
    /// The spec of a service.
    Service(Value),
    /// The spec of a federated credential.
    FederatedCredential(Map<String, Value>),
    /// Any other object, whole.
    Whole(Value),
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PodForm {
    labels: Option<Value>,
    #[serde(default)]
    annotations: Value,
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(default)]
    spec: Map<String, Value>,
    /// How many more containers there are.
    #[serde(default)]
    more_containers: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeploymentForm {
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(default)]
    spec: Map<String, Value>,
    #[serde(default)]
    template: PodForm,
    #[serde(default)]
    status: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ServiceAccountForm {
    name: Option<String>,
    #[serde(default)]
    labels: Value,
    annotations: Option<Value>,
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(default)]
    secrets: Value,
}

#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) rule: String,
    pub(crate) severity: String,
    pub(crate) path: String,
}

impl PodForm {
    /// `metadata` and `spec`.
    fn members(&self) -> Value {
        let labels = self.labels.clone().unwrap_or_else(|| json!({"azure.workload.identity/use": "true"}));
        let mut metadata = json!({"labels": labels, "annotations": self.annotations});
        let mut spec = json!({"serviceAccountName": "api", "containers": [{"name": "web", "image": "web:1"}]});
        extend(&mut metadata, &self.metadata);
        extend(&mut spec, &self.spec);
        if self.more_containers > 0 {
            let more = (1..=self.more_containers).map(|number| json!({"name": format!("web-{number}")}));
            spec["containers"].as_array_mut().unwrap().extend(more);
        }
        json!({"metadata": metadata, "spec": spec})
    }

    fn pod(&self) -> Value {
        let mut pod = self.members();
        extend(&mut pod, &map(&json!({"apiVersion": "v1", "kind": "Pod"})));
        let mut metadata = json!({"name": "web", "namespace": "shop"});
        extend(&mut metadata, &map(&pod["metadata"]));
        pod["metadata"] = metadata;
        pod
    }
}

impl DeploymentForm {
    fn deployment(&self) -> Value {
        let mut metadata = json!({"name": "web", "namespace": "shop"});
        extend(&mut metadata, &self.metadata);
        let mut spec = json!({"selector": {"matchLabels": {"app": "web"}}, "template": self.template.members()});
        extend(&mut spec, &self.spec);
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec, "status": self.status})
    }
}

impl ServiceAccountForm {
    fn service_account(&self) -> Value {
        let annotations = self.annotations.clone();
        let annotations = annotations.unwrap_or_else(|| json!({"azure.workload.identity/client-id": CLIENT_ID}));
        let mut metadata = json!({
            "name": self.name.as_deref().unwrap_or("api"),
            "namespace": "shop",
            "labels": self.labels,
            "annotations": annotations,
        });
        extend(&mut metadata, &self.metadata);
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "secrets": self.secrets})
    }
}

impl Object {
    fn whole(&self) -> Value {
        match self {
            Self::Pod(form) | Self::PodOrTemplate(form) => form.pod(),
            Self::Deployment(form) => form.deployment(),
            Self::ServiceAccount(form) => form.service_account(),
            Self::Service(spec) => {
                let metadata = json!({"name": "web", "namespace": "shop"});
                json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
            }
            Self::FederatedCredential(spec) => {
                let mut whole = json!({
                    "issuer": "https://westeurope.oic.prod-aks.azure.com/11111111-2222-4333-8444-555555555555/0f/",
                    "subject": "system:serviceaccount:shop:api",
                    "audiences": ["api://AzureADTokenExchange"],
                });
                extend(&mut whole, spec);
                json!({
                    "apiVersion": "managedidentity.azure.com/v1api20230131",
                    "kind": "FederatedIdentityCredential",
                    "metadata": {"name": "api", "namespace": "identities"},
                    "spec": whole,
                })
            }
            Self::Whole(object) => object.clone(),
        }
    }
}

impl Case {
    pub(crate) fn request(&self) -> AdmissionRequest {
        match (&self.create, &self.update) {
            (Some(object), None) => AdmissionRequest::create(object.whole()).unwrap(),
            (None, Some(update)) => {
                let request = AdmissionRequest::update(update.to.whole(), update.from.whole()).unwrap();
                AdmissionRequest { sub_resource: update.sub_resource.clone(), ..request }
            }
            _ => panic!("{:?} has to create or to update something", self.note),
        }
    }

    /// What the request is about, as documentation names it.
    pub(crate) fn subject(&self) -> &'static str {
        let request = self.request();
        match (request.kind.kind.as_str(), request.sub_resource.as_deref()) {
            ("Pod", None) => "pods",
            ("Pod", Some(_)) => "debug containers",
            ("ServiceAccount", _) => "service accounts",
            ("Service", _) => "services",
            ("FederatedIdentityCredential", _) => "federated credentials",
            _ => "workloads",
        }
    }

    /// What exists in the cluster.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let default = || vec![json!({"serviceAccount": {}})].into_iter().map(|it| serde_json::from_value(it).unwrap());
        let objects = self.objects.clone().unwrap_or_else(|| default().collect::<Vec<Object>>());
        objects.iter().map(Object::whole).collect()
    }

    /// The case itself, and as a Deployment where it is to be both.
    fn forms(self) -> Vec<Self> {
        let Some(Object::PodOrTemplate(template)) = &self.create else { return vec![self] };
        let form =
            DeploymentForm { metadata: Map::new(), spec: Map::new(), template: template.clone(), status: Value::Null };
        let in_template =
            |expected: &Expected| Expected { path: format!("spec.template.{}", expected.path), ..expected.clone() };
        let deployment = Self {
            note: format!("{} (Deployment)", self.note),
            create: Some(Object::Deployment(form)),
            expect: self.expect.iter().map(in_template).collect(),
            ..self.clone()
        };
        vec![self, deployment]
    }
}

/// The names of the files with the cases, sorted.
pub(crate) fn files() -> BTreeSet<String> {
    stems(&directory(), "yaml")
}

/// The names of the files in `directory` that end in `.extension`, without that ending.
pub(crate) fn stems(directory: &Path, extension: &str) -> BTreeSet<String> {
    let paths = directory.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let of_kind = paths.filter(|path| path.extension().is_some_and(|of| of == extension));
    of_kind.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// The cases in the file of this name.
pub(crate) fn read(name: &str) -> Vec<Case> {
    let cases: Vec<Case> = parse(&directory().join(name).with_extension("yaml"));
    cases.into_iter().flat_map(Case::forms).collect()
}

pub(crate) fn directory() -> PathBuf {
    e2e_tests::directory().join("cases")
}

fn parse<T: DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    // By way of JSON: YAML writes the variants of an enum as tags.
    let value: Value = yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn extend(object: &mut Value, members: &Map<String, Value>) {
    object.as_object_mut().unwrap().extend(members.clone());
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
