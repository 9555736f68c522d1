//! The rules, case by case: through the library, and through the module in its host. `cases/` holds the cases, a file a rule.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod cases;
    pub(crate) mod library;
}

use azure_workload_identity_policy::rule::RuleId;
use azure_workload_identity_policy::rules::{Check, checks};
use common::cases::{self, Case, Expected};
use common::library::{self, KnownCluster};
use e2e_tests::{
    cluster::{Failure, FakeCluster, ObjectKey},
    module::Module,
    policy::Policy,
    request::AdmissionRequest,
};
use kubewarden_policy_sdk::host_capabilities::kubernetes::ResourceAttributes;
use rayon::prelude::*;
use serde_json::{Value, json};

/// Files that are not about one rule.
const OTHER_FILES: [&str; 2] = ["bypasses", "controllers"];

#[test]
fn the_library_finds_what_cases_expect_and_nothing_else() {
    assert_all(&all_cases(), check_in_library);
}

#[test]
fn the_module_says_what_cases_expect() {
    let module = e2e_tests::policy_module().unwrap();
    let live: Vec<_> = all_cases().into_iter().filter(|(_, case)| !case.in_file).collect();
    assert_all(&live, |case| check_in_module(module, case));
}

#[test]
fn every_rule_has_a_case_that_fires_and_one_that_passes_for_each_thing_that_it_looks_at() {
    let mut gaps = Vec::new();
    for rule in RuleId::ALL {
        let cases = cases::read(rule.name());
        for subject in checks(rule).iter().flat_map(Check::subjects) {
            let fires = |case: &&Case| case.expect.iter().any(|expected| expected.rule == rule.name());
            let (firing, passing): (Vec<_>, Vec<_>) =
                cases.iter().filter(|case| case.subject() == *subject).partition(fires);
            if firing.is_empty() || passing.is_empty() {
                gaps.push(format!("{rule} on {subject}: {} fire, {} pass", firing.len(), passing.len()));
            }
        }
    }
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}

#[test]
fn every_file_is_about_a_rule() {
    let names: Vec<_> = RuleId::ALL.map(RuleId::name).into_iter().chain(OTHER_FILES).collect();
    for file in cases::files() {
        let name = file.file_stem().unwrap().to_str().unwrap();
        assert!(names.contains(&name), "{name} is no rule");
    }
}

#[test]
fn what_cannot_be_denied_among_the_bypasses_has_a_reason() {
    for case in cases::read("bypasses") {
        let denied = case.expect.iter().any(|expected| expected.severity == "deny");
        assert_eq!(denied, case.out_of_reach.is_none(), "{}", case.note);
    }
}

#[test]
fn what_controllers_write_passes_only_because_they_write_it() {
    for case in cases::read("controllers") {
        assert_eq!(case.expect, [], "{}", case.note);

        let mut object = case.request().object.unwrap();
        let metadata = object["metadata"].as_object_mut().unwrap();
        for key in ["ownerReferences", "deletionTimestamp", "annotations"] {
            if key != "annotations" || object_is_pod(&case) {
                metadata.remove(key);
            }
        }
        let created = AdmissionRequest::create(object).unwrap();
        let verdict = library::verdict(&created, &json!({}), &KnownCluster::default());
        assert!(verdict.is_denied(), "{}: nothing is wrong with it anyway", case.note);
    }
}

/// Pods are wrong by their labels; an annotation makes one the image of a static pod.
fn object_is_pod(case: &Case) -> bool {
    case.subject() == "pods" || case.subject() == "debug containers"
}

fn all_cases() -> Vec<(&'static str, Case)> {
    let names = RuleId::ALL.map(RuleId::name).into_iter().chain(OTHER_FILES);
    names.flat_map(|name| cases::read(name).into_iter().map(move |case| (name, case))).collect()
}

/// All cases that fail are shown, not the first.
fn assert_all(cases: &[(&str, Case)], check: impl Fn(&Case) -> Result<(), String> + Sync) {
    let failures: Vec<_> = cases
        .par_iter()
        .filter_map(|(file, case)| check(case).err().map(|problem| format!("{file}: {}: {problem}", case.note)))
        .collect();
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn check_in_library(case: &Case) -> Result<(), String> {
    let cluster = KnownCluster {
        objects: case.objects(),
        look_ups_forbidden: case.look_ups_forbidden,
        may_use: case.may_use.clone(),
        are_files: case.in_file,
    };
    let verdict = library::verdict(&case.request(), &Value::Object(case.settings.clone()), &cluster);
    if !verdict.findings.is_empty() && !verdict.subject.contains(" shop/") {
        return Err(format!("the object is named {:?}", verdict.subject));
    }
    let mut found: Vec<_> = verdict
        .findings
        .iter()
        .map(|(severity, finding)| Expected {
            rule: finding.rule.to_string(),
            severity: severity.name().to_owned(),
            path: finding.place.path.to_string(),
        })
        .collect();
    let mut expected = case.expect.clone();
    found.sort();
    expected.sort();
    if found == expected { Ok(()) } else { Err(format!("found {found:#?}\nexpected {expected:#?}")) }
}

fn check_in_module(module: &Module, case: &Case) -> Result<(), String> {
    let policy = Policy::new(module, Value::Object(case.settings.clone())).map_err(|error| format!("{error:#}"))?;
    let response = policy.connected_to(cluster(case)).validate(&case.request()).unwrap().response;

    let starts = |severity: &str| {
        let of = case.expect.iter().filter(move |expected| expected.severity == severity);
        of.map(|expected| format!("{}: {} ", expected.rule, expected.path)).collect::<Vec<_>>()
    };
    let message = response.message.clone().unwrap_or_default();
    let denials: Vec<_> = message.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let warnings = response.warnings.clone().unwrap_or_default();
    let warnings: Vec<_> = warnings.iter().map(String::as_str).collect();
    let (denied, warned) = (starts("deny"), starts("warn"));
    if response.allowed == denied.is_empty() && are_begun(&denials, denied) && are_begun(&warnings, warned) {
        Ok(())
    } else {
        Err(format!("{response:#?}"))
    }
}

/// True if each text begins with one of these, and none is left over.
fn are_begun(texts: &[&str], mut starts: Vec<String>) -> bool {
    texts.iter().all(|text| {
        let position = starts.iter().position(|start| text.starts_with(start));
        position.is_some_and(|position| !starts.remove(position).is_empty())
    }) && starts.is_empty()
}

fn cluster(case: &Case) -> FakeCluster {
    let mut cluster = FakeCluster::with_objects(case.objects()).unwrap();
    if case.look_ups_forbidden {
        cluster = cluster.and_failing(ObjectKey::service_account("shop", "api"), Failure::Forbidden);
    }
    for client_id in &case.may_use {
        let attributes = ResourceAttributes {
            group: Some("cid.wi.aks.azure.com".to_owned()),
            resource: client_id.clone(),
            verb: "use-managed-identity".to_owned(),
            ..ResourceAttributes::default()
        };
        cluster = cluster.and_permission("system:serviceaccount:shop:api", attributes);
    }
    cluster
}
