//! What Kubewarden's audit scanner would report about a cluster in which people use workload identity.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common;

use cluster_tests::{api::Api, control_plane::ControlPlane};
use common::*;
use e2e_tests::kubewarden::{ClusterAdmissionPolicy, KUBEWARDEN_NAMESPACE};
use http::Method;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Value, json};

/// The scanner's verdict about an object.
#[derive(Clone, Debug, PartialEq)]
enum Report {
    Pass,
    Fail(String),
    Error(String),
}

/// Every kind that the policies have rules for.
fn well_formed_objects() -> Vec<Value> {
    let workload = |kind: &str, name: &str| {
        let selector = json!({"matchLabels": {"app": name}});
        let mut spec = json!({"selector": selector, "template": labelled_template(name)});
        if kind == "StatefulSet" {
            spec["serviceName"] = json!("web");
        }
        json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})
    };
    let mut template = labelled_template("job");
    template["spec"]["restartPolicy"] = json!("Never");
    let job = json!({"template": template});
    let controller = json!({"replicas": 1, "template": labelled_template("replication-controller")});
    vec![
        labelled_pod("labelled", "web"),
        plain_pod("plain"),
        service_account("orders"),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "plain"}}),
        workload("Deployment", "deployment"),
        workload("StatefulSet", "stateful-set"),
        workload("DaemonSet", "daemon-set"),
        workload("ReplicaSet", "replica-set"),
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": job}),
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "cron-job"}, "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": job}}}),
        json!({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "replication-controller"}, "spec": controller}),
    ]
}

#[test]
fn nothing_that_is_well_formed_is_reported() {
    for (recipe, program) in each(&["replace-webhook", "guard-aks", "audit-only"]) {
        // Pods get their identity from the first recipe whichever is audited, as they do from the webhook on AKS.
        let injection = Scenario::with_recipe("replace-webhook", &program);
        assert_done(&injection.kubectl_create(&well_formed_objects()));
        let pods = injection.path("pods");
        let stored = || injection.cluster.api().get(&pods).unwrap()["items"].as_array().unwrap().len();
        injection.cluster.wait_for("the pods of controllers", || Ok(stored() >= 7)).unwrap();
        let namespace = injection.namespace.clone();
        drop(injection);

        let scenario = Scenario::with_recipe(recipe, &program);
        let reports = scan(&scenario);

        let here = |path: &str| path.contains(&format!("/{namespace}/"));
        let wrong: Vec<_> = reports.iter().filter(|(path, report)| here(path) && *report != Report::Pass).collect();
        assert!(wrong.is_empty(), "{recipe}: {wrong:#?}");
        let errors: Vec<_> = reports.iter().filter(|(_, report)| matches!(report, Report::Error(_))).collect();
        assert!(errors.is_empty(), "{recipe}: {errors:#?}");
        let passed = reports.iter().filter(|(path, _)| here(path)).count();
        println!("{recipe}, {program:?}: {passed} objects pass");
        assert!(passed > 15, "the scanner asked about {passed} objects only");
    }
}

#[test]
fn what_was_there_before_the_policy_and_is_wrong_is_reported() {
    for program in programs() {
        // Before the policy there is nothing that refuses these.
        let (namespace, bare) = {
            let cluster = ControlPlane::shared().unwrap();
            let namespace = new_namespace(&cluster);
            let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
            cluster.api().create(&accounts, &service_account("web")).unwrap();
            let bare =
                cluster.api().create(&format!("/api/v1/namespaces/{namespace}/pods"), &labelled_pod("bare", "web"));
            (namespace, bare.unwrap())
        };
        assert!(!is_injected(&bare));

        let scenario = Scenario::with_recipe("audit-only", &program);
        let reports = scan(&scenario);

        let report = reports
            .iter()
            .find(|(path, report)| path.ends_with(&format!("/{namespace}/bare")) && *report != Report::Pass);
        let Some((_, Report::Fail(message))) = report else { panic!("the bare pod is not reported: {report:?}") };
        assert!(message.contains("injection-missing"), "{message}");
    }
}

/// What the scanner would report about everything in the cluster: an object's path with its verdict, by each policy.
fn scan(scenario: &Scenario) -> Vec<(String, Report)> {
    let policies = scenario.manifests.policies.iter().filter(|policy| policy.spec.background_audit);
    policies.flat_map(|policy| scan_with(scenario, policy)).collect()
}

