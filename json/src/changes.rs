//! Changes to a document: a few verbs over its values, and the writer that applies them to JSON text.

use crate::document::{NodeId, Value};
use crate::node::Kind;
use crate::order::sorted;

/// One change. Values are named by their node, so that the same change can be applied to another form of the document, YAML for
/// one, whose nodes are numbered alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Replaces a value.
    Replace {
        /// The value.
        value: NodeId,
        /// Its new JSON text.
        text: String,
    },
    /// Renames a key of an object.
    Rename {
        /// The key.
        key: NodeId,
        /// Its new name.
        name: String,
    },
    /// Removes a member from an object, or an element from an array.
    Remove {
        /// The object or array.
        container: NodeId,
        /// The element, or the value of the member.
        child: NodeId,
    },
    /// Adds a member to an object, or an element to an array.
    Insert {
        /// The object or array.
        container: NodeId,
        /// Before the first child or behind the last one.
        end: End,
        /// The key of a member; absent for elements.
        key: Option<String>,
        /// The JSON text of the value.
        text: String,
    },
}

/// Where a child is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Before the first child.
    First,
    /// Behind the last child.
    Last,
}

/// Changes to a [`Document`](crate::Document), applied together: what none of them names stays byte for byte as it is.
///
/// INVARIANT: callers change each place once; a value that is replaced or removed has no changes inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    list: Vec<Change>,
    added_length: usize,
}

impl Changes {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The changes, in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.list.iter()
    }

    /// Replaces `value` by the JSON `text`.
    pub fn replace(&mut self, value: Value<'_>, text: String) {
        self.push(Change::Replace { value: value.id(), text });
    }

    /// Gives the member `key` of `object` the JSON `text` as its value: replaces an existing member or adds one.
    pub fn set(&mut self, object: Value<'_>, key: &str, text: String) {
        match object.get(key) {
            Some(value) => self.replace(value, text),
            None => self.insert(object, End::Last, Some(key), text),
        }
    }

    /// As [`set`](Self::set), for the member at the end of `path`, whose last step is the key. Objects that are missing or null on
    /// the way are made.
    pub fn set_at(&mut self, object: Value<'_>, path: &[&str], text: String) {
        let Some((key, rest)) = path.split_first() else { return };
        match object.field(key) {
            Some(next) if !rest.is_empty() => self.set_at(next, rest, text),
            _ => {
                let nest = |text: String, key: &&str| {
                    let mut nested = "{".to_owned();
                    for part in [&crate::string(key), ":", &text, "}"] {
                        nested.push_str(part);
                    }
                    nested
                };
                self.set(object, key, rest.iter().rev().fold(text, nest));
            }
        }
    }

    /// Renames the key `key` of `object`, if it has one.
    pub fn rename(&mut self, object: Value<'_>, key: &str, name: &str) {
        if let Some(key) = object.key_of(key) {
            self.push(Change::Rename { key: key.id(), name: name.to_owned() });
        }
    }

    /// Removes `child`, an element of `container` or the value of one of its members.
    pub fn remove(&mut self, container: Value<'_>, child: Value<'_>) {
        self.push(Change::Remove { container: container.id(), child: child.id() });
    }

    /// Adds the JSON texts `first` before the elements of the array `object[key]` and `last` behind them. An array that is
    /// absent or null is made. A value that is no array is left alone: callers have checked the type.
    pub fn extend(&mut self, object: Value<'_>, key: &str, first: &[&str], last: &[&str]) {
        if first.is_empty() && last.is_empty() {
            return;
        }
        match object.field(key) {
            Some(array) if array.kind() == Kind::Array => {
                for (end, texts) in [(End::First, first), (End::Last, last)] {
                    for text in texts {
                        self.insert(array, end, None, (*text).to_owned());
                    }
                }
            }
            Some(_) => {}
            None => {
                let mut array = String::new();
                for text in first.iter().chain(last) {
                    array.push(if array.is_empty() { '[' } else { ',' });
                    array.push_str(text);
                }
                array.push(']');
                self.set(object, key, array);
            }
        }
    }

    /// The number of bytes that the new texts have together, at least.
    pub fn added_length(&self) -> usize {
        self.added_length
    }

    /// Writes `root`, which holds all that is changed, with the changes to `out`.
    ///
    /// New children go right behind the last one, so that white space before the closing bracket stays there.
    pub fn write(&self, root: Value<'_>, out: &mut Vec<u8>) {
        let mut splices = Vec::with_capacity(self.list.len());
        // Commas depend on all that happens to one container, so its changes are taken together.
        let mut by_container: Vec<(NodeId, &Change)> = Vec::with_capacity(self.list.len());
        for change in &self.list {
            match change {
                Change::Replace { value, text } => splices.push(Splice::new(root.at(*value), Piece::Text(text))),
                Change::Rename { key, name } => splices.push(Splice::new(root.at(*key), Piece::Key(name))),
                Change::Remove { container, .. } | Change::Insert { container, .. } => {
                    by_container.push((*container, change));
                }
            }
        }
        let by_container = sorted(by_container, &|(one, _), (other, _)| one > other);
        for changes in by_container.chunk_by(|(one, _), (other, _)| one == other) {
            if let Some((container, _)) = changes.first() {
                splice_children(root.at(*container), changes, &mut splices);
            }
        }
        let splices = sorted(splices, &|one, other| (one.start, one.end) > (other.start, other.end));
        Splice::write_all(&splices, root, out);
    }

    fn insert(&mut self, container: Value<'_>, end: End, key: Option<&str>, text: String) {
        self.push(Change::Insert { container: container.id(), end, key: key.map(str::to_owned), text });
    }

    fn push(&mut self, change: Change) {
        self.added_length += match &change {
            Change::Replace { text, .. } => text.len(),
            Change::Rename { name, .. } => name.len(),
            Change::Remove { .. } => 0,
            Change::Insert { key, text, .. } => text.len() + key.as_ref().map_or(1, |key| key.len() + 4),
        };
        self.list.push(change);
    }
}

