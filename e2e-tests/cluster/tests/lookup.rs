//! Lookups in a real cluster end as those in the cluster of `e2e-tests`, which is in memory: same objects, same errors.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use cluster_tests::{
    control_plane::{ControlPlane, User},
    lookup::RealCluster,
};
use common::*;
use e2e_tests::cluster::{
    CanIRequest, ClusterApi, Failure, FakeCluster, GetResourceRequest, ObjectKey, ResourceAttributes,
    SubjectAccessReview,
};
use serde_json::{Value, json};

fn real(cluster: &ControlPlane, user: User) -> RealCluster {
    RealCluster::new(cluster.client(user).unwrap(), cluster.runtime().handle().clone())
}

fn request(namespace: Option<&str>, name: &str, disable_cache: bool) -> GetResourceRequest {
    GetResourceRequest {
        api_version: "v1".to_owned(),
        kind: "ServiceAccount".to_owned(),
        name: name.to_owned(),
        namespace: namespace.map(str::to_owned),
        disable_cache,
        field_masks: Some(["metadata".to_owned()].into()),
    }
}

/// An error without the backtrace that `RUST_BACKTRACE` appends.
fn words(error: &str) -> &str {
    error.split("\n\nStack backtrace:").next().unwrap()
}

#[test]
fn a_service_account_is_found_with_its_annotations() {
    let cluster = ControlPlane::shared().unwrap();
    let namespace = new_namespace(&cluster);
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    cluster.api().create(&accounts, &service_account("web")).unwrap();

    for disable_cache in [false, true] {
        let request = request(Some(&namespace), "web", disable_cache);
        let found = real(&cluster, User::Admin).get_resource(&request).unwrap();
        let found: Value = serde_json::from_slice(&found).unwrap();

        assert_eq!(found["kind"], "ServiceAccount");
        assert_eq!(found["metadata"]["annotations"], service_account("web")["metadata"]["annotations"]);
    }
}

#[test]
fn errors_read_as_in_the_cluster_in_memory() {
    let cluster = ControlPlane::shared().unwrap();
    let namespace = new_namespace(&cluster);
    let key = ObjectKey::service_account(&namespace, "missing");
    let forbidding = FakeCluster::default().and_failing(key, Failure::Forbidden);
    let cases = [
        ("not found", User::Admin, FakeCluster::default(), request(Some(&namespace), "missing", false)),
        ("forbidden", User::PolicyServer, forbidding, request(Some(&namespace), "missing", false)),
        ("no namespace", User::Admin, FakeCluster::default(), request(None, "missing", false)),
    ];

    for (case, user, fake, request) in cases {
        let ours = real(&cluster, user).get_resource(&request).unwrap_err();

        // A member that policy-server's release of the client does not know yet.
        let ours = words(&ours).replace(", shard_info: None", "");
        assert_eq!(ours, fake.get_resource(&request).unwrap_err(), "{case}");
    }
}

#[test]
fn an_api_server_that_is_down_reads_as_in_the_cluster_in_memory() {
    let mut cluster = ControlPlane::shared().unwrap();
    let namespace = new_namespace(&cluster);
    let request = request(Some(&namespace), "web", true);
    let key = ObjectKey::service_account(&namespace, "web");
    let fake = FakeCluster::default().and_failing(key, Failure::Unreachable);
    let real = real(&cluster, User::Admin);
    real.get_resource(&request).unwrap_err();

    cluster.kill_api_server();
    // The first may still go out on a connection that was open.
    let _ = real.get_resource(&request);
    let error = real.get_resource(&request).unwrap_err();

    assert_eq!(words(&error), fake.get_resource(&request).unwrap_err());
}

#[test]
fn an_answer_is_remembered_for_seconds_and_an_error_is_not() {
    let cluster = ControlPlane::shared().unwrap();
    let namespace = new_namespace(&cluster);
    let accounts = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
    let real = real(&cluster, User::Admin);
    let ask = |disable_cache| real.get_resource(&request(Some(&namespace), "web", disable_cache));

    ask(false).unwrap_err();
    cluster.api().create(&accounts, &service_account("web")).unwrap();
    ask(false).unwrap();
    cluster.api().delete(&format!("{accounts}/web")).unwrap();

    ask(false).unwrap();
    ask(true).unwrap_err();
}

#[test]
fn permissions_are_those_of_the_clusters_roles() {
    let cluster = ControlPlane::shared().unwrap();
    let review = |user: &str| CanIRequest {
        subject_access_review: SubjectAccessReview {
            user: user.to_owned(),
            groups: None,
            resource_attributes: ResourceAttributes {
                resource: "events".to_owned(),
                verb: "create".to_owned(),
                ..ResourceAttributes::default()
            },
        },
        disable_cache: false,
    };
    let may = |user: &str| {
        let answer = real(&cluster, User::Admin).can_i(&review(user)).unwrap();
        serde_json::from_slice::<Value>(&answer).unwrap()["allowed"].clone()
    };

    assert_eq!(may("system:kube-controller-manager"), json!(true));
    assert_eq!(may("system:anonymous"), json!(false));
    let denied = real(&cluster, User::PolicyServer).can_i(&review("system:anonymous")).unwrap_err();
    assert!(denied.contains("cannot create resource \"subjectaccessreviews\""), "{denied}");
}
