//! Lookups in a real cluster, as policy-server does them (`policy-evaluator`, `callback_handler/kubernetes.rs`).

use std::{
    collections::HashMap,
    fmt::Debug,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow};
use e2e_tests::cluster::{CanIRequest, ClusterApi, GetResourceRequest, field_mask};
use k8s_openapi::api::authorization::v1::{self as authorization, SubjectAccessReview};
use kube_client::{
    Api, Client,
    api::PostParams,
    core::{ApiResource, DynamicObject},
};
use serde_json::Value;
use tokio::{runtime::Handle, sync::Mutex};

/// How long policy-server keeps an answer.
const LIFETIME: Duration = Duration::from_secs(5);

/// The API server, with the rights of whom the client is.
pub struct RealCluster {
    client: Client,
    runtime: Handle,
    kinds: Mutex<HashMap<(String, String), (ApiResource, bool)>>,
    objects: Cache<Value>,
    reviews: Cache<Vec<u8>>,
}

impl RealCluster {
    /// Looks up with `client`, on threads of `runtime` that may block.
    pub fn new(client: Client, runtime: Handle) -> Self {
        Self { client, runtime, kinds: Mutex::default(), objects: Cache::default(), reviews: Cache::default() }
    }

    async fn get(&self, request: &GetResourceRequest) -> Result<Value> {
        let GetResourceRequest { api_version, kind, name, namespace, .. } = request;
        let namespace = namespace.as_deref();
        let (resource, namespaced) = self.resource(api_version, kind).await?;
        let api: Api<DynamicObject> = if namespaced {
            let namespace = namespace.with_context(|| {
                format!("Resource {api_version}/{kind} is namespaced, but no namespace was provided")
            })?;
            Api::namespaced_with(self.client.clone(), namespace, &resource)
        } else {
            Api::all_with(self.client.clone(), &resource)
        };
        let missing = || anyhow!("Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'");
        Ok(serde_json::to_value(api.get_opt(name).await?.ok_or_else(missing)?)?)
    }

    /// The resource of a kind, and whether it has a namespace. Asked for once.
    async fn resource(&self, api_version: &str, kind: &str) -> Result<(ApiResource, bool)> {
        let key = (api_version.to_owned(), kind.to_owned());
        if let Some(known) = self.kinds.lock().await.get(&key) {
            return Ok(known.clone());
        }
        let list = match api_version {
            "v1" => self.client.list_core_api_resources(api_version).await?,
            _ => self
                .client
                .list_api_group_resources(api_version)
                .await
                .map_err(|error| anyhow!("error finding resource {api_version} / {kind}: {error}"))?,
        };
        let found = list.resources.into_iter().find(|resource| resource.kind == kind);
        let found = found.with_context(|| format!("Cannot find resource {api_version}/{kind}"))?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            plural: found.name,
        };
        self.kinds.lock().await.insert(key, (resource.clone(), found.namespaced));
        Ok((resource, found.namespaced))
    }

    async fn review(&self, request: &CanIRequest) -> Result<Vec<u8>> {
        let asked = &request.subject_access_review;
        let attributes = &asked.resource_attributes;
        let review = SubjectAccessReview {
            spec: authorization::SubjectAccessReviewSpec {
                user: Some(asked.user.clone()),
                groups: asked.groups.clone(),
                resource_attributes: Some(authorization::ResourceAttributes {
                    group: attributes.group.clone(),
                    name: attributes.name.clone(),
                    namespace: attributes.namespace.clone(),
                    resource: Some(attributes.resource.clone()),
                    subresource: attributes.subresource.clone(),
                    verb: Some(attributes.verb.clone()),
                    version: attributes.version.clone(),
                    ..authorization::ResourceAttributes::default()
                }),
                ..authorization::SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        let api: Api<SubjectAccessReview> = Api::all(self.client.clone());
        let answer = api.create(&PostParams::default(), &review).await?;
        let status = answer.status.context("SubjectAccessReview did not return a response")?;
        Ok(serde_json::to_vec(&status)?)
    }
}

impl ClusterApi for RealCluster {
    fn get_resource(&self, request: &GetResourceRequest) -> Result<Vec<u8>, String> {
        let object = if request.disable_cache {
            self.runtime.block_on(self.get(request))
        } else {
            let key = (&request.api_version, &request.kind, &request.name, &request.namespace);
            self.runtime.block_on(self.objects.get_or(&key, self.get(request)))
        };
        let mut object = object.map_err(text)?;
        if let Some(masks) = &request.field_masks {
            field_mask::apply(&mut object, masks.iter().map(String::as_str));
        }
        Ok(object.to_string().into_bytes())
    }

    fn can_i(&self, request: &CanIRequest) -> Result<Vec<u8>, String> {
        let answer = if request.disable_cache {
            self.runtime.block_on(self.review(request))
        } else {
            self.runtime.block_on(self.reviews.get_or(&request.subject_access_review, self.review(request)))
        };
        answer.map_err(text)
    }
}

/// An error and its causes, over several lines.
#[expect(clippy::needless_pass_by_value, reason = "what map_err wants")]
fn text(error: anyhow::Error) -> String {
    format!("{error:?}")
}

/// Keeps answers for a while, but no errors. Whoever asks while another waits for an answer waits too, whatever the question:
/// so does policy-server's.
struct Cache<T>(Mutex<HashMap<String, (Instant, T)>>);

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Cache<T> {
    async fn get_or(&self, key: &impl Debug, ask: impl Future<Output = Result<T>>) -> Result<T> {
        let key = format!("{key:?}");
        let mut answers = self.0.lock().await;
        answers.retain(|_, (since, _)| since.elapsed() < LIFETIME);
        if let Some((_, answer)) = answers.get(&key) {
            return Ok(answer.clone());
        }
        let answer = ask.await?;
        answers.insert(key, (Instant::now(), answer.clone()));
        Ok(answer)
    }
}
