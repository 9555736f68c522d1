//! What Kubewarden's audit scanner would report about a cluster in which people use workload identity.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common;

use cluster_tests::webhooks::ClusterAdmissionPolicy;
use common::*;
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
    for (recipe, program) in ["replace-webhook", "guard-aks", "audit-only"]
        .into_iter()
        .flat_map(|recipe| programs().into_iter().map(move |it| (recipe, it)))
    {
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
            let cluster = cluster_tests::control_plane::ControlPlane::shared().unwrap();
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
    let api = scenario.cluster.api();
    let items = |path: &str, selector: &LabelSelector| {
        let list = api.get(&format!("{path}?labelSelector={}", query(selector))).unwrap();
        list["items"].as_array().unwrap().clone()
    };
    let namespaces = items("/api/v1/namespaces", &policy.spec.namespace_selector);
    let mut reports = Vec::new();
    for rule in policy.spec.rules.iter().filter(|rule| rule.operations.iter().flatten().any(|it| it == "CREATE")) {
        let (groups, versions) = (rule.api_groups.as_ref().unwrap(), rule.api_versions.as_ref().unwrap());
        for resource in rule.resources.iter().flatten() {
            for namespace in namespaces.iter().map(|namespace| namespace["metadata"]["name"].as_str().unwrap()) {
                if namespace == "kubewarden" {
                    continue;
                }
                let (group, version) = (&groups[0], &versions[0]);
                let root = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{group}") };
                let path = format!("{root}/{version}/namespaces/{namespace}/{resource}");
                for mut object in items(&path, &policy.spec.object_selector) {
                    let kind = api.get(&path).unwrap()["kind"].as_str().unwrap().trim_end_matches("List").to_owned();
                    object["apiVersion"] =
                        json!(if group.is_empty() { version.clone() } else { format!("{group}/{version}") });
                    object["kind"] = json!(kind);
                    let name = object["metadata"]["name"].as_str().unwrap().to_owned();
                    reports.push((
                        format!("{resource}/{namespace}/{name}"),
                        ask(scenario, policy, group, version, &kind, &object),
                    ));
                }
            }
        }
    }
    reports
}

/// `newAdmissionRequest` of the scanner; what it leaves empty Go writes as null, or as `{}` for the user.
fn ask(
    scenario: &Scenario,
    policy: &ClusterAdmissionPolicy,
    group: &str,
    version: &str,
    kind: &str,
    object: &Value,
) -> Report {
    let kind_of = json!({"group": group, "version": version, "kind": kind});
    let review = json!({"kind": "", "apiVersion": "", "request": {
        "uid": object["metadata"]["uid"],
        "kind": kind_of,
        "resource": {"group": group, "version": version, "resource": kind},
        "requestKind": kind_of,
        "name": object["metadata"]["name"],
        "namespace": object["metadata"]["namespace"],
        "operation": "CREATE",
        "userInfo": {},
        "object": object,
        "oldObject": null,
        "options": null,
    }});
    let path = format!("/audit/{}", policy.id());
    let answer = scenario.server.client(&scenario.cluster).unwrap().request(Method::POST, &path, Some(&review));
    match answer.unwrap() {
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
            "Exists" => expression.key.clone(),
            operator => panic!("{operator} is not known here"),
        }
    });
    let text = equal.chain(expressions).collect::<Vec<_>>().join(",");
    text.replace('=', "%3D").replace(' ', "%20")
}
