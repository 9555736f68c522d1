//! Admission requests as policy-server passes them on to guests.

use anyhow::{Context as _, Result};
use k8s_openapi::api::authentication::v1::UserInfo;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The `request` member of an `admission.k8s.io/v1` `AdmissionReview`. Absent members are left out, not null.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest {
    /// Identifies the request; the response repeats it.
    pub uid: String,
    /// The kind that the webhook's rules match.
    pub kind: GroupVersionKind,
    /// The resource that the webhook's rules match.
    pub resource: GroupVersionResource,
    /// The sub-resource, e.g. `ephemeralcontainers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_resource: Option<String>,
    /// The kind that the client sent, where the API server has converted it to [`Self::kind`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_kind: Option<GroupVersionKind>,
    /// The resource that the client addressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_resource: Option<GroupVersionResource>,
    /// The sub-resource that the client addressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_sub_resource: Option<String>,
    /// The object's name; absent where the API server generates it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The object's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: String,
    /// Who sent the request.
    pub user_info: UserInfo,
    /// The object as it is to be; absent on DELETE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Value>,
    /// The object as it was; absent on CREATE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_object: Option<Value>,
    /// Whether nothing will be stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// The operation's options, e.g. a `CreateOptions` object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Value>,
}

/// A kind with its API group (empty for the core group) and version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GroupVersionKind {
    /// The API group.
    pub group: String,
    /// The API version.
    pub version: String,
    /// The kind in the singular.
    pub kind: String,
}

/// A resource with its API group (empty for the core group) and version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GroupVersionResource {
    /// The API group.
    pub group: String,
    /// The API version.
    pub version: String,
    /// The resource in the plural.
    pub resource: String,
}

impl AdmissionRequest {
    /// The request that creates `object`, in the object's own namespace.
    ///
    /// # Errors
    /// When the object has no apiVersion or kind.
    pub fn create(object: Value) -> Result<Self> {
        let options = json!({"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"});
        let request = Self::about(&object, "CREATE", options)?;
        Ok(Self { object: Some(object), ..request })
    }

    /// The request that makes `object` of `old_object`.
    ///
    /// # Errors
    /// When the object has no apiVersion or kind.
    pub fn update(object: Value, old_object: Value) -> Result<Self> {
        let options = json!({"apiVersion": "meta.k8s.io/v1", "kind": "UpdateOptions"});
        let request = Self::about(&object, "UPDATE", options)?;
        Ok(Self { object: Some(object), old_object: Some(old_object), ..request })
    }

    /// The request that deletes `old_object`.
    ///
    /// # Errors
    /// When the object has no apiVersion or kind.
    pub fn delete(old_object: Value) -> Result<Self> {
        let options = json!({"apiVersion": "meta.k8s.io/v1", "kind": "DeleteOptions"});
        let request = Self::about(&old_object, "DELETE", options)?;
        Ok(Self { old_object: Some(old_object), ..request })
    }

    /// The request inside an `AdmissionReview`.
    ///
    /// # Errors
    /// When `review` is not one that policy-server would take.
    pub fn from_review(review: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct AdmissionReview {
            request: AdmissionRequest,
        }
        let review: AdmissionReview = serde_json::from_str(review).context("cannot read the AdmissionReview")?;
        Ok(review.request)
    }

    fn about(object: &Value, operation: &str, options: Value) -> Result<Self> {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let api_version = text("/apiVersion").context("the object has no apiVersion")?;
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
        let kind = GroupVersionKind {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text("/kind").context("the object has no kind")?,
        };
        let resource = GroupVersionResource {
            group: kind.group.clone(),
            version: kind.version.clone(),
            resource: plural(&kind.kind.to_lowercase()),
        };
        Ok(Self {
            uid: "7d2c0f6e-3b0a-4c6b-9a39-5d3f6f0b8a51".to_owned(),
            request_kind: Some(kind.clone()),
            request_resource: Some(resource.clone()),
            kind,
            resource,
            sub_resource: None,
            request_sub_resource: None,
            name: text("/metadata/name"),
            namespace: text("/metadata/namespace"),
            operation: operation.to_owned(),
            user_info: UserInfo {
                username: Some("kubernetes-admin".to_owned()),
                groups: Some(vec!["system:masters".to_owned(), "system:authenticated".to_owned()]),
                ..UserInfo::default()
            },
            object: None,
            old_object: None,
            dry_run: Some(false),
            options: Some(options),
        })
    }
}

/// The plural of a kind's lower-case name, by the rules that Kubernetes' own kinds follow.
fn plural(kind: &str) -> String {
    if let Some(stem) = kind.strip_suffix('y') {
        format!("{stem}ies")
    } else if kind.ends_with('s') || kind.ends_with('x') {
        format!("{kind}es")
    } else {
        format!("{kind}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_name_is_absent_from_the_request() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "web-", "namespace": "shop"}});
        let request = serde_json::to_value(AdmissionRequest::create(pod.clone()).unwrap()).unwrap();

        assert_eq!(request.get("name"), None);
        assert_eq!(request["namespace"], "shop");
        assert_eq!(request["object"], pod);
        assert_eq!(request.get("oldObject"), None);
    }

    #[test]
    fn resource_and_group_follow_from_the_object() {
        let policy = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"});
        let request = AdmissionRequest::delete(policy).unwrap();

        assert_eq!(request.resource.group, "networking.k8s.io");
        assert_eq!(request.resource.resource, "networkpolicies");
        assert_eq!(request.object, None);
    }

    #[test]
    fn null_members_of_a_review_are_absent_from_the_request() {
        let review = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "DELETE", "userInfo": {},
            "object": null, "oldObject": {"kind": "Pod"}, "options": null}}"#;
        let request = serde_json::to_value(AdmissionRequest::from_review(review).unwrap()).unwrap();

        assert_eq!(
            request,
            json!({
                "uid": "1",
                "kind": {"group": "", "version": "v1", "kind": "Pod"},
                "resource": {"group": "", "version": "v1", "resource": "pods"},
                "operation": "DELETE",
                "userInfo": {},
                "oldObject": {"kind": "Pod"},
            })
        );
    }
}
