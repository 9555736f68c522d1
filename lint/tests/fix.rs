//! Corrections of whole texts: any mistakes in any style.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../../manifests/tests/common"]
mod common {
    pub(crate) mod styles;
}

use azure_workload_identity_lint::fix::fix;
use azure_workload_identity_lint::report::{Diagnostic, Report};
use azure_workload_identity_lint::{File, OneThread, Options, check, yaml};
use azure_workload_identity_policy::finding::Applicability;
use azure_workload_identity_policy::json::Document;
use common::styles::{Random, Style, comments, render};
use serde_json::{Value as Model, json};

/// How many texts are corrected. `FIXES` sets it.
fn count() -> u64 {
    std::env::var("FIXES").ok().and_then(|count| count.parse().ok()).unwrap_or(500)
}

fn checked(files: &[File]) -> Report {
    let report = check(files, &Options::new(Vec::new(), &[]), &OneThread);
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    report
}

/// A text after corrections.
#[derive(Debug)]
struct Fixed {
    text: String,
    done: Vec<Diagnostic>,
    left: Vec<Diagnostic>,
    /// How often it was checked.
    checks: usize,
}

impl Fixed {
    /// What was done, as it is said.
    fn said(&self) -> Vec<String> {
        let said = |it: &Diagnostic| format!("{}: {}", it.rule, it.correction.as_ref().unwrap().done);
        self.done.iter().map(said).collect()
    }
}

fn fixed_up_to(up_to: Applicability, text: &str) -> Fixed {
    let mut files = [File::read("a.yaml", text.as_bytes().to_vec())];
    let mut checks = 0;
    let fixed = fix(&mut files, up_to, |files| {
        checks += 1;
        checked(files)
    });
    Fixed { text: files[0].source.text.to_string(), done: fixed.done, left: fixed.left.findings, checks }
}

/// With suggestions.
fn fixed(text: &str) -> Fixed {
    fixed_up_to(Applicability::Suggestion, text)
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
            let id = json!({"name": "AZURE_CLIENT_ID", "valueFrom": {"fieldRef": {"fieldPath": field}}});
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
        assert!(result.left.iter().all(|diagnostic| diagnostic.correction.is_none()), "{}", context());
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
    let contrary = |files: &[File]| {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {azure.workload.identity/use: yes}}\n";
        let mut report = checked(&[File::read("a.yaml", pod.as_bytes().to_vec())]);
        report.findings.truncate(1);
        let finding = report.findings.first_mut().unwrap();
        finding.place.source = files[0].source.clone();
        let edits = &mut finding.correction.as_mut().unwrap().edits;
        edits.truncate(1);
        let edit = edits.first_mut().unwrap();
        edit.place.span = 3..4;
        edit.text = if &*files[0].source.text == "a: b\n" { "c".to_owned() } else { "b".to_owned() };
        report
    };
    let mut files = [File::read("a.yaml", b"a: b\n".to_vec())];
    let result = fix(&mut files, Applicability::Safe, contrary);
    assert_eq!(&*files[0].source.text, "a: c\n");
    assert_eq!(result.left.findings.len(), 1);
}

#[test]
fn corrections_that_make_what_they_correct_come_to_an_end() {
    let mut checks = 0;
    let growing = |files: &[File]| {
        checks += 1;
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {azure.workload.identity/use: yes}}\n";
        let mut report = checked(&[File::read("a.yaml", pod.as_bytes().to_vec())]);
        report.findings.truncate(1);
        let finding = report.findings.first_mut().unwrap();
        finding.place.source = files[0].source.clone();
        let edit = finding.correction.as_mut().unwrap().edits.first_mut().unwrap();
        edit.place.span = 0..0;
        edit.text = "#\n".to_owned();
        report
    };
    let mut files = [File::read("a.yaml", b"a: b\n".to_vec())];
    fix(&mut files, Applicability::Safe, growing);
    assert_eq!(checks, 6);
}

const ACCOUNT: &str = "apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
  annotations:
    azure.workload.identity/client-id: af24dd77-7139-46c4-ad25-4de40f9840e0
---
";

/// A Deployment in which the text stands for `HERE`, between its pod template's labels and its containers' variables.
fn deployment(labels: &str, env: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  selector:
    matchLabels: {{app: web}}
  template:
    metadata:
      labels:
        app: web
        {labels}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: registry.example/web:1
        env:
        {env}
"
    )
}

