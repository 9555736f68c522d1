//! What is in Secrets. Messages never show it.

use std::borrow::Cow;

use azure_workload_identity_policy::json::{Path, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::find;

/// The data of a Secret.
#[derive(Clone, Copy)]
pub(super) struct SecretData<'v>(pub(super) Value<'v>);

impl<'v> SecretData<'v> {
    /// A value, if it is there and a text.
    pub(super) fn text(self, key: &str) -> Option<Cow<'v, str>> {
        if let Some(value) = self.0.field("stringData").and_then(|data| data.field(key)) {
            return value.as_str();
        }
        let encoded = self.0.field("data")?.field(key)?.as_str()?;
        let decoded = STANDARD.decode(encoded.trim()).ok()?;
        String::from_utf8(decoded).ok().map(Cow::Owned)
    }

    /// Whether a value is there and not empty.
    pub(super) fn has(self, key: &str) -> bool {
        self.text(key).is_some_and(|text| !text.is_empty())
    }

    /// Where a value is.
    pub(super) fn path(self, key: &str) -> Path {
        let is_plain = self.0.field("stringData").is_some_and(|data| data.field(key).is_some());
        let is_plain = is_plain || self.0.field("data").is_none();
        Path::default().key(if is_plain { "stringData" } else { "data" }).key(key)
    }

    /// The value of a label.
    pub(super) fn label(self, key: &str) -> Option<Cow<'v, str>> {
        find(self.0, "metadata.labels")?.field(key)?.as_str()
    }
}
