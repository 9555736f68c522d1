//! Any change of any object in any style: what the changed text means, and what stays of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod styles;
}

use std::ops::Range;

use common::styles::{Random, Style, comments, render};
use json::{Changes, Document, Kind, Value};
use kubernetes_manifests::Opened;
use kubernetes_manifests::edit::apply;
use kubernetes_manifests::yaml;
use serde_json::{Value as Model, json};

/// How many objects are changed. `EDITS` sets it.
fn count() -> u64 {
    std::env::var("EDITS").ok().and_then(|count| count.parse().ok()).unwrap_or(4000)
}

#[test]
fn a_change_of_the_text_does_what_the_change_of_the_json_does_and_nothing_else() {
    let (mut written, mut refused) = (0, 0);
    for seed in 0..count() {
        let mut random = Random(seed);
        let model = model(seed, &mut random).to_string();
        let document = Document::parse(model.as_bytes()).unwrap();
        let style = Style::of_seed(seed);
        let text = render(document.root(), style);
        match check(&text, document.root(), &mut random) {
            Ok(()) => written += 1,
            Err(_) if style.aliases => refused += 1,
            Err(changes) => panic!("seed {seed}: no change of the text is offered for {changes:#?}\n{text}"),
        }
    }
    println!("{written} changes were written, {refused} of texts with aliases could not be");
    assert!(refused * 50 < count(), "{refused} of {} changes could not be written", count());
}

#[test]
fn json_is_changed_likewise() {
    for seed in 0..count() / 4 {
        let mut random = Random(seed);
        let model = model(seed, &mut random);
        let text = if seed % 2 == 0 { model.to_string() } else { serde_json::to_string_pretty(&model).unwrap() };
        let text = if seed % 3 == 0 { text.replace('\n', "\r\n") } else { text };
        let document = Document::parse(text.as_bytes()).unwrap();
        let (changes, expected) = changed(document.root(), &mut random);
        let opened = Opened::new(&text, document.root(), None);
        let edits = opened.edits(&changes).unwrap_or_else(|| panic!("seed {seed}: no change is offered\n{text}"));
        let new: Model = serde_json::from_str(&apply(&text, &edits)).unwrap();
        assert_eq!(new, expected, "seed {seed}\n{text}");
    }
}

/// Changes a text. The error is what no change of the text is offered for.
fn check(text: &str, model: Value<'_>, random: &mut Random) -> Result<(), Changes> {
    let (number, document, others) = find(text, model);
    let json = Document::parse(document.json.as_bytes()).unwrap();
    let (changes, expected) = changed(json.root(), random);
    let opened = Opened::new(text, json.root(), Some(&document));
    let Some(edits) = opened.edits(&changes) else { return Err(changes) };
    let new = apply(text, &edits);
    let context = || format!("{changes:#?}\nof\n{text}\nis\n{new}");

    let mut documents = read(&new);
    assert_eq!(documents.remove(number), expected, "{}", context());
    assert_eq!(documents, others, "{}", context());
    assert_eq!(comments(&new), comments(text), "{}", context());
    let lone = |text: &str| text.replace("\r\n", "").matches('\n').count();
    assert!(lone(&new) == 0 || !text.contains("\r\n"), "{}", context());
    assert_eq!(new.ends_with('\n'), text.ends_with('\n'), "{}", context());
    assert!(new.lines().all(|line| !line.ends_with(": ") && line != "- "), "{}", context());
    Ok(())
}

/// Which of the documents of a text is the model, the document, and the other ones.
fn find(text: &str, model: Value<'_>) -> (usize, yaml::Document, Vec<Model>) {
    let model: Model = serde_json::from_str(model.raw()).unwrap();
    let mut others = read(text);
    let number = others.iter().position(|document| *document == model);
    let number = number.unwrap_or_else(|| panic!("{model:#}\nis written as\n{text}\nwhich is read as\n{others:#?}"));
    others.remove(number);
    (number, yaml::documents(text, true).nth(number).unwrap().unwrap(), others)
}

