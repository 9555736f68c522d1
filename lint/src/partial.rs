//! Objects of which a file has only a part: patches.

use azure_workload_identity_policy::json::{Kind, Value};
use azure_workload_identity_policy::kinds::{has_pod_template, pod_template_of};

/// Whether an object is a part of one: a strategic-merge patch. A patch names what it changes and leaves out what the API server
/// requires.
pub(crate) fn is_partial(group: &str, kind: &str, object: Value<'_>) -> bool {
    if (group, kind) == ("", "Pod") {
        return !has_whole_containers(object);
    }
    let requires_selector = group == "apps";
    let lacks_selector = || object.field("spec").is_none_or(|spec| spec.field("selector").is_none());
    has_pod_template(group, kind)
        && ((requires_selector && lacks_selector())
            || !pod_template_of(group, kind, object).is_some_and(has_whole_containers))
}

/// Whether a pod or pod template has containers, each with an image.
fn has_whole_containers(pod: Value<'_>) -> bool {
    let containers = pod.field("spec").and_then(|spec| spec.field("containers"));
    containers.is_some_and(|containers| {
        containers.kind() == Kind::Array
            && !containers.is_empty()
            && containers.elements().all(|container| container.field("image").is_some())
    })
}
