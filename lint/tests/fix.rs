//! Corrections of whole texts: any mistakes in any style.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod styles;
}

use azure_workload_identity_lint::fix::{Fixed, fix};
use azure_workload_identity_lint::report::Diagnostic;
use azure_workload_identity_lint::{File, OneThread, Options, check, yaml};
use azure_workload_identity_policy::json::Document;
use common::styles::{Random, Style, comments, render};
use serde_json::{Value as Model, json};

/// How many texts are corrected. `FIXES` sets it.
fn count() -> u64 {
    std::env::var("FIXES").ok().and_then(|count| count.parse().ok()).unwrap_or(500)
}

fn checked(text: &str) -> Vec<Diagnostic> {
    let report = check(&[File::read("a.yaml", text.as_bytes().to_vec())], &Options::new(Vec::new(), &[]), &OneThread);
    assert!(report.errors.is_empty(), "{:?}\n{text}", report.errors);
    report.findings
}

fn fixed(text: &str) -> Fixed {
    fix(text, checked)
}

fn read(text: &str) -> Vec<Model> {
    yaml::documents(text, false).map(|document| serde_json::from_str(&document.unwrap().json).unwrap()).collect()
}

/// A service account and a Deployment without mistakes.
fn objects() -> [Model; 2] {
    let container = |name: &str| json!({"name": name, "image": "web:1", "env": [{"name": "LEVEL", "value": "debug"}]});
    [
        json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": "api",
                "annotations": {
                    "azure.workload.identity/client-id": "97335aad-fb4e-4a1f-b5bc-3463ea695687",
                    "note": "made by the platform team for the shop",
                },
            },
        }),
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {
                        "labels": {"app": "web", "azure.workload.identity/use": "true"},
                        "annotations": {
                            "azure.workload.identity/service-account-token-expiration": "3600",
                            "azure.workload.identity/skip-containers": "log;proxy",
                        },
                    },
                    "spec": {
                        "serviceAccountName": "api",
                        "containers": [container("web"), container("log"), container("proxy")],
                    },
                },
            },
        }),
    ]
}

/// Puts a mistake into the objects.
fn spoil(objects: &mut [Model; 2], mistake: usize) {
    let [account, deployment] = objects;
    let members = |object: &mut Model, pointer: &str| std::mem::take(object.pointer_mut(pointer).unwrap());
    let set = |object: &mut Model, pointer: &str, key: &str, value: Option<Model>| {
        let mut holder = members(object, pointer);
        match value {
            Some(value) => holder.as_object_mut().unwrap().insert(key.to_owned(), value),
            None => holder.as_object_mut().unwrap().remove(key),
        };
        *object.pointer_mut(pointer).unwrap() = holder;
    };
    let labels = "/spec/template/metadata/labels";
    let annotations = "/spec/template/metadata/annotations";
    let key = |name: &str| format!("azure.workload.identity/{name}");
    match mistake {
        0 => set(deployment, labels, &key("use"), Some(json!("True"))),
        1 => set(deployment, labels, &key("use"), Some(json!(true))),
        2 => {
            set(deployment, labels, &key("use"), None);
            set(deployment, "/metadata/labels", &key("use"), Some(json!("true")));
        }
        3 => set(deployment, annotations, &key("service-account-token-expiration"), Some(json!(3600))),
        4 => {
            set(deployment, annotations, &key("service-account-token-expiration"), None);
            set(deployment, annotations, &key("service_account_token_expiration"), Some(json!("3600")));
        }
        5 => set(deployment, annotations, &key("skip-containers"), Some(json!("log,proxy"))),
        6 => {
            set(account, "/metadata/annotations", &key("client-id"), None);
            let id = json!("97335aad-fb4e-4a1f-b5bc-3463ea695687");
            set(account, "/metadata/annotations", &key("clientId"), Some(id));
        }
        7 | 8 => {
            let env = deployment.pointer_mut(&format!("/spec/template/spec/containers/{}/env", mistake - 7)).unwrap();
            let host = json!({"name": "AZURE_AUTHORITY_HOST", "value": "https://login.example.com/"});
            let field = "metadata.annotations['azure.workload.identity/client-id']";
            let id = json!({"name": "ID", "valueFrom": {"fieldRef": {"fieldPath": field}}});
            env.as_array_mut().unwrap().extend([host, id]);
        }
        _ => {}
    }
}

