//! What kubectl prints. Each file in `answers/` holds several runs of `kubectl apply`, each below a line `### WHAT IT IS ABOUT`; below
//! `### settings` are the settings of all runs. What is printed is in `answers/snapshots`, and a test of `e2e-tests/cluster` compares it
//! with what a real kubectl prints. `INSTA_UPDATE=always cargo test -p azure-workload-identity-lint --test answers` writes it anew.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::{fs, path::Path};

use azure_workload_identity_lint::answers::{Answer, answers};
use azure_workload_identity_lint::settings::{SettingsText, with_all};
use azure_workload_identity_lint::source::Source;
use azure_workload_identity_lint::{File, Options};
use proptest::prelude::*;
use proptest::sample::Index;

fn run(text: &str, settings: &str) -> Vec<Answer> {
    let settings = SettingsText::find(&Source { name: "settings".into(), text: settings.into() }).unwrap();
    let answers = with_all(&settings, |settings| {
        let mut options = Options::new(settings, &[]);
        options.namespace = Some("shop".to_owned());
        answers(&[File::read("web.yaml", text.into())], &options)
    });
    answers.unwrap()
}

/// The files of runs, by name.
fn cases() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers");
    let paths = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let cases = paths.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    cases.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn each_run_has_the_answers_that_are_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder.join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (name, case) in cases() {
        let (mut of_policy, mut printed) = ("", String::new());
        for part in case.split("### ").skip(1) {
            let (title, text) = part.split_once('\n').unwrap();
            if title == "settings" {
                of_policy = text;
                continue;
            }
            writeln!(printed, "### {title}").unwrap();
            for answer in run(text, of_policy) {
                let line = answer.place.line;
                let mark = if answer.is_allowed { "+" } else { "-" };
                writeln!(printed, "{mark} {} ({line})\n{}", answer.object, answer.text).unwrap();
            }
        }
        settings.bind(|| insta::assert_snapshot!(name, printed));
    }
}

/// A real API server lists them in any order, so no run has several.
#[test]
fn all_values_of_the_wrong_type_in_a_custom_resource_are_listed() {
    let text = "apiVersion: managedidentity.azure.com/v1api20230131\nkind: FederatedIdentityCredential\nmetadata: {name: web}\n\
                spec: {issuer: true, subject: x, audiences: [3]}\n";
    let answers = run(text, "");
    let [answer] = answers.as_slice() else { unreachable!("{answers:?}") };
    let lines = [
        "The FederatedIdentityCredential \"web\" is invalid: ",
        "* spec.audiences[0]: Invalid value: \"integer\": spec.audiences[0] in body must be of type string: \"integer\"",
        "* spec.issuer: Invalid value: \"boolean\": spec.issuer in body must be of type string: \"boolean\"",
    ];
    assert_eq!(answer.text, lines.join("\n"));
}

proptest! {
    #[test]
    fn damaged_input_is_no_panic(case in any::<Index>(), start in any::<Index>(), end in any::<Index>(), text in ".{0,3}") {
        let cases: Vec<_> = cases().into_values().collect();
        let case = case.get(&cases);
        let places: Vec<_> = case.char_indices().map(|(at, _)| at).collect();
        let (start, end) = (*start.get(&places), *end.get(&places));
        let mut damaged = case.clone();
        damaged.replace_range(start.min(end)..start.max(end), &text);
        for answer in run(&damaged, "inject: {}") {
            prop_assert!(!answer.text.is_empty() && !answer.text.ends_with('\n'));
        }
    }
}
