//! What a request can make the policy cost. The table of all shapes: `cargo test -p e2e-tests --test hostile -- --show-output`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]
#![expect(clippy::cast_precision_loss, reason = "counts are for people")]

use std::time::Duration;

use anyhow::{Context as _, Result};
use azure_workload_identity_policy::rule::RuleId;
use e2e_tests::callback::HostFunctions;
use e2e_tests::cluster::FakeCluster;
use e2e_tests::hostile::{Metered, SHAPES, Shape, Usage};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

/// The sizes of requests, in bytes: policy-server takes up to 2 MB.
const SIZES: [usize; 3] = [500_000, 1_000_000, 2_000_000];

/// The most instructions for a request of 1 MB. A processor of 2025 takes 0.1 to 0.17 s for as many, so this is about 0.25 s on a slow
/// one.
const MAX_FUEL: u64 = 1_500_000_000;

/// How many times the instructions twice the size may take.
const MAX_GROWTH: f64 = 2.2;

/// The most memory for a request of 1 MB, in bytes, and as much more for each further one.
const MAX_MEMORY: usize = 64 << 20;

/// The longest message of a denial, in bytes.
const MAX_MESSAGE: usize = 16 << 10;

/// The longest answer, in bytes, without the changed object: the message with all warnings and audit annotations.
const MAX_TEXT: usize = 32 << 10;

/// How much larger than the object the changed object may be, in bytes: what the API server's store takes, and the proxy.
const MAX_ADDED: usize = 1_572_864 + (16 << 10);

/// How often the policy may ask the host.
const MAX_HOST_CALLS: usize = 50;

const CLIENT_ID: &str = "97335aad-fb4e-4a1f-b5bc-3463ea695687";

/// What a shape costs with certain settings, at each size; of the largest only with the settings with which it costs most.
struct Row {
    shape: &'static str,
    settings: &'static str,
    usages: Vec<Usage>,
    /// Of the request of 1 MB, with the settings with which it costs most.
    time: Duration,
}

#[test]
fn no_shape_of_a_request_costs_more_than_its_size() {
    let module = Metered::from_file(&xtask::policy_under_test().unwrap()).unwrap();
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
        "name": "api", "namespace": "shop", "annotations": {"azure.workload.identity/client-id": CLIENT_ID}}});
    let cluster = FakeCluster::with_objects([account]).unwrap();
    let (capabilities, resources) = (["kubernetes/get_resource", "kubernetes/can_i"], [("v1", "ServiceAccount")]);
    let functions = HostFunctions::new(&capabilities, &resources, cluster).unwrap();

    let measured: Vec<_> = SHAPES.par_iter().map(|shape| measure(&module, &functions, shape)).collect();
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for (shape, measured) in SHAPES.iter().zip(measured) {
        match measured {
            Ok(measured) => rows.extend(measured),
            Err(error) => failures.push(format!("{}: {error:#}", shape.name)),
        }
    }

    print(&rows);
    let problems: Vec<_> = failures.into_iter().chain(rows.iter().flat_map(problems)).collect();
    assert!(problems.is_empty(), "{} bounds are exceeded:\n{}", problems.len(), problems.join("\n"));
}

