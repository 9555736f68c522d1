//! People create pods, workloads and service accounts with kubectl, where the policy replaces the webhook.

mod common;

use common::*;
use serde_json::{Value, json};

const RECIPE: &str = "replace-webhook";

#[test]
fn a_labelled_pod_is_stored_with_its_identity() {
    for program in programs() {
        let scenario = Scenario::with_recipe(RECIPE, &program);

        let created = scenario.kubectl_create(&[labelled_pod("web", "web")]);

        assert_done(&created);
        assert_eq!((created.stdout.as_str(), created.stderr.as_str()), ("pod/web created\n", ""));
        let stored = scenario.stored("pods", "web");
        assert!(is_injected(&stored), "{stored:#}");
    }
}

#[test]
fn a_pod_that_asks_for_no_identity_is_stored_without() {
    for program in programs() {
        let scenario = Scenario::with_recipe(RECIPE, &program);

        let created = scenario.kubectl_create(&[plain_pod("web")]);

        assert_done(&created);
        assert_eq!(created.stderr, "");
        assert!(!is_injected(&scenario.stored("pods", "web")));
    }
}

#[test]
fn controllers_make_pods_with_their_identity() {
    for program in programs() {
        let scenario = Scenario::with_recipe(RECIPE, &program);
        let job = |name: &str| {
            let mut template = labelled_template(name);
            template["spec"]["restartPolicy"] = json!("Never");
            json!({"template": template})
        };
        let selected = |name: &str| {
            let template = labelled_template(name);
            json!({"replicas": 2, "serviceName": "web", "selector": {"matchLabels": {"app": name}}, "template": template})
        };
        let replicated = json!({"replicas": 2, "template": labelled_template("replicationcontroller")});
        // Kinds with how many pods they have at once; without nodes a StatefulSet waits for its first.
        let workloads = [
            (
                "cronjob",
                json!({"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": job("cronjob")}}}),
                1,
            ),
            ("deployment", deployment("deployment", &labelled_template("deployment")), 2),
            (
                "statefulset",
                json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": selected("statefulset")}),
                1,
            ),
            ("job", json!({"apiVersion": "batch/v1", "kind": "Job", "spec": job("job")}), 1),
            (
                "replicationcontroller",
                json!({"apiVersion": "v1", "kind": "ReplicationController", "spec": replicated}),
                2,
            ),
        ];
        let named = |(name, workload, _): &(&str, Value, usize)| {
            let mut workload = workload.clone();
            workload["metadata"]["name"] = json!(name);
            workload
        };

        let created = scenario.kubectl_create(&workloads.iter().map(named).collect::<Vec<_>>());

        assert_done(&created);
        assert_eq!(created.stderr, "");
        // The CronJob, which takes up to a minute, comes last.
        for (name, _, count) in workloads.iter().rev() {
            let path = scenario.path(&format!("pods?labelSelector=app%3D{name}"));
            let pods = || scenario.cluster.api().get(&path).unwrap()["items"].as_array().unwrap().clone();
            scenario.cluster.wait_for(&format!("pods of the {name}"), || Ok(pods().len() >= *count)).unwrap();
            for pod in pods() {
                assert!(is_injected(&pod), "{pod:#}");
                assert_eq!(pod["metadata"]["ownerReferences"][0]["controller"], true);
            }
        }
    }
}

#[test]
fn a_denial_reads_well_in_kubectl() {
    for program in programs() {
        let scenario = Scenario::with_recipe(RECIPE, &program);
        let mut pod = labelled_pod("web", "web");
        pod["metadata"]["annotations"] = json!({"azure.workload.identity/service-account-token-expiration": "1h"});

        let created = scenario.kubectl_create(&[pod]);

        assert!(!created.success);
        assert_eq!(
            created.stderr,
            format!(
                "Error from server: error when creating \"STDIN\": admission webhook \
                 \"clusterwide-azure-workload-identity-inject.kubewarden.admission\" denied the request: 1 workload identity \
                 problem in pod {}/web:\n- token-expiration: \
                 metadata.annotations[\"azure.workload.identity/service-account-token-expiration\"] is \"1h\"; it requires whole \
                 seconds from 3600 to 86400, e.g. \"3600\"\n",
                scenario.namespace
            )
        );
    }
}

#[test]
fn a_workload_is_denied_before_it_makes_pods() {
    for program in programs() {
        let scenario = Scenario::with_recipe(RECIPE, &program);
        let mut template = labelled_template("web");
        template["metadata"]["labels"]["azure.workload.identity/use"] = json!("True");

        let created = scenario.kubectl_create(&[deployment("web", &template)]);

        assert!(!created.success);
        let denial = format!("1 workload identity problem in deployment {}/web:\n- label-value: ", scenario.namespace);
        assert!(created.stderr.contains(&denial), "{}", created.stderr);
    }
}

#[test]
fn warnings_appear_in_kubectl() {
    for program in programs() {
        let scenario = Scenario::with_recipe(RECIPE, &program);
        let mut deployment = deployment("web", &labelled_template("web"));
        deployment["metadata"]["labels"] = json!({"azure.workload.identity/use": "true"});
        deployment["spec"]["template"]["metadata"]["labels"] = json!({"app": "web"});

        let created = scenario.kubectl_create(&[deployment]);

        assert_done(&created);
        assert_eq!(created.stdout, "deployment.apps/web created\n");
        assert!(created.stderr.starts_with("Warning: label-placement: "), "{}", created.stderr);
        // One finding for one cause: no label-missing besides.
        assert_eq!(created.stderr.lines().count(), 1, "{}", created.stderr);
    }
}

#[test]
fn a_service_account_is_judged_when_it_is_applied() {
    for program in programs() {
        let scenario = Scenario::with_recipe(RECIPE, &program);
        let mut account = service_account("orders");
        account["metadata"]["annotations"]["azure.workload.identity/client-id"] = json!("orders-identity");

        let refused = scenario.kubectl_create(&[account.clone()]);
        account["metadata"]["annotations"]["azure.workload.identity/client-id"] = json!(CLIENT);
        let created = scenario.kubectl_create(&[account.clone()]);
        account["metadata"]["annotations"]["azure.workload.identity/client-id"] = json!(TENANT);
        let changed = scenario.kubectl(&["replace", "--filename=-"], &account.to_string());

        assert!(!refused.success);
        assert!(
            refused.stderr.contains(
                "client-id-format: metadata.annotations[\"azure.workload.identity/client-id\"] is \"orders-identity\""
            ),
            "{}",
            refused.stderr
        );
        assert_done(&created);
        assert_eq!(created.stderr, "");
        assert_done(&changed);
        assert!(changed.stderr.starts_with("Warning: identity-changed: "), "{}", changed.stderr);
    }
}
