//! Something is down, missing or late: what happens to pods, per recipe.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use cluster_tests::{api::Api, control_plane::ControlPlane, manifests::Manifests};
use common::*;
use e2e_tests::kubewarden::FailurePolicy;
use http::Method;
use serde_json::{Value, json};

const RECIPES: [&str; 3] = ["guard-aks", "replace-webhook", "audit-only"];

#[test]
fn what_asks_for_no_identity_is_created_while_policy_server_is_down() {
    for (recipe, program) in each(&RECIPES) {
        let mut scenario = Scenario::with_recipe(recipe, &program);
        scenario.server.kill();
        let mut opted_out = plain_pod("opted-out");
        opted_out["metadata"]["labels"] = json!({"azure.workload.identity/use": "false"});
        // Judged when policy-server runs, since its service account has an identity.
        let mut unlabelled = plain_pod("unlabelled");
        unlabelled["spec"]["serviceAccountName"] = json!("web");
        let mut template = labelled_template("workload");
        let mut plain = service_account("plain");
        plain["metadata"].as_object_mut().unwrap().remove("annotations");
        let labelled = deployment("labelled", &labelled_template("labelled"));
        template["metadata"]["labels"] = json!({"app": "workload"});
        let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {"template": template}});
        job["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");

        let created = scenario.kubectl_create(&[
            plain_pod("plain"),
            opted_out,
            unlabelled,
            plain,
            service_account("identity"),
            deployment("workload", &template),
            labelled,
            job,
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "settings"}}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}),
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("{}-more", scenario.namespace)}}),
        ]);
        let system = scenario.cluster.kubectl(
            &["create", "--namespace=kube-system", "--filename=-"],
            &plain_pod(&scenario.namespace).to_string(),
        );

        assert_done(&created);
        assert_done(&system.unwrap());
        let pods = scenario.path("pods?labelSelector=app%3Dworkload");
        let count = || scenario.cluster.api().get(&pods).unwrap()["items"].as_array().unwrap().len();
        scenario.cluster.wait_for("the pods of unrelated workloads", || Ok(count() >= 2)).unwrap();
    }
}

#[test]
fn labelled_pods_are_refused_while_policy_server_is_down() {
    for (recipe, program) in each(&RECIPES) {
        let mut scenario = Scenario::with_recipe(recipe, &program);
        scenario.server.kill();

        let created = scenario.kubectl_create(&[labelled_pod("web", "web")]);
        let system = service_account(&scenario.namespace);
        scenario.cluster.api().put("/api/v1/namespaces/kube-system/serviceaccounts", &system).unwrap();
        let pod = labelled_pod(&scenario.namespace, &scenario.namespace).to_string();
        let system = scenario.cluster.kubectl(&["create", "--namespace=kube-system", "--filename=-"], &pod).unwrap();

        if recipe == "audit-only" {
            assert_done(&created);
        } else {
            assert!(!created.success, "{recipe}: {}", created.stdout);
            assert!(
                created.stderr.contains("failed calling webhook \"clusterwide-azure-workload-identity-"),
                "{}",
                created.stderr
            );
        }
        // Where the policy injects, a pod of kube-system that asks for an identity depends on it like any other.
        assert_eq!(system.success, recipe != "replace-webhook", "{recipe}: {}", system.stderr);
    }
}

#[test]
fn without_rbac_labelled_pods_are_denied_with_what_is_missing_and_others_pass() {
    for program in programs() {
        let scenario = Scenario::with(&program, |cluster| Manifests {
            others: Vec::new(),
            ..Manifests::of_recipe(cluster, "replace-webhook").unwrap()
        });

        let labelled = scenario.kubectl_create(&[labelled_pod("labelled", "web")]);
        let plain = scenario.kubectl_create(&[plain_pod("plain")]);

        assert!(!labelled.success);
        assert!(labelled.stderr.contains("lookup-failed: "), "{}", labelled.stderr);
        assert!(labelled.stderr.contains("serviceaccounts"), "{}", labelled.stderr);
        assert_done(&plain);
        assert_eq!(plain.stderr, "");
    }
}

#[test]
fn a_pod_without_its_service_account_waits_for_it() {
    for program in programs() {
        let scenario = Scenario::with_recipe("replace-webhook", &program);

        let refused = scenario.create("pods", &labelled_pod("web", "late"));
        let mut template = labelled_template("late");
        template["spec"]["serviceAccountName"] = json!("late");
        assert_done(&scenario.kubectl_create(&[deployment("late", &template)]));
        scenario.create("serviceaccounts", &service_account("late")).unwrap();
        scenario.create("pods", &labelled_pod("web", "late")).unwrap();

        assert!(refused.unwrap_err().contains("service account"));
        assert!(is_injected(&scenario.stored("pods", "web")));
        let pods = scenario.path("pods?labelSelector=app%3Dlate");
        let stored = || scenario.cluster.api().get(&pods).unwrap()["items"].as_array().unwrap().clone();
        scenario.cluster.wait_for("the controller to try again", || Ok(stored().len() == 2)).unwrap();
        assert!(stored().iter().all(is_injected));
    }
}

