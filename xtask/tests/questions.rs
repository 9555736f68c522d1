//! The form for Rancher, against the settings' schema and the policy's own reader.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::sync::LazyLock;

use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::settings::Settings;
use serde_json::{Map, Value, json};

const FORM: &str = include_str!("../../policy-metadata/questions-ui.yml");
const SCHEMA: &str = include_str!("../../docs/settings.schema.json");

/// Settings that are not asked for, and why. Who needs them edits the YAML.
const NOT_ASKED: [(&str, &str); 5] = [
    ("inject.proxy.resources", "maps of quantities"),
    ("inject.identityBinding.annotationSuffix", "AKS's own is right everywhere but in tests of upstream"),
    ("inject.identityBinding.audience", "AKS's own is right everywhere but in tests of upstream"),
    ("inject.identityBinding.ca.clusterTrustBundle", "a label selector"),
    ("inject.identityBinding.ca.data", "text of many lines"),
];

/// Questions without the default that their setting has, and why. What has a default is in the settings without being answered.
const WITHOUT_DEFAULT: [(&str, &str); 3] = [
    ("inject.optIn", "its presence turns injection on"),
    ("inject.azureEnvironment", "it excludes the authority host"),
    ("rules.*", "a severity goes before the preset"),
];

/// Answers that are more than a choice.
fn sample(variable: &str) -> Value {
    const GUID: &str = "11111111-2222-3333-4444-555555555555";
    match variable {
        "inject.tenantId" => json!(GUID),
        "inject.authorityHost" => json!("https://login.stack.example.com/"),
        "inject.audience" => json!("api://AzureADTokenExchangeUSGov"),
        "inject.proxy.image" | "inject.proxy.initImage" => json!("registry.example.com/proxy:v1.6.1"),
        "inject.identityBinding.tokenProxy" => json!("https://kubernetes.default.svc"),
        "inject.identityBinding.sniName" => json!("binding.example.com"),
        "inject.identityBinding.ca.configMap" => json!("kube-root-ca.crt"),
        "guard.layouts" => json!(["v1.6.1", "v1.5"]),
        "issuer" => json!("https://westeurope.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555/0f/"),
        "exemptions.namespaces" => json!(["kube-system", "build-*"]),
        "exemptions.serviceAccounts" => json!(["ci/runner"]),
        "identities" => json!([{"clientId": GUID, "serviceAccounts": ["payments/api"]}]),
        "workloads" => {
            json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "podTemplate": "/spec/template"}])
        }
        other => panic!("{other} has no sample"),
    }
}

fn form() -> &'static [Value] {
    static QUESTIONS: LazyLock<Value> = LazyLock::new(|| yaml_serde::from_str(FORM).unwrap());
    QUESTIONS["questions"].as_array().unwrap()
}

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

/// What the schema says of a setting: of its place, and of its type.
fn setting(root: &Value, path: &str) -> Option<Value> {
    path.split('.').try_fold(root.clone(), |object, key| Some(resolve(root, object["properties"].get(key)?)))
}

fn resolve(root: &Value, place: &Value) -> Value {
    let mut whole = match place.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap().clone(),
        None => place.clone(),
    };
    for (key, value) in place.as_object().unwrap() {
        whole[key] = value.clone();
    }
    whole
}

/// The values that a setting can have, where they are few.
fn choices(setting: &Value) -> Option<Vec<Value>> {
    if let Some(variants) = setting["oneOf"].as_array() {
        return Some(variants.iter().map(|variant| variant["const"].clone()).collect());
    }
    setting["enum"].as_array().or(setting["examples"].as_array()).cloned()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key}: {value}"))
}

/// The form as Rancher treats it: what is shown gets its answer, or else its default; then what is empty is dropped.
fn settings_of(answers: &[(&str, Value)]) -> Value {
    let mut settings = json!({});
    // What is shown depends on answers that come later, too.
    for _ in 0..2 {
        for question in form() {
            if !is_shown(question, &settings) {
                continue;
            }
            let variable = text(question, "variable");
            let answer = answers.iter().find(|(answered, _)| *answered == variable).map(|(_, answer)| answer);
            let is_sequence = question["type"] == "sequence[";
            if let Some(value) = answer.or_else(|| question.get("default").filter(|_| !is_sequence)) {
                set(&mut settings, variable, value.clone());
            }
        }
    }
    drop_empty(&mut settings);
    settings
}

fn is_shown(question: &Value, settings: &Value) -> bool {
    let Some(condition) = question.get("show_if").and_then(Value::as_str) else { return true };
    condition.split("||").any(|condition| {
        let (variable, value) = condition.split_once('=').unwrap();
        get(settings, variable) == Some(&json!(value))
    })
}

fn get<'v>(settings: &'v Value, variable: &str) -> Option<&'v Value> {
    variable.split('.').try_fold(settings, |value, key| value.get(key))
}

fn set(settings: &mut Value, variable: &str, value: Value) {
    *variable.split('.').fold(settings, |value, key| &mut value[key]) = value;
}

fn drop_empty(value: &mut Value) {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !is_empty(member));
            members.values_mut().for_each(drop_empty);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_empty),
        _ => {}
    }
}

/// What the policy makes of settings.
fn read(settings: &Value) -> String {
    let text = settings.to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    match Settings::read(document.root()) {
        Ok(settings) => format!("{settings:?}"),
        Err(problems) => panic!("{settings}: {problems:?}"),
    }
}

#[test]
fn a_question_is_about_a_setting_and_fits_its_type() {
    let root = schema();
    for question in form() {
        let variable = text(question, "variable");
        check_type(&root, variable, question, &setting(&root, variable).expect(variable));
    }
}

