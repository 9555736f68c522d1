//! The settings in a mapping, by the names that a consumer reads.

use std::borrow::Cow;

use azure_workload_identity_policy::json::{Path, Value};
use azure_workload_identity_policy::nearest::edits;

use super::{AzureKind, AzureTarget, IdSource};

/// A mapping of settings.
#[derive(Clone, Debug)]
pub(super) struct Fields<'v> {
    value: Option<Value<'v>>,
    path: Path,
    /// The names that the consumer reads.
    known: &'static [&'static str],
    ignores_case: bool,
}

impl<'v> Fields<'v> {
    /// The settings in a mapping at a path.
    pub(super) fn new(value: Option<Value<'v>>, path: Path, known: &'static [&'static str]) -> Self {
        Self { value, path, known, ignores_case: false }
    }

    /// The settings at a path of keys in an object.
    pub(super) fn at(object: Value<'v>, keys: &[&str], known: &'static [&'static str]) -> Self {
        let value = keys.iter().try_fold(object, |value, key| value.field(key));
        Self::new(value, super::path(keys), known)
    }

    /// The settings of a consumer that reads names in upper and lower case.
    pub(super) fn ignoring_case(self) -> Self {
        Self { ignores_case: true, ..self }
    }

    /// Whether there is a mapping.
    pub(super) fn exists(&self) -> bool {
        self.value.is_some()
    }

    /// The settings in a member.
    pub(super) fn fields(&self, key: &str, known: &'static [&'static str]) -> Self {
        Self { value: self.get(key), path: self.path.clone().key(key), known, ignores_case: self.ignores_case }
    }

    /// A setting.
    pub(super) fn get(&self, key: &str) -> Option<Value<'v>> {
        let value = self.value?;
        let in_any_case = || value.fields().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
        value.field(key).or_else(|| in_any_case().filter(|_| self.ignores_case))
    }

    /// A setting that is a text and not empty.
    pub(super) fn text(&self, key: &str) -> Option<Cow<'v, str>> {
        self.get(key)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// A setting that is a boolean, or the text of one as Go reads it; `Err` if it is another text.
    pub(super) fn flag(&self, key: &str) -> Result<bool, Cow<'v, str>> {
        match self.get(key) {
            None => Ok(false),
            Some(value) => match (value.as_bool(), value.as_str()) {
                (Some(flag), _) => Ok(flag),
                (None, Some(text)) if text.trim().is_empty() => Ok(false),
                (None, Some(text)) => super::parse_bool(text.trim()).ok_or(text),
                (None, None) => Ok(false),
            },
        }
    }

    /// An id in a setting; `otherwise` without one.
    pub(super) fn id(&self, key: &str, otherwise: IdSource) -> IdSource {
        self.text(key).map_or(otherwise, |text| IdSource::Own(text.trim().to_owned(), self.path(key)))
    }

    /// A resource of Azure that a setting names.
    pub(super) fn target(&self, key: &str, kind: AzureKind, role: &'static str) -> Option<AzureTarget> {
        Some(AzureTarget { kind, name: self.text(key)?.into_owned(), role })
    }

    /// The path of a setting, as it is written.
    pub(super) fn path(&self, key: &str) -> Path {
        let mut names = self.value.into_iter().flat_map(Value::fields).map(|(name, _)| name);
        let written = names.find(|name| self.ignores_case && name.eq_ignore_ascii_case(key));
        self.path.clone().key(written.map_or_else(|| key.to_owned(), Cow::into_owned))
    }

    /// The path of the mapping.
    pub(super) fn own_path(&self) -> Path {
        self.path.clone()
    }

    /// The names that are read, in any case.
    pub(super) fn names(&self) -> impl Iterator<Item = (Cow<'v, str>, Value<'v>)> {
        self.value.into_iter().flat_map(Value::fields)
    }

    /// The name that is written in place of a setting that is not set.
    pub(super) fn near_miss(&self, key: &str) -> Option<Cow<'v, str>> {
        self.near_misses().find(|(_, meant)| *meant == key).map(|(written, _)| written)
    }

    /// The names that are not read but nearly are those of settings that are not set, each with the right one.
    pub(super) fn near_misses(&self) -> impl Iterator<Item = (Cow<'v, str>, &'static str)> {
        let (known, ignores_case) = (self.known, self.ignores_case);
        let is = move |one: &str, other: &str| one == other || (ignores_case && one.eq_ignore_ascii_case(other));
        let unknown = self.names().filter(move |(name, _)| !known.iter().any(|key| is(key, name)));
        let meant = |name: &str| {
            let mut near = known.iter().copied().filter(|key| is_near(name, key));
            near.find(|key| self.get(key).is_none())
        };
        let found: Vec<_> = unknown.filter_map(|(name, _)| meant(&name).map(|key| (name, key))).collect();
        found.into_iter()
    }
}

/// Whether a name is another one but for case, separators and one letter.
fn is_near(name: &str, key: &str) -> bool {
    let plain = |text: &str| text.bytes().filter(u8::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect();
    let (name, key): (Vec<u8>, Vec<u8>) = (plain(name), plain(key));
    edits(&name, &key, usize::from(key.len() > 7)).is_some()
}

/// The value at a path whose steps are separated by dots.
pub fn find<'a>(from: Value<'a>, path: &str) -> Option<Value<'a>> {
    path.split('.').try_fold(from, Value::field)
}