/// For each: what it is about, the label, the variables, what is said to be done, and whether that takes suggestions.
const APPLICABILITY: &[(&str, &str, &str, &str, Applicability)] = &[
    (
        "a label in another case",
        "USE: 'True'",
        "- {name: A, value: b}",
        "label-value: 'True' -> 'true'",
        Applicability::Safe,
    ),
    ("a boolean label", "USE: yes", "- {name: A, value: b}", "wrong-type: yes -> \"true\"", Applicability::Safe),
    ("a country", "country: no", "- {name: A, value: b}", "wrong-type: no -> \"no\"", Applicability::Safe),
    ("a letter", "release: n", "- {name: A, value: b}", "wrong-type: n -> \"n\"", Applicability::Safe),
    ("an octal number", "mode: 0777", "- {name: A, value: b}", "wrong-type: 0777 -> \"0777\"", Applicability::Safe),
    ("a float", "build: 1e3", "- {name: A, value: b}", "wrong-type: 1e3 -> \"1e3\"", Applicability::Safe),
    (
        "a separator of a key",
        "azure_workload_identity/use: \"true\"",
        "- {name: A, value: b}",
        "misspelt-key: azure_workload_identity/use -> azure.workload.identity/use",
        Applicability::Safe,
    ),
    (
        "a letter of a key",
        "azure.workload.identitty/use: \"true\"",
        "- {name: A, value: b}",
        "misspelt-key: azure.workload.identitty/use -> azure.workload.identity/use",
        Applicability::Suggestion,
    ),
    (
        "an authority of no cloud",
        "USE: \"true\"",
        "- {name: AZURE_AUTHORITY_HOST, value: \"https://login.other.example/\"}",
        "endpoint-override: removed AZURE_AUTHORITY_HOST",
        Applicability::Safe,
    ),
    (
        "an authority from a ConfigMap",
        "USE: \"true\"",
        "- {name: AZURE_AUTHORITY_HOST, valueFrom: {configMapKeyRef: {name: a, key: b}}}",
        "endpoint-override: removed AZURE_AUTHORITY_HOST",
        Applicability::Suggestion,
    ),
    (
        "an authority that is filled in later",
        "USE: \"true\"",
        "- {name: AZURE_AUTHORITY_HOST, value: \"${AUTHORITY}\"}",
        "endpoint-override: removed AZURE_AUTHORITY_HOST",
        Applicability::Suggestion,
    ),
    (
        "an authority that another variable refers to",
        "USE: \"true\"",
        "- {name: AZURE_AUTHORITY_HOST, value: \"https://login.other.example/\"}\n        - {name: URL, value: \"$(AZURE_AUTHORITY_HOST)x\"}",
        "endpoint-override: removed AZURE_AUTHORITY_HOST",
        Applicability::Suggestion,
    ),
    (
        "a variable that injection does not set",
        "USE: \"true\"",
        "- {name: AZURE_KUBERNETES_TOKEN_PROXY, value: \"https://proxy.example\"}",
        "endpoint-override: removed AZURE_KUBERNETES_TOKEN_PROXY",
        Applicability::Suggestion,
    ),
    (
        "a path that the image may have",
        "USE: \"true\"",
        "- {name: AZURE_FEDERATED_TOKEN_FILE, value: /token}",
        "endpoint-override: removed AZURE_FEDERATED_TOKEN_FILE",
        Applicability::Suggestion,
    ),
    (
        "a relative path",
        "USE: \"true\"",
        "- {name: AZURE_FEDERATED_TOKEN_FILE, value: token}",
        "endpoint-override: removed AZURE_FEDERATED_TOKEN_FILE",
        Applicability::Safe,
    ),
    (
        "another client",
        "USE: \"true\"",
        "- {name: AZURE_CLIENT_ID, value: e22c1dec-8bf7-4bef-ae61-3166d0af40e4}",
        "client-override: removed AZURE_CLIENT_ID",
        Applicability::Suggestion,
    ),
    (
        "a client from a Secret",
        "USE: \"true\"",
        "- {name: AZURE_CLIENT_ID, valueFrom: {secretKeyRef: {name: a, key: b}}}",
        "client-override: removed AZURE_CLIENT_ID",
        Applicability::Suggestion,
    ),
    (
        "a field in a variable that injection sets",
        "USE: \"true\"",
        "- {name: AZURE_CLIENT_ID, valueFrom: {fieldRef: {fieldPath: \"metadata.annotations['azure.workload.identity/client-id']\"}}}",
        "field-ref: removed AZURE_CLIENT_ID",
        Applicability::Safe,
    ),
];

#[test]
fn only_what_is_safe_is_corrected_unasked() {
    for (about, label, env, said, applicability) in APPLICABILITY {
        let label = label.replace("USE", "azure.workload.identity/use");
        let text = [ACCOUNT, &deployment(&label, env)].concat();
        let (safe, all) = (fixed_up_to(Applicability::Safe, &text), fixed(&text));
        assert_eq!(all.said().first().map(String::as_str), Some(*said), "{about}: {:#?}", all.left);
        if *applicability == Applicability::Safe {
            assert_eq!(safe.said().first().map(String::as_str), Some(*said), "{about}: {:#?}", safe.left);
        } else {
            assert_eq!((safe.said(), safe.text), (Vec::new(), text), "{about}");
        }
    }
}

