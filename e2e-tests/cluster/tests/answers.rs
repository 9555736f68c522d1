//! The answers that the library gives for files are what a real kubectl prints: `lint/tests/answers` holds the runs.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::{collections::BTreeMap, fs, path::Path, sync::MutexGuard};

use azure_workload_identity_lint::{
    File, Options,
    answers::{Answer, answers},
    settings::{SettingsText, with_all},
    source::Source,
};
use cluster_tests::{
    control_plane::{ControlPlane, WORKSPACE},
    server::{Program, Server},
};
use common::*;
use serde_json::{Map, Value, json};

/// The runs of a file, each with what it is about, and their settings.
fn runs(text: &str) -> (Vec<(&str, &str)>, &str) {
    let runs = text.split("### ").skip(1).map(|part| part.split_once('\n').unwrap());
    let (settings, runs): (Vec<_>, Vec<_>) = runs.partition(|(title, _)| *title == "settings");
    (runs, settings.first().map_or("", |(_, settings)| settings))
}

/// A cluster with the recipe for these settings, and with the settings. Its guard requires nothing, since the cluster has no webhook that
/// injects next to it.
struct Installed {
    cluster: MutexGuard<'static, ControlPlane>,
    _server: Server,
}

fn install(program: &Program, settings: &str) -> Installed {
    let settings: Option<Map<String, Value>> = yaml_serde::from_str(settings).unwrap();
    let settings = settings.unwrap_or_default();
    let recipe = if settings.contains_key("inject") { "replace-webhook" } else { "guard-aks" };
    let mut cluster = ControlPlane::shared().unwrap();
    let manifests = with_federated_credentials(&cluster, recipe).map_policies(|mut policy| {
        policy.spec.settings.remove("guard");
        let is_for_all = |(key, _): &(&String, &Value)| *key != "inject" || policy.spec.mutating;
        let own: Vec<_> = settings.iter().filter(is_for_all).map(|(key, value)| (key.clone(), value.clone())).collect();
        policy.spec.settings.extend(own);
        policy
    });
    let server = cluster.install(&manifests, program).unwrap();
    // The schema has what matters of that of Azure Service Operator.
    let text = json!({"type": "string"});
    let members = json!({"issuer": text, "subject": text, "audiences": {"type": "array", "items": text}});
    let (group, kind) = ("managedidentity.azure.com", "FederatedIdentityCredential");
    cluster.define_kind(group, kind, &["v1api20230131"], "Namespaced", &members).unwrap();
    Installed { cluster, _server: server }
}

/// The answers of the library.
fn expected(name: &str, text: &str, settings: &str, namespace: &str) -> Vec<Answer> {
    let settings = SettingsText::find(&Source { name: "settings".into(), text: settings.into() }).unwrap();
    let answers = with_all(&settings, |settings| {
        let mut options = Options::new(settings, &[]);
        options.namespace = Some(namespace.to_owned());
        answers(&[File::read(name, text.into())], &options)
    });
    answers.unwrap()
}

/// Standard output and standard error as they are when the answers are printed: kubectl prints errors last.
fn printed(answers: &[Answer]) -> (String, String) {
    let (mut out, mut warnings, mut errors) = (String::new(), String::new(), String::new());
    for answer in answers {
        for line in answer.text.lines() {
            let to = match line {
                line if line.starts_with("Warning: ") => &mut warnings,
                _ if answer.is_allowed => &mut out,
                _ => &mut errors,
            };
            to.push_str(line);
            to.push('\n');
        }
    }
    (out, warnings + &errors)
}

/// How the output of kubectl for a text differs from the answers of the library, if it does.
fn difference(cluster: &ControlPlane, text: &str, settings: &str, namespace: &str) -> Option<String> {
    let file = cluster.directory().join("web.yaml");
    let name = file.to_str().unwrap();
    fs::write(&file, text).unwrap();
    let applied = cluster.kubectl(&["apply", "-f", name, "-n", namespace], "").unwrap();
    // Newer versions of Kubewarden name their webhooks otherwise than the host of these tests.
    let actual = (applied.stdout, applied.stderr.replace("\"clusterwide-", "\"kw.cap."));
    let expected = printed(&expected(name, text, settings, namespace));
    (actual != expected).then(|| format!("{actual:#?}\nexpected {expected:#?}"))
}

#[test]
fn kubectl_prints_the_answers() {
    let program = &programs()[0];
    let folder = Path::new(WORKSPACE).join("lint/tests/answers");
    let (mut count, mut differences) = (0, Vec::new());
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let text = fs::read_to_string(&path).unwrap();
        let (runs, settings) = runs(&text);
        let Installed { cluster, .. } = &install(program, settings);
        for (title, text) in runs {
            let namespace = new_namespace(cluster);
            let difference = difference(cluster, text, settings, &namespace);
            differences.extend(difference.map(|difference| format!("{title}: {difference}")));
            count += 1;
        }
    }
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(count > 70, "{count}");
}

/// The examples of the playground to which the cluster answers otherwise, and why.
const OTHERWISE: [(&str, &str); 5] = [
    ("service-account-missing", "the library assumes that the cluster has the service account"),
    ("identity-binding-rbac", "the library assumes that RBAC grants it"),
    ("client-id-format", "the library assumes that the service account is there, although it is rejected"),
    ("tenant-id-format", "the same"),
    ("identity-not-allowed", "the same"),
];

#[test]
fn kubectl_prints_the_answers_to_the_examples_of_the_playground() {
    let program = &programs()[0];
    let folder = Path::new(WORKSPACE).join("playground/examples");
    let mut by_settings = BTreeMap::<String, Vec<(String, String)>>::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let settings = fs::read_to_string(path.join("settings.yaml")).unwrap_or_default();
        // The other examples are objects of a consumer, whose definition this cluster does not have.
        let Ok(text) = fs::read_to_string(path.join("orders.yaml")) else { continue };
        by_settings.entry(settings).or_default().push((name, text));
    }
    let (mut count, mut differences) = (0, Vec::new());
    for (settings, examples) in by_settings {
        let Installed { cluster, .. } = &install(program, &settings);
        for (name, text) in examples {
            let namespace = new_namespace(cluster);
            let text = text.replace("namespace: shop", &format!("namespace: {namespace}"));
            let text = text.replace("serviceaccount:shop", &format!("serviceaccount:{namespace}"));
            let difference = difference(cluster, &text, &settings, &namespace);
            count += 1;
            match (difference, OTHERWISE.iter().any(|(otherwise, _)| *otherwise == name)) {
                (Some(difference), false) => differences.push(format!("{name}: {difference}")),
                (None, true) => differences.push(format!("{name}: does not differ any more")),
                _ => {}
            }
        }
    }
    assert!(differences.is_empty(), "{} of {count} are wrong:\n{}", differences.len(), differences.join("\n"));
    assert!(count > 40, "{count}");
}
