//! The rules, case by case: through the library, and through the module in its host. `cases/` holds the cases, a file a rule.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod cases;
    pub(crate) mod library;
    pub(crate) mod transcript;
}

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use azure_workload_identity_guest::HostCluster;
use azure_workload_identity_policy::Verdict;
use azure_workload_identity_policy::assumption::{Assumption, Assumptions};
use azure_workload_identity_policy::inquiry::ObjectOrigin;
use azure_workload_identity_policy::rule::{RuleId, Severity};
use azure_workload_identity_policy::rules::{Check, checks};
use common::cases::{self, Case, Expected, Lookups};
use common::library;
use common::transcript;
use e2e_tests::{
    callback::HostFunctions,
    cluster::{Failure, FakeCluster, ObjectKey, ResourceAttributes},
    module::Module,
    policy::Policy,
    request::AdmissionRequest,
    response::AdmissionResponse,
};
use rayon::prelude::*;
use serde_json::{Value, json};

/// Files that are not about one rule.
const OTHER_FILES: [&str; 3] = ["bypasses", "controllers", "custom-kinds"];

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

/// `INSTA_UPDATE=always` accepts what is said now: CONTRIBUTING.md.
#[test]
fn people_read_what_the_snapshots_say() {
    let module = e2e_tests::policy_module().unwrap();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(snapshots());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // All files that differ are shown, not the first.
    let differs = |name: &String| {
        let text = transcript(module, &cases::read(name));
        let assertion = || settings.bind(|| insta::assert_snapshot!(name.as_str(), text));
        catch_unwind(AssertUnwindSafe(assertion)).is_err()
    };
    let stale: Vec<_> = cases::files().into_iter().filter(differs).collect();
    assert!(stale.is_empty(), "other texts than in the snapshots of {}", stale.join(", "));
    assert_eq!(cases::stems(&snapshots(), "snap"), cases::files(), "each snapshot belongs to a file of cases");
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
fn findings_rest_on_what_the_table_says() {
    let findings: Vec<_> = all_cases().iter().flat_map(|(_, case)| verdict(case).findings).collect();
    let mut others = Vec::new();
    for rule in RuleId::ALL {
        let found =
            findings.iter().filter(|(_, finding)| finding.rule == rule).map(|(_, finding)| finding.weight.rests_on);
        let found: Vec<_> = found.fold(Assumptions::NONE, Assumptions::and).iter().collect();
        if found != rule.may_rest_on() {
            others.push(format!("{rule}: {found:?}, in the table {:?}", rule.may_rest_on()));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn a_finding_is_a_note_if_something_that_it_rests_on_is_not_known() {
    for (file, case) in all_cases() {
        let before = verdict(&case);
        // What keeps a pod from being injected denies it in any case.
        let is_injected = case.settings.contains_key("inject") && case.subject() == "pods";
        for assumption in Assumption::ALL {
            let after = verdict_without(&case, assumption.into());
            assert_eq!(after.findings.len(), before.findings.len(), "{file}: {}", case.note);
            for ((severity, finding), (before, _)) in after.findings.iter().zip(&before.findings) {
                let is_denied = is_injected && finding.blocks_injection;
                let falls = finding.weight.rests_on.contains(assumption) && !is_denied;
                let expected = if falls { Severity::Note.min(*before) } else { *before };
                assert_eq!(*severity, expected, "{file}: {}: {finding} without {}", case.note, assumption.name());
            }
        }
    }
}

#[test]
fn every_file_is_about_a_rule() {
    let names: Vec<_> = RuleId::ALL.map(RuleId::name).into_iter().chain(OTHER_FILES).collect();
    for name in cases::files() {
        assert!(names.contains(&name.as_str()), "{name} is no rule");
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
        let verdict = library::verdict(&created, &json!({}), &FakeCluster::default());
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

fn snapshots() -> PathBuf {
    cases::directory().join("snapshots")
}

/// What is said about these cases, one after the other.
fn transcript(module: &Module, cases: &[Case]) -> String {
    let entries: Vec<_> = cases
        .par_iter()
        .map(|case| {
            let response = (!case.in_file).then(|| response(module, case).unwrap());
            transcript::entry(&case.note, response.as_ref(), &verdict(case))
        })
        .collect();
    entries.join("\n")
}

/// All cases that fail are shown, not the first.
fn assert_all(cases: &[(&str, Case)], check: impl Fn(&Case) -> Result<(), String> + Sync) {
    let failures: Vec<_> = cases
        .par_iter()
        .filter_map(|(file, case)| check(case).err().map(|problem| format!("{file}: {}: {problem}", case.note)))
        .collect();
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// What the library makes of a case.
fn verdict(case: &Case) -> Verdict {
    verdict_without(case, Assumptions::NONE)
}

/// What the library makes of a case if it is not known whether these assumptions hold.
fn verdict_without(case: &Case, unknown: Assumptions) -> Verdict {
    let (capabilities, resources) = grants(case);
    let functions = HostFunctions::new(capabilities, resources, cluster(case)).unwrap();
    let host =
        HostCluster(|operation: &str, payload: &[u8]| functions.call("kubewarden", "kubernetes", operation, payload));
    let (request, settings) = (case.request(), Value::Object(case.settings.clone()));
    let origin = if case.in_file { ObjectOrigin::File } else { ObjectOrigin::Admission };
    library::verdict_behind(&host, origin, &request, &settings, unknown)
}

/// What the module answers to a case.
fn response(module: &Module, case: &Case) -> Result<AdmissionResponse, String> {
    let (capabilities, resources) = grants(case);
    let policy = Policy::new(module, Value::Object(case.settings.clone())).map_err(|error| format!("{error:#}"))?;
    let policy = policy.granted(capabilities, resources).unwrap().connected_to(cluster(case));
    Ok(policy.validate(&case.request()).unwrap().response)
}

fn check_in_library(case: &Case) -> Result<(), String> {
    let verdict = verdict(case);
    let is_cluster_scoped = case.request().namespace.is_none();
    if !verdict.findings.is_empty() && verdict.subject.contains('/') == is_cluster_scoped {
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
    let response = response(module, case)?;
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

/// The host functions that the policy may call, and the kinds that it may look up.
fn grants(case: &Case) -> (&'static [&'static str], &'static [(&'static str, &'static str)]) {
    let all: (&[_], &[_]) = (&["kubernetes/get_resource", "kubernetes/can_i"], &[("v1", "ServiceAccount")]);
    match case.lookups {
        Some(Lookups::NotGranted) => (all.0, &[]),
        Some(Lookups::CapabilityDenied) => (&[], all.1),
        _ => all,
    }
}

fn cluster(case: &Case) -> FakeCluster {
    let mut cluster = FakeCluster::with_objects(case.objects()).unwrap();
    let failure = match case.lookups {
        Some(Lookups::Forbidden) => Some(Failure::Forbidden),
        Some(Lookups::Unreachable) => Some(Failure::Unreachable),
        Some(Lookups::Undecodable) => Some(Failure::Undecodable),
        Some(Lookups::NotGranted | Lookups::CapabilityDenied) | None => None,
    };
    if let Some(failure) = failure {
        cluster = cluster.and_failing(ObjectKey::service_account("shop", "api"), failure);
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