#[test]
fn a_label_that_the_selector_names_is_changed_only_if_asked() {
    let selector = "{app: web, azure.workload.identity/use: \"True\"}";
    let text =
        deployment("azure.workload.identity/use: \"True\"", "- {name: A, value: b}").replace("{app: web}", selector);
    assert_eq!(fixed_up_to(Applicability::Safe, &text).text, text);
    assert!(fixed(&text).said().contains(&"label-value: \"True\" -> \"true\"".to_owned()));
}

#[test]
fn of_two_keys_that_mean_the_same_none_is_chosen_unasked() {
    let annotations = "annotations:
      azure.workload.identity/service_account_token_expiration: \"3600\"
      azure.workload.identity/serviceAccountTokenExpiration: \"7200\"
";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n    name: a\n    ";
    let text = [pod, annotations, "spec: {containers: [{name: a, image: a}]}\n"].concat();
    assert_eq!(fixed_up_to(Applicability::Safe, &text).text, text);
    assert_eq!(fixed(&text).done.len(), 1);
}

#[test]
fn what_moves_is_said_to_be_moved() {
    let text = deployment("tier: web", "- {name: A, value: b}").replacen(
        "  name: web\n",
        "  name: web\n  labels:\n    azure.workload.identity/use: \"true\"\n",
        1,
    );
    let result = fixed_up_to(Applicability::Safe, &[ACCOUNT, &text].concat());
    let path = "spec.template.metadata.labels[\"azure.workload.identity/use\"]";
    assert_eq!(result.said(), [format!("label-placement: moved to {path}")]);
    let expected = deployment("tier: web\n        azure.workload.identity/use: \"true\"", "- {name: A, value: b}");
    assert_eq!(result.text, [ACCOUNT, &expected].concat());
}

#[test]
fn what_is_left_empty_is_removed_if_the_text_means_the_same() {
    let host = "- {name: AZURE_AUTHORITY_HOST, value: \"https://login.other.example/\"}";
    let text = deployment("azure.workload.identity/use: \"true\"", host);
    let expected = text.replace(&format!("        env:\n        {host}\n"), "");
    assert_eq!(fixed(&text).text, expected);
    // Without the key, the variables of the merged mapping would count.
    let merged = "apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a, labels: {azure.workload.identity/use: \"true\"}}
  spec:
    serviceAccountName: web
    containers:
    - &base {name: a, image: a, env: [{name: A, value: b}]}
    - <<: *base
      name: b
      env:
      - {name: AZURE_AUTHORITY_HOST, value: \"https://login.other.example/\"}
";
    let result = fixed(merged);
    assert!(result.text.ends_with("      name: b\n      env: []\n"), "{}", result.text);
    let json = json!([{"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "a", "annotations": {"azure.workload.identity/use": "true"}},
        "spec": {"serviceAccountName": "web", "containers": [{"name": "a", "image": "a"}]}}]);
    let json = json!({"apiVersion": "v1", "kind": "List", "items": json}).to_string();
    let metadata = serde_json::from_str::<Model>(&fixed(&json).text).unwrap()["items"][0]["metadata"].clone();
    assert_eq!(metadata, json!({"name": "a", "labels": {"azure.workload.identity/use": "true"}}));
}

#[test]
fn a_mistake_is_not_copied_to_where_an_alias_was() {
    let text = "apiVersion: v1
kind: Pod
metadata:
  name: a
  labels: &l
    app: x
    azure.workload.identity/use: \"TRUE\"
  annotations:
    <<: *l
    note: y
spec:
  containers: [{name: a, image: a}]
";
    let result = fixed(text);
    assert_eq!(result.text.matches("\"TRUE\"").count(), 1, "{}", result.text);
    // An alias of a value is replaced by the corrected value.
    let text = deployment("tier: &no no\n        other: *no", "- {name: A, value: b}");
    let expected = deployment("tier: &no \"no\"\n        other: \"no\"", "- {name: A, value: b}");
    let result = fixed(&text);
    assert_eq!(read(&result.text), read(&expected), "{}", result.text);
}

#[test]
fn independent_objects_are_corrected_at_once() {
    let host = "- name: AZURE_AUTHORITY_HOST\n          value: https://login.other.example/";
    let one =
        deployment("azure.workload.identity/use: \"true\"", &format!("- name: A\n          value: b\n        {host}"));
    let documents = [ACCOUNT.to_owned(), vec![one.clone(); 150].join("---\n")].concat();
    let item = one.replace('\n', "\n  ");
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{}", format!("- {}\n", item.trim_end()).repeat(150));
    let json: Vec<Model> = read(&list);
    let json = serde_json::to_string_pretty(&json[0]).unwrap();
    for text in [documents, list, json] {
        let result = fixed_up_to(Applicability::Safe, &text);
        assert_eq!(result.text.matches("login.other.example").count(), 0, "{}", result.text);
        assert_eq!((result.done.len(), result.checks), (150, 2));
    }
}