/// As `internal/audit-scanner`: rules with CREATE, the selectors of namespaces and objects, but no match conditions.
fn scan_with(scenario: &Scenario, policy: &ClusterAdmissionPolicy) -> Vec<(String, Report)> {
    let server = scenario.server.client(&scenario.cluster).unwrap();
    let list = |path: &str, selector: &LabelSelector| {
        scenario.cluster.api().get(&format!("{path}?labelSelector={}", query(selector))).unwrap()
    };
    let namespaces = list("/api/v1/namespaces", &policy.spec.namespace_selector);
    let namespaces = items(&namespaces).map(|namespace| namespace["metadata"]["name"].as_str().unwrap());
    let namespaces: Vec<_> = namespaces.filter(|name| *name != KUBEWARDEN_NAMESPACE).collect();
    let mut reports = Vec::new();
    for (group_version, resource) in created_resources(policy) {
        let root = if group_version.contains('/') { "/apis" } else { "/api" };
        for namespace in &namespaces {
            let path = format!("{root}/{group_version}/namespaces/{namespace}/{resource}");
            let list = list(&path, &policy.spec.object_selector);
            let kind = list["kind"].as_str().unwrap().trim_end_matches("List");
            for object in items(&list) {
                let mut object = object.clone();
                object["apiVersion"] = json!(group_version);
                object["kind"] = json!(kind);
                let path = format!("{resource}/{namespace}/{}", object["metadata"]["name"].as_str().unwrap());
                reports.push((path, ask(&server, policy, &object)));
            }
        }
    }
    reports
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list["items"].as_array().unwrap().iter()
}

/// What the policy judges when it is created: group and version, e.g. `apps/v1`, with the resource.
fn created_resources(policy: &ClusterAdmissionPolicy) -> Vec<(String, String)> {
    let mut resources = Vec::new();
    for rule in policy.spec.rules.iter().filter(|rule| rule.operations.iter().flatten().any(|it| it == "CREATE")) {
        for (group, version) in rule.api_groups.iter().flatten().zip(rule.api_versions.iter().flatten()) {
            let group_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
            let here = rule.resources.iter().flatten().map(|resource| (group_version.clone(), resource.clone()));
            resources.extend(here);
        }
    }
    resources
}

/// `newAdmissionRequest` of the scanner; what it leaves empty Go writes as null, or as `{}` for the user.
fn ask(server: &Api, policy: &ClusterAdmissionPolicy, object: &Value) -> Report {
    let api_version = object["apiVersion"].as_str().unwrap();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = json!({"group": group, "version": version, "kind": object["kind"]});
    let review = json!({"kind": "", "apiVersion": "", "request": {
        "uid": object["metadata"]["uid"],
        "kind": kind,
        "resource": {"group": group, "version": version, "resource": object["kind"]},
        "requestKind": kind,
        "name": object["metadata"]["name"],
        "namespace": object["metadata"]["namespace"],
        "operation": "CREATE",
        "userInfo": {},
        "object": object,
        "oldObject": null,
        "options": null,
    }});
    match server.request(Method::POST, &format!("/audit/{}", policy.id()), Some(&review)).unwrap() {
        Ok(review) if review["response"]["allowed"] == true => Report::Pass,
        Ok(review) if review["response"]["status"]["code"] == 500 => Report::Error(review["response"].to_string()),
        Ok(review) => Report::Fail(review["response"]["status"]["message"].as_str().unwrap_or_default().to_owned()),
        Err(refusal) => Report::Error(format!("{refusal:?}")),
    }
}

/// A selector as a query's value.
fn query(selector: &LabelSelector) -> String {
    let equal = selector.match_labels.iter().flatten().map(|(key, value)| format!("{key}={value}"));
    let expressions = selector.match_expressions.iter().flatten().map(|expression| {
        let values = expression.values.iter().flatten().cloned().collect::<Vec<_>>().join(",");
        match expression.operator.as_str() {
            "In" => format!("{} in ({values})", expression.key),
            "NotIn" => format!("{} notin ({values})", expression.key),
            _ => unreachable!("no recipe has another operator"),
        }
    });
    let text = equal.chain(expressions).collect::<Vec<_>>().join(",");
    text.replace('=', "%3D").replace(' ', "%20")
}
