//! The metadata says what the policy needs, no more and no less.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;

use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::{Document, Reading};
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::subject::SubjectKind;
use serde_json::json;
use xtask::metadata::{Metadata, Rule};

/// The kinds behind resources: a policy is asked about resources, and judges by kinds.
const KINDS: [(&str, &str); 11] = [
    ("pods", "Pod"),
    ("services", "Service"),
    ("serviceaccounts", "ServiceAccount"),
    ("replicationcontrollers", "ReplicationController"),
    ("deployments", "Deployment"),
    ("statefulsets", "StatefulSet"),
    ("daemonsets", "DaemonSet"),
    ("replicasets", "ReplicaSet"),
    ("jobs", "Job"),
    ("cronjobs", "CronJob"),
    ("configmaps", "ConfigMap"),
];
const GROUPS: [&str; 3] = ["", "apps", "batch"];
const SUBRESOURCES: [&str; 4] = ["", "ephemeralcontainers", "status", "scale"];
const OPERATIONS: [&str; 4] = ["CREATE", "UPDATE", "DELETE", "CONNECT"];

/// Group, resource with subresource, operation.
type Request = (String, String, String);

fn metadata() -> Metadata {
    yaml_serde::from_str(include_str!("../../policy-metadata/metadata.yml")).unwrap()
}

fn requests(rules: &[Rule]) -> BTreeSet<Request> {
    let mut requests = BTreeSet::new();
    for rule in rules {
        assert_eq!(rule.api_versions, ["v1"]);
        for group in &rule.api_groups {
            for resource in &rule.resources {
                for operation in &rule.operations {
                    let is_new = requests.insert((group.clone(), resource.clone(), operation.clone()));
                    assert!(is_new, "twice: {group} {resource} {operation}");
                }
            }
        }
    }
    requests
}

/// What the policy makes of such a request.
fn is_judged(group: &str, kind: &str, subresource: &str, operation: &str) -> bool {
    let object = json!({"metadata": {"name": "x"}});
    let kind = json!({"group": group, "version": "v1", "kind": kind});
    let request = json!({"operation": operation, "kind": kind, "subResource": subresource, "object": object});
    let text = request.to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    let inquiry = Inquiry::of_review(document.root());
    SubjectKind::of(&inquiry, &Settings::default(), &mut Reading::default()).is_some()
}

#[test]
fn the_policy_is_asked_about_all_that_it_judges_and_nothing_else() {
    let mut judged = BTreeSet::new();
    for group in GROUPS {
        for (resource, kind) in KINDS {
            for subresource in SUBRESOURCES {
                for operation in
                    OPERATIONS.into_iter().filter(|operation| is_judged(group, kind, subresource, operation))
                {
                    let slash = if subresource.is_empty() { "" } else { "/" };
                    judged.insert((group.to_owned(), format!("{resource}{slash}{subresource}"), operation.to_owned()));
                }
            }
        }
    }
    assert_eq!(requests(&metadata().rules), judged);
}

/// Artifact Hub names the kinds.
#[test]
fn the_resources_for_artifact_hub_are_those_of_the_rules() {
    let metadata = metadata();
    let shown: BTreeSet<&str> = metadata.annotation("io.artifacthub.resources").unwrap().split(", ").collect();
    let requests = requests(&metadata.rules);
    let is_asked = |resource: &str| requests.iter().any(|(_, asked, _)| asked == resource);
    let asked = KINDS.iter().filter(|(resource, _)| is_asked(resource)).map(|(_, kind)| *kind).collect();

    assert_eq!(shown, asked);
}
