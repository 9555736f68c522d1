//! Changes to single places of a text.

use super::document::{Kind, Value};

/// Changes to a [`Document`](super::Document), applied together: what none of them names stays byte for byte as it is.
///
/// New elements go behind the last one, right where it ends, new members likewise: white space before the closing
/// bracket stays before the closing bracket.
#[derive(Debug, Default)]
pub struct Edits {
    list: Vec<Edit>,
}

/// Puts `text` in the place of the bytes from `start` to `end`; pure insertion where the two are equal.
#[derive(Debug)]
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl Edits {
    /// True if nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Puts the JSON `text` in the place of `value`.
    pub fn replace(&mut self, value: Value<'_>, text: String) {
        let span = value.span();
        self.add(Edit { start: span.start, end: span.end, text });
    }

    /// Gives `object` the member `key` with the JSON `text` as its value; one that is there is replaced.
    pub fn set(&mut self, object: Value<'_>, key: &str, text: &str) {
        match object.get(key) {
            Some(value) => self.replace(value, text.to_owned()),
            None => self.add_last(object, &[&super::text(key), ":", text].concat()),
        }
    }

    /// Adds the JSON texts `first` in front of the elements of the array `object[key]` and `last` behind them. An array
    /// that is absent, or null, is made. Anything else that is no array is left alone: callers have checked the type.
    pub fn extend(&mut self, object: Value<'_>, key: &str, first: &[&str], last: &[&str]) {
        if first.is_empty() && last.is_empty() {
            return;
        }
        match object.field(key) {
            Some(array) if array.kind() == Kind::Array && !array.is_empty() => {
                if !first.is_empty() {
                    let start = array.span().start + 1;
                    self.add(Edit { start, end: start, text: first.join(",") + "," });
                }
                if !last.is_empty() {
                    self.add_last(array, &last.join(","));
                }
            }
            Some(other) if other.kind() != Kind::Array => {}
            // An empty array keeps its brackets and what white space is in them.
            Some(array) => self.add_last(array, &[first, last].concat().join(",")),
            None => self.set(object, key, &["[", &[first, last].concat().join(","), "]"].concat()),
        }
    }

    /// Adds elements to an array, or a member (with its key) to an object.
    fn add_last(&mut self, container: Value<'_>, text: &str) {
        let (at, first) = match container.content_end() {
            Some(end) => (end, false),
            None => {
                let start = container.span().start + 1;
                (start, !self.list.iter().any(|edit| edit.start == start && edit.end == start))
            }
        };
        let comma = if first { "" } else { "," };
        self.add(Edit { start: at, end: at, text: [comma, text].concat() });
    }

    /// Keeps the list in the order of the text; what is added at one place stays in the order in which it was added, in
    /// front of what is replaced there.
    fn add(&mut self, edit: Edit) {
        let position = self.list.partition_point(|other| (other.start, other.end) <= (edit.start, edit.end));
        self.list.insert(position, edit);
    }

    /// How many bytes all new texts have together.
    pub fn added_length(&self) -> usize {
        self.list.iter().map(|edit| edit.text.len()).sum()
    }

    /// Writes `value` with the changes behind `out`.
    pub fn write(&self, value: Value<'_>, out: &mut Vec<u8>) {
        let text = value.document_text();
        let span = value.span();
        let mut at = span.start;
        for edit in self.list.iter().filter(|edit| span.start <= edit.start && edit.end <= span.end) {
            out.extend_from_slice(text.get(at..edit.start).unwrap_or_default());
            out.extend_from_slice(edit.text.as_bytes());
            at = edit.end;
        }
        out.extend_from_slice(text.get(at..span.end).unwrap_or_default());
    }
}
