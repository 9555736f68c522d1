//! The policy against recorded answers of the upstream webhook: the same decision and the same pod, case by case.
//!
//! `vectors/*.jsonl.gz` hold about 1,500 generated cases for each upstream version: how the webhook was configured, the pod,
//! the service accounts that existed, and what the webhook answered. Pods are compared without members that are null, empty
//! or false, because upstream's typed round trip adds and removes those.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use azure_workload_identity_policy::rules;
use e2e_tests::{
    cluster::FakeCluster,
    module::Module,
    policy::{Evaluation, Policy},
    request::AdmissionRequest,
};
use flate2::read::GzDecoder;
use k8s_openapi::api::core::v1::{Pod, PodSpec, Volume};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use similar::TextDiff;

/// The recorded files, and the layout of ours that is upstream's of that version.
const FILES: [(&str, &str); 3] = [("v1.5.1", "v1.5"), ("v1.6.0", "v1.6.0"), ("v1.6.1", "v1.6.1")];

/// Rules that judge what upstream lets pass; off, because the pods here are generated to provoke upstream.
fn is_beyond_upstream(rule: &str) -> bool {
    const AS_UPSTREAM: [&str; 5] =
        ["proxy-port", "proxy-host-network", "token-expiration", "service-account-missing", "lookup-failed"];
    !AS_UPSTREAM.contains(&rule)
}

/// Where we deviate from upstream on purpose. What matches no entry must agree exactly.
static DIFFERENCES: [Difference; 2] = [
    Difference {
        reason: "upstream sets AZURE_KUBERNETES_CA_FILE although nothing projects that file, which Azure SDKs refuse",
        covers: |case| case.upstream_defect.as_deref() == Some("ca-file-without-ca"),
        expected: |case| {
            let mut pod = case.upstream_pod()?;
            for container in containers_mut(&mut pod) {
                let declared = declares(&case.pod, container, "AZURE_KUBERNETES_CA_FILE");
                if let Some(env) = container.get_mut("env").and_then(Value::as_array_mut)
                    && !declared
                {
                    env.retain(|variable| variable["name"] != "AZURE_KUBERNETES_CA_FILE");
                }
            }
            Some(pod)
        },
    },
    Difference {
        reason: "v1.5.1 mounts a volume that the pod does not have where the pod's own token volume has another name",
        covers: |case| case.upstream_pod().is_some_and(|pod| lacks_mounted_volume(&pod)),
        expected: |case| {
            let mut pod = case.upstream_pod()?;
            let volume = token_volume(&pod)?.to_owned();
            for container in containers_mut(&mut pod) {
                let mounts = container.get_mut("volumeMounts").and_then(Value::as_array_mut);
                for mount in mounts.into_iter().flatten().filter(|mount| mount["name"] == V1_5_VOLUME) {
                    mount["name"] = json!(volume);
                }
            }
            Some(pod)
        },
    },
];

/// The name of the token volume up to v1.5.
const V1_5_VOLUME: &str = "azure-identity-token";

struct Difference {
    reason: &'static str,
    covers: fn(&Case) -> bool,
    /// The pod that we answer with; nothing where we deny.
    expected: fn(&Case) -> Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    id: String,
    namespace: String,
    pod: Value,
    service_accounts: Vec<Value>,
    webhook: Webhook,
    expect: Expectation,
    upstream_defect: Option<String>,
}

/// How the upstream webhook was configured.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Webhook {
    env: BTreeMap<String, String>,
    audience: Option<String>,
    suffix: Option<String>,
    suffix_audience: Option<String>,
    server_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    allowed: bool,
    message: Option<String>,
    mutated: Option<Value>,
}

impl Case {
    /// The pod that upstream answered with; nothing where it denied.
    fn upstream_pod(&self) -> Option<Value> {
        self.expect.allowed.then(|| self.expect.mutated.clone().unwrap())
    }
}