fn read(text: &str) -> Vec<Model> {
    let documents = yaml::documents(text, false).map(|document| match document {
        Ok(document) => serde_json::from_str(&document.json).unwrap(),
        Err(error) => panic!("{error:?}\n{text}"),
    });
    documents.collect()
}

/// Some changes of a document, and what they make of it.
fn changed(root: Value<'_>, random: &mut Random) -> (Changes, Model) {
    let mut changes = Changes::default();
    let mut taken = Vec::<Range<usize>>::new();
    let mut values = Vec::new();
    add_values(root, &mut values);
    for number in 0..=random.below(4) {
        let value = values.get(random.below(values.len())).copied().unwrap();
        let children: Vec<_> = value.elements().chain(value.members().map(|(_, value)| value)).collect();
        let new = object(random, 2);
        let new = new.as_object().unwrap().values().next().cloned().unwrap_or(json!("one more")).to_string();
        let key = format!("added/{number}");
        let kind = random.below(5);
        // What is replaced or removed is not changed inside, and what is changed inside is neither.
        let child = children.get(random.below(children.len().max(1)));
        let place = if kind < 2 { child.map_or(0..0, |child| child.span()) } else { value.span() };
        if taken.iter().any(|other| place.start < other.end && other.start < place.end) {
            continue;
        }
        match (kind, child) {
            (0, Some(child)) => changes.replace(*child, new),
            (1, Some(child)) => changes.remove(value, *child),
            (2, Some(_)) if value.kind() == Kind::Object => {
                let old = value.members().map(|(key, _)| key.into_owned()).next().unwrap();
                changes.rename(value, &old, &key);
            }
            (3 | 4, _) if value.kind() == Kind::Object => changes.set(value, &key, new),
            (3, _) => match value.members().find(|(_, value)| value.kind() == Kind::Array) {
                Some((key, _)) => changes.extend(value, &key, &[&new], &[&new]),
                None => continue,
            },
            _ => continue,
        }
        taken.push(place);
    }
    let mut text = Vec::new();
    changes.write(root, &mut text);
    let expected = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{error}: {changes:#?}\n{root:?}"));
    (changes, expected)
}

fn add_values<'a>(value: Value<'a>, values: &mut Vec<Value<'a>>) {
    if matches!(value.kind(), Kind::Array | Kind::Object) {
        values.push(value);
    }
    value.elements().chain(value.members().map(|(_, value)| value)).for_each(|child| add_values(child, values));
}

/// An object, or a list of objects.
fn model(seed: u64, random: &mut Random) -> Model {
    if seed % 5 < 3 {
        return object(random, 4);
    }
    let items: Vec<_> = (0..4).map(|_| object(random, 3)).collect();
    json!({"kind": "List", "items": items})
}

/// An object as manifests hold them.
fn object(random: &mut Random, depth: usize) -> Model {
    const KEYS: [&str; 10] =
        ["name", "labels", "env", "value", "app.kubernetes.io/name", "on", "spec", "a b", "1", "example.com/enabled"];
    let members = (0..random.below(5)).map(|_| {
        let key = KEYS.get(random.below(KEYS.len())).unwrap();
        ((*key).to_owned(), value(random, depth))
    });
    Model::Object(members.collect())
}

fn value(random: &mut Random, depth: usize) -> Model {
    const SCALARS: [&str; 16] = [
        r#""web""#,
        r#""true""#,
        "true",
        "null",
        "3600",
        r#""3600""#,
        r#""""#,
        "0.5",
        r#""a: b # c""#,
        r#""two\nlines\n""#,
        r#""three\nlong\nlines""#,
        r#""some words that can be folded""#,
        r#""it's [x], {y}""#,
        r#""$(VARIABLE)""#,
        r#""é\t""#,
        r#""registry/app:1.0""#,
    ];
    match random.below(if depth == 0 { 3 } else { 6 }) {
        0..=2 => serde_json::from_str(SCALARS.get(random.below(SCALARS.len())).unwrap()).unwrap(),
        3 => Model::Array((0..random.below(4)).map(|_| value(random, depth - 1)).collect()),
        _ => object(random, depth - 1),
    }
}
