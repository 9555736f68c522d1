//! What is different for objects in files, which somebody may still fill in.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use azure_workload_identity_policy::cluster::{Cluster, Freshness, LookupError, Nothing, ServiceAccount};
use azure_workload_identity_policy::finding::ObjectRef;
use azure_workload_identity_policy::inquiry::{Inquiry, ObjectOrigin};
use azure_workload_identity_policy::json::{Document, Reading, Value};
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::{decide, examine, merge_causes};
use serde_json::json;

/// The rules that find something in a service account with this annotation, with the severity that counts.
fn findings(key: &str, value: &str, origin: ObjectOrigin) -> Vec<(&'static str, Severity)> {
    let annotations = json!({format!("azure.workload.identity/{key}"): value});
    let metadata = json!({"name": "api", "annotations": annotations});
    let text = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}).to_string();
    let document = Document::parse(text.as_bytes()).expect("JSON");
    let settings = Settings::default();
    let inquiry = Inquiry { origin, ..Inquiry::of_object(document.root()) };
    let verdict = decide(examine(&inquiry, &settings, &Nothing), &settings);
    verdict.findings.into_iter().map(|(severity, finding)| (finding.rule.name(), severity)).collect()
}

#[test]
fn a_variable_is_fine_in_a_file_and_refused_in_a_cluster() {
    let variables = ["${ID}", "$ID", "$(ID)", "__id__", "#{ID}#", "{{ .Values.id }}", "<%= id %>"];
    for (key, rule) in [("client-id", "client-id-format"), ("tenant-id", "tenant-id-format")] {
        for id in variables {
            assert_eq!(findings(key, id, ObjectOrigin::File), [(rule, Severity::Note)], "{id}");
            assert_eq!(findings(key, id, ObjectOrigin::Admission), [(rule, Severity::Deny)], "{id}");
        }
        for id in ["REPLACE_ME_ID", "<your-id>", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(findings(key, id, ObjectOrigin::File), [(rule, Severity::Deny)], "{id}");
        }
    }
    // An empty client id has the effect of none; an empty tenant id is not replaced by the cluster's.
    assert_eq!(findings("client-id", "", ObjectOrigin::File), [("client-id-format", Severity::Warn)]);
    assert_eq!(findings("tenant-id", "", ObjectOrigin::File), [("tenant-id-format", Severity::Deny)]);
}

/// The service account `shop/api` of the files, whatever is asked for.
struct Files<'a>(Value<'a>);

impl Cluster for Files<'_> {
    fn service_account(&self, _: &str, _: &str, _: Freshness) -> Result<ServiceAccount, LookupError> {
        Ok(ServiceAccount::read(self.0, &mut Reading::default()))
    }

    fn may_use_identity(&self, _: &str, _: &str, _: &str) -> Result<bool, LookupError> {
        Ok(true)
    }
}

#[test]
fn a_wrong_annotation_of_a_service_account_is_one_finding_with_the_pods_that_use_it() {
    let annotations = json!({"azure.workload.identity/client-id": "orders"});
    let metadata = json!({"name": "api", "namespace": "shop", "annotations": annotations});
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
    let pod = |name: &str, labels: serde_json::Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "labels": labels},
            "spec": {"serviceAccountName": "api", "containers": [{"name": "web"}]}})
    };
    let labelled = json!({"azure.workload.identity/use": "true"});
    let objects = [pod("one", labelled.clone()), account, pod("two", labelled), pod("three", json!({}))];
    let texts = objects.map(|object| object.to_string());
    let documents = texts.each_ref().map(|text| Document::parse(text.as_bytes()).expect("JSON"));
    let (settings, files) = (Settings::default(), Files(documents[1].root()));
    let findings = |it: &Document<'_>| examine(&Inquiry::of_object(it.root()), &settings, &files).findings;
    let mut findings = documents.each_ref().map(findings);

    let is_api = |_, namespace: &str, name: &str| ((namespace, name) == ("shop", "api")).then_some(1);
    merge_causes(&mut findings, &is_api);

    let rules = findings.each_ref().map(|it| it.iter().map(|it| it.rule.name()).collect::<Vec<_>>());
    assert_eq!(rules, [vec![], vec!["client-id-format"], vec![], vec!["label-missing"]]);
    let related = findings[1][0].related.iter();
    let related: Vec<_> = related.map(|it| (it.object.clone(), it.path.to_string())).collect();
    let place = "spec.serviceAccountName".to_owned();
    assert_eq!(related, [(ObjectRef::Other(0), place.clone()), (ObjectRef::Other(2), place)]);
}
