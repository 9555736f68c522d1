//! A document of a text, opened: its JSON next to the text in which a person wrote it.
//!
//! [`place`](crate::place) says where its values are, [`edit`](crate::edit) changes them.

use std::cell::Cell;

use json::Value;

use crate::objects::{TypedObject, objects};
use crate::yaml;

/// A document of a text with all that is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'a> {
    /// The whole text.
    pub text: &'a str,
    /// The JSON of the document. All values of changes are in it.
    pub root: Value<'a>,
    /// Where its nodes are in the text; `None` if the text is JSON, of which `root` is read.
    pub document: Option<&'a yaml::Document>,
    /// The elements of the list `items` of the root, where many changes are asked for: then none has to go through the list. Empty if
    /// they are not at hand.
    pub elements: &'a [Value<'a>],
    /// How many bytes may still be read again to know what changes of the text do, if there is a limit. Changes that would take more
    /// are not found.
    pub reading: Option<&'a Cell<usize>>,
}

impl<'a> Opened<'a> {
    /// A document of a text. `document` has the origins of the nodes of `root`; it is `None` if the text is the JSON itself.
    pub fn new(text: &'a str, root: Value<'a>, document: Option<&'a yaml::Document>) -> Self {
        Self { text, root, document, elements: &[], reading: None }
    }

    /// The objects in it, those in lists one by one.
    pub fn objects(&self) -> impl Iterator<Item = TypedObject<'a>> {
        objects(self.root)
    }

    /// Takes bytes from what may still be read; false if that is not enough.
    pub(crate) fn may_read(&self, bytes: usize) -> bool {
        let Some(left) = self.reading else { return true };
        let rest = left.get().checked_sub(bytes);
        left.set(rest.unwrap_or(0));
        rest.is_some()
    }

    /// Whether the document is JSON to kubectl, and has to stay it.
    pub fn is_json(&self) -> bool {
        self.document.is_none_or(|document| document.is_json)
    }
}

/// The elements of the list `items` of a document, for [`Opened::elements`].
pub fn elements(root: Value<'_>) -> Vec<Value<'_>> {
    root.get("items").into_iter().flat_map(Value::elements).collect()
}
