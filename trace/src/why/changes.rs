//! When something of an object was changed, as far as `managedFields` tell: each manager has the time of its last change of any of
//! the fields that it owns. So the time is not before the change, and it may be after it.

use azure_workload_identity_policy::json::Value;

/// The last change of a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    /// When, as Kubernetes writes it: UTC in seconds, so that texts have the order of times.
    pub(super) time: String,
    /// Who.
    pub(super) manager: String,
}

/// The last change of the member `key` of `metadata.MAP` by those who own it.
pub(super) fn last_change(object: Value<'_>, map: &str, key: &str) -> Option<Change> {
    let managers = object.field("metadata")?.field("managedFields")?.elements();
    let (map, key) = (["f:", map].concat(), ["f:", key].concat());
    let owns = |manager: &Value<'_>| {
        let fields = manager.field("fieldsV1").and_then(|it| it.field("f:metadata")?.field(&map)?.get(&key));
        fields.is_some()
    };
    let change = |manager: Value<'_>| {
        let text = |key| manager.field(key).and_then(Value::as_str).map(std::borrow::Cow::into_owned);
        Some(Change { time: text("time").filter(|time| is_time(time))?, manager: text("manager").unwrap_or_default() })
    };
    managers.filter(owns).filter_map(change).max()
}

/// When an object was created.
pub(super) fn created(object: Value<'_>) -> Option<String> {
    let time = object.field("metadata")?.field("creationTimestamp")?.as_str()?.into_owned();
    Some(time).filter(|time| is_time(time))
}

/// Whether this is a time as Kubernetes writes it: `2026-03-01T10:00:00Z`.
fn is_time(text: &str) -> bool {
    let pattern = "0000-00-00T00:00:00Z";
    let fits = |(byte, pattern): (u8, u8)| if pattern == b'0' { byte.is_ascii_digit() } else { byte == pattern };
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use azure_workload_identity_policy::json::Document;

    use super::*;

    #[test]
    fn the_last_manager_that_owns_a_field_counts() {
        let text = br#"{"metadata": {"creationTimestamp": "2026-03-01T10:00:00Z", "managedFields": [
            {"manager": "kubectl-create", "time": "2026-03-01T10:00:00Z", "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:a/b": {}}}}},
            {"manager": "kubectl-annotate", "time": "2026-03-02T10:00:00Z", "fieldsV1": {"f:metadata": {"f:annotations": {"f:a/b": {}}}}},
            {"manager": "other", "time": "2026-03-03T10:00:00Z", "fieldsV1": {"f:metadata": {"f:annotations": {"f:c": {}}}}},
            {"manager": "strange", "time": "tomorrow", "fieldsV1": {"f:metadata": {"f:annotations": {"f:a/b": {}}}}}
        ]}}"#;
        let document = Document::parse(text).unwrap();
        let expected = Change { time: "2026-03-02T10:00:00Z".into(), manager: "kubectl-annotate".into() };
        assert_eq!(last_change(document.root(), "annotations", "a/b"), Some(expected));
        assert_eq!(last_change(document.root(), "labels", "a/b"), None);
        assert_eq!(created(document.root()).as_deref(), Some("2026-03-01T10:00:00Z"));
    }
}