#[test]
fn every_recorded_case_ends_as_with_the_upstream_webhook() {
    let module = e2e_tests::policy_module().unwrap();
    let mut fired = [0; DIFFERENCES.len()];
    for (version, layout) in FILES {
        let cases = read(version);
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
    let difference = DIFFERENCES.iter().position(|difference| (difference.covers)(case));
    let expected = match difference {
        Some(index) => (DIFFERENCES[index].expected)(case),
        None => case.upstream_pod(),
    };

    let cluster = FakeCluster::with_objects(case.service_accounts.clone()).unwrap();
    let policy = Policy::new(module, settings(case, layout)).map_err(|error| format!("{}: {error:#}", case.id))?;
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
    Ok(difference)
}

/// Our settings for a webhook that is configured like the case's.
fn settings(case: &Case, layout: &str) -> Value {
    let webhook = &case.webhook;
    let env = |name: &str| webhook.env.get(name);
    // v1.5.1 knows no token endpoint but Entra's, so its cases are configured with one to no effect.
    let suffix = webhook.suffix.as_ref().filter(|_| layout != "v1.5");
    let identity_binding = suffix.map(|suffix| {
        without_nulls(json!({
            "annotationSuffix": suffix,
            "audience": webhook.suffix_audience,
            "tokenProxy": env("AZURE_KUBERNETES_TOKEN_PROXY"),
            "sniName": env("AZURE_KUBERNETES_SNI_NAME"),
            "ca": certificate_authority(webhook),
        }))
    });
    let proxy = without_nulls(json!({
        "image": env("PROXY_IMAGE"),
        "initImage": env("PROXY_INIT_IMAGE"),
        "nativeSidecar": has_native_sidecars(webhook.server_version.as_deref().unwrap_or("v1.34.0")),
    }));
    let inject = without_nulls(json!({
        "tenantId": env("AZURE_TENANT_ID"),
        "azureEnvironment": env("AZURE_ENVIRONMENT"),
        "audience": webhook.audience,
        "layout": layout,
        "proxy": proxy,
        "identityBinding": identity_binding,
    }));
    let beyond_upstream = rules::names().map(|(rule, _)| rule).filter(|rule| is_beyond_upstream(rule));
    let rules: Map<_, _> = beyond_upstream.map(|rule| (rule.to_owned(), json!("off"))).collect();
    json!({"inject": inject, "rules": rules})
}

fn certificate_authority(webhook: &Webhook) -> Option<Value> {
    let env = |name: &str| webhook.env.get(name);
    if let Some(name) = env("AZURE_KUBERNETES_CA_CONFIGMAP_NAME") {
        return Some(json!({"configMap": name}));
    }
    if let Some(signer) = env("AZURE_KUBERNETES_CA_CTB_SIGNER_NAME") {
        let selector: Option<Value> =
            env("AZURE_KUBERNETES_CA_CTB_LABEL_SELECTOR").map(|selector| serde_json::from_str(selector).unwrap());
        let bundle = without_nulls(json!({"signerName": signer, "labelSelector": selector}));
        return Some(json!({"clusterTrustBundle": bundle}));
    }
    env("AZURE_KUBERNETES_CA_DATA").map(|data| json!({"data": data}))
}

/// Upstream's rule: the API server is 1.32 or later, pre-releases included.
fn has_native_sidecars(server_version: &str) -> bool {
    let minor = server_version.strip_prefix("v1.").and_then(|rest| rest.split('.').next()).unwrap();
    minor.parse::<u32>().unwrap() >= 32
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

/// What holds for every answer: a denial carries a message and changes nothing, and the look-up is asked for once or twice.
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

/// Whether a container mounts the token volume of v1.5 although the pod has no volume of that name.
fn lacks_mounted_volume(pod: &Value) -> bool {
    let named = |value: &Value| value["name"] == V1_5_VOLUME;
    let any = |list: &Value| list.as_array().is_some_and(|elements| elements.iter().any(named));
    !any(&pod["spec"]["volumes"]) && containers_mut(&mut pod.clone()).any(|container| any(&container["volumeMounts"]))
}

/// The name of the volume that projects a token to where v1.5 looks for it.
fn token_volume(pod: &Value) -> Option<&str> {
    let volumes = pod["spec"]["volumes"].as_array()?;
    let volume = volumes.iter().find(|volume| {
        let sources = volume["projected"]["sources"].as_array();
        sources.is_some_and(|sources| sources.iter().any(|source| source["serviceAccountToken"]["path"] == V1_5_VOLUME))
    })?;
    volume["name"].as_str()
}

/// Whether the container of this name had the variable before anything was injected.
fn declares(pod: &Value, container: &Value, variable: &str) -> bool {
    let mut pod = pod.clone();
    containers_mut(&mut pod)
        .filter(|declared| declared["name"] == container["name"])
        .any(|declared| declared["env"].as_array().is_some_and(|env| env.iter().any(|entry| entry["name"] == variable)))
}

fn containers_mut(pod: &mut Value) -> impl Iterator<Item = &mut Value> {
    let spec = pod.get_mut("spec").and_then(Value::as_object_mut).into_iter();
    spec.flatten()
        .filter(|(name, _)| *name == "containers" || *name == "initContainers")
        .filter_map(|(_, containers)| containers.as_array_mut())
        .flatten()
}

/// Without members that are null, empty or false, at any depth.
fn canonical(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, canonical(value)));
            Value::Object(members.filter(|(_, value)| !is_zero(value)).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(canonical).collect()),
        scalar => scalar,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn without_nulls(object: Value) -> Value {
    match object {
        Value::Object(members) => Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

fn read(version: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(format!("{version}.jsonl.gz"));
    let lines = BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}
