//! Viewing and editing JSON as the text it is.
//!
//! Admission hands over objects that belong to somebody else. [`Document`] reads such a text once, into a flat index of
//! its values; [`Value`] looks at it without copying; [`Reading`] takes members out of it and collects those of the wrong type;
//! [`Changes`] changes single places of it. Everything else stays byte for byte as it was: unknown fields, the order of keys, white space, the spelling of numbers and escapes.
//!
//! Nothing here knows what a pod is.

mod changes;
mod document;
mod node;
mod path;
mod reading;
mod scan;

pub use changes::{Change, Changes, End};
pub use document::{Document, NodeId, TypeMismatch, Value};
pub use node::Kind;
pub use path::{Path, Segment};
pub use reading::Reading;
pub use scan::{DEPTH_LIMIT, SyntaxError};

use serde::Serialize;

/// The JSON text of a value that we made ourselves.
pub fn text<T: Serialize + ?Sized>(value: &T) -> String {
    // Only a map with keys that are not strings, or a failing `Serialize`, could make this fail; we have neither.
    serde_json::to_string(value).unwrap_or_default()
}