impl FromIterator<Change> for Changes {
    fn from_iter<I: IntoIterator<Item = Change>>(list: I) -> Self {
        let mut changes = Self::default();
        list.into_iter().for_each(|change| changes.push(change));
        changes
    }
}

/// Turns the removals and insertions of one container into splices.
fn splice_children<'c>(container: Value<'_>, changes: &[(NodeId, &'c Change)], splices: &mut Vec<Splice<'c>>) {
    let removed = changes.iter().filter_map(|(_, change)| match change {
        Change::Remove { child, .. } => Some(*child),
        _ => None,
    });
    let removed = sorted(removed.collect(), &|one, other| one > other);
    // Where the last child that stays ends, and where the removed children behind it begin and end.
    let (mut kept_end, mut cut) = (None, None::<(usize, usize)>);
    for (child_start, value) in container.child_starts() {
        let end = value.span().end;
        if removed.binary_search(&value.id()).is_ok() {
            cut = Some((cut.map_or(child_start, |(start, _)| start), end));
        } else {
            // The next child that stays moves up to the place of those that go.
            splices.extend(cut.take().map(|(start, _)| Splice { start, end: child_start, piece: Piece::Text("") }));
            kept_end = Some(end);
        }
    }
    if let Some((cut_start, end)) = cut {
        splices.push(Splice { start: kept_end.unwrap_or(cut_start), end, piece: Piece::Text("") });
    }

    let inside = container.span().start + 1;
    let mut is_first = true;
    for wanted in [End::First, End::Last] {
        for (_, change) in changes {
            let Change::Insert { end, key, text, .. } = change else { continue };
            if *end != wanted {
                continue;
            }
            let (at, comma) = match (kept_end, wanted) {
                (Some(_), End::First) => (inside, Comma::Behind),
                (Some(end), End::Last) => (end, Comma::Before),
                (None, _) if is_first => (inside, Comma::None),
                (None, _) => (inside, Comma::Before),
            };
            is_first = false;
            splices.push(Splice { start: at, end: at, piece: Piece::Child { comma, key: key.as_deref(), text } });
        }
    }
}

/// Puts a piece of text in the place of the bytes from `start` to `end`; a pure insertion where the two are equal.
struct Splice<'c> {
    start: usize,
    end: usize,
    piece: Piece<'c>,
}

enum Piece<'c> {
    /// JSON text.
    Text(&'c str),
    /// The key of a member, without its colon.
    Key(&'c str),
    /// An element, or a member if it has a key.
    Child { comma: Comma, key: Option<&'c str>, text: &'c str },
}

/// Where the comma of a new child is.
#[derive(PartialEq)]
enum Comma {
    None,
    Before,
    Behind,
}

impl<'c> Splice<'c> {
    fn new(value: Value<'_>, piece: Piece<'c>) -> Self {
        let span = value.span();
        Self { start: span.start, end: span.end, piece }
    }

    fn write_all(splices: &[Self], value: Value<'_>, out: &mut Vec<u8>) {
        let (text, span) = (value.document_text(), value.span());
        let mut at = span.start;
        for splice in splices.iter().filter(|splice| span.start <= splice.start && splice.end <= span.end) {
            out.extend_from_slice(text.get(at..splice.start).unwrap_or_default());
            splice.piece.write(out);
            at = splice.end;
        }
        out.extend_from_slice(text.get(at..span.end).unwrap_or_default());
    }
}

impl Piece<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Key(name) => out.extend_from_slice(crate::string(name).as_bytes()),
            Self::Child { comma, key, text } => {
                if *comma == Comma::Before {
                    out.push(b',');
                }
                if let Some(key) = key {
                    out.extend_from_slice(crate::string(key).as_bytes());
                    out.push(b':');
                }
                out.extend_from_slice(text.as_bytes());
                if *comma == Comma::Behind {
                    out.push(b',');
                }
            }
        }
    }
}
