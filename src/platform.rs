//! The operating system that a pod is for.

use crate::json::Value;
use crate::pod::Pod;

/// The value that makes the pod one for Windows nodes: `spec.os.name`, else the node selector `kubernetes.io/os`.
pub fn windows_selector<'p>(pod: &Pod<'p>) -> Option<Value<'p>> {
    let is_windows = |value: &Value<'_>| value.as_str().as_deref() == Some("windows");
    let os = pod.spec_field("os", "name").filter(is_windows);
    os.or_else(|| pod.spec_field("nodeSelector", "kubernetes.io/os").filter(is_windows))
}