#[test]
fn mistakes_are_corrected_and_nothing_else_changes() {
    let mut corrected = 0;
    for seed in 0..count() {
        let mut random = Random(seed);
        let mut spoilt = objects();
        // One of the three about the label, and any of the others.
        spoil(&mut spoilt, random.below(5));
        for mistake in [4, 5, 6, 7, 8].into_iter().filter(|_| random.below(2) == 0).collect::<Vec<_>>() {
            spoil(&mut spoilt, mistake);
        }
        let style = Style { aliases: false, before: "", behind: "", ..Style::of_seed(seed) };
        let [first, second] = spoilt.map(|object| {
            let text = object.to_string();
            let cut = Style { is_cut: false, ..style };
            let document = Document::parse(text.as_bytes()).unwrap();
            [render(document.root(), cut), render(document.root(), style)]
        });
        let text = [first.first().unwrap().as_str(), "---", style.newline, second.last().unwrap()].concat();
        assert_eq!(read(&text).len(), 2, "{text}");

        let result = fixed(&text);
        let context = || format!("seed {seed}\n{text}\nis\n{}\n{:#?}", result.text, result.left);
        assert_eq!(read(&result.text), objects(), "{}", context());
        // Both documents count their comments from 1.
        assert_eq!(comments(&result.text), comments(&text), "{}", context());
        assert!(result.left.iter().all(|diagnostic| diagnostic.edits.is_none()), "{}", context());
        assert!(!result.done.is_empty(), "{}", context());
        let again = fixed(&result.text);
        assert_eq!(again.text, result.text, "{}", context());
        assert!(again.done.is_empty(), "{}", context());
        corrected += result.done.len();
    }
    println!("{corrected} findings in {} texts were corrected", count());
}

#[test]
fn json_is_corrected_too() {
    for mistake in 0..9 {
        let mut spoilt = objects();
        spoil(&mut spoilt, mistake);
        let list = |objects: &[Model; 2]| json!({"apiVersion": "v1", "kind": "List", "items": objects});
        let text = serde_json::to_string_pretty(&list(&spoilt)).unwrap();
        let result = fixed(&text);
        assert_eq!(serde_json::from_str::<Model>(&result.text).unwrap(), list(&objects()), "{text}");
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&result.text), lines(&serde_json::to_string_pretty(&list(&objects())).unwrap()), "{result:?}");
    }
}

#[test]
fn corrections_that_matter_to_each_other_are_made_one_after_the_other() {
    let text = "apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {azure.workload.identity/use: yes}
  annotations:
    azure.workload.identity/service_account_token_expiration: 3600 # an hour
    azure.workload.identity/serviceAccountTokenExpiration: \"7200\"
spec:
  serviceAccountName: api
  containers:
  - name: web
    image: web
    env:
    - name: AZURE_AUTHORITY_HOST # ours
      value: https://login.example.com/
    - name: AZURE_FEDERATED_TOKEN_FILE
      value: /token
  # the end
";
    let result = fixed(text);
    let expected = "apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {azure.workload.identity/use: \"true\"}
  annotations:
    azure.workload.identity/service-account-token-expiration: \"3600\" # an hour
    azure.workload.identity/serviceAccountTokenExpiration: \"7200\"
spec:
  serviceAccountName: api
  containers:
  - name: web
    image: web
    env: []
    # ours
  # the end
";
    assert_eq!(result.text, expected, "{:#?}", result.left);
    assert_eq!(result.done.len(), 5);
    // The second key cannot have the name that the first has now.
    let misspelt = result.left.iter().filter(|diagnostic| diagnostic.rule.name() == "misspelt-key");
    assert_eq!(misspelt.count(), 1, "{:#?}", result.left);
}

#[test]
fn corrections_that_undo_each_other_come_to_an_end() {
    let contrary = |text: &str| {
        let mut found =
            checked("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {azure.workload.identity/use: yes}}\n");
        found.truncate(1);
        let edits =
            found.first_mut().and_then(|diagnostic| diagnostic.edits.as_mut()).unwrap_or_else(|| panic!("{text}"));
        edits.truncate(1);
        let edit = edits.first_mut().unwrap();
        edit.span = 3..4;
        edit.text = if text == "a: b\n" { "c".to_owned() } else { "b".to_owned() };
        found
    };
    let result = fix("a: b\n", contrary);
    assert_eq!(result.text, "a: c\n");
    assert_eq!(result.left.len(), 1);
}
