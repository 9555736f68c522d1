//! The alerts and the dashboard of `deploy/monitoring` ask for metrics under the names and labels of their sources.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;

use serde_json::Value;

const ALERTS: &str = include_str!("../../deploy/monitoring/prometheusrule.yaml");
const DASHBOARD: &str = include_str!("../../deploy/monitoring/azure-workload-identity.json");

/// The labels of an evaluation, and that of a policy that could not be loaded.
const EVALUATION: &[&str] = &[
    "policy_name",
    "policy_mode",
    "resource_kind",
    "resource_namespace",
    "resource_request_operation",
    "accepted",
    "mutated",
    "request_origin",
    "error_code",
    "initialization_error",
];

/// Metrics with their labels.
///
/// Sources: `crates/policy-server/src/metrics` of Kubewarden 1.36.0-beta.1; `pkg/admission/metrics/metrics.go` of `k8s.io/apiserver`
/// v0.36.3.
const METRICS: [(&str, &[&str]); 5] = [
    ("kubewarden_policy_evaluations_total", EVALUATION),
    ("kubewarden_policy_evaluation_latency_milliseconds_bucket", EVALUATION),
    ("apiserver_admission_webhook_fail_open_count", &["name", "type"]),
    ("apiserver_admission_webhook_rejection_count", &["name", "type", "operation", "error_type", "rejection_code"]),
    ("apiserver_admission_webhook_admission_duration_seconds_bucket", &["name", "type", "operation", "rejected"]),
];

/// A metric with the labels that a query selects by.
type Selector = (String, Vec<String>);

/// The selectors of a query, `name{label="value",…}`.
fn selectors(query: &str) -> Vec<Selector> {
    let parts: Vec<&str> = query.split('{').collect();
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let selector = |pair: &[&str]| {
        let name = pair[0].rsplit(|c| !is_of_name(c)).next().unwrap();
        let labels = pair[1].split('}').next().unwrap().split(',');
        (name.to_owned(), labels.map(|label| label.split(['=', '!']).next().unwrap().to_owned()).collect())
    };
    parts.windows(2).map(selector).collect()
}

/// The selectors of all alerts and panels.
fn all_selectors() -> BTreeSet<Selector> {
    let alerts: Value = yaml_serde::from_str(ALERTS).unwrap();
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let rules = alerts["spec"]["groups"][0]["rules"].as_array().unwrap().iter();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries = rules.chain(targets).map(|it| it["expr"].as_str().unwrap());
    queries.flat_map(selectors).collect()
}

#[test]
fn queries_name_metrics_and_labels_of_their_sources() {
    let asked = all_selectors();
    for (name, labels) in &asked {
        let known = METRICS.iter().find(|(metric, _)| metric == name).map(|(_, labels)| *labels);
        let known = known.unwrap_or_else(|| panic!("there is no metric {name}"));
        assert!(labels.iter().all(|label| known.contains(&label.as_str())), "{name}: {labels:?}");
    }
    let unused = METRICS.iter().find(|(metric, _)| !asked.iter().any(|(name, _)| name == metric));
    assert_eq!(unused, None);
}

/// `docs/operate.md` says what each alert means.
#[test]
fn each_alert_and_each_metric_is_explained() {
    let page = include_str!("../../docs/operate.md");
    let alerts: Value = yaml_serde::from_str(ALERTS).unwrap();
    let rules = alerts["spec"]["groups"][0]["rules"].as_array().unwrap();
    for name in rules.iter().map(|rule| rule["alert"].as_str().unwrap()) {
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
    for (name, _) in METRICS {
        assert!(page.contains(&format!("`{}`", name.trim_end_matches("_bucket"))), "{name}");
    }
}
