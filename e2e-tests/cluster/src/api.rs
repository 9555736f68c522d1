//! A client of the API server for tests: JSON in, JSON out.

use anyhow::{Context as _, Result};
use http::{Method, Request};
use kube_client::{
    Client, Config, Error,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::Value;
use tokio::runtime::{Handle, Runtime};

/// A client of the API server, with the rights of a user.
#[derive(Clone)]
pub struct Api {
    client: Client,
    runtime: Handle,
}

/// The API server's rejection.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The HTTP status code.
    pub code: u16,
    /// The text.
    pub message: String,
}

impl Api {
    pub(crate) fn new(kubeconfig: &str, runtime: &Runtime) -> Result<Self> {
        let kubeconfig = Kubeconfig::from_yaml(kubeconfig)?;
        let client = runtime.block_on(async {
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
            anyhow::Ok(Client::try_from(config)?)
        })?;
        Ok(Self { client, runtime: runtime.handle().clone() })
    }

    /// The client below.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request and waits for the answer.
    ///
    /// # Errors
    /// When there is no answer; what the API server refuses is the inner error.
    pub fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Result<Value, Refusal>> {
        self.runtime.block_on(self.send(method, path, body))
    }

    /// As [`Self::request`], for callers that are asynchronous themselves.
    ///
    /// # Errors
    /// As [`Self::request`].
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Result<Value, Refusal>> {
        let content = body.map(Value::to_string).unwrap_or_default().into_bytes();
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        match self.client.request(request.body(content)?).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(Error::Api(status)) => Ok(Err(Refusal { code: status.code, message: status.message })),
            Err(error) => Err(error).with_context(|| format!("no answer from the API server about {path}")),
        }
    }

    /// Whether the API server says that it is ready.
    pub fn is_ready(&self) -> bool {
        let Ok(request) = Request::get("/readyz").body(Vec::new()) else { return false };
        self.runtime.block_on(self.client.request_text(request)).is_ok()
    }

    /// Creates an object, or replaces the one of its name that is there.
    ///
    /// # Errors
    /// When the API server does not take it.
    pub fn put(&self, collection: &str, object: &Value) -> Result<Value> {
        let created = self.request(Method::POST, collection, Some(object))?;
        let Err(Refusal { code: 409, .. }) = &created else { return accepted(created, collection) };
        let name = object.pointer("/metadata/name").and_then(Value::as_str).context("the object has no name")?;
        let path = format!("{collection}/{name}");
        let stored = self.get(&path)?;
        let version = stored.pointer("/metadata/resourceVersion").context("what is stored has no version")?;
        let mut object = object.clone();
        let metadata =
            object.get_mut("metadata").and_then(Value::as_object_mut).context("the object has no metadata")?;
        metadata.insert("resourceVersion".to_owned(), version.clone());
        accepted(self.request(Method::PUT, &path, Some(&object))?, &path)
    }

    /// Creates an object.
    ///
    /// # Errors
    /// When the API server does not take it.
    pub fn create(&self, collection: &str, object: &Value) -> Result<Value> {
        accepted(self.request(Method::POST, collection, Some(object))?, collection)
    }

    /// The object or the list at a path.
    ///
    /// # Errors
    /// When the API server does not give it out.
    pub fn get(&self, path: &str) -> Result<Value> {
        accepted(self.request(Method::GET, path, None)?, path)
    }

    /// Deletes the object or all objects at a path. It is no error when there is none.
    ///
    /// # Errors
    /// When the API server does not delete it.
    pub fn delete(&self, path: &str) -> Result<()> {
        match self.request(Method::DELETE, path, None)? {
            Err(Refusal { code: 404, .. }) => Ok(()),
            answer => accepted(answer, path).map(drop),
        }
    }
}

fn accepted(answer: Result<Value, Refusal>, path: &str) -> Result<Value> {
    answer.map_err(|refusal| anyhow::anyhow!("{} from {path}: {}", refusal.code, refusal.message))
}
