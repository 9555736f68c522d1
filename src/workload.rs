//! What an object is, and where its pod template is.

use std::borrow::Cow;

use crate::json::{Kind, TypeMismatch, Value};
use crate::review::Review;
use crate::settings::Settings;

/// What the policy makes of an object by its kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target<'a> {
    /// A pod that is created.
    Pod,
    /// A pod that gets a debug container.
    EphemeralContainers,
    /// An object from whose template a controller makes pods.
    Workload {
        /// The template; absent if the object has none.
        template: Option<Value<'a>>,
    },
    /// A service account.
    ServiceAccount,
    /// A service: its selector may be the label.
    Service,
    /// Nothing of ours.
    Other,
}

/// Kinds with a pod template: API group, kind, and the way to the template.
const WORKLOADS: [(&str, &str, &[&str]); 7] = [
    ("apps", "Deployment", &["spec", "template"]),
    ("apps", "StatefulSet", &["spec", "template"]),
    ("apps", "DaemonSet", &["spec", "template"]),
    ("apps", "ReplicaSet", &["spec", "template"]),
    ("", "ReplicationController", &["spec", "template"]),
    ("batch", "Job", &["spec", "template"]),
    ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template"]),
];

impl<'a> Target<'a> {
    /// What a request is about.
    pub fn of(review: &Review<'a>, settings: &Settings<'_>) -> Result<Self, TypeMismatch<'a>> {
        let Some(object) = review.object else { return Ok(Self::Other) };
        let stores = matches!(review.operation.as_ref(), "CREATE" | "UPDATE");
        Ok(match (review.group.as_ref(), review.kind.as_ref(), review.subresource.as_ref()) {
            ("", "Pod", "") if review.operation == "CREATE" => Self::Pod,
            ("", "Pod", "ephemeralcontainers") if review.operation == "UPDATE" => Self::EphemeralContainers,
            ("", "ServiceAccount", "") if stores => Self::ServiceAccount,
            ("", "Service", "") if stores => Self::Service,
            (_, _, "") if stores => match way_to_template(review, settings) {
                Some(way) => Self::Workload { template: follow(object, &way)? },
                None => Self::Other,
            },
            _ => Self::Other,
        })
    }

    /// True if an update leaves everything as it was that this policy judges: a scaled workload, an object whose status or
    /// finalizers a controller sets. What was let in once is not held up by such a request.
    pub fn is_unchanged(self, review: &Review<'a>, settings: &Settings<'_>) -> bool {
        let (Some(object), Some(old)) = (review.object, review.old_object) else { return false };
        if review.operation != "UPDATE" {
            return false;
        }
        match self {
            Self::Workload { template } => {
                let old_template = way_to_template(review, settings).and_then(|way| follow(old, &way).ok().flatten());
                same(template, old_template)
            }
            Self::ServiceAccount => ["labels", "annotations"].iter().all(|key| {
                let of = |object: Value<'a>| object.field("metadata").and_then(|metadata| metadata.field(key));
                same(of(object), of(old))
            }),
            Self::Service => same(object.field("spec"), old.field("spec")),
            Self::Pod | Self::EphemeralContainers | Self::Other => false,
        }
    }
}

fn same(one: Option<Value<'_>>, other: Option<Value<'_>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.same_as(other),
        (None, None) => true,
        (Some(lone), None) | (None, Some(lone)) => lone.is_empty(),
    }
}

/// True for an object that a controller made from another one, which was judged when somebody applied it: the `ReplicaSet`
/// of a Deployment, the Job of a `CronJob`.
pub fn has_controller(object: Value<'_>) -> bool {
    object.field("metadata").and_then(|metadata| metadata.field("ownerReferences")).is_some_and(|owners| {
        owners.elements().any(|owner| owner.field("controller").and_then(Value::as_bool) == Some(true))
    })
}

/// True for an object that is being deleted and only waits for its finalizers.
pub fn is_being_deleted(object: Value<'_>) -> bool {
    object.field("metadata").is_some_and(|metadata| metadata.field("deletionTimestamp").is_some())
}

fn way_to_template(review: &Review<'_>, settings: &Settings<'_>) -> Option<Vec<String>> {
    let built_in = WORKLOADS.iter().find(|(group, kind, _)| *group == review.group && *kind == review.kind);
    if let Some((_, _, way)) = built_in {
        return Some(way.iter().map(ToString::to_string).collect());
    }
    let custom = settings.workloads.iter().find(|workload| {
        let (group, version) = workload.api_version.split_once('/').unwrap_or(("", &workload.api_version));
        workload.kind == review.kind && group == review.group && version == review.version
    })?;
    Some(custom.pod_template.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect())
}

/// The object at the end of a way; `None` where the way ends early.
fn follow<'a>(object: Value<'a>, way: &[String]) -> Result<Option<Value<'a>>, TypeMismatch<'a>> {
    let mut at = object;
    for key in way {
        match at.typed_field(key, Kind::Object)? {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// The kind as messages write it: `pod`, `deployment`, `service account`.
pub fn spoken_kind(kind: &str) -> Cow<'_, str> {
    match kind {
        "ServiceAccount" => Cow::Borrowed("service account"),
        _ => Cow::Owned(kind.to_ascii_lowercase()),
    }
}
