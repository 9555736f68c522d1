//! The examples of the page, in `playground/examples`: the name of a folder is that of the rule that it shows, or says what it shows.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;
use std::{fs, path::Path};

use azure_workload_identity_lint::preview::Outcome;
use azure_workload_identity_lint::report::Diagnostic;
use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_playground::Workspace;
use azure_workload_identity_playground::interface::{PageInput, TextFile};
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_trace::chain::report::ChainVerdict;

/// The rules that no file can break, and why.
const NOT_IN_FILES: [(&str, &str); 6] = [
    ("identity-changed", "it compares a service account with the stored one"),
    ("ephemeral-container", "a debug container is added to a running pod"),
    ("injection-missing", "it is about pods behind the webhook"),
    ("container-not-injected", "it is about pods behind the webhook"),
    ("lookup-failed", "files are looked up without errors"),
    ("injection-size", "the pod has thousands of containers"),
];

/// The examples that show something else than a rule.
const OTHERS: [&str; 4] = ["two-problems", "injection", "chain-complete", "chain-broken"];

/// An example as the page loads it.
fn input(name: &str) -> PageInput {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    let mut input = PageInput::default();
    let paths: BTreeSet<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        match (name.as_str(), path.extension().and_then(|extension| extension.to_str())) {
            ("settings.yaml", _) => input.settings = text,
            ("issuer.txt", _) => input.issuer = Some(text.trim().to_owned()),
            (_, Some("json")) => input.credentials.push(TextFile { name, text }),
            (_, Some("yaml")) => input.files.push(TextFile { name, text }),
            _ => panic!("{} is not loaded", path.display()),
        }
    }
    input
}

fn workspace(name: &str) -> Workspace {
    Workspace::new(input(name))
}

/// What is found, by all questions.
fn findings(workspace: &Workspace) -> Vec<Diagnostic> {
    let mut findings = workspace.check().findings;
    findings.extend(workspace.chains().findings);
    findings
}

fn names() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn each_rule_that_files_can_break_has_an_example() {
    let cannot = NOT_IN_FILES.map(|(rule, _)| rule);
    let rules = Rule::all().map(Rule::name).filter(|rule| !cannot.contains(rule));
    let expected: BTreeSet<_> = rules.chain(OTHERS).map(str::to_owned).collect();
    assert_eq!(names(), expected);
    assert!(cannot.iter().all(|rule| Rule::from_name(rule).is_some()));
}

#[test]
fn an_example_shows_its_rule_and_no_other() {
    let mut failures = Vec::new();
    for name in names().into_iter().filter(|name| !OTHERS.contains(&name.as_str())) {
        let found: Vec<_> = findings(&workspace(&name)).into_iter().map(|finding| finding.rule.name()).collect();
        if found.is_empty() || found.iter().any(|rule| *rule != name) {
            failures.push(format!("{name}: {found:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn an_example_can_be_read_and_says_what_it_shows() {
    for name in names() {
        let input = input(&name);
        let first = input.files.first().unwrap();
        assert!(first.text.starts_with("# "), "{name}: the page shows the first line of {}", first.name);
        let workspace = Workspace::new(input);
        let errors = [workspace.check().errors, workspace.chains().errors].concat();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn the_deployment_of_the_readme_has_two_problems() {
    let workspace = workspace("two-problems");
    let denied: Vec<_> =
        findings(&workspace).into_iter().map(|finding| (finding.rule.name(), finding.severity)).collect();
    let expected = ["label-value", "misspelt-key"].map(|rule| (rule, Severity::Deny));
    assert_eq!(denied, expected);
    let answers = workspace.answers();
    assert_eq!(answers.iter().map(|answer| answer.is_allowed).collect::<Vec<_>>(), [true, false]);
    assert!(
        answers.iter().any(|answer| answer.text.contains("2 workload identity problems in deployment shop/orders"))
    );
}

#[test]
fn the_example_of_injection_is_injected_and_has_no_problem() {
    let workspace = workspace("injection");
    assert!(findings(&workspace).is_empty());
    let previews = workspace.previews();
    assert!(previews.injects);
    let mut outcomes = previews.files.iter().flat_map(|file| &file.pods).map(|pod| &pod.outcome);
    assert!(matches!((outcomes.next(), outcomes.next()), (Some(Outcome::Injected { .. }), None)));
    assert!(workspace.answers().iter().all(|answer| answer.is_allowed));
}

#[test]
fn one_chain_is_complete_and_one_is_broken() {
    for (name, expected) in [("chain-complete", ChainVerdict::Complete), ("chain-broken", ChainVerdict::Broken)] {
        let workspace = workspace(name);
        let chains = workspace.chains().chains;
        assert_eq!(
            chains.iter().map(|drawn| drawn.chain.verdict).collect::<Vec<_>>(),
            [expected],
            "{name}: {chains:#?}"
        );
        assert!(findings(&workspace).is_empty(), "{name}");
        assert!(workspace.answers().iter().all(|answer| answer.is_allowed), "{name}");
    }
}