fn check_type(root: &Value, variable: &str, question: &Value, setting: &Value) {
    let options = question.get("options").and_then(Value::as_array).cloned();
    assert_eq!(options, choices(setting), "{variable}");
    match text(question, "type") {
        "enum" => assert!(options.is_some_and(|options| options.len() > 1), "{variable}"),
        kind @ ("string" | "boolean") => assert_eq!(setting["type"], kind, "{variable}"),
        "array[" => {
            let elements = resolve(root, &setting["items"]);
            assert!(elements["type"] == "string" || choices(&elements).is_some(), "{variable}");
        }
        "sequence[" => {
            let elements = resolve(root, &setting["items"]);
            let questions = question["sequence_questions"].as_array().unwrap();
            let mut asked: Vec<&str> = questions.iter().map(|question| text(question, "variable")).collect();
            asked.sort_unstable();
            let members = elements["properties"].as_object().unwrap();
            assert_eq!(asked, members.keys().collect::<Vec<_>>(), "{variable}");
            for question in questions {
                let member = text(question, "variable");
                check_type(root, member, question, &resolve(root, &members[member]));
                let is_required = elements["required"].as_array().unwrap().contains(&json!(member));
                assert_eq!(question["required"], is_required, "{variable}[].{member}");
            }
        }
        other => panic!("{variable}: type {other}"),
    }
}

#[test]
fn a_default_is_that_of_the_setting() {
    let root = schema();
    for question in form().iter().filter(|question| question["type"] != "sequence[") {
        let variable = text(question, "variable");
        let default = setting(&root, variable).unwrap().get("default").cloned();
        let is_exempt = WITHOUT_DEFAULT.iter().any(|(exempt, _)| match exempt.strip_suffix('*') {
            Some(prefix) => variable.starts_with(prefix),
            None => variable == *exempt,
        });
        if is_exempt {
            assert!(default.is_some() && question.get("default").is_none(), "{variable} is no exception");
        } else {
            assert_eq!(question.get("default").cloned(), default, "{variable}");
        }
    }
}

#[test]
fn every_setting_is_asked_for_or_listed() {
    let root = schema();
    let form = form();
    let asked: Vec<&str> = form.iter().map(|question| text(question, "variable")).collect();
    for (variable, _) in NOT_ASKED {
        assert!(!asked.contains(&variable) && setting(&root, variable).is_some(), "{variable}");
    }
    let mut ways = vec![String::new()];
    while let Some(way) = ways.pop() {
        let is_listed = asked.contains(&&*way) || NOT_ASKED.iter().any(|(variable, _)| *variable == way);
        if is_listed {
            continue;
        }
        let object = if way.is_empty() { root.clone() } else { setting(&root, &way).unwrap() };
        let members = object["properties"].as_object().unwrap_or_else(|| panic!("nobody asks for {way}"));
        ways.extend(members.keys().map(|key| if way.is_empty() { key.clone() } else { format!("{way}.{key}") }));
    }
}

#[test]
fn a_form_that_nobody_touches_means_no_settings() {
    let settings = settings_of(&[]);

    assert_eq!(settings, json!({"preset": "recommended"}));
    assert_eq!(read(&settings), read(&json!({})));
}

#[test]
fn a_form_that_only_turns_injection_on_injects_with_the_defaults() {
    let settings = settings_of(&[("inject.optIn", json!("label"))]);

    assert_eq!(settings["inject"]["layout"], "v1.6.1", "defaults are shown: {settings}");
    assert_eq!(read(&settings), read(&json!({"inject": {}})));
}

#[test]
fn each_answer_alone_gives_settings_that_the_policy_takes() {
    for question in form() {
        let variable = text(question, "variable");
        let answers = match text(question, "type") {
            "enum" => question["options"].as_array().unwrap().clone(),
            "boolean" => vec![json!(true), json!(false)],
            _ => vec![sample(variable)],
        };
        for answer in answers {
            let mut given = vec![(variable, answer.clone())];
            if question.get("show_if").is_some() {
                given.push(("inject.optIn", json!("label")));
            }
            let settings = settings_of(&given);
            assert_eq!(get(&settings, variable), Some(&answer), "{settings}");
            read(&settings);
        }
    }
}

#[test]
fn all_answers_together_give_settings_that_the_policy_takes() {
    let form = form();
    // The two that exclude each other: the later is left out.
    let variables = form.iter().filter(|question| question["variable"] != "inject.authorityHost");
    let answers: Vec<(&str, Value)> = variables
        .map(|question| match (text(question, "variable"), text(question, "type")) {
            (variable, "enum") => (variable, question["options"][1].clone()),
            (variable, "boolean") => (variable, json!(false)),
            (variable, _) => (variable, sample(variable)),
        })
        .collect();
    let settings = settings_of(&answers);

    read(&settings);
    let expected = answers.iter().fold(Value::Object(Map::new()), |mut settings, (variable, answer)| {
        set(&mut settings, variable, answer.clone());
        settings
    });
    assert_eq!(settings, expected);
}

/// Rancher's back end and many other readers take YAML 1.1, in which a bare `off` is a boolean.
#[test]
fn names_that_yaml_1_1_takes_for_booleans_are_quoted() {
    let scalars = FORM.lines().map(|line| line.trim_start().trim_start_matches("- ").rsplit(": ").next().unwrap());
    let bare: Vec<&str> = scalars.filter(|text| ["off", "on", "no", "yes", "n", "y"].contains(text)).collect();

    assert_eq!(bare, [""; 0]);
    assert!(FORM.contains("\n  - \"off\"\n"));
}
