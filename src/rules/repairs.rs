//! Repairs that several rules offer, and what several of them depend on.

use super::PodSubject;
use crate::json::{Changes, Value, string};
use crate::pod::Container;

/// Removes the environment variable `variable` of a container.
#[cold]
pub(super) fn remove_variable(container: &Container<'_>, variable: Value<'_>) -> Changes {
    let mut changes = Changes::default();
    if let Some(env) = container.object.field("env") {
        changes.remove(env, variable);
    }
    changes
}

/// Replaces a string.
#[cold]
pub(super) fn replace_string(value: Option<Value<'_>>, with: &str) -> Changes {
    let mut changes = Changes::default();
    if let Some(value) = value {
        changes.replace(value, string(with));
    }
    changes
}

/// Moves the member `key` of the labels or annotations `map` of an object to `target`, a path in the object `to`, whose last step is
/// the new key. Nothing, if there is a member already.
#[cold]
pub(super) fn move_member(map: Option<Value<'_>>, key: &str, to: Value<'_>, target: [&str; 3]) -> Changes {
    let mut changes = Changes::default();
    let taken = target.iter().try_fold(to, |at, key| at.field(key));
    if let (Some(map), None) = (map, taken)
        && let Some(value) = map.get(key)
    {
        changes.remove(map, value);
        changes.set_at(to, &target, value.raw().to_owned());
    }
    changes
}

/// Renames a key of an object, unless it has the new one already.
#[cold]
pub(super) fn rename_key(map: Option<Value<'_>>, key: &str, name: &str) -> Changes {
    let mut changes = Changes::default();
    if let Some(map) = map.filter(|map| map.get(name).is_none()) {
        changes.rename(map, key, name);
    }
    changes
}

/// Whether another variable of a container takes its value from the variable `name`. The kubelet sets injected variables last, so that
/// the reference is left as it is written once the container does not set the variable itself.
#[cold]
pub(super) fn is_referred_to(container: &Container<'_>, name: &str) -> bool {
    let reference = ["$(", name, ")"].concat();
    container.env.iter().any(|variable| variable.value.contains(&reference))
}

/// Whether the selector of the workload names a label of its pods. The two have to agree, and most selectors cannot be changed later:
/// a change of the label alone is rejected.
#[cold]
pub(super) fn is_selected(subject: &PodSubject<'_>, key: &str) -> bool {
    let Some(selector) = subject.workload.and_then(|workload| workload.selector) else { return false };
    // The selector of a replication controller is the labels themselves.
    let by_label = selector.field("matchLabels").unwrap_or(selector).field(key).is_some();
    let mut expressions = selector.field("matchExpressions").into_iter().flat_map(Value::elements);
    by_label || expressions.any(|expression| expression.field("key").and_then(Value::as_str).as_deref() == Some(key))
}

/// Whether an object has no other pod or pod template in it than `pod`: what stands outside of it can be meant for no other.
#[cold]
pub(super) fn is_only_pod(object: Value<'_>, pod: Value<'_>) -> bool {
    if object == pod {
        return true;
    }
    let is_other = object.field("spec").is_some_and(|spec| spec.field("containers").is_some());
    let mut children = object.elements().chain(object.member_nodes().map(|(_, value)| value));
    !is_other && children.all(|child| is_only_pod(child, pod))
}
