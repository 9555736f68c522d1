//! The module as the page loads it, in Node.js.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]
#![expect(clippy::print_stderr, reason = "what is skipped is said")]

#[path = "../../../e2e-tests/tests/common/cases.rs"]
#[expect(dead_code, reason = "other tests ask what cases expect of the policy")]
mod cases;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::{fs, thread};

use azure_workload_identity_lint::settings::{SettingsText, with_all};
use azure_workload_identity_lint::source::Source;
use azure_workload_identity_lint::{File, OneThread, Options, check};
use playground::module::{self, Module};
use serde_json::{Value, json};
use xtask::Workspace;

static MODULE: LazyLock<Module> = LazyLock::new(|| module::build(&Workspace::locate().unwrap()).unwrap());

/// Runs Node.js in the folder of the scripts; `None` if there is none.
fn node(arguments: &[&str], input: &str) -> Option<String> {
    let spawned = Command::new("node")
        .args(arguments)
        .env("SCRIPT", &MODULE.script)
        .env("MODULE", &MODULE.path)
        .current_dir(repository().join("playground/wasm/tests"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut node) = spawned else {
        eprintln!("skipped: there is no node");
        return None;
    };
    let mut stdin = node.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // A script that does not read its input may have closed it.
        scope.spawn(move || stdin.write_all(input.as_bytes()));
        node.wait_with_output().unwrap()
    });
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    Some(text)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An input of the module, and its name.
type Case = (String, Value);

/// The cases of rules: the object as YAML, and the other objects of the cluster as JSON.
fn cases_of_rules() -> Vec<Case> {
    let of_file = |file: &String| {
        let inputs = cases::read(file).into_iter().filter_map(|case| {
            let request = case.request();
            let objects = json!({"apiVersion": "v1", "kind": "List", "items": case.objects()});
            let files = json!([
                {"name": "object.yaml", "text": format!("# An object.\n{:#}\n", request.object?)},
                {"name": "objects.json", "text": objects.to_string()},
            ]);
            let settings = Value::Object(case.settings.clone()).to_string();
            let input =
                json!({"files": files, "settings": settings, "namespace": request.namespace, "credentials": []});
            Some((format!("{file}: {}", case.note), input))
        });
        inputs.collect::<Vec<_>>()
    };
    cases::files().iter().flat_map(of_file).collect()
}

/// The cases of files.
fn cases_of_files() -> Vec<Case> {
    let folder = repository().join("lint/tests/check");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of_path = |path: PathBuf| {
        let case = fs::read_to_string(&path).unwrap();
        let files: Vec<_> = case.split("### ").skip(1).map(|part| part.split_once('\n').unwrap()).collect();
        let files = files.iter().map(|(name, text)| json!({"name": name, "text": text}));
        let input = json!({"files": files.collect::<Vec<_>>(), "settings": "", "credentials": []});
        (path.display().to_string(), input)
    };
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).map(of_path).collect()
}

/// The report of the library.
fn expected(input: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let files = input["files"].as_array().unwrap().iter();
    let files: Vec<_> = files.map(|file| File::read(text(&file["name"]), text(&file["text"]).into_bytes())).collect();
    let settings = Source { name: "settings".into(), text: text(&input["settings"]).into() };
    let report = with_all(&SettingsText::find(&settings).unwrap(), |settings| {
        let mut options = Options::new(settings, &[]);
        options.namespace = input["namespace"].as_str().map(str::to_owned);
        check(&files, &options, &OneThread)
    });
    without_nulls(serde_json::to_value(report.unwrap_or_else(|errors| panic!("{errors:?}"))).unwrap())
}

/// What JavaScript has of JSON: what is not there is undefined.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Value::Array(elements) => elements.into_iter().map(without_nulls).collect(),
        value => value,
    }
}

#[test]
fn it_finds_what_the_library_finds() {
    let cases = [cases_of_rules(), cases_of_files()].concat();
    let inputs = Value::Array(cases.iter().map(|(_, input)| input.clone()).collect()).to_string();
    let [script, path] = [&MODULE.script, &MODULE.path].map(|path| path.to_str().unwrap());
    let Some(checks) = node(&["ask.mjs", script, path], &inputs) else { return };
    let checks: Vec<Value> = serde_json::from_str(&checks).unwrap();
    assert_eq!(checks.len(), cases.len());
    let mut count = 0;
    for ((name, input), check) in cases.iter().zip(&checks) {
        let expected = expected(input);
        assert_eq!(*check, expected, "{name}");
        count += expected["findings"].as_array().unwrap().len();
    }
    println!("{} cases, {count} findings", cases.len());
    assert!(cases.len() > 450 && count > 300, "{} cases with {count} findings", cases.len());
}

#[test]
fn it_can_be_used_as_the_page_uses_it() {
    node(&["--test", "module.test.mjs"], "");
}
