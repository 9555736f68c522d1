//! The policy against recorded answers of the upstream webhook: the same decision and the same pod, case by case.
//!
//! The cases, and where we differ on purpose, are in [`e2e_tests::vectors`]. Pods are compared without members that are null,
//! empty or false, because upstream's typed round trip adds and removes those.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use e2e_tests::{
    cluster::FakeCluster,
    module::Module,
    policy::{Evaluation, Policy},
    request::AdmissionRequest,
    vectors::{Case, DIFFERENCES, FILES, canonical},
};
use k8s_openapi::api::core::v1::{Pod, PodSpec, Volume};
use rayon::prelude::*;
use serde_json::Value;
use similar::TextDiff;

#[test]
fn every_recorded_case_ends_as_with_the_upstream_webhook() {
    let module = e2e_tests::policy_module().unwrap();
    let mut fired = [0; DIFFERENCES.len()];
    for (version, layout) in FILES {
        let cases = Case::read(version).unwrap();
        let outcomes: Vec<_> = cases.par_iter().map(|case| check(module, case, layout)).collect();
        let failures: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
        let different: Vec<_> = outcomes.iter().flatten().flatten().collect();
        for difference in &different {
            fired[**difference] += 1;
        }

        println!(
            "{version}: {} cases, {} as upstream, {} different on purpose, {} wrong",
            cases.len(),
            cases.len() - different.len() - failures.len(),
            different.len(),
            failures.len()
        );
        let shown: Vec<_> = failures.iter().take(5).map(ToString::to_string).collect();
        assert!(failures.is_empty(), "{} cases of {version} are wrong:\n{}", failures.len(), shown.join("\n"));
    }
    for (difference, fired) in DIFFERENCES.iter().zip(fired) {
        assert!(fired > 0, "no case shows this difference any more: {}", difference.reason);
    }
}

/// Runs a case; returns the difference that covers it, or what is wrong.
fn check(module: &Module, case: &Case, layout: &str) -> Result<Option<usize>, String> {
    let expected = case.expected();

    let cluster = FakeCluster::with_objects(case.service_accounts.clone()).unwrap();
    let policy = Policy::new(module, case.settings(layout)).map_err(|error| format!("{}: {error:#}", case.id))?;
    let mut request = AdmissionRequest::create(case.pod.clone()).unwrap();
    request.namespace = Some(case.namespace.clone());
    let evaluation = policy.connected_to(cluster).validate(&request).unwrap();

    let allowed = evaluation.response.allowed;
    if allowed != expected.is_some() {
        let (ours, theirs) = (&evaluation.response.message, &case.expect.message);
        return Err(format!("{}: allowed is {allowed}; our message: {ours:?}, upstream's: {theirs:?}", case.id));
    }
    if let Some(expected) = expected {
        let pod = evaluation.response.patched(&case.pod).unwrap();
        compare(case, &pod, expected)?;
        check_types(&case.pod, &pod).map_err(|problem| format!("{}: {problem}", case.id))?;
    }
    check_answer(case, &evaluation)?;
    Ok(case.difference())
}

/// Pods must be equal in canonical form.
fn compare(case: &Case, ours: &Value, mut theirs: Value) -> Result<(), String> {
    if case.pod.pointer("/metadata/namespace").is_none()
        && let Some(metadata) = theirs.get_mut("metadata").and_then(Value::as_object_mut)
    {
        metadata.remove("namespace");
    }
    let [ours, theirs] = [ours.clone(), theirs].map(canonical);
    if ours == theirs {
        return Ok(());
    }
    let [ours, theirs] = [ours, theirs].map(|pod| serde_json::to_string_pretty(&pod).unwrap());
    let diff = TextDiff::from_lines(&theirs, &ours);
    Err(format!("{}: our pod is not upstream's:\n{}", case.id, diff.unified_diff().header("upstream", "ours")))
}

/// The API server must be able to read the pod, and the containers that were changed must be able to use the token.
fn check_types(before: &Value, after: &Value) -> Result<(), String> {
    let decode = |pod: &Value| {
        let pod: Pod = serde_json::from_value(pod.clone()).map_err(|error| format!("the pod is none: {error}"))?;
        pod.spec.ok_or("the pod has no spec".to_owned())
    };
    let [before, after] = [decode(before)?, decode(after)?];
    let containers =
        |spec: &PodSpec| [spec.containers.clone(), spec.init_containers.clone().unwrap_or_default()].concat();
    let untouched = containers(&before);
    let holders: Vec<_> = after.volumes.iter().flatten().filter(|volume| holds_token(volume)).collect();
    for container in containers(&after).iter().filter(|container| !untouched.contains(container)) {
        let has = |name: &str| container.env.iter().flatten().any(|variable| variable.name == name);
        let injected = ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST"].into_iter().all(has);
        let mounted =
            container.volume_mounts.iter().flatten().any(|mount| holders.iter().any(|it| it.name == mount.name));
        if mounted != injected {
            return Err(format!("container {} has the token or its variables, but not both", container.name));
        }
    }
    Ok(())
}

fn holds_token(volume: &Volume) -> bool {
    let sources = volume.projected.iter().flat_map(|projected| projected.sources.iter().flatten());
    let mut tokens = sources.filter_map(|source| source.service_account_token.as_ref());
    tokens.any(|token| token.path.ends_with("azure-identity-token"))
}

/// What holds for every answer: a denial carries a message and changes nothing, and the lookup is asked for once or twice.
fn check_answer(case: &Case, evaluation: &Evaluation) -> Result<(), String> {
    let response = &evaluation.response;
    if !response.allowed && (response.patch.is_some() || response.message.as_deref().unwrap_or_default().is_empty()) {
        return Err(format!("{}: a denial with a patch or without a message", case.id));
    }
    if !(1..=2).contains(&evaluation.host_calls.len()) {
        return Err(format!("{}: {} host calls", case.id, evaluation.host_calls.len()));
    }
    Ok(())
}
