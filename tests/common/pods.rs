//! Pods written as JSON.

use azure_workload_identity_policy::json::{Document, Reading};
use azure_workload_identity_policy::pod::Pod;
use serde_json::Value;

/// Reads a pod with this spec and shows it to `look`.
pub(crate) fn with_pod<T>(spec: &Value, look: impl FnOnce(&Pod<'_>) -> T) -> T {
    let text = serde_json::json!({"metadata": {"name": "pod"}, "spec": spec}).to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut reading = Reading::default();
    let pod = Pod::read(document.root(), &mut reading);
    assert!(reading.mismatches().is_empty(), "{:?}", reading.mismatches());
    look(&pod)
}
