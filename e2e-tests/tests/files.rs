//! The linter over files finds what the compiled module finds at admission: every case that creates an object is judged by both, with
//! every rule at `deny`, so that nothing is silent.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common {
    #[expect(dead_code, reason = "other tests ask what cases expect of the policy")]
    pub(crate) mod cases;
}

use std::collections::{BTreeMap, BTreeSet};

use azure_workload_identity_lint::report::Report;
use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_lint::{File, OneThread, Options, check};
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::rule::{RuleId, Severity};
use azure_workload_identity_policy::settings::Settings;
use common::cases::{self, Case};
use e2e_tests::cluster::FakeCluster;
use e2e_tests::module::Module;
use e2e_tests::policy::Policy;
use e2e_tests::request::AdmissionRequest;
use e2e_tests::response::AdmissionResponse;
use rayon::prelude::*;
use serde_json::{Value, json};

/// Why a finding differs between a file and admission on purpose.
const DIFFERENCES: [(&str, Differs); 2] = [
    ("RBAC objects may be elsewhere: a note in files", Differs::IsNote(RuleId::IdentityBindingRbac)),
    ("a variable may be filled in before the object is applied: a note in files", Differs::HasVariable),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Differs {
    IsNote(RuleId),
    HasVariable,
}

#[test]
fn files_are_judged_as_at_admission() {
    let module = e2e_tests::policy_module().unwrap();
    let cases: Vec<_> = cases::files().into_iter().flat_map(|name| cases::read(&name)).filter(is_for_both).collect();
    assert!(cases.len() > 350, "{}", cases.len());
    let outcomes: Vec<_> = cases.par_iter().map(|case| compare(module, case)).collect();
    let failures: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err().map(String::as_str)).collect();
    assert!(failures.is_empty(), "{} of {} cases differ:\n{}", failures.len(), cases.len(), failures.join("\n"));
    let mut seen = BTreeMap::<&str, usize>::new();
    outcomes.into_iter().flatten().flatten().for_each(|reason| *seen.entry(reason).or_default() += 1);
    println!("{} cases; different on purpose: {seen:#?}", cases.len());
    let listed: BTreeSet<_> = DIFFERENCES.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(seen.into_keys().collect::<BTreeSet<_>>(), listed, "each listed difference occurs");
}

/// At admission the lookup of this service account fails. Among files, the account has a finding of its own.
const UNREADABLE_ACCOUNT: &str = "what is found is no service account";

/// Files have no lookups that fail, no updates, and no guard, which is about pods behind all webhooks.
fn is_for_both(case: &Case) -> bool {
    let has_answer = case.lookups.is_none() && case.note != UNREADABLE_ACCOUNT;
    has_answer && !case.in_file && !case.settings.contains_key("guard") && case.request().old_object.is_none()
}

/// Compares the findings; the listed differences that were met.
fn compare(module: &Module, case: &Case) -> Result<Vec<&'static str>, String> {
    let settings = settings(case);
    let at_admission = findings(&response(module, case, &settings));
    let mut in_file = BTreeMap::new();
    let report = report(case, &settings);
    for found in &report.findings {
        in_file.insert(format!("{}: {}; {}", found.rule, found.message, found.fix), found);
    }
    let mut met = Vec::new();
    let mut problems = Vec::new();
    for text in &at_admission {
        let Some((_, found)) = in_file.iter().find(|(other, _)| is_same(text, other)) else {
            problems.push(format!("not in the file: {text}"));
            continue;
        };
        if found.severity == Severity::Note {
            match difference(found.rule, text) {
                Some(reason) => met.push(reason),
                None => problems.push(format!("a note in the file: {text}")),
            }
        }
    }
    for (text, found) in in_file.iter().filter(|(_, found)| found.severity != Severity::Note) {
        if found.rule != Rule::WrongType && !at_admission.iter().any(|other| is_same(other, text)) {
            problems.push(format!("only in the file: {text}"));
        }
    }
    if problems.is_empty() { Ok(met) } else { Err(format!("{}: {}", case.note, problems.join("\n  "))) }
}

fn difference(rule: Rule, text: &str) -> Option<&'static str> {
    let holds = |differs| match differs {
        Differs::IsNote(id) => rule == Rule::Policy(id),
        Differs::HasVariable => ["${", "{{", "#{", "<%", "__", "$("].iter().any(|opening| text.contains(opening)),
    };
    DIFFERENCES.iter().find(|(_, differs)| holds(*differs)).map(|(reason, _)| *reason)
}

/// The request, in which each container has an image: in a file, one without is a part of a patch.
fn request(case: &Case) -> AdmissionRequest {
    let mut request = case.request();
    let object = request.object.as_mut().unwrap();
    for spec in ["/spec", "/spec/template/spec", "/spec/jobTemplate/spec/template/spec"] {
        for containers in ["containers", "initContainers"] {
            let containers = object.pointer_mut(&format!("{spec}/{containers}")).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten().filter_map(Value::as_object_mut) {
                container.entry("image").or_insert_with(|| json!("application:1"));
            }
        }
    }
    request
}

/// The settings of the case, with every rule at `deny` that they do not name.
fn settings(case: &Case) -> Value {
    let mut settings = case.settings.clone();
    let mut rules: serde_json::Map<_, _> =
        RuleId::ALL.map(|rule| (rule.name().to_owned(), json!("deny"))).into_iter().collect();
    rules.extend(settings.get("rules").and_then(Value::as_object).cloned().unwrap_or_default());
    settings.insert("rules".to_owned(), Value::Object(rules));
    Value::Object(settings)
}

fn response(module: &Module, case: &Case, settings: &Value) -> AdmissionResponse {
    let resources: (&[_], &[_]) = (&["kubernetes/get_resource", "kubernetes/can_i"], &[("v1", "ServiceAccount")]);
    let policy = Policy::new(module, settings.clone()).unwrap();
    let policy = policy.granted(resources.0, resources.1).unwrap();
    let policy = policy.connected_to(FakeCluster::with_objects(case.objects()).unwrap());
    policy.validate(&request(case)).unwrap().response
}

/// What the response says, finding by finding. The API server passes on 256 characters of a warning.
fn findings(response: &AdmissionResponse) -> Vec<String> {
    let message = response.message.as_deref().unwrap_or_default();
    let denials = message.split("\n- ").skip(1).map(str::to_owned);
    denials.chain(response.warnings.clone().unwrap_or_default()).collect()
}

/// Whether two texts are the same, of which the first may be cut.
fn is_same(at_admission: &str, in_file: &str) -> bool {
    at_admission == in_file
        || (in_file.chars().count() > 256
            && at_admission
                .split_once('…')
                .is_some_and(|(start, end)| in_file.starts_with(start) && in_file.ends_with(end)))
}

/// The report on the object as a YAML file, with all other objects as the state of the cluster.
fn report(case: &Case, settings: &Value) -> Report {
    let request = request(case);
    // YAML in flow style. A comment keeps it from being read as JSON.
    let text = format!("# An object.\n{:#}\n", request.object.as_ref().unwrap());
    let files = [File::read("object.yaml", text.into())];
    let state = json!({"apiVersion": "v1", "kind": "List", "items": case.objects()});
    let state = [File::read("state.json", state.to_string().into())];
    let settings = settings.to_string();
    let settings = Document::parse(settings.as_bytes()).unwrap();
    let mut options = Options::new(vec![Settings::read(settings.root()).unwrap()], &[]);
    options.namespace.clone_from(&request.namespace);
    options.cluster_state = &state;
    check(&files, &options, &OneThread)
}
