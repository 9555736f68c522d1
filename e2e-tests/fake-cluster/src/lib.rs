//! A cluster in memory, for tests of code that asks Kubewarden's host. It has objects, permissions and failures, answers in the
//! words of the host's Kubernetes client, and records its requests.
//!
//! ```
//! use fake_cluster::{FakeCluster, Request};
//! use serde_json::json;
//!
//! let annotations = json!({"azure.workload.identity/client-id": "97335aad-fb4e-4a1f-b5bc-3463ea695687"});
//! let cluster = FakeCluster::default().and_service_account("shop", "api", &annotations);
//! let request = json!({
//!     "api_version": "v1", "kind": "ServiceAccount", "namespace": "shop", "name": "api", "disable_cache": false,
//! });
//! assert!(cluster.call("get_resource", request.to_string().as_bytes()).is_ok());
//! assert_eq!(cluster.lookups(), ["shop/api"]);
//! ```

mod api;
pub mod field_mask;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

pub use api::{CanIRequest, ClusterApi, GetResourceRequest, Request, ResourceAttributes, SubjectAccessReview};

/// The identity of an object in a cluster.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ObjectKey {
    /// Group and version, e.g. `v1`.
    pub api_version: String,
    /// The kind, e.g. `ServiceAccount`.
    pub kind: String,
    /// The namespace; absent for objects of the whole cluster.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl ObjectKey {
    /// The key of a service account.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self {
            api_version: "v1".to_owned(),
            kind: "ServiceAccount".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }
    }

    fn of(object: &Value) -> Result<Self> {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            api_version: text("/apiVersion").context("the object has no apiVersion")?,
            kind: text("/kind").context("the object has no kind")?,
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name").context("the object has no metadata.name")?,
        })
    }
}

/// How looking up an object fails.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The policy server's own service account may not read the kind.
    Forbidden,
    /// Nothing listens where the API server should be.
    Unreachable,
    /// The answer is not JSON.
    Undecodable,
    /// Any other error, in the words of the host's Kubernetes client.
    Other(String),
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// The answer's bytes, or the error's text as the host's Kubernetes client puts it.
    pub answer: Result<Vec<u8>, String>,
}

/// A cluster in memory.
#[derive(Debug, Default)]
pub struct FakeCluster {
    /// The results of lookups, from the host's cache or without it.
    objects: BTreeMap<ObjectKey, Result<Value, Failure>>,
    /// Results that replace them in lookups without the host's cache, which is some seconds behind.
    uncached: BTreeMap<ObjectKey, Result<Value, Failure>>,
    /// Users and what they may do.
    permissions: Vec<(String, ResourceAttributes)>,
    exchanges: Mutex<Vec<Exchange>>,
}

impl FakeCluster {
    /// A cluster with these objects.
    ///
    /// # Errors
    /// When an object has no apiVersion, kind or name.
    pub fn with_objects(objects: impl IntoIterator<Item = Value>) -> Result<Self> {
        let objects = objects.into_iter().map(|object| Ok((ObjectKey::of(&object)?, Ok(object))));
        Ok(Self { objects: objects.collect::<Result<_>>()?, ..Self::default() })
    }

    /// Adds a service account with these annotations.
    #[must_use]
    pub fn and_service_account(mut self, namespace: &str, name: &str, annotations: &Value) -> Self {
        let metadata = json!({"name": name, "namespace": namespace, "annotations": annotations});
        let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
        self.objects.insert(ObjectKey::service_account(namespace, name), Ok(object));
        self
    }

    /// Adds an object that only a lookup without the host's cache finds. The cache keeps what the cluster had before.
    ///
    /// # Errors
    /// When the object has no apiVersion, kind or name.
    pub fn and_uncached(mut self, object: Value) -> Result<Self> {
        self.uncached.insert(ObjectKey::of(&object)?, Ok(object));
        Ok(self)
    }

    /// Makes every lookup of an object fail.
    #[must_use]
    pub fn and_failing(mut self, key: ObjectKey, failure: Failure) -> Self {
        self.objects.insert(key, Err(failure));
        self
    }

    /// Makes only those lookups of an object fail that bypass the host's cache.
    #[must_use]
    pub fn and_failing_uncached(mut self, key: ObjectKey, failure: Failure) -> Self {
        self.uncached.insert(key, Err(failure));
        self
    }

    /// Lets `user` do exactly this.
    #[must_use]
    pub fn and_permission(mut self, user: &str, attributes: ResourceAttributes) -> Self {
        self.permissions.push((user.to_owned(), attributes));
        self
    }

    /// Answers a call to the host's namespace `kubernetes` as a host that grants its guest everything.
    ///
    /// # Errors
    /// With the text that the guest is told.
    pub fn call(&self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        self.answer(&Request::decode(operation, payload)?)
    }

