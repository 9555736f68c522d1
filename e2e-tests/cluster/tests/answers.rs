//! The answers that the library gives for files are what a real kubectl prints: `lint/tests/answers` holds the runs.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::{fs, path::Path};

use azure_workload_identity_lint::{
    File, Options,
    answers::{Answer, answers},
    settings::{SettingsText, with_all},
    source::Source,
};
use cluster_tests::{manifests::Manifests, server::Program};
use common::*;
use serde_json::json;

/// The runs of a file, each with what it is about, and their settings.
fn runs(text: &str) -> (Vec<(&str, &str)>, &str) {
    let runs = text.split("### ").skip(1).map(|part| part.split_once('\n').unwrap());
    let (settings, runs): (Vec<_>, Vec<_>) = runs.partition(|(title, _)| *title == "settings");
    (runs, settings.first().map_or("", |(_, settings)| settings))
}

/// The recipe for these settings. Its guard requires nothing, since the cluster has no webhook that injects next to it.
fn scenario(program: &Program, settings: &str) -> Scenario {
    let mut scenario = Scenario::with(program, |cluster| {
        if settings.contains("inject") {
            return Manifests::of_recipe(cluster, "replace-webhook").unwrap();
        }
        with_federated_credentials(cluster).map_policies(|mut policy| {
            policy.spec.settings.remove("guard");
            policy
        })
    });
    // The schema has what matters of that of Azure Service Operator.
    let text = json!({"type": "string"});
    let spec = json!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
        "properties": {"issuer": text, "subject": text, "audiences": {"type": "array", "items": text}},
    });
    let schema = json!({"type": "object", "properties": {"spec": spec}});
    let names = json!({"kind": "FederatedIdentityCredential", "plural": "federatedidentitycredentials"});
    let version = json!({
        "name": "v1api20230131", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema},
    });
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "federatedidentitycredentials.managedidentity.azure.com"},
        "spec": {"group": "managedidentity.azure.com", "names": names, "scope": "Namespaced", "versions": [version]},
    });
    scenario.cluster.apply(&[definition]).unwrap();
    let crd = "customresourcedefinition/federatedidentitycredentials.managedidentity.azure.com";
    assert_done(&scenario.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", crd], ""));
    scenario
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

#[test]
fn kubectl_prints_the_answers() {
    let program = &programs()[0];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lint/tests/answers");
    let (mut count, mut differences) = (0, Vec::new());
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let text = fs::read_to_string(&path).unwrap();
        let (runs, settings) = runs(&text);
        let scenario = scenario(program, settings);
        let file = scenario.cluster.directory().join("web.yaml");
        let name = file.to_str().unwrap();
        for (title, text) in runs {
            let namespace = new_namespace(&scenario.cluster);
            fs::write(&file, text).unwrap();
            let applied = scenario.cluster.kubectl(&["apply", "-f", name, "-n", &namespace], "").unwrap();
            // Newer versions of Kubewarden call their webhooks otherwise than the host of these tests.
            let actual = (applied.stdout, applied.stderr.replace("\"clusterwide-", "\"kw.cap."));
            let expected = printed(&expected(name, text, settings, &namespace));
            if actual != expected {
                differences.push(format!("{title}:\n{actual:#?}\nexpected {expected:#?}"));
            }
            count += 1;
        }
    }
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(count > 70, "{count}");
}
