//! What is not wrong is not called wrong, and what is secret is not said.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod library;
}

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use azure_workload_identity_guest::Response;
use azure_workload_identity_policy::rule::Severity;
use common::library::{KnownCluster, verdict};
use e2e_tests::request::AdmissionRequest;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

/// Rules that deny a pod which Microsoft's webhook would have mutated, and why a reviewer would deny it, too.
const DENIED_FOR_A_REASON: [(&str, &str); 7] = [
    ("client-id-format", "the service account's client id is empty or `not-a-guid`, so that Entra ID gives no token"),
    (
        "endpoint-override",
        "a variable that decides where the token goes has a generated value, which hides the right one",
    ),
    ("field-ref", "the variable is empty, because the annotation is on the service account, and hides the right one"),
    ("proxy-platform", "the proxy does not run on Windows nodes"),
    ("proxy-value", "`false` and the like add the proxy all the same"),
    ("reserved-name", "something else has the name of the proxy or of the token volume"),
    ("tenant-id-format", "an empty tenant hides the cluster's, so that the pod gets none"),
];

const CLIENT_ID: &str = "97335aad-fb4e-4a1f-b5bc-3463ea695687";

/// The service account of the AKS quick start.
fn service_account() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": "workload-identity-sa",
            "namespace": "shop",
            "annotations": {"azure.workload.identity/client-id": CLIENT_ID},
        },
    })
}

/// `metadata` and `spec` of the pod of the AKS quick start.
fn template() -> Value {
    json!({
        "metadata": {"labels": {"app": "quick-start", "azure.workload.identity/use": "true"}},
        "spec": {
            "serviceAccountName": "workload-identity-sa",
            "containers": [{
                "name": "oidc",
                "image": "ghcr.io/azure/azure-workload-identity/msal-go",
                "env": [{"name": "KEYVAULT_URL", "value": "https://quick-start.vault.azure.net/"}],
            }],
            "nodeSelector": {"kubernetes.io/os": "linux"},
        },
    })
}

fn pod() -> Value {
    let mut pod = template();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["name"] = json!("quick-start");
    pod["metadata"]["namespace"] = json!("shop");
    pod
}

#[test]
fn nothing_is_wrong_with_the_quick_start() {
    let metadata = json!({"name": "quick-start", "namespace": "shop"});
    let spec = json!({"selector": {"matchLabels": {"app": "quick-start"}}, "template": template()});
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec});
    let settings = [json!({}), json!({"preset": "strict"}), json!({"inject": {"tenantId": CLIENT_ID}})];
    for object in [service_account(), pod(), deployment] {
        for settings in &settings {
            let cluster = KnownCluster { objects: vec![service_account()], ..KnownCluster::default() };
            let verdict = verdict(&AdmissionRequest::create(object.clone()).unwrap(), settings, &cluster);
            assert!(verdict.findings.is_empty(), "{settings}: {:?}", verdict.findings);
        }
    }
}

#[test]
fn what_the_webhook_mutates_is_denied_only_for_a_reason() {
    let mut pods = 0;
    let mut denials: BTreeMap<&str, usize> = BTreeMap::new();
    for case in ["v1.5.1", "v1.6.0", "v1.6.1"].into_iter().flat_map(read) {
        if case["expect"]["allowed"] != true {
            continue;
        }
        pods += 1;
        let mut request = AdmissionRequest::create(case["pod"].clone()).unwrap();
        request.namespace = case["namespace"].as_str().map(str::to_owned);
        let cluster =
            KnownCluster { objects: case["serviceAccounts"].as_array().unwrap().clone(), ..KnownCluster::default() };
        let verdict = verdict(&request, &json!({}), &cluster);
        let mut rules: Vec<_> = verdict
            .findings
            .iter()
            .filter(|(severity, _)| *severity == Severity::Deny)
            .map(|(_, finding)| finding.rule.name())
            .collect();
        rules.dedup();
        for rule in rules {
            *denials.entry(rule).or_default() += 1;
        }
    }
    println!("{pods} pods that the webhook mutates");
    for (rule, reason) in DENIED_FOR_A_REASON {
        println!("{:5} denied by {rule}: {reason}", denials.get(rule).copied().unwrap_or_default());
    }
    assert!(pods > 0);
    let listed: Vec<_> = DENIED_FOR_A_REASON.iter().map(|(rule, _)| *rule).collect();
    let denying: Vec<_> = denials.keys().copied().collect();
    assert_eq!(denying, listed, "{denials:?}");
}

#[test]
fn the_values_of_variables_are_never_said() {
    const MARKER: &str = "s3cr3t-marker";
    // Those of which the policy reads the value, and those which it only knows by name.
    let names = [
        "AZURE_CLIENT_ID",
        "AZURE_TENANT_ID",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_AUTHORITY_HOST",
        "AZURE_KUBERNETES_TOKEN_PROXY",
        "AZURE_KUBERNETES_SNI_NAME",
        "AZURE_KUBERNETES_CA_FILE",
        "AZURE_KUBERNETES_CA_DATA",
        "AZURE_CLIENT_SECRET",
        "AZURE_PASSWORD",
        "TOKEN_PATH",
    ];
    let value = format!("/var/run/secrets/azure/tokens/{MARKER}");
    let env: Vec<_> = names.iter().map(|name| json!({"name": name, "value": value})).collect();
    let mut pod = pod();
    pod["spec"]["containers"][0]["env"] = json!(env);
    let identities = json!([{"clientId": CLIENT_ID, "serviceAccounts": ["shop/*"]}]);
    let settings = [
        json!({}),
        json!({"preset": "strict", "identities": identities}),
        json!({"inject": {"tenantId": CLIENT_ID}, "identities": identities}),
    ];
    for settings in settings {
        let cluster = KnownCluster { objects: vec![service_account()], ..KnownCluster::default() };
        let verdict = verdict(&AdmissionRequest::create(pod.clone()).unwrap(), &settings, &cluster);
        let answer = String::from_utf8(Response::of(&verdict).to_json()).unwrap();
        assert!(answer.contains("AZURE_CLIENT_SECRET") || answer.contains("AZURE_AUTHORITY_HOST"), "{answer}");
        assert!(!answer.contains(MARKER), "{settings}: {answer}");
    }
}

/// The recorded cases of a version of the webhook.
fn read(version: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(format!("{version}.jsonl.gz"));
    let lines = BufReader::new(GzDecoder::new(File::open(path).unwrap())).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}