    /// All requests so far with their answers, oldest first.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.record().clone()
    }

    /// The objects that have been looked up so far, as `NAMESPACE/NAME`, oldest first. A lookup that bypasses the host's cache has
    /// the suffix ` uncached`.
    pub fn lookups(&self) -> Vec<String> {
        let lookup = |exchange: &Exchange| match &exchange.request {
            Request::GetResource(GetResourceRequest { namespace, name, disable_cache, .. }) => {
                let cache = if *disable_cache { " uncached" } else { "" };
                Some(format!("{}/{name}{cache}", namespace.as_deref().unwrap_or_default()))
            }
            Request::CanI(_) => None,
        };
        self.record().iter().filter_map(lookup).collect()
    }

    fn record(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lookup(&self, request: &GetResourceRequest) -> Result<Vec<u8>, String> {
        let key = ObjectKey {
            api_version: request.api_version.clone(),
            kind: request.kind.clone(),
            namespace: request.namespace.clone(),
            name: request.name.clone(),
        };
        if key.namespace.is_none() && !is_cluster_wide(&key) {
            return Err(format!(
                "Resource {}/{} is namespaced, but no namespace was provided",
                key.api_version, key.kind
            ));
        }
        let uncached = self.uncached.get(&key).filter(|_| request.disable_cache);
        match uncached.or_else(|| self.objects.get(&key)) {
            Some(Ok(object)) => Ok(masked(object, request)),
            Some(Err(failure)) => failure.answer(&key),
            None => Err(not_found(&key)),
        }
    }
}

impl ClusterApi for FakeCluster {
    fn get_resource(&self, request: &GetResourceRequest) -> Result<Vec<u8>, String> {
        let answer = self.lookup(request);
        self.record().push(Exchange { request: Request::GetResource(request.clone()), answer: answer.clone() });
        answer
    }

    fn can_i(&self, request: &CanIRequest) -> Result<Vec<u8>, String> {
        let review = &request.subject_access_review;
        let granted = |(user, attributes): &(String, ResourceAttributes)| {
            *user == review.user && *attributes == review.resource_attributes
        };
        let allowed = self.permissions.iter().any(granted);
        let answer = Ok(json!({ "allowed": allowed }).to_string().into_bytes());
        self.record().push(Exchange { request: Request::CanI(request.clone()), answer: answer.clone() });
        answer
    }
}

impl Failure {
    /// The texts are those of kube-client 3.1, taken down from the client itself and formatted as the host passes them on:
    /// the error and its causes, over several lines.
    fn answer(&self, key: &ObjectKey) -> Result<Vec<u8>, String> {
        match self {
            Self::Forbidden => Err(forbidden(key)),
            Self::Unreachable => {
                Err("ServiceError: client error (Connect)\n\nCaused by:\n    0: client error (Connect)\n    \
                                      1: tcp connect error\n    2: Connection refused (os error 111)"
                    .to_owned())
            }
            Self::Undecodable => Ok(b"<html>502 Bad Gateway</html>".to_vec()),
            Self::Other(text) => Err(text.clone()),
        }
    }
}

fn not_found(key: &ObjectKey) -> String {
    let ObjectKey { api_version, kind, namespace, name } = key;
    format!("Cannot find {api_version}/{kind} named '{name}' inside of namespace '{namespace:?}'")
}

fn forbidden(key: &ObjectKey) -> String {
    let resource = format!("{}s", key.kind.to_lowercase());
    let message = format!(
        "{resource} {:?} is forbidden: User \"system:serviceaccount:kubewarden:policy-server\" cannot get resource \
         {resource:?} in API group \"\" in the namespace {:?}",
        key.name,
        key.namespace.as_deref().unwrap_or_default()
    );
    format!(
        "ApiError: {message}: Forbidden (Status {{ status: Some(Failure), code: 403, message: {message:?}, metadata: \
         Some(ListMeta {{ continue_: None, remaining_item_count: None, resource_version: None, self_link: None }}), reason: \
         \"Forbidden\", details: Some(StatusDetails {{ name: {:?}, group: \"\", kind: {resource:?}, uid: \"\", causes: [], \
         retry_after_seconds: 0 }}) }})\n\nCaused by:\n    {message}: Forbidden",
        key.name
    )
}

/// Of the kinds that policies ask for, those without a namespace.
fn is_cluster_wide(key: &ObjectKey) -> bool {
    key.api_version == "v1" && key.kind == "Namespace"
}

