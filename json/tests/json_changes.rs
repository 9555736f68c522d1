//! Changes of JSON texts: what they do, and what they leave alone.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod json_text;
    pub(crate) mod model;
    pub(crate) mod undo;
}

use common::json_text;
use common::model::{all_values, model};
use common::undo::Undo;
use json::{Changes, Document, Kind, Path, Segment, Value};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Model;

/// `text` after edits of its root.
fn edited(text: &str, edit: impl Fn(&mut Changes, Value<'_>)) -> String {
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut edits = Changes::default();
    edit(&mut edits, document.root());
    written(&edits, document.root())
}

fn written(edits: &Changes, value: Value<'_>) -> String {
    let mut out = Vec::new();
    edits.write(value, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn members_are_set_behind_the_last_or_in_place() {
    let cases = [
        ("{}", r#"{"k/\"":9}"#),
        ("{ }", r#"{"k/\"":9 }"#),
        ("{ \"a\" : 1 }", r#"{ "a" : 1,"k/\"":9 }"#),
        ("{\n  \"a\": {}\n}", "{\n  \"a\": {},\"k/\\\"\":9\n}"),
        (r#"{"k\u002f\"": [1], "a":2}"#, r#"{"k\u002f\"": 9, "a":2}"#),
        (r#"{"k/\"":null}"#, r#"{"k/\"":9}"#),
    ];
    for (text, expected) in cases {
        assert_eq!(edited(text, |edits, root| edits.set(root, "k/\"", "9".to_owned())), expected);
    }
    let two = edited("{ }", |edits, root| {
        edits.set(root, "a", "1".to_owned());
        edits.set(root, "b", "2".to_owned());
    });
    assert_eq!(two, r#"{"a":1,"b":2 }"#);
}

#[test]
fn arrays_are_extended_at_both_ends_and_made_where_there_is_none() {
    let cases = [
        (r#"{"l":[ 1 ]}"#, r#"{"l":[7,8, 1,9 ]}"#),
        (r#"{"l":[[],{}]}"#, r#"{"l":[7,8,[],{},9]}"#),
        (r#"{"l":[]}"#, r#"{"l":[7,8,9]}"#),
        (r#"{"l":[ ]}"#, r#"{"l":[7,8,9 ]}"#),
        (r#"{"l":null,"m":1}"#, r#"{"l":[7,8,9],"m":1}"#),
        (r#"{"m":1}"#, r#"{"m":1,"l":[7,8,9]}"#),
        ("{}", r#"{"l":[7,8,9]}"#),
        (r#"{"l":"text"}"#, r#"{"l":"text"}"#),
    ];
    for (text, expected) in cases {
        assert_eq!(edited(text, |edits, root| edits.extend(root, "l", &["7", "8"], &["9"])), expected);
        assert_eq!(edited(text, |edits, root| edits.extend(root, "l", &[], &[])), text);
    }
}

#[test]
fn elements_put_in_front_of_a_replaced_one_stay_in_front() {
    let text = edited(r#"{"l":[1,2]}"#, |edits, root| {
        edits.replace(root.get("l").unwrap().elements().next().unwrap(), "10".to_owned());
        edits.extend(root, "l", &["0"], &[]);
    });
    assert_eq!(text, r#"{"l":[0,10,2]}"#);
}

#[test]
fn a_part_is_written_with_its_own_edits_alone() {
    let document = Document::parse(br#" {"a": [1], "b": [2]} "#).unwrap();
    let root = document.root();
    let mut edits = Changes::default();
    assert!(edits.is_empty());
    edits.extend(root, "a", &[], &["3"]);
    edits.extend(root, "b", &[], &["4"]);

    assert!(!edits.is_empty());
    assert_eq!(edits.added_length(), ",3,4".len());
    assert_eq!(written(&edits, root.get("b").unwrap()), "[2,4]");
    assert_eq!(written(&edits, root), r#"{"a": [1,3], "b": [2,4]}"#);
}

/// One edit of a document that is not known yet.
#[derive(Clone, Debug)]
enum Edit {
    Replace { value: Index, text: String },
    Set { object: Index, key: Key, text: String },
    Extend { object: Index, key: Key, first: Vec<String>, last: Vec<String> },
}

/// A key that an object has, or may not have.
#[derive(Clone, Debug)]
enum Key {
    Present(Index),
    New(String),
}

impl Key {
    fn of(&self, object: Value<'_>) -> String {
        let keys: Vec<_> = object.members().map(|(key, _)| key.into_owned()).collect();
        match self {
            Self::Present(index) if !keys.is_empty() => index.get(&keys).clone(),
            Self::Present(_) => String::new(),
            Self::New(key) => key.clone(),
        }
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let key = || prop_oneof![any::<Index>().prop_map(Key::Present), "[a-z\"/]{0,3}".prop_map(Key::New)];
    let text = || json_text::value(1).prop_map(|text| text.trim().to_owned());
    let texts = || prop::collection::vec(text(), 0..3);
    prop_oneof![
        (any::<Index>(), text()).prop_map(|(value, text)| Edit::Replace { value, text }),
        (any::<Index>(), key(), text()).prop_map(|(object, key, text)| Edit::Set { object, key, text }),
        (any::<Index>(), key(), texts(), texts()).prop_map(|(object, key, first, last)| Edit::Extend {
            object,
            key,
            first,
            last
        }),
    ]
}

#[test]
fn a_member_is_set_at_the_end_of_a_path_of_which_any_part_may_be_missing() {
    let cases = [
        ("{}", r#"{"a":{"b":{"c/d":1}}}"#),
        (r#"{"a":null,"x":0}"#, r#"{"a":{"b":{"c/d":1}},"x":0}"#),
        (r#"{"a":{ "x":0 }}"#, r#"{"a":{ "x":0,"b":{"c/d":1} }}"#),
        (r#"{"a":{"b":{}}}"#, r#"{"a":{"b":{"c/d":1}}}"#),
        (r#"{"a":{"b":{"c/d":7}}}"#, r#"{"a":{"b":{"c/d":1}}}"#),
    ];
    for (text, expected) in cases {
        assert_eq!(edited(text, |edits, root| edits.set_at(root, &["a", "b", "c/d"], "1".to_owned())), expected);
    }
}

#[test]
fn a_key_is_renamed_where_it_stands() {
    let rename = |text: &str| edited(text, |edits, root| edits.rename(root, "k/", "n\""));
    assert_eq!(rename(r#"{ "k\u002f" : [1], "a":2}"#), r#"{ "n\"" : [1], "a":2}"#);
    assert_eq!(rename(r#"{"a":2}"#), r#"{"a":2}"#);
}

#[test]
fn a_child_is_removed_with_its_comma() {
    let cases = [
        (r#"{ "a" : 1 , "b":2}"#, "a", r#"{ "b":2}"#),
        ("{\n  \"x\": 0,\n  \"a\": 1,\n  \"b\": 2\n}", "a", "{\n  \"x\": 0,\n  \"b\": 2\n}"),
        ("{\n  \"x\": 0,\n  \"a\": 1\n}", "a", "{\n  \"x\": 0\n}"),
        ("{\n  \"a\": 1\n}", "a", "{\n  \n}"),
    ];
    for (text, key, expected) in cases {
        assert_eq!(edited(text, |edits, root| edits.remove(root, root.get(key).unwrap())), expected);
    }
}

proptest! {
    /// Whatever is removed from one container and added to it at the same time.
    #[test]
    fn children_come_and_go_together(
        text in json_text::array(prop::collection::vec(json_text::value(1), 0..6)),
        removed in any::<[bool; 6]>(),
        first in prop::collection::vec(json_text::value(1), 0..3),
        last in prop::collection::vec(json_text::value(1), 0..3),
    ) {
        let text = format!(r#"{{"l":{text}}}"#);
        let document = Document::parse(text.as_bytes()).unwrap();
        let list = document.root().get("l").unwrap();
        let mut edits = Changes::default();
        for (element, _) in list.elements().zip(removed).filter(|(_, is_removed)| *is_removed) {
            edits.remove(list, element);
        }
        edits.extend(document.root(), "l", &borrowed(&first), &borrowed(&last));

        let parsed = |texts: &[String]| texts.iter().map(|text| serde_json::from_str::<Model>(text).unwrap()).collect();
        let kept = list.elements().zip(removed).filter(|(_, is_removed)| !is_removed).map(|(element, _)| model(element));
        let expected: Vec<Model> = [parsed(&first), kept.collect::<Vec<_>>(), parsed(&last)].concat();
        let output = written(&edits, document.root());
        let after: Model = serde_json::from_str(&output).unwrap();
        prop_assert_eq!(&after["l"], &Model::from(expected), "{}", output);
    }
}

/// Changes that have been made, and what they come to.
#[derive(Default)]
struct Made {
    edits: Changes,
    changes: Undo,
    /// The places that were edited.
    places: Vec<Path>,
    /// The same, to be done to a model: outermost last, as their paths are those before any edit.
    on_model: Vec<(Path, ModelEdit)>,
}

enum ModelEdit {
    Put(Model),
    Extend(Vec<Model>, Vec<Model>),
}

impl Made {
    /// Makes an edit, unless an earlier one has changed its place, or it would overwrite that of an earlier one.
    fn make(&mut self, root: Value<'_>, edit: Edit) {
        let values = all_values(root);
        let objects: Vec<_> = values.iter().copied().filter(|value| value.kind() == Kind::Object).collect();
        let object_of = |index: Index| (!objects.is_empty()).then(|| *index.get(&objects));
        match edit {
            Edit::Replace { value, text } => {
                let value = *value.get(&values);
                let path = value.path_from(root);
                if self.claim(&path, true) {
                    self.changes.overwritten.insert(path.clone());
                    self.on_model.push((path, ModelEdit::Put(serde_json::from_str(&text).unwrap())));
                    self.edits.replace(value, text);
                }
            }
            Edit::Set { object, key, text } => {
                let Some(object) = object_of(object) else { return };
                let key = key.of(object);
                let path = object.path_from(root).key(key.clone());
                if self.claim(&path, true) {
                    self.edits.set(object, &key, text.clone());
                    if object.get(&key).is_some() {
                        self.changes.overwritten.insert(path.clone());
                    }
                    self.on_model.push((path, ModelEdit::Put(serde_json::from_str(&text).unwrap())));
                }
            }
            Edit::Extend { object, key, first, last } => {
                let Some(object) = object_of(object) else { return };
                let key = key.of(object);
                let present = object.get(&key);
                let path = object.path_from(root).key(key.clone());
                if present.is_some_and(|value| !matches!(value.kind(), Kind::Array | Kind::Null))
                    || !self.claim(&path, present.is_none_or(Value::is_null))
                {
                    return;
                }
                self.edits.extend(object, &key, &borrowed(&first), &borrowed(&last));
                if present.is_some_and(Value::is_null) {
                    self.changes.overwritten.insert(path.clone());
                } else {
                    self.changes.prepended.insert(path.clone(), first.len());
                }
                let models = |texts: &[String]| texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
                if !(first.is_empty() && last.is_empty()) {
                    self.on_model.push((path, ModelEdit::Extend(models(&first), models(&last))));
                }
            }
        }
    }

    fn claim(&mut self, place: &Path, overwrites: bool) -> bool {
        let is_free = !self.places.iter().any(|other| {
            let covers = |outer: &Path, inner: &Path| inner.segments().starts_with(outer.segments());
            place == other
                || self.changes.overwritten.iter().any(|old| covers(old, place))
                || (overwrites && covers(place, other))
        });
        if is_free {
            self.places.push(place.clone());
        }
        is_free
    }

    fn apply_to(&mut self, model: &mut Model) {
        self.on_model.sort_by_key(|(path, _)| std::cmp::Reverse(path.segments().len()));
        for (path, edit) in self.on_model.drain(..) {
            let place = place_in(model, &path);
            match edit {
                ModelEdit::Put(value) => *place = value,
                ModelEdit::Extend(first, last) => {
                    *place = [first, place.as_array().cloned().unwrap_or_default(), last].concat().into();
                }
            }
        }
    }
}

/// The place that a path leads to; made if only its last key is missing.
fn place_in<'m>(model: &'m mut Model, path: &Path) -> &'m mut Model {
    let pointer = path.to_pointer();
    let outer = pointer.rsplit_once('/').map_or("", |(outer, _)| outer);
    match path.segments().last() {
        None => model,
        Some(Segment::Key(key)) => &mut model.pointer_mut(outer).unwrap()[key],
        Some(Segment::Index(index)) => &mut model.pointer_mut(outer).unwrap()[index],
    }
}

proptest! {
    #[test]
    fn edits_change_their_places_and_no_byte_elsewhere(
        text in json_text::value(4),
        edits in prop::collection::vec(edit(), 0..6),
    ) {
        let document = Document::parse(text.as_bytes()).unwrap();
        let root = document.root();
        let mut made = Made::default();
        for edit in edits {
            made.make(root, edit);
        }
        let output = written(&made.edits, root);

        let after = Document::parse(output.as_bytes());
        prop_assert!(after.is_ok(), "{:?} in {}", after, output);
        let after = after.unwrap();
        let mut expected = model(root);
        made.apply_to(&mut expected);
        prop_assert_eq!(model(after.root()), expected);
        prop_assert_eq!(made.changes.undo(root, after.root()), root.raw());
    }
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