#[test]
fn a_service_account_may_be_created_right_before_its_pod() {
    for program in programs() {
        let scenario = Scenario::with_recipe("replace-webhook", &program);
        for attempt in 0..25 {
            let name = format!("new-{attempt}");

            scenario.create("serviceaccounts", &service_account(&name)).unwrap();
            let pod = scenario.create("pods", &labelled_pod(&name, &name)).unwrap();

            assert!(is_injected(&pod), "{pod:#}");
        }
        // A lookup that failed is not remembered.
        scenario.create("pods", &labelled_pod("again", "again")).unwrap_err();
        scenario.create("serviceaccounts", &service_account("again")).unwrap();
        assert!(is_injected(&scenario.create("pods", &labelled_pod("again", "again")).unwrap()));
    }
}

#[test]
fn the_policy_outlives_the_api_server() {
    for program in programs() {
        let mut scenario = Scenario::with_recipe("replace-webhook", &program);
        scenario.create("pods", &labelled_pod("before", "web")).unwrap();

        for restart in 0..3 {
            scenario.cluster.kill_api_server();
            scenario.cluster.start_api_server().unwrap();
            // Policy-server finds its connections broken; nothing may slip through meanwhile.
            let pod = scenario.create("pods", &labelled_pod(&format!("after-{restart}"), "web"));

            assert!(pod.as_ref().is_ok_and(is_injected), "{pod:?}");
        }
    }
}

/// How policies are to fail, and what that lets through.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Failing {
    AsInTheRecipe,
    /// The one that injects; the guard still fails closed.
    OpenInjection,
    /// All of them.
    Open,
}

#[test]
fn no_pod_slips_through_when_policy_server_is_killed_under_load() {
    for program in programs() {
        for failing in [Failing::AsInTheRecipe, Failing::OpenInjection, Failing::Open] {
            let mut scenario = Scenario::with(&program, |cluster| failing_as(cluster, failing));
            let attempts = with_restarts(&mut scenario);

            let refused: Vec<_> = attempts.iter().filter_map(|attempt| attempt.as_ref().err()).collect();
            let bare = attempts.iter().flatten().filter(|pod| !is_injected(pod)).count();
            let injected = attempts.len() - refused.len() - bare;
            println!("{failing:?}: {injected} pods injected, {bare} without identity, {} refused", refused.len());
            assert!(injected > 0, "{refused:?}");
            // A server that starts between the questions of two policies sees a pod that the first could not change.
            let met_none = |text: &String| text.contains("failed calling webhook");
            let guarded = |text: &String| text.contains("- injection-missing: ");
            match failing {
                Failing::Open => assert!(refused.iter().all(|text| guarded(text)), "{refused:?}"),
                Failing::AsInTheRecipe | Failing::OpenInjection => {
                    assert_eq!(bare, 0);
                    assert!(refused.iter().any(|text| met_none(text)), "no request met a dead server");
                    assert!(refused.iter().all(|text| met_none(text) || guarded(text)), "{refused:?}");
                }
            }
            // And all that is stored was seen here: nothing was admitted behind our back.
            let stored = scenario.cluster.api().get(&scenario.path("pods")).unwrap();
            let stored = stored["items"].as_array().unwrap().iter().filter(|pod| !is_injected(pod)).count();
            assert_eq!(stored, bare);
            let after = scenario.create("pods", &labelled_pod("after", "web"));
            assert!(after.as_ref().is_ok_and(is_injected), "{after:?}");
        }
    }
}

fn failing_as(cluster: &ControlPlane, failing: Failing) -> Manifests {
    let manifests = Manifests::of_recipe(cluster, "replace-webhook").unwrap();
    manifests.map_policies(|mut policy| {
        let open = match failing {
            Failing::AsInTheRecipe => false,
            Failing::OpenInjection => policy.spec.mutating,
            Failing::Open => true,
        };
        if open {
            policy.spec.failure_policy = FailurePolicy::Ignore;
        }
        policy
    })
}

/// Creates labelled pods from several clients while the server is killed and started again; returns what became of them.
fn with_restarts(scenario: &mut Scenario) -> Vec<Result<Value, String>> {
    let (api, path) = (scenario.cluster.api().clone(), scenario.path("pods"));
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients = (0..4).map(|client| {
            scope.spawn({
                let (api, path, ended) = (&api, &path, &ended);
                move || create_until(api, path, client, ended)
            })
        });
        let clients: Vec<_> = clients.collect();
        for _ in 0..2 {
            thread::sleep(Duration::from_secs(1));
            scenario.server.kill();
            thread::sleep(Duration::from_millis(500));
            scenario.server.start().unwrap();
        }
        thread::sleep(Duration::from_secs(1));
        ended.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

fn create_until(api: &Api, path: &str, client: usize, ended: &AtomicBool) -> Vec<Result<Value, String>> {
    let mut attempts = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        let pod = labelled_pod(&format!("pod-{client}-{}", attempts.len()), "web");
        let answer = api.request(Method::POST, path, Some(&pod)).unwrap();
        attempts.push(answer.map_err(|refusal| refusal.message));
        thread::sleep(Duration::from_millis(20));
    }
    attempts
}
