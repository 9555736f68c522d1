//! Repairs that several rules offer.

use crate::json::{Changes, Value, text};
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
        changes.replace(value, text(with));
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
