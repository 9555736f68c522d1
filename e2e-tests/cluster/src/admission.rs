//! The host of `e2e-tests` as an admission server, with the interface of policy-server.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use anyhow::{Context as _, Result};
use axum::{
    Json, Router,
    extract::{self, State},
    routing::post,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use e2e_tests::{
    kubewarden::without_nulls,
    module::Module,
    policy::{Evaluation, Policy},
    request::AdmissionRequest,
    response::{AdmissionResponse, Mode},
};
use http::StatusCode;
use kube_client::{Client, Config};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::{runtime::Runtime, sync::Semaphore, task::spawn_blocking};
use xtask::metadata::ContextAwareResource;

use crate::{
    https::{self, Identity},
    lookup::RealCluster,
};

/// The policies of a server by their names in it.
type Policies = BTreeMap<String, Policy<'static>>;

/// A status, and an admission review or an error.
type Answer = (StatusCode, Json<Value>);

struct Server {
    policies: Policies,
    /// As many requests at a time as there are processors.
    permits: Arc<Semaphore>,
}

/// A policy's entry in `policies.yml`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    #[serde(rename = "namespacedName")]
    _namespaced_name: Value,
    module: String,
    policy_mode: Mode,
    allowed_to_mutate: bool,
    #[serde(default)]
    context_aware_resources: Vec<ContextAwareResource>,
    settings: Map<String, Value>,
    #[serde(default)]
    host_capabilities: Vec<String>,
    timeout_eval_seconds: Option<u64>,
}

/// Serves until the process is killed.
///
/// # Errors
/// As policy-server does not start: when the environment or `policies.yml` is wrong, a module does not load, its settings are
/// invalid, or the cluster's API server cannot be found.
pub fn run() -> Result<()> {
    let runtime = Runtime::new()?;
    let address = SocketAddr::new(variable("KUBEWARDEN_BIND_ADDRESS")?.parse()?, variable("KUBEWARDEN_PORT")?.parse()?);
    let identity = Identity {
        certificate: fs::read_to_string(variable("KUBEWARDEN_CERT_FILE")?)?,
        key: fs::read_to_string(variable("KUBEWARDEN_KEY_FILE")?)?,
    };
    let client = runtime.block_on(async { anyhow::Ok(Client::try_from(Config::infer().await?)?) })?;
    let cluster = RealCluster::new(client, runtime.handle().clone());
    let policies = load(Path::new(&variable("KUBEWARDEN_POLICIES")?), cluster)?;
    let permits = Arc::new(Semaphore::new(thread::available_parallelism()?.get()));
    let router = Router::new()
        .route("/validate/{policy}", post(validate))
        .route("/audit/{policy}", post(audit))
        .fallback(async || error(StatusCode::NOT_FOUND, "no such endpoint"))
        .with_state(Arc::new(Server { policies, permits }));
    runtime.block_on(https::serve(address, &identity, router))
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("environment variable {name} is not set"))
}

fn load(path: &Path, cluster: RealCluster) -> Result<Policies> {
    let file = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let entries: BTreeMap<String, Entry> =
        yaml_serde::from_str(&file).with_context(|| format!("in {}", path.display()))?;
    let cluster = Arc::new(cluster);
    let paths: BTreeSet<_> = entries.values().map(|entry| entry.module.clone()).collect();
    let modules = paths.into_iter().map(|url| {
        let path = url.strip_prefix("file://").with_context(|| format!("module {url:?} is not a file:// URL"))?;
        // They live as long as the server.
        Ok((url.clone(), &*Box::leak(Box::new(Module::from_file(&PathBuf::from(path))?))))
    });
    let modules: BTreeMap<_, _> = modules.collect::<Result<_>>()?;
    let load = |(id, entry): (String, Entry)| {
        let module = modules.get(&entry.module).context("every module is loaded")?;
        let policy = entry.load(module, &cluster).with_context(|| format!("policy {id}"))?;
        Ok((id, policy))
    };
    entries.into_iter().map(load).collect()
}

impl Entry {
    fn load(self, module: &'static Module, cluster: &Arc<RealCluster>) -> Result<Policy<'static>> {
        let capabilities: Vec<_> = self.host_capabilities.iter().map(String::as_str).collect();
        let resources = self.context_aware_resources.iter();
        let resources: Vec<_> =
            resources.map(|resource| (resource.api_version.as_str(), resource.kind.as_str())).collect();
        let policy = Policy::new(module, Value::Object(self.settings))?
            .connected_to(Arc::clone(cluster))
            .in_mode(self.policy_mode)
            .mutating(self.allowed_to_mutate);
        let policy = policy.granted(&capabilities, &resources)?;
        Ok(match self.timeout_eval_seconds {
            Some(seconds) => policy.within_seconds(seconds),
            None => policy,
        })
    }
}

#[expect(clippy::print_stderr, reason = "the server's log")]
fn log(problem: &anyhow::Error) {
    eprintln!("{problem:#}");
}

async fn validate(
    State(server): State<Arc<Server>>,
    extract::Path(policy): extract::Path<String>,
    body: String,
) -> Answer {
    server.answer(&policy, body, |policy, request| policy.validate(request)).await
}

/// The audit scanner is told what the policy itself decides, whatever its mode.
async fn audit(
    State(server): State<Arc<Server>>,
    extract::Path(policy): extract::Path<String>,
    body: String,
) -> Answer {
    server.answer(&policy, body, |policy, request| policy.in_mode(Mode::Protect).mutating(true).validate(request)).await
}

impl Server {
    /// The answer to a request, in policy-server's words where there is no decision.
    async fn answer<E>(&self, policy: &str, body: String, evaluate: E) -> Answer
    where
        E: FnOnce(Policy<'static>, &AdmissionRequest) -> Result<Evaluation> + Send + 'static,
    {
        let Some(policy) = self.policies.get(policy).cloned() else {
            return error(StatusCode::NOT_FOUND, "policy not found");
        };
        let request = match AdmissionRequest::from_review(&body) {
            Ok(request) => request,
            Err(problem) => return error(StatusCode::UNPROCESSABLE_ENTITY, &format!("{problem:#}")),
        };
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let evaluation = spawn_blocking(move || {
            let _permit = permit;
            evaluate(policy, &request)
        });
        match evaluation.await.map_err(anyhow::Error::from).flatten() {
            Ok(evaluation) => (StatusCode::OK, Json(review_of(&evaluation.response))),
            Err(problem) => {
                log(&problem);
                error(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong")
            }
        }
    }
}

fn error(status: StatusCode, message: &str) -> Answer {
    (status, Json(json!({"message": message, "status": status.as_u16()})))
}

fn review_of(response: &AdmissionResponse) -> Value {
    let patch = response.patch.as_ref();
    let has_status = response.message.is_some() || response.code.is_some();
    let response = without_nulls(json!({
        "uid": response.uid,
        "allowed": response.allowed,
        "patchType": patch.map(|_| "JSONPatch"),
        "patch": patch.map(|patch| BASE64_STANDARD.encode(json!(patch).to_string())),
        "status": has_status.then(|| json!({"message": response.message, "code": response.code})),
        "auditAnnotations": response.audit_annotations,
        "warnings": response.warnings,
    }));
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
}
