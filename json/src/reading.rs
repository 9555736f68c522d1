//! Reading members of objects whose types may be wrong.

use std::borrow::Cow;

use crate::document::{TypeMismatch, Value};
use crate::node::Kind;

/// Reads members and collects the values of the wrong type on the way, instead of stopping at the first: admission rejects the
/// request for one of them, tools that read files show them all.
///
/// A value of the wrong type counts as absent, except that a boolean or number in the place of a string reads as it is written:
/// `use: true` without quotes is meant to be the label.
#[derive(Clone, Debug, Default)]
pub struct Reading<'a> {
    mismatches: Vec<TypeMismatch<'a>>,
}

impl<'a> Reading<'a> {
    /// The values of the wrong type, in the order in which they were read.
    pub fn mismatches(&self) -> &[TypeMismatch<'a>] {
        &self.mismatches
    }

    /// As [`mismatches`](Self::mismatches), when all is read.
    pub fn into_mismatches(self) -> Vec<TypeMismatch<'a>> {
        self.mismatches
    }

    /// Forgets the mismatches from the one at `position` on.
    pub fn forget_from(&mut self, position: usize) {
        self.mismatches.truncate(position);
    }

    /// The member `key`, if it is of this type; null is absent.
    #[inline(never)]
    pub fn member(&mut self, holder: Option<Value<'a>>, key: &str, expected: Kind) -> Option<Value<'a>> {
        self.expect(holder?.field(key)?, expected)
    }

    /// The string member `key`; empty if it is absent or null.
    #[inline(never)]
    pub fn string(&mut self, holder: Option<Value<'a>>, key: &str) -> Cow<'a, str> {
        holder.and_then(|holder| holder.field(key)).map(|value| self.text(value)).unwrap_or_default()
    }

    /// The text of a string.
    pub fn text(&mut self, value: Value<'a>) -> Cow<'a, str> {
        value.as_str().unwrap_or_else(|| self.written(value))
    }

    /// The elements of the array `key` that are objects, each read by `read`.
    pub fn objects<T>(
        &mut self,
        holder: Option<Value<'a>>,
        key: &str,
        read: impl Fn(&mut Self, Value<'a>) -> T,
    ) -> Vec<T> {
        let Some(array) = self.member(holder, key, Kind::Array) else { return Vec::new() };
        let mut objects = Vec::with_capacity(array.elements().count());
        for element in array.elements() {
            if let Some(object) = self.expect(element, Kind::Object) {
                objects.push(read(self, object));
            }
        }
        objects
    }

    /// The value itself, if it is of this type.
    pub fn expect(&mut self, value: Value<'a>, expected: Kind) -> Option<Value<'a>> {
        if value.kind() == expected {
            return Some(value);
        }
        self.mismatch(value, expected);
        None
    }

    /// What stands where a string belongs.
    #[cold]
    fn written(&mut self, value: Value<'a>) -> Cow<'a, str> {
        self.mismatch(value, Kind::String);
        if matches!(value.kind(), Kind::Bool | Kind::Number) { Cow::Borrowed(value.raw()) } else { Cow::Borrowed("") }
    }

    #[cold]
    fn mismatch(&mut self, value: Value<'a>, expected: Kind) {
        self.mismatches.push(TypeMismatch { value, expected });
    }
}
