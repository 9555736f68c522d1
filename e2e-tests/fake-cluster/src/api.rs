//! The requests that Kubewarden's host sends to a cluster on a guest's behalf.
//!
//! The types are those of kubewarden-policy-sdk 0.17, `host_capabilities::kubernetes`. The SDK has them only together with every
//! typed Kubernetes object; a test of `e2e-tests` compares the two.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A call to the host's namespace `kubernetes`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// The operation `get_resource`.
    GetResource(GetResourceRequest),
    /// The operation `can_i`.
    CanI(CanIRequest),
}

impl Request {
    /// Reads the payload of an operation.
    ///
    /// # Errors
    /// With the text that the host tells its guest, when there is no such operation or the payload is not its request.
    pub fn decode(operation: &str, payload: &[u8]) -> Result<Self, String> {
        match operation {
            "get_resource" => decode(payload).map(Self::GetResource),
            "can_i" => decode(payload).map(Self::CanI),
            _ => Err(format!("unknown operation: {operation}")),
        }
    }
}

fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, String> {
    serde_json::from_slice(payload).map_err(|error| error.to_string())
}

/// Asks for one object.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GetResourceRequest {
    /// Group and version, e.g. `v1`.
    pub api_version: String,
    /// The kind in the singular, e.g. `ServiceAccount`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The object's namespace; absent for objects of the whole cluster.
    pub namespace: Option<String>,
    /// Whether the host asks the API server even if it remembers an answer.
    pub disable_cache: bool,
    /// Dotted paths of the members that the guest wants; absent for all.
    pub field_masks: Option<BTreeSet<String>>,
}

/// Asks whether RBAC permits something.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CanIRequest {
    /// Who wants to do what.
    pub subject_access_review: SubjectAccessReview,
    /// Whether the host asks the API server even if it remembers an answer.
    pub disable_cache: bool,
}

/// A user and what the user wants to do.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SubjectAccessReview {
    /// The user's groups.
    pub groups: Option<Vec<String>>,
    /// The action and its object.
    pub resource_attributes: ResourceAttributes,
    /// The user's name; `system:serviceaccount:NAMESPACE:NAME` for a service account.
    pub user: String,
}

/// An action and its object. Absent members stand for all.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ResourceAttributes {
    /// The API group.
    pub group: Option<String>,
    /// The object's name.
    pub name: Option<String>,
    /// The object's namespace.
    pub namespace: Option<String>,
    /// The resource in the plural.
    pub resource: String,
    /// The subresource.
    pub subresource: Option<String>,
    /// The action, e.g. `get`.
    pub verb: String,
    /// The API version.
    pub version: Option<String>,
}

/// A cluster that the host can ask.
pub trait ClusterApi: Send + Sync {
    /// The object as JSON, or the error's text as the host's Kubernetes client puts it.
    ///
    /// # Errors
    /// When there is no such object or the API server does not hand it out.
    fn get_resource(&self, request: &GetResourceRequest) -> Result<Vec<u8>, String>;

    /// The status of a `SubjectAccessReview` as JSON, or the error's text.
    ///
    /// # Errors
    /// When the API server does not answer the question.
    fn can_i(&self, request: &CanIRequest) -> Result<Vec<u8>, String>;

    /// The answer's bytes, or the error's text as the host passes it on to its guest.
    ///
    /// # Errors
    /// As [`Self::get_resource`] and [`Self::can_i`].
    fn answer(&self, request: &Request) -> Result<Vec<u8>, String> {
        let answer = match request {
            Request::GetResource(request) => self.get_resource(request),
            Request::CanI(request) => self.can_i(request),
        };
        answer.map_err(|error| format!("Callback evaluation failure: {error}"))
    }
}

impl<T: ClusterApi + ?Sized> ClusterApi for Arc<T> {
    fn get_resource(&self, request: &GetResourceRequest) -> Result<Vec<u8>, String> {
        (**self).get_resource(request)
    }

    fn can_i(&self, request: &CanIRequest) -> Result<Vec<u8>, String> {
        (**self).can_i(request)
    }
}
