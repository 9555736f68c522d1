//! Label selectors, as the API server applies them.
//!
//! Source: `k8s.io/apimachinery/pkg/apis/meta/v1`, `LabelSelectorAsSelector`.

use azure_workload_identity_policy::finding::quote;
use azure_workload_identity_policy::json::Value;
use azure_workload_identity_policy::pod::StringMap;

/// The first requirement of a selector that labels do not meet, as the end of a sentence: `requires "a" = "b", and there is no such
/// label`. `None` if all are met, as those of an absent or empty selector are.
pub(super) fn unmet(selector: Option<Value<'_>>, labels: &StringMap<'_>) -> Option<String> {
    let selector = selector?;
    let own = |key: &str| match labels.get(key) {
        Some(value) => format!("the value is {}", quote(value)),
        None => "there is no such label".to_owned(),
    };
    for (key, value) in selector.field("matchLabels").into_iter().flat_map(Value::members) {
        let value = value.as_str().unwrap_or_default();
        if labels.get(&key) != Some(&value) {
            return Some(format!("requires {key}={value}, and {}", own(&key)));
        }
    }
    for requirement in selector.field("matchExpressions").into_iter().flat_map(Value::elements) {
        let text = |key| requirement.field(key).and_then(Value::as_str).unwrap_or_default();
        let (key, operator) = (text("key"), text("operator"));
        let values: Vec<_> =
            requirement.field("values").into_iter().flat_map(Value::elements).filter_map(Value::as_str).collect();
        let has_one = labels.get(&key).is_some_and(|label| values.iter().any(|value| *value == label));
        let (is_met, wanted) = match &*operator {
            "In" => (has_one, format!("{key} in ({})", values.join(", "))),
            "NotIn" => (!has_one, format!("{key} not in ({})", values.join(", "))),
            "Exists" => (labels.get(&key).is_some(), format!("label {key}")),
            "DoesNotExist" => (labels.get(&key).is_none(), format!("no label {key}")),
            // The API server stores no other.
            _ => (false, format!("operator {} on {key}", quote(&operator))),
        };
        if !is_met {
            return Some(format!("requires {wanted}, and {}", own(&key)));
        }
    }
    None
}

/// A selector of pods, as kubectl reads it; `None` if it selects by nothing or cannot be read.
pub(super) fn for_kubectl(selector: Value<'_>) -> Option<String> {
    // A ReplicationController has the labels themselves.
    let is_plain = selector.field("matchLabels").is_none() && selector.field("matchExpressions").is_none();
    let labels = if is_plain { Some(selector) } else { selector.field("matchLabels") };
    let mut parts = Vec::new();
    for (key, value) in labels.into_iter().flat_map(Value::members) {
        parts.push(format!("{key}={}", value.as_str()?));
    }
    for requirement in selector.field("matchExpressions").into_iter().flat_map(Value::elements) {
        let text = |key| requirement.field(key).and_then(Value::as_str);
        let (key, operator) = (text("key")?, text("operator")?);
        let values: Vec<_> =
            requirement.field("values").into_iter().flat_map(Value::elements).filter_map(Value::as_str).collect();
        parts.push(match &*operator {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.into_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    Some(parts.join(",")).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use azure_workload_identity_policy::json::{Document, Reading};

    use super::*;

    #[test]
    fn selectors_select_as_those_of_kubernetes() {
        for (selector, labels, expected) in [
            ("{}", "{}", None),
            (r#"{"matchLabels": {"a": "1"}}"#, r#"{"a": "1"}"#, None),
            (r#"{"matchLabels": {"a": "1"}}"#, r#"{"a": "2"}"#, Some("requires a=1, and the value is \"2\"")),
            (r#"{"matchLabels": {"a": "1"}}"#, "{}", Some("requires a=1, and there is no such label")),
            (r#"{"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}"#, "{}", None),
            (
                r#"{"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1", "2"]}]}"#,
                r#"{"a": "2"}"#,
                Some("requires a not in (1, 2), and the value is \"2\""),
            ),
            (r#"{"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}"#, r#"{"a": "1"}"#, None),
            (
                r#"{"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}"#,
                "{}",
                Some("requires a in (1), and there is no such label"),
            ),
            (r#"{"matchExpressions": [{"key": "a", "operator": "Exists"}]}"#, r#"{"a": ""}"#, None),
            (
                r#"{"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}"#,
                r#"{"a": "x"}"#,
                Some("requires no label a, and the value is \"x\""),
            ),
        ] {
            let text = format!(r#"{{"labels": {labels}, "selector": {selector}}}"#);
            let document = Document::parse(text.as_bytes()).unwrap();
            let labels = StringMap::read(Some(document.root()), "labels", &mut Reading::default());
            assert_eq!(unmet(document.root().field("selector"), &labels).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn kubectl_is_asked_with_the_same_selector() {
        for (selector, expected) in [
            (r#"{"matchLabels": {"a": "1", "b": "2"}}"#, Some("a=1,b=2")),
            (r#"{"app": "web"}"#, Some("app=web")),
            (r#"{"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}"#, Some("a in (1,2)")),
            (r#"{"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}"#, Some("!a")),
            ("{}", None),
        ] {
            let document = Document::parse(selector.as_bytes()).unwrap();
            assert_eq!(for_kubectl(document.root()).as_deref(), expected, "{selector}");
        }
    }
}