/// Settings with which the policy does most: it denies all that it finds, it denies and injects, it injects and warns, it guards.
fn settings() -> [(&'static str, Value); 4] {
    let others = (0..50).map(
        |number| json!({"clientId": format!("{number:08}-fb4e-4a1f-b5bc-3463ea695687"), "serviceAccounts": ["*/other"]}),
    );
    let own = json!({"clientId": CLIENT_ID, "serviceAccounts": ["shop/api"]});
    let identities: Vec<_> = others.chain([own]).collect();
    let workloads =
        json!([{"apiVersion": "ray.io/v1", "kind": "RayCluster", "podTemplate": "/spec/groups/*/template"}]);
    let inject = json!({"tenantId": "11111111-2222-3333-4444-555555555555"});
    let denying = json!({
        "preset": "strict", "rules": {"proxy-forbidden": "deny"}, "identities": identities, "workloads": workloads,
    });
    let with = |key: &str, value: &Value| {
        let mut settings = denying.clone();
        settings[key] = value.clone();
        settings
    };
    let warnings: Map<_, _> = RuleId::ALL.into_iter().map(|rule| (rule.name().to_owned(), json!("warn"))).collect();
    [
        ("denying", denying.clone()),
        ("injecting", with("inject", &inject)),
        ("injecting, warning", json!({"inject": inject, "rules": warnings, "workloads": workloads})),
        ("guarding", with("guard", &json!({}))),
    ]
}

fn measure(module: &Metered, functions: &HostFunctions, shape: &Shape) -> Result<Vec<Row>> {
    let requests = SIZES.map(shape.request);
    let payload = |size: usize, settings: &Value| {
        format!(r#"{{"request":{},"settings":{settings}}}"#, requests[size]).into_bytes()
    };
    let mut rows = Vec::new();
    for (name, settings) in settings() {
        let usages = [0, 1].map(|size| module.validate(&payload(size, &settings), functions).context(name));
        let usages = usages.into_iter().collect::<Result<_>>()?;
        rows.push((Row { shape: shape.name, settings: name, usages, time: Duration::ZERO }, settings));
    }
    let (worst, settings) = rows.iter_mut().max_by_key(|(row, _)| row.usages[1].fuel).unwrap();
    worst.usages.push(module.validate(&payload(2, settings), functions).context(worst.settings)?);
    worst.time = module.time(&payload(1, settings), functions)?;
    Ok(rows.into_iter().map(|(row, _)| row).collect())
}

/// The lengths of the answer without the changed object, and of the message.
fn text_lengths(usage: &Usage) -> (usize, usize) {
    let mut answer: Map<String, Value> = serde_json::from_slice(&usage.answer).unwrap();
    answer.remove("mutated_object");
    let message = answer.get("message").and_then(Value::as_str).unwrap_or_default().len();
    (json!(answer).to_string().len(), message)
}

fn problems(row: &Row) -> Vec<String> {
    let mut problems = Vec::new();
    let mut exceeded = |what: String| problems.push(format!("{} ({}): {what}", row.shape, row.settings));
    let fuel: Vec<_> = row.usages.iter().map(|usage| usage.fuel).collect();
    if fuel[1] > MAX_FUEL {
        exceeded(format!("{} million instructions", fuel[1] / 1_000_000));
    }
    for (less, more) in fuel.iter().zip(&fuel[1..]) {
        let growth = *more as f64 / *less as f64;
        if growth > MAX_GROWTH {
            exceeded(format!("{growth:.2} times the instructions for twice the size"));
        }
    }
    for (usage, size) in row.usages.iter().zip(SIZES) {
        if usage.memory > MAX_MEMORY * size.max(SIZES[1]) / SIZES[1] {
            exceeded(format!("{} MiB of memory", usage.memory >> 20));
        }
        let (text, message) = text_lengths(usage);
        if text > MAX_TEXT || message > MAX_MESSAGE {
            exceeded(format!("{text} bytes of text, {message} of them the message"));
        }
        if usage.host_calls > MAX_HOST_CALLS {
            exceeded(format!("{} calls of the host", usage.host_calls));
        }
        if usage.answer.len() > size + MAX_ADDED + text {
            exceeded(format!("an answer of {} bytes", usage.answer.len()));
        }
    }
    problems
}

/// A row for each shape, with the settings with which it takes most instructions.
#[expect(clippy::print_stdout, reason = "for whoever asks for it")]
fn print(rows: &[Row]) {
    println!(
        "| shape | settings | million instructions at 0.5, 1, 2 MB | ms | memory, MiB | answer, bytes | of them text |"
    );
    println!("|---|---|---|---|---|---|---|");
    for rows in rows.chunk_by(|one, next| one.shape == next.shape) {
        let row = rows.iter().max_by_key(|row| row.usages[1].fuel).unwrap();
        let fuel: Vec<_> = row.usages.iter().map(|usage| format!("{:.1}", usage.fuel as f64 / 1e6)).collect();
        let most = |of: fn(&Usage) -> usize| rows.iter().map(|row| of(&row.usages[1])).max().unwrap();
        println!(
            "| {} | {} | {} | {:.1} | {} | {} | {} |",
            row.shape,
            row.settings,
            fuel.join(", "),
            row.time.as_secs_f64() * 1e3,
            most(|usage| usage.memory) >> 20,
            most(|usage| usage.answer.len()),
            most(|usage| text_lengths(usage).0),
        );
    }
}
