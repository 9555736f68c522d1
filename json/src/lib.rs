//! Viewing and editing JSON as the text it is.
//!
//! For objects that belong to somebody else. [`Document`] reads a text once, into a flat index of its values; [`Value`] looks at it
//! without copying; [`Reading`] takes members out of it and collects those of the wrong type; [`Changes`] changes single places of it.
//! Everything else stays byte for byte as it was: unknown fields, the order of keys, white space, the spelling of numbers and escapes.
//!
//! Every step takes linear time in the text, whatever it holds, and small code: it was written for a WebAssembly module. Nothing here
//! knows what the objects are.
//!
//! ```
//! use json::{Changes, Document};
//!
//! let text = br#"{"name": "web",  "replicas": 1.0}"#;
//! let document = Document::parse(text)?;
//! let mut changes = Changes::default();
//! changes.set(document.root(), "name", json::text("shop"));
//! let mut changed = Vec::new();
//! changes.write(document.root(), &mut changed);
//! assert_eq!(changed, br#"{"name": "shop",  "replicas": 1.0}"#);
//! # Ok::<(), json::SyntaxError>(())
//! ```

mod changes;
mod document;
mod node;
pub mod order;
mod path;
mod reading;
mod scan;

pub use changes::{Change, Changes, End};
pub use document::{Document, NodeId, TypeMismatch, Value};
pub use node::Kind;
pub use path::{Part, Path, Segment};
pub use reading::Reading;
pub use scan::{DEPTH_LIMIT, SyntaxError};

use serde::Serialize;

/// The JSON text of a string.
pub fn string(value: &str) -> String {
    text(value)
}

/// The JSON text of a value that we made ourselves.
pub fn text<T: Serialize + ?Sized>(value: &T) -> String {
    // Only a map with keys that are not strings, or a failing `Serialize`, could make this fail; we have neither.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    // serde_json begins with room for 128 bytes.
    text.shrink_to_fit();
    text
}
