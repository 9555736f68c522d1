//! Field masks: which members of an object a guest wants.

use std::collections::BTreeMap;

use serde_json::Value;

/// The members that the host never trims: it keeps them apart from the rest of an object.
const ALWAYS_KEPT: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// The paths of a mask as a tree; a leaf keeps everything below it.
#[derive(Default)]
struct Mask<'a>(BTreeMap<&'a str, Mask<'a>>);

/// Removes from `object` what none of the dotted paths in `masks` names. Paths pass through arrays. No paths keep everything.
pub fn apply<'a>(object: &mut Value, masks: impl IntoIterator<Item = &'a str>) {
    let mut root = Mask::default();
    for path in masks {
        path.split('.').fold(&mut root, |node, member| node.0.entry(member).or_default());
    }
    if root.0.is_empty() {
        return;
    }
    if let Value::Object(members) = object {
        members.retain(|name, value| ALWAYS_KEPT.contains(&name.as_str()) || root.keeps(name, value));
    }
}

impl Mask<'_> {
    /// Whether the mask names a member; trims what it keeps of it.
    fn keeps(&self, name: &str, value: &mut Value) -> bool {
        let Some(below) = self.0.get(name) else { return false };
        below.trim(value);
        true
    }

    fn trim(&self, value: &mut Value) {
        if self.0.is_empty() {
            return;
        }
        match value {
            Value::Object(members) => members.retain(|name, value| self.keeps(name, value)),
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.trim(element)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masked(masks: &[&str]) -> Value {
        let mut object = json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "secrets": [{"name": "token", "uid": "1"}],
            "automountServiceAccountToken": false,
        });
        apply(&mut object, masks.iter().copied());
        object
    }

    #[test]
    fn metadata_is_kept_whole_by_any_mask() {
        let metadata = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "labels": {"app": "web"}}});

        assert_eq!(masked(&["metadata"]), metadata);
        assert_eq!(masked(&["metadata.annotations"]), metadata);
    }

    #[test]
    fn a_path_passes_through_arrays() {
        assert_eq!(masked(&["secrets.name"])["secrets"], json!([{"name": "token"}]));
    }

    #[test]
    fn an_empty_mask_keeps_everything() {
        assert_eq!(masked(&[])["automountServiceAccountToken"], json!(false));
    }
}
