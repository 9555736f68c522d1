//! Many clients create pods at the same time.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common;

use std::{
    env,
    time::{Duration, Instant},
};

use common::*;
use http::Method;
use serde_json::{Value, json};

const CLIENTS: usize = 20;
/// How many pods are created in all, unless `LOAD_CREATIONS` says otherwise.
const CREATIONS: usize = 2_000;
/// After so many creations all of the server's caches are warm.
const WARM_UP: usize = 400;
/// How much more memory the server may hold at the end than after the warm-up, in bytes.
const GROWTH: u64 = 24 << 20;

/// What is to become of a pod.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Injected,
    Unchanged,
    Denied,
}

#[test]
fn every_answer_is_right_under_load_and_memory_stays_flat() {
    let creations = env::var("LOAD_CREATIONS").map_or(CREATIONS, |count| count.parse().unwrap());
    for program in programs() {
        let mut scenario = Scenario::with_recipe("replace-webhook", &program);
        let installed = create_all(&scenario, "warm-up", WARM_UP);
        assert_eq!(installed.wrong, Vec::<String>::new());
        let before = scenario.server.resident_bytes().unwrap();

        let with_policy = create_all(&scenario, "load", creations);

        let after = scenario.server.resident_bytes().unwrap();
        scenario.cluster.uninstall().unwrap();
        let without_policy = create_all(&scenario, "bare", creations);
        println!("{program:?}, {creations} creations by {CLIENTS} clients:");
        println!("  without policies: {}", without_policy.times());
        println!("  with the recipe:  {}", with_policy.times());
        println!("  server's memory: {} MiB after the warm-up, {} MiB at the end", before >> 20, after >> 20);
        let wrong = &with_policy.wrong;
        assert!(wrong.is_empty(), "{} answers are wrong, e.g. {:?}", wrong.len(), wrong.first());
        assert!(after < before + GROWTH, "the server's memory grows: {before} bytes, later {after}");
    }
}

/// What came of many creations.
struct Creations {
    /// How long each took, sorted.
    durations: Vec<Duration>,
    elapsed: Duration,
    /// What is wrong with an answer, for each that is not right.
    wrong: Vec<String>,
}

impl Creations {
    fn times(&self) -> String {
        let at = |percent: usize| self.durations[self.durations.len() * percent / 100];
        let rate = self.durations.len() as u128 * 1_000 / self.elapsed.as_millis();
        format!("p50 {:.1?}, p99 {:.1?}, {rate} creations a second", at(50), at(99))
    }
}

fn create_all(scenario: &Scenario, name: &str, count: usize) -> Creations {
    let path = scenario.path("pods");
    let start = Instant::now();
    let results = scenario.cluster.runtime().block_on(async {
        let clients = (0..CLIENTS).map(|client| {
            let (api, path) = (scenario.cluster.api().clone(), path.clone());
            let prefix = format!("{name}-{client}");
            tokio::spawn(async move {
                let mut results = Vec::with_capacity(count / CLIENTS);
                for index in 0..count / CLIENTS {
                    let (pod, outcome) = pod(&format!("{prefix}-{index}"), index);
                    let start = Instant::now();
                    let answer = api.send(Method::POST, &path, Some(&pod)).await.unwrap();
                    let duration = start.elapsed();
                    let actual = match &answer {
                        Ok(pod) if is_injected(pod) => Outcome::Injected,
                        Ok(_) => Outcome::Unchanged,
                        Err(_) => Outcome::Denied,
                    };
                    results.push((duration, (actual != outcome).then(|| format!("{outcome:?} expected: {answer:?}"))));
                }
                results
            })
        });
        let mut results = Vec::new();
        for client in clients.collect::<Vec<_>>() {
            results.extend(client.await.unwrap());
        }
        results
    });
    let elapsed = start.elapsed();
    let (mut durations, wrong): (Vec<_>, Vec<_>) = results.into_iter().unzip();
    durations.sort_unstable();
    Creations { durations, elapsed, wrong: wrong.into_iter().flatten().collect() }
}

/// Of ten pods seven ask for an identity, two do not, and one asks in a way that is denied.
fn pod(name: &str, index: usize) -> (Value, Outcome) {
    match index % 10 {
        0 | 1 => (plain_pod(name), Outcome::Unchanged),
        2 => {
            let mut pod = labelled_pod(name, "web");
            pod["metadata"]["annotations"] = json!({"azure.workload.identity/service-account-token-expiration": "1h"});
            (pod, Outcome::Denied)
        }
        _ => (labelled_pod(name, "web"), Outcome::Injected),
    }
}