fn masked(object: &Value, request: &GetResourceRequest) -> Vec<u8> {
    let mut object = object.clone();
    if let Some(masks) = &request.field_masks {
        field_mask::apply(&mut object, masks.iter().map(String::as_str));
    }
    object.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Value {
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "shop"}, "secrets": []})
    }

    fn lookup(cluster: &FakeCluster, disable_cache: bool) -> Result<Value, String> {
        let request = GetResourceRequest {
            api_version: "v1".to_owned(),
            kind: "ServiceAccount".to_owned(),
            name: "web".to_owned(),
            namespace: Some("shop".to_owned()),
            disable_cache,
            field_masks: Some(["metadata".to_owned()].into()),
        };
        cluster.get_resource(&request).map(|answer| serde_json::from_slice(&answer).unwrap())
    }

    #[test]
    fn an_object_is_found_with_what_the_mask_leaves_of_it() {
        let found = lookup(&FakeCluster::with_objects([account()]).unwrap(), false).unwrap();

        assert_eq!(
            found,
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "shop"}})
        );
    }

    #[test]
    fn a_missing_object_is_reported_in_the_hosts_words() {
        assert_eq!(
            lookup(&FakeCluster::default(), false).unwrap_err(),
            "Cannot find v1/ServiceAccount named 'web' inside of namespace 'Some(\"shop\")'"
        );
    }

    #[test]
    fn a_new_object_is_found_only_without_the_cache() {
        let cluster = FakeCluster::default().and_uncached(account()).unwrap();

        lookup(&cluster, false).unwrap_err();
        lookup(&cluster, true).unwrap();
        assert_eq!(cluster.lookups(), ["shop/web", "shop/web uncached"]);
    }

    #[test]
    fn the_cache_may_be_behind() {
        let mut changed = account();
        changed["metadata"]["labels"] = json!({"app": "web"});
        let cluster = FakeCluster::with_objects([account()]).unwrap().and_uncached(changed).unwrap();

        assert_eq!(lookup(&cluster, false).unwrap()["metadata"].get("labels"), None);
        assert_eq!(lookup(&cluster, true).unwrap()["metadata"]["labels"], json!({"app": "web"}));
    }

    #[test]
    fn guests_are_told_that_it_was_the_host_that_failed() {
        let request =
            br#"{"api_version":"v1","kind":"ServiceAccount","name":"web","namespace":"shop","disable_cache":false}"#;

        assert_eq!(
            FakeCluster::default().call("get_resource", request).unwrap_err(),
            "Callback evaluation failure: Cannot find v1/ServiceAccount named 'web' inside of namespace 'Some(\"shop\")'"
        );
        assert_eq!(FakeCluster::default().call("list", request).unwrap_err(), "unknown operation: list");
    }

    #[test]
    fn a_forbidden_lookup_is_reported_with_its_cause() {
        let key = ObjectKey::service_account("shop", "web");
        let error = lookup(&FakeCluster::default().and_failing(key, Failure::Forbidden), false).unwrap_err();

        assert_eq!(
            error,
            r#"ApiError: serviceaccounts "web" is forbidden: User "system:serviceaccount:kubewarden:policy-server" cannot get resource "serviceaccounts" in API group "" in the namespace "shop": Forbidden (Status { status: Some(Failure), code: 403, message: "serviceaccounts \"web\" is forbidden: User \"system:serviceaccount:kubewarden:policy-server\" cannot get resource \"serviceaccounts\" in API group \"\" in the namespace \"shop\"", metadata: Some(ListMeta { continue_: None, remaining_item_count: None, resource_version: None, self_link: None }), reason: "Forbidden", details: Some(StatusDetails { name: "web", group: "", kind: "serviceaccounts", uid: "", causes: [], retry_after_seconds: 0 }) })

Caused by:
    serviceaccounts "web" is forbidden: User "system:serviceaccount:kubewarden:policy-server" cannot get resource "serviceaccounts" in API group "" in the namespace "shop": Forbidden"#
        );
    }

    #[test]
    fn only_what_is_permitted_is_allowed() {
        let attributes = |verb: &str| ResourceAttributes {
            group: Some("example.com".to_owned()),
            resource: "identities".to_owned(),
            name: Some("blue".to_owned()),
            verb: verb.to_owned(),
            ..ResourceAttributes::default()
        };
        let cluster = FakeCluster::default().and_permission("alice", attributes("use"));
        let may = |user: &str, verb: &str| {
            let subject_access_review =
                SubjectAccessReview { groups: None, resource_attributes: attributes(verb), user: user.to_owned() };
            let answer = cluster.can_i(&CanIRequest { subject_access_review, disable_cache: false }).unwrap();
            String::from_utf8(answer).unwrap()
        };

        assert_eq!(may("alice", "use"), r#"{"allowed":true}"#);
        assert_eq!(may("alice", "delete"), r#"{"allowed":false}"#);
        assert_eq!(may("bob", "use"), r#"{"allowed":false}"#);
    }
}
