//! What is written for people is true: settings, labels, policies to copy, links.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use azure_workload_identity_policy::clouds;
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::settings::Settings;
use serde_json::{Map, Value, json};
use xtask::settings_schema::schema;

const PAGE: &str = include_str!("../../docs/settings.md");
const READER: &str = include_str!("../../src/settings/read.rs");

/// A key that no object knows.
const STRANGER: &str = "zzzzzz";

/// An object of the schema: the way to it (`[]` for the elements of a list), and its keys.
struct Object {
    way: Vec<String>,
    keys: BTreeSet<String>,
}

/// All objects of the schema whose keys are fixed.
fn objects() -> Vec<Object> {
    let root = schema().to_value();
    let mut objects = Vec::new();
    collect(&root, &root, &[], &mut objects);
    objects
}

fn collect(root: &Value, schema: &Value, way: &[String], objects: &mut Vec<Object>) {
    let schema = resolve(root, schema);
    let step = |key: &str| [way, &[key.to_owned()]].concat();
    if let Some(items) = schema.get("items") {
        collect(root, items, &step("[]"), objects);
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    assert_eq!(schema.get("additionalProperties"), Some(&json!(false)), "{way:?}");
    objects.push(Object { way: way.to_vec(), keys: properties.keys().cloned().collect() });
    for (key, property) in properties {
        collect(root, property, &step(key), objects);
    }
}

fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Settings with nothing in them but this value at the end of this way.
fn settings_with(way: &[String], value: Value) -> Value {
    way.iter().rev().fold(value, |value, step| match step.as_str() {
        "[]" => json!([value]),
        key => Value::Object(Map::from_iter([(key.to_owned(), value)])),
    })
}

/// What the policy says about settings.
fn problems(settings: &Value) -> Vec<String> {
    let text = settings.to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    let problems = Settings::read(document.root()).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

/// The examples of the page.
fn examples() -> Vec<Value> {
    let blocks = PAGE.split("\n```yaml settings\n").skip(1);
    blocks.map(|block| yaml_serde::from_str(block.split("\n```").next().unwrap()).expect(block)).collect()
}

#[test]
fn the_policy_takes_each_key_of_the_schema_and_no_other() {
    for Object { way, keys } in objects() {
        for key in keys {
            let problems = problems(&settings_with(&[way.clone(), vec![key.clone()]].concat(), json!({})));
            assert!(!problems.iter().any(|problem| problem.contains("is not known")), "{way:?} {key}: {problems:?}");
        }
        let problems = problems(&settings_with(&[way.clone(), vec![STRANGER.to_owned()]].concat(), json!({})));
        let refused = |problem: &String| problem.contains(STRANGER) && problem.contains("is not known");
        assert!(problems.iter().any(refused), "{way:?}: {problems:?}");
    }
}

/// The reader shows the keys that it knows only to those who misspell one, so its source is asked: each key stands there once for
/// each object that has it. The names of the rules come from the table of rules.
#[test]
fn the_schema_has_each_key_that_the_policy_reads() {
    let is_call = |before: &str| {
        ["string", "strings", "choice", "table", "list", "typed"].iter().any(|name| before.ends_with(name))
    };
    let opened = READER.split("(\"").zip(READER.split("(\"").skip(1));
    let quantities = READER.split("quantities(&mut resources, \"").skip(1);
    let mut read: Vec<&str> = opened.filter(|(before, _)| is_call(before)).map(|(_, after)| after).collect();
    read.extend(quantities);
    let mut read: Vec<_> = read.into_iter().filter_map(|after| after.split('"').next()).collect();
    read.sort_unstable();

    let in_schema: BTreeSet<_> =
        objects().into_iter().filter(|object| object.way != ["rules"]).map(|it| it.keys).collect();
    let mut keys: Vec<String> = in_schema.into_iter().flatten().collect();
    keys.sort_unstable();
    assert_eq!(read, keys);
}

#[test]
fn each_example_of_settings_is_valid() {
    let examples = examples();
    assert!(examples.len() > 10, "{} examples", examples.len());
    for example in examples {
        assert_eq!(problems(&example), [""; 0], "{example}");
    }
}

#[test]
fn each_setting_is_explained_and_has_an_example() {
    let examples = examples();
    for Object { way, keys } in objects().iter().filter(|object| object.way != ["rules"]) {
        for key in keys {
            let full = [way.clone(), vec![key.clone()]].concat();
            let name = full.join(".").replace(".[]", "[]");
            assert!(PAGE.contains(&format!("`{name}`")), "`{name}` is not explained in docs/settings.md");
            assert!(examples.iter().any(|example| has(example, &full)), "`{name}` has no example in docs/settings.md");
        }
    }
}

/// True if there is something at the end of this way.
fn has(value: &Value, way: &[String]) -> bool {
    match way {
        [] => true,
        [step, rest @ ..] if step == "[]" => {
            value.as_array().is_some_and(|list| list.iter().any(|element| has(element, rest)))
        }
        [step, rest @ ..] => value.get(step).is_some_and(|member| has(member, rest)),
    }
}

#[test]
fn each_key_has_a_section() {
    let page = include_str!("../../docs/labels-and-annotations.md");
    let source = include_str!("../../src/keys.rs");
    let keys = source.lines().filter_map(|line| line.split_once("= \"azure.workload.identity/")?.1.strip_suffix("\";"));
    // Prefixes are no keys.
    let keys: Vec<&str> = keys.filter(|key| !key.is_empty() && !key.ends_with('-')).collect();
    assert!(keys.len() >= 7, "{keys:?}");
    for key in keys {
        assert!(page.contains(&format!("\n## azure.workload.identity/{key}\n")), "{key}");
    }
}

#[test]
fn each_host_of_entra_id_is_listed_with_its_cloud() {
    for (host, cloud) in clouds::hosts() {
        let is_listed = |line: &str| line.contains(cloud) && line.contains(&format!("`{host}`"));
        assert!(PAGE.lines().any(is_listed), "{host} of {cloud}");
    }
}

#[test]
fn each_link_leads_somewhere() {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "RELEASING.md", "SECURITY.md"].map(|page| root().join(page));
    for page in docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")).chain(pages) {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.with_file_name("").join(file) };
            assert!(target.exists(), "{}: {link}", page.display());
            assert!(anchor.is_empty() || has_heading(&target, anchor), "{}: {link}", page.display());
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// True if the page has a heading with this anchor, as GitHub makes them.
fn has_heading(page: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(page).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let to_anchor = |heading: &str| -> String {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    headings.map(to_anchor).any(|heading| heading == anchor)
}
