//! Changes of the text: each case shows a text, a change of its JSON, and the text that a person expects.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use json::{Changes, Document, Value};
use kubernetes_manifests::Opened;
use kubernetes_manifests::edit::apply;
use kubernetes_manifests::yaml;

/// A change of a document.
enum Do {
    /// Gives the value at a JSON pointer this JSON; makes the members that are missing.
    Set(&'static str, &'static str),
    Remove(&'static str),
    Rename(&'static str, &'static str),
    /// Adds JSON before the first element of the list.
    First(&'static str, &'static str),
    /// Adds JSON behind the last element of the list.
    Last(&'static str, &'static str),
}
use Do::{First, Last, Remove, Rename, Set};

fn at<'a>(root: Value<'a>, pointer: &str) -> Value<'a> {
    let steps = pointer.split('/').skip(1);
    steps.fold(root, |value, step| match step.parse::<usize>() {
        Ok(position) => value.elements().nth(position).unwrap(),
        Err(_) => value.get(&step.replace("~1", "/")).unwrap_or_else(|| panic!("{pointer}: no {step}")),
    })
}

fn changes(root: Value<'_>, list: &[Do]) -> Changes {
    let mut changes = Changes::default();
    for change in list {
        match change {
            Set(pointer, text) => {
                let keys: Vec<_> = pointer.split('/').skip(1).collect();
                let split = keys.iter().rposition(|key| key.parse::<usize>().is_ok()).map_or(0, |last| last + 1);
                let (to, path) = keys.split_at(split);
                let holder = at(root, &[&[""], to].concat().join("/"));
                match path {
                    [] => changes.replace(holder, (*text).to_owned()),
                    path => changes.set_at(holder, path, (*text).to_owned()),
                }
            }
            Remove(pointer) => {
                let (container, _) = pointer.rsplit_once('/').unwrap();
                changes.remove(at(root, container), at(root, pointer));
            }
            Rename(pointer, name) => {
                let (container, key) = pointer.rsplit_once('/').unwrap();
                changes.rename(at(root, container), key, name);
            }
            First(pointer, text) | Last(pointer, text) => {
                let (holder, key) = pointer.rsplit_once('/').unwrap();
                let (first, last) =
                    if matches!(change, First(..)) { (vec![*text], vec![]) } else { (vec![], vec![*text]) };
                changes.extend(at(root, holder), key, &first, &last);
            }
        }
    }
    changes
}

/// The text after a change of its first document; `None` if no change of the text is offered.
fn changed(text: &str, list: &[Do]) -> Option<String> {
    let document = yaml::documents(text, true).next().unwrap().unwrap();
    let json = Document::parse(document.json.as_bytes()).unwrap();
    let changes = changes(json.root(), list);
    let opened = Opened::new(text, json.root(), Some(&document));
    opened.edits(&changes).map(|edits| apply(text, &edits))
}

