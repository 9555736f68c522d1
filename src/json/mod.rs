//! Viewing and editing JSON as the text it is.
//!
//! Admission hands over objects that belong to somebody else. [`Document`] reads such a text once, into a flat index of
//! its values; [`Value`] looks at it without copying; [`Edits`] changes single places of it. What is not edited stays
//! byte for byte as it came: unknown fields, the order of keys, white space, the spelling of numbers and escapes.
//!
//! Nothing here knows what a pod is.

mod document;
mod edits;
mod path;
mod scan;

pub use document::{Document, Kind, TypeMismatch, Value};
pub use edits::Edits;
pub use path::{Path, Segment};
pub use scan::{DEPTH_LIMIT, SyntaxError};

use serde::Serialize;

/// The JSON text of a value that we made ourselves.
pub fn text<T: Serialize + ?Sized>(value: &T) -> String {
    // Only a map with keys that are not strings, or a failing `Serialize`, could make this fail; we have neither.
    serde_json::to_string(value).unwrap_or_default()
}
