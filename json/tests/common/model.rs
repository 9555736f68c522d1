//! Values as `serde_json` has them.

#![allow(dead_code, reason = "no test needs all of it")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use json::{Kind, Value};

/// What the text is to us, through every way that there is into a value.
pub(crate) fn model(value: Value<'_>) -> serde_json::Value {
    match value.kind() {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool => serde_json::Value::Bool(value.as_bool().unwrap()),
        Kind::Number => serde_json::from_str(value.raw()).unwrap(),
        Kind::String => serde_json::Value::String(value.as_str().unwrap().into_owned()),
        Kind::Array => value.elements().map(model).collect(),
        Kind::Object => value
            .members()
            .map(|(key, member)| {
                assert!(value.get(&key) == Some(member), "the member {key:?} is not found by its key");
                (key.into_owned(), model(member))
            })
            .collect(),
    }
}

/// A value and all below it, in the order of the text.
pub(crate) fn all_values(value: Value<'_>) -> Vec<Value<'_>> {
    let children = value.elements().chain(value.members().map(|(_, member)| member));
    std::iter::once(value).chain(children.flat_map(all_values)).collect()
}
