//! Members of objects as text, where anything but a string counts as nothing.

use json::Value;

/// The string member `key`; empty if there is none.
pub fn text(holder: Option<Value<'_>>, key: &str) -> String {
    holder.and_then(|holder| holder.field(key)).and_then(Value::as_str).map(String::from).unwrap_or_default()
}

/// The strings in the list `key`.
pub fn texts(holder: Value<'_>, key: &str) -> Vec<String> {
    let elements = holder.field(key).into_iter().flat_map(Value::elements);
    elements.filter_map(|element| element.as_str().map(String::from)).collect()
}
