//! Objects of which a file has only a part: patches.

use json::{Kind, Value};

/// Whether an object is a part of one: a strategic-merge patch. A patch names what it changes and leaves out what the API server
/// requires.
pub fn is_partial(group: &str, kind: &str, object: Value<'_>) -> bool {
    let spec = object.field("spec");
    let template = match (group, kind) {
        ("", "Pod") => return !has_whole_containers(Some(object)),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
            if spec.is_none_or(|spec| spec.field("selector").is_none()) {
                return true;
            }
            spec.and_then(|spec| spec.field("template"))
        }
        ("", "ReplicationController") | ("batch", "Job") => spec.and_then(|spec| spec.field("template")),
        ("batch", "CronJob") => spec
            .and_then(|spec| spec.field("jobTemplate"))
            .and_then(|template| template.field("spec"))
            .and_then(|spec| spec.field("template")),
        _ => return false,
    };
    !has_whole_containers(template)
}

/// Whether a pod or pod template has containers, each with an image.
fn has_whole_containers(pod: Option<Value<'_>>) -> bool {
    let containers = pod.and_then(|pod| pod.field("spec")).and_then(|spec| spec.field("containers"));
    containers.is_some_and(|containers| {
        containers.kind() == Kind::Array
            && !containers.is_empty()
            && containers.elements().all(|container| container.field("image").is_some())
    })
}
