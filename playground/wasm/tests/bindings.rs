//! The class as JavaScript calls it, in Node.js: `cargo playground test`.

#![cfg(target_family = "wasm")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use azure_workload_identity_playground::bindings::JsWorkspace;
use azure_workload_identity_playground::interface::PageInput;
use js_sys::{JSON, JsString, Reflect};
use tsify::Ts;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

/// A pod whose label has no effect, behind characters that have one, two and three bytes and four bytes in UTF-8.
const POD: &str = "# \u{e9}\u{20ac}\u{1f511}\u{1f468}\u{200d}\u{1f469}\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: \
                   {\u{1f511}: \u{1f511}, azure.workload.identity/use: \"True\"}}\nspec: {containers: [{name: web, image: web}]}\n";

/// Texts that nobody means to be manifests.
fn garbage() -> Vec<JsString> {
    let mut texts: Vec<_> = [
        "",
        "\0",
        "\u{feff}",
        "---\n---\n...\n",
        "{",
        "[[[[",
        "{}",
        "null",
        "a: *b",
        "a: &a [*a, *a]",
        "%YAML 9.9\n---\n",
        "!!binary x",
        "? ? ? ?",
        "- - - - : - -",
        "\"\\ud800\"",
        "kind: Pod\napiVersion: v1\nmetadata: []\nspec: 3\n",
        "kind: List\napiVersion: v1\nitems: [{kind: List, apiVersion: v1, items: [3]}]\n",
        "{\"kind\": \"Pod\", \"apiVersion\": \"v1\", \"metadata\": {\"labels\": {\"azure.workload.identity/use\": true}}}",
    ]
    .map(JsString::from)
    .into();
    texts.push("[".repeat(100_000).into());
    texts.push("a: ".repeat(10_000).into());
    texts.push("&a x: *a\n".repeat(1000).into());
    // Half of a surrogate pair, which is no character.
    texts.push(JsString::from_char_code(&[0xd83d]));
    texts.push(JsString::from(POD).concat(&JsString::from_char_code(&[0xdd11])));
    texts
}

fn input(json: &str) -> Ts<PageInput> {
    Ts::new_unchecked(JSON::parse(json).unwrap())
}

/// An input with one manifest, and the same text in every other place.
fn everywhere(text: &JsString) -> Ts<PageInput> {
    let input = JSON::parse(r#"{"files": [{"name": "a.yaml"}], "credentials": [{"name": "a.json"}]}"#).unwrap();
    for list in ["files", "credentials"] {
        let file = Reflect::get_u32(&get(&input, list), 0).unwrap();
        Reflect::set(&file, &"text".into(), text).unwrap();
    }
    for name in ["settings", "namespace", "issuer"] {
        Reflect::set(&input, &name.into(), text).unwrap();
    }
    Ts::new_unchecked(input)
}

fn get(value: &JsValue, path: &str) -> JsValue {
    path.split('.').fold(value.clone(), |value, key| Reflect::get(&value, &key.into()).unwrap())
}

fn number(value: &JsValue, path: &str) -> u32 {
    let number = get(value, path).as_f64().unwrap();
    assert!(number.fract() == 0.0 && number >= 0.0, "{path} is {number}");
    format!("{number}").parse().unwrap()
}

fn workspace(json: &str) -> JsWorkspace {
    JsWorkspace::new(&input(json)).unwrap_or_else(|_| panic!("{json} is no input"))
}

#[wasm_bindgen_test]
fn offsets_are_those_of_strings_of_javascript() {
    let text = JSON::stringify(&POD.into()).unwrap();
    let workspace = workspace(&format!(
        r#"{{"files": [{{"name": "a.yaml", "text": {text}}}], "settings": "", "credentials": []}}"#
    ));
    let check = workspace.check().ok().unwrap().js_value();
    let text = JsString::from(POD);
    let slice = |place: &JsValue| String::from(text.slice(number(place, "offset"), number(place, "endOffset")));
    let finding = get(&check, "findings.0");
    assert_eq!(get(&finding, "rule"), "label-value");
    assert_eq!(slice(&finding), "\"True\"");
    let edit = get(&finding, "edits.0");
    assert_eq!((slice(&edit).as_str(), get(&edit, "text")), ("\"True\"", "\"true\"".into()));
    assert_eq!(get(&finding, "applicability"), "safe");
}

#[wasm_bindgen_test]
fn nothing_that_users_write_throws() {
    for text in garbage() {
        let workspace = JsWorkspace::new(&everywhere(&text)).ok().unwrap();
        assert!(workspace.check().is_ok());
        assert!(workspace.answers().is_ok());
        assert!(workspace.previews().is_ok());
        assert!(workspace.chains().is_ok());
    }
}

#[wasm_bindgen_test]
fn problems_with_settings_have_their_line_and_the_defaults_count() {
    let text = JSON::stringify(&POD.into()).unwrap();
    let settings = r#""inject: {}\nrules: {label-value: never}\ncolour: red\n""#;
    let workspace = workspace(&format!(
        r#"{{"files": [{{"name": "a.yaml", "text": {text}}}], "settings": {settings}, "credentials": []}}"#
    ));
    let check = workspace.check().ok().unwrap().js_value();
    let errors = js_sys::Array::from(&get(&check, "errors"));
    let lines: Vec<_> = errors.iter().map(|it| (get(&it, "file"), number(&it, "line"))).collect();
    assert_eq!(lines, [("settings".into(), 3), ("settings".into(), 2)]);
    assert_eq!(get(&check, "findings.0.severity"), "deny");
    assert_eq!(get(&workspace.previews().ok().unwrap().js_value(), "injects"), false);
}

#[wasm_bindgen_test]
fn what_is_absent_is_undefined() {
    let text =
        "kind: ServiceAccount\\napiVersion: v1\\nmetadata: {annotations: {azure.workload.identity/client-id: web}}\\n";
    let files = format!(r#"[{{"name": "a.yaml", "text": "{text}"}}]"#);
    let workspace =
        workspace(&format!(r#"{{"files": {files}, "settings": "", "namespace": null, "credentials": []}}"#));
    let finding = get(&workspace.check().ok().unwrap().js_value(), "findings.0");
    assert_eq!(get(&finding, "rule"), "client-id-format");
    assert!(get(&finding, "doubt").is_undefined() && get(&finding, "applicability").is_undefined());
}

#[wasm_bindgen_test]
fn an_input_of_another_form_throws_an_error_that_says_so() {
    for json in ["3", "{}", r#"{"files": 3, "settings": "", "credentials": []}"#] {
        let Err(error) = JsWorkspace::new(&input(json)) else { panic!("{json} is an input") };
        let error: js_sys::Error = JsValue::from(error).unchecked_into();
        assert!(String::from(error.message()).contains("Input"), "{}", error.message());
    }
}