/// A text, what is changed, and the text after it.
struct Case(&'static str, &'static [Do], &'static str);

fn check(cases: &[Case]) {
    let mut wrong = Vec::new();
    for Case(text, list, expected) in cases {
        let changed = changed(text, list);
        if changed.as_deref() != Some(expected) {
            wrong.push(format!(
                "of\n{text}\nexpected\n{expected}\nbut is\n{}\n",
                changed.as_deref().unwrap_or("nothing")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("----\n"));
}

#[test]
fn scalars_keep_their_quotes_and_get_some_only_where_they_need_them() {
    check(&[
        Case("a: b # c\n", &[Set("/a", r#""d""#)], "a: d # c\n"),
        Case("a: 'b'\n", &[Set("/a", r#""it's""#)], "a: 'it''s'\n"),
        Case("a: \"b\"\n", &[Set("/a", r#""d""#)], "a: \"d\"\n"),
        Case("a: true\n", &[Set("/a", r#""true""#)], "a: \"true\"\n"),
        Case("a: 3600 # an hour\n", &[Set("/a", r#""3600""#)], "a: \"3600\" # an hour\n"),
        Case("a: b\n", &[Set("/a", r#""yes""#)], "a: \"yes\"\n"),
        Case("a: b\n", &[Set("/a", r#""two\nlines""#)], "a: \"two\\nlines\"\n"),
        Case("a: b\n", &[Set("/a", "1")], "a: 1\n"),
        Case("a: [b, 'c']\n", &[Set("/a/1", r#""x,y""#)], "a: [b, 'x,y']\n"),
        Case("a: [b, c]\n", &[Set("/a/1", r#""x,y""#)], "a: [b, \"x,y\"]\n"),
        Case("a: >- # why\n  b;\n  c\nd: e\n", &[Set("/a", r#""b;c""#)], "a: b;c # why\nd: e\n"),
        Case("a:\n  long\n# c\nd: e\n", &[Set("/a", r#""short""#)], "a:\n  short\n# c\nd: e\n"),
        Case(
            "a: b\n",
            &[Set("/a", r#""00000000-0000-0000-0000-000000000000""#)],
            "a: 00000000-0000-0000-0000-000000000000\n",
        ),
        Case("a: b\n", &[Set("/a", r#""12:30""#)], "a: \"12:30\"\n"),
        Case("a: b\n", &[Set("/a", r#""1e5""#)], "a: \"1e5\"\n"),
        Case("a: b\n", &[Set("/a", r#""2001-12-14""#)], "a: \"2001-12-14\"\n"),
        Case("a: b\n", &[Set("/a", r#""--port=80""#)], "a: --port=80\n"),
        Case("a: b\n", &[Set("/a", r#""""#)], "a: \"\"\n"),
    ]);
}

#[test]
fn members_are_added_in_the_indentation_around_them() {
    check(&[
        Case("a:\n  b: c\n", &[Set("/a/d", r#""e""#)], "a:\n  b: c\n  d: e\n"),
        Case("a:\n    b: c\n", &[Set("/a/d/e", "1")], "a:\n    b: c\n    d:\n        e: 1\n"),
        Case("a:\n  b: c # why\n# end\n", &[Set("/a/d", r#""e""#)], "a:\n  b: c # why\n  d: e\n# end\n"),
        Case("a:\n  b: c", &[Set("/a/d", r#""e""#)], "a:\n  b: c\n  d: e"),
        Case("a:\r\n  b: c\r\nx: y\r\n", &[Set("/a/d", r#""e""#)], "a:\r\n  b: c\r\n  d: e\r\nx: y\r\n"),
        Case("- a: b\n- c: d\n", &[Set("/0/e", "[1]")], "- a: b\n  e:\n  - 1\n- c: d\n"),
        Case("a:\n  - b\n", &[Set("/c", "[1]")], "a:\n  - b\nc:\n  - 1\n"),
        Case("a: {b: c}\n", &[Set("/a/d", r#"{"e":["f"]}"#)], "a: {b: c, d: {e: [f]}}\n"),
        Case("a: {\"b\": \"c\"}\n", &[Set("/a/d", r#""e""#)], "a: {\"b\": \"c\", \"d\": \"e\"}\n"),
        Case(
            "a: {\n  b: c, # why\n  d: e # end\n}\n",
            &[Set("/a/f", r#""g""#)],
            "a: {\n  b: c, # why\n  d: e, # end\n  f: g\n}\n",
        ),
        Case("a: {\n  b: c,\n}\n", &[Set("/a/f", r#""g""#)], "a: {\n  b: c,\n  f: g,\n}\n"),
        Case("a: [b,\n  c]\n", &[Last("/a", "1")], "a: [b,\n  c,\n  1]\n"),
        Case("---\n{}\n", &[Set("/a", "1")], "---\n{a: 1}\n"),
        Case("a: |\n  text\n\nb: c\n", &[Set("/d", "1")], "a: |\n  text\n\nb: c\nd: 1\n"),
        Case("x:\n  a: |\n    text\n\nb: c\n", &[Set("/x/d", "1")], "x:\n  a: |\n    text\n  d: 1\n\nb: c\n"),
        Case(
            "x:\n  a: |+\n    text\n\n# c\nb: c\n",
            &[Set("/x/d", "1")],
            "x:\n  a: |+\n    text\n\n  d: 1\n# c\nb: c\n",
        ),
        Case("a: b\n...\n---\nc: d\n", &[Set("/e", "1")], "a: b\ne: 1\n...\n---\nc: d\n"),
        Case("a: b\n---\nc: d\n", &[Set("/e", r#""x\ny\n""#)], "a: b\ne: |\n  x\n  y\n---\nc: d\n"),
        Case("a:\n  b: |-\n    t\n", &[Set("/a/c", "1"), Set("/d", "2")], "a:\n  b: |-\n    t\n  c: 1\nd: 2\n"),
    ]);
}

#[test]
fn the_first_child_replaces_what_stands_for_nothing() {
    check(&[
        Case("a:\nb: c\n", &[Set("/a/d", "1")], "a:\n  d: 1\nb: c\n"),
        Case("a: # why\nb: c\n", &[Set("/a/d", "1")], "a: # why\n  d: 1\nb: c\n"),
        Case("a: null # why\n", &[Set("/a/d", "1")], "a: # why\n  d: 1\n"),
        Case("a: {} # why\nb: c\n", &[Set("/a/d", "1")], "a: # why\n  d: 1\nb: c\n"),
        Case("a: []\n", &[Last("/a", r#"{"id":"x","v":"w"}"#)], "a:\n- id: x\n  v: w\n"),
        Case("a: &x {}\n", &[Set("/a/d", "1")], "a: &x\n  d: 1\n"),
        Case("- {}\n- b\n", &[Set("/0/d", "1")], "- d: 1\n- b\n"),
        Case("-\n- b\n", &[Set("/0", r#"{"d":1,"e":2}"#)], "- d: 1\n  e: 2\n- b\n"),
        Case("- {} # why\n", &[Set("/0/d", "1")], "- {d: 1} # why\n"),
        Case("{a: {}, b: [ ]}\n", &[Set("/a/d", "1"), Last("/b", "2")], "{a: {d: 1}, b: [2]}\n"),
        Case("a: {\n}\nb: 1\n", &[Set("/a/d", "1")], "a:\n  d: 1\nb: 1\n"),
        Case("a:", &[Set("/a/d", "1")], "a:\n  d: 1"),
    ]);
}

#[test]
fn elements_are_added_before_and_behind_others() {
    check(&[
        Case("l:\n- a\n", &[First("/l", r#""x""#), Last("/l", r#""t""#)], "l:\n- x\n- a\n- t\n"),
        Case(
            "l:\n# all\n\n  # the a\n  - a # 1\n  # end\nm: n\n",
            &[First("/l", r#"{"x":1,"z":2}"#)],
            "l:\n# all\n\n  - x: 1\n    z: 2\n  # the a\n  - a # 1\n  # end\nm: n\n",
        ),
        Case("- - a\n  - b\n", &[Set("/0/1", "[1]")], "- - a\n  - - 1\n"),
        Case(
            "l:\n-   a: 1\n    b: 2\n",
            &[Last("/l", r#"{"a":3,"b":[4]}"#)],
            "l:\n-   a: 1\n    b: 2\n-   a: 3\n    b:\n    - 4\n",
        ),
        Case("l: [a, b]\n", &[First("/l", r#""x""#), Last("/l", r#""t""#)], "l: [x, a, b, t]\n"),
        Case(
            "l: [\n  a, # 1\n  b # 2\n]\n",
            &[First("/l", r#""x""#), Last("/l", r#""t""#), Last("/l", r#""z""#)],
            "l: [\n  x,\n  a, # 1\n  b, # 2\n  t,\n  z\n]\n",
        ),
        Case(
            "s:\n  c:\n  - n: w\n    e:\n    - a\n  # to d\n  d: 1\n",
            &[Last("/s/c/0/e", r#""b""#), Set("/s/c/0/m", "[1]"), Set("/s/v", "2")],
            "s:\n  c:\n  - n: w\n    e:\n    - a\n    - b\n    m:\n    - 1\n  # to d\n  d: 1\n  v: 2\n",
        ),
        Case(
            "s:\n  c:\n  - n: w\n    e:\n    - a",
            &[Last("/s/c/0/e", r#""b""#), Set("/s/c/0/m", "[1]"), Set("/s/v", "2")],
            "s:\n  c:\n  - n: w\n    e:\n    - a\n    - b\n    m:\n    - 1\n  v: 2",
        ),
    ]);
}

#[test]
fn what_is_removed_takes_its_lines_with_it_but_no_comment() {
    check(&[
        Case("a: b\nc: d\ne: f\n", &[Remove("/c")], "a: b\ne: f\n"),
        Case("a: b\nc: d # why\n# e\ne: f\n", &[Remove("/c")], "a: b\n# why\n# e\ne: f\n"),
        Case("a: b\nc: d", &[Remove("/c")], "a: b"),
        Case("a: b\nc: d\n", &[Remove("/a")], "c: d\n"),
        Case("a:\n  b: c\nd: e\n", &[Remove("/a/b")], "a: {}\nd: e\n"),
        Case("a: # why\n  # b\n  b: c # c\nd: e\n", &[Remove("/a/b")], "a: {} # why\n  # b\n  # c\nd: e\n"),
        Case("l:\n- a: 1 # one\n  b: 2\n- c\n", &[Remove("/l/0")], "l:\n# one\n- c\n"),
        Case("l:\n- a: 1 # one\n  b: 2\n- c\n", &[Remove("/l/0/a")], "l:\n- # one\n  b: 2\n- c\n"),
        Case("l:\n- a: 1\n  b: 2\n- c\n", &[Remove("/l/0/a")], "l:\n- b: 2\n- c\n"),
        Case("l:\n- a: 1\n- c\n", &[Remove("/l/0/a")], "l:\n- {}\n- c\n"),
        Case("l:\n- a: 1\n- c\n", &[Remove("/l/0"), Remove("/l/1")], "l: []\n"),
        Case("l:\n- a\n- b\n- c\n", &[Remove("/l/0"), Remove("/l/1")], "l:\n- c\n"),
        Case("l:\n- a\n- b\n- c\n", &[Remove("/l/1"), Remove("/l/2"), Last("/l", "1")], "l:\n- a\n- 1\n"),
        Case("l: &x\n- a\n", &[Remove("/l/0")], "l: &x []\n"),
        Case("a: {b: c, d: e}\n", &[Remove("/a/b")], "a: {d: e}\n"),
        Case("a: {b: c, d: e}\n", &[Remove("/a/d")], "a: {b: c}\n"),
        Case("a: {b: c, d: e}\n", &[Remove("/a/b"), Remove("/a/d")], "a: {}\n"),
        Case("a: [b, c]\n", &[Remove("/a/1"), Last("/a", "1")], "a: [b, 1]\n"),
        Case("a: [\n  b, # 1\n  c, # 2\n  d # 3\n]\n", &[Remove("/a/1")], "a: [\n  b, # 1\n  # 2\n  d # 3\n]\n"),
        Case("a: |\n  x\n\nb: >-\n  y\n  z\n\nc: 1\n", &[Remove("/b")], "a: |\n  x\n\n\nc: 1\n"),
        Case("a:\nb: 1\n", &[Remove("/a")], "b: 1\n"),
        Case("l:\n-\n- b\n", &[Remove("/l/0")], "l:\n- b\n"),
        Case("l:\n- b\n-\nm: 1\n", &[Remove("/l/1")], "l:\n- b\nm: 1\n"),
        Case("a: x\nb: y\n", &[Remove("/a"), Set("/c", "1")], "b: y\nc: 1\n"),
        Case("a:\n  b: c # why\n", &[Remove("/a/b"), Set("/a/d", "1")], "a:\n  # why\n  d: 1\n"),
    ]);
}

#[test]
fn keys_are_renamed_in_their_quotes() {
    check(&[
        Case("a: b # c\n", &[Rename("/a", "x/y")], "x/y: b # c\n"),
        Case("'a': b\n\"c\": d\n", &[Rename("/a", "x"), Rename("/c", "y")], "'x': b\n\"y\": d\n"),
        Case("{a: b, \"c\": d}\n", &[Rename("/a", "x"), Rename("/c", "true")], "{x: b, \"true\": d}\n"),
    ]);
}

#[test]
fn a_replaced_object_keeps_what_stays_the_same() {
    check(&[
        Case(
            "l:\n- name: v # ours\n  # sources\n  p: {s: [1]}\n- x\n",
            &[Set("/l/0", r#"{"name":"v","p":{"s":[1,2]}}"#)],
            "l:\n- name: v # ours\n  # sources\n  p: {s: [1, 2]}\n- x\n",
        ),
        Case("a:\n  b: c # why\n", &[Set("/a", r#"{"d":1}"#)], "a:\n  # why\n  d: 1\n"),
        Case("a:\n  b: c # why\nd: e\n", &[Set("/a", r#""x""#)], "a: x\n  # why\nd: e\n"),
        Case("a: b # why\nd: e\n", &[Set("/a", r#"{"x":["t"]}"#)], "a: # why\n  x:\n  - t\nd: e\n"),
        Case("a: |\n  b\n  c\nd: e\n", &[Set("/a", r#"{"x":["t"]}"#)], "a:\n  x:\n  - t\nd: e\n"),
    ]);
}

#[test]
fn json_is_changed_in_its_own_layout() {
    let cases: [(&str, &[Do], &str); 6] = [
        (r#"{"a":{"b":1}}"#, &[Set("/a/c", r#"{"d":["e",2]}"#)], r#"{"a":{"b":1,"c":{"d":["e",2]}}}"#),
        (r#"{"a": [1, 2]}"#, &[Remove("/a/0"), Last("/a", r#""e""#)], r#"{"a": [2, "e"]}"#),
        (
            "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
            &[Set("/a/c", r#"{"d":["e"]}"#)],
            "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": {\n      \"d\": [\n        \"e\"\n      ]\n    }\n  }\n}\n",
        ),
        (
            "{\r\n\t\"a\": {},\r\n\t\"b\": true\r\n}",
            &[Set("/a/c", "1"), Set("/b", r#""true""#)],
            "{\r\n\t\"a\": {\r\n\t\t\"c\": 1\r\n\t},\r\n\t\"b\": \"true\"\r\n}",
        ),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", &[Remove("/b")], "{\n  \"a\": 1\n}\n"),
        (r#"{"a\u0062": "x"}"#, &[Rename("/ab", "true")], r#"{"true": "x"}"#),
    ];
    for (text, list, expected) in cases {
        let json = Document::parse(text.as_bytes()).unwrap();
        let opened = Opened::new(text, json.root(), None);
        let edits = opened.edits(&changes(json.root(), list)).unwrap();
        assert_eq!(apply(text, &edits), expected);
    }
}

#[test]
fn what_is_used_through_aliases_changes_for_all_uses_or_is_written_out() {
    check(&[
        Case("a: &x\n- 1\nb: *x\n", &[Last("/a", "2"), Last("/b", "2")], "a: &x\n- 1\n- 2\nb: *x\n"),
        Case("a: &x\n- 1\nb: *x # why\nc: d\n", &[Last("/b", "2")], "a: &x\n- 1\nb: # why\n- 1\n- 2\nc: d\n"),
        Case("a: &x\n- 1\nb: *x # why\nc: d\n", &[Last("/a", "2")], "a: &x\n- 1\n- 2\nb: # why\n- 1\nc: d\n"),
        Case("a: &x y\nb: *x\n", &[Set("/b", r#""z""#)], "a: &x y\nb: z\n"),
        Case("a: &x {b: 1}\nc:\n  <<: *x\n", &[Set("/c/b", "2")], "a: &x {b: 1}\nc:\n  <<: *x\n  b: 2\n"),
        Case(
            "a: &x {b: [1]}\nc:\n  <<: *x\n",
            &[Last("/c/b", "2")],
            "a: &x {b: [1]}\nc:\n  <<: *x\n  b:\n  - 1\n  - 2\n",
        ),
        Case(
            "a: &x\n  b:\n  - c: 1\nd:\n  <<: *x\n",
            &[Set("/d/b/0/e", "2"), Set("/d/f", "3")],
            "a: &x\n  b:\n  - c: 1\nd:\n  <<: *x\n  b:\n  - c: 1\n    e: 2\n  f: 3\n",
        ),
        Case("a: &x {b: 1}\nc: *x\n", &[Set("/c/d", "2")], "a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n"),
    ]);
    assert_eq!(changed("a: &x {b: 1}\nc:\n  <<: *x\n", &[Remove("/c/b")]), None);
}
