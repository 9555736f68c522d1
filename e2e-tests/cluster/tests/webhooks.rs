//! Our account of Kubewarden's controller against what the controller itself made of the same policies.

use anyhow::Result;
use cluster_tests::{
    manifests::Manifests,
    webhooks::{policies_yml, served_at},
};
use e2e_tests::kubewarden::ClusterAdmissionPolicy;
use serde_json::{Deserializer, Value, json};

const POLICIES: &str = include_str!("../recorded/clusteradmissionpolicies.yaml");
const WEBHOOKS: &str = include_str!("../recorded/webhooks.json");
const POLICIES_YML: &str = include_str!("../recorded/policies.yml.json");

#[test]
fn webhook_configurations_are_those_of_the_real_controller() {
    let policies = Manifests::from_yaml(POLICIES).unwrap().policies;
    let mut recorded: Vec<Value> = Deserializer::from_str(WEBHOOKS).into_iter().collect::<Result<_, _>>().unwrap();
    for configuration in &mut recorded {
        configuration["webhooks"][0]["clientConfig"].as_object_mut().unwrap().remove("caBundle");
    }

    let ours: Vec<_> = policies.iter().map(ClusterAdmissionPolicy::webhook_configuration).collect();

    assert_eq!(ours.len(), 2);
    assert_eq!(ours, recorded);
}

#[test]
fn policy_server_is_given_what_the_real_controller_gives_it() {
    let policies = Manifests::from_yaml(POLICIES).unwrap().policies;

    assert_eq!(policies_yml(&policies), serde_json::from_str::<Value>(POLICIES_YML).unwrap());
}

#[test]
fn labels_of_a_namespace_select_nothing_as_the_controller_drops_them() {
    let policy = POLICIES.replacen("namespaceSelector: {", "namespaceSelector: {matchLabels: {team: blue}, ", 1);
    let policy = &Manifests::from_yaml(&policy).unwrap().policies[0];
    assert!(policy.spec.namespace_selector.match_labels.is_some());

    let selector = &policy.webhook_configuration()["webhooks"][0]["namespaceSelector"];

    assert_eq!(selector.get("matchLabels"), None);
    assert_eq!(selector["matchExpressions"].as_array().unwrap().len(), 2);
}

#[test]
fn a_configuration_can_be_served_from_anywhere() {
    let policy = &Manifests::from_yaml(POLICIES).unwrap().policies[0];

    let configuration = served_at(policy.webhook_configuration(), "127.0.0.1:8443", "Q0E=").unwrap();

    assert_eq!(
        configuration["webhooks"][0]["clientConfig"],
        json!({"url": "https://127.0.0.1:8443/validate/clusterwide-azwi-inject", "caBundle": "Q0E="})
    );
}

#[test]
fn a_member_that_the_controller_may_know_and_we_do_not_is_an_error() {
    let policy =
        POLICIES.replacen("mutating: true", "mutating: true\n  allowInsideAdmissionControllerNamespace: true", 1);

    Manifests::from_yaml(&policy).unwrap_err();
}
