//! What the policy answers: who is let through unseen, who is refused, and how messages are put together. What rules say of an
//! object is in the snapshots of `e2e-tests/cases`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

#[path = "common/admission.rs"]
mod admission;
#[path = "../../json/tests/common"]
mod common {
    pub(crate) mod json_text;
    pub(crate) mod model;
}

use std::collections::BTreeMap;

use admission::{CLIENT_ID, annotated, annotated_as, answer, answer_to, creation, pod};
use azure_workload_identity_guest::validate_settings;
use azure_workload_identity_policy::json::{Changes, Document};
use common::json_text;
use common::model::all_values;
use fake_cluster::{Failure, FakeCluster, ObjectKey};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// What the policy answers to the creation of a pod in this cluster.
fn verdict_on(pod: &Value, settings: &Value, cluster: &FakeCluster) -> Value {
    decision(&creation(pod), settings, cluster)
}

fn decision(request: &Value, settings: &Value, cluster: &FakeCluster) -> Value {
    serde_json::from_slice(&answer_to(request, settings, cluster)).unwrap()
}

/// A cluster in which service account `shop/api` has these annotations.
fn account(annotations: &Value) -> FakeCluster {
    FakeCluster::default().and_service_account("shop", "api", annotations)
}

/// A cluster that lets nobody look up the service account `shop/api`.
fn forbidden() -> FakeCluster {
    FakeCluster::default().and_failing(ObjectKey::service_account("shop", "api"), Failure::Forbidden)
}

fn inject() -> Value {
    json!({"inject": {"tenantId": "11111111-1111-1111-1111-111111111111"}})
}

/// Injection without the rules that have something to say about pods that ask for no identity.
fn inject_without_a_word(inject: &Value) -> Value {
    let rules = ["label-value", "label-missing", "misspelt-key", "annotation-without-label"];
    let off: BTreeMap<_, _> = rules.into_iter().map(|rule| (rule, "off")).collect();
    json!({"inject": inject, "rules": off})
}

/// Asserts that the pod is denied by these rules.
fn assert_denied(verdict: &Value, rules: &[&str], context: &str) {
    assert_eq!((&verdict["accepted"], &verdict["code"]), (&json!(false), &json!(403)), "{context}");
    assert_eq!(verdict["audit_annotations"]["rules"], rules.join(","), "{context}");
    assert_eq!(verdict["message"].as_str().unwrap().lines().count(), rules.len() + 1, "{context}");
    assert_eq!(verdict.get("mutated_object"), None, "{context}");
}

const EXPIRATION: &str = "azure.workload.identity/service-account-token-expiration";
const PROXY: &str = "azure.workload.identity/inject-proxy-sidecar";
const PORT: &str = "azure.workload.identity/proxy-sidecar-port";

#[test]
fn a_token_expiration_is_whole_seconds_from_an_hour_to_a_day() {
    for text in ["", "3600", "+3600", "03600", "86400"] {
        let on_pod = verdict_on(&pod(&json!({EXPIRATION: text}), &json!({})), &inject(), &annotated());
        assert_eq!(on_pod["accepted"], true, "{text:?}");
    }
    let invalid = [
        "1h",
        "3600s",
        " 3600",
        "3600 ",
        "3_600",
        "3600.0",
        "1e4",
        "0xE10",
        "٣٦٠٠",
        "3599",
        "86401",
        "0",
        "-3600",
        "9223372036854775808",
    ];
    for text in invalid {
        let on_pod = verdict_on(&pod(&json!({EXPIRATION: text}), &json!({})), &inject(), &annotated());
        assert_denied(&on_pod, &["token-expiration"], text);

        let of_account = account(&json!({"azure.workload.identity/client-id": CLIENT_ID, EXPIRATION: text}));
        let on_account = verdict_on(&pod(&json!({}), &json!({})), &inject(), &of_account);
        assert_denied(&on_account, &["token-expiration"], text);
        let hidden = verdict_on(&pod(&json!({EXPIRATION: "7200"}), &json!({})), &inject(), &of_account);
        assert_eq!(hidden["accepted"], true, "{text:?} behind a valid one");
        let not_hidden = verdict_on(&pod(&json!({EXPIRATION: ""}), &json!({})), &inject(), &of_account);
        assert_eq!(not_hidden["accepted"], false, "{text:?} behind an empty one");
    }
}

#[test]
fn a_proxy_port_is_one_that_there_can_be() {
    for text in ["1", "65535", "+8080", "08080"] {
        let verdict = verdict_on(&pod(&json!({PROXY: "true", PORT: text}), &json!({})), &inject(), &annotated());
        assert_eq!(verdict["accepted"], true, "{text:?}");
    }
    for text in ["", "http", "0", "-1", "65536", "8080 ", "80.0", "4294967376"] {
        let verdict = verdict_on(&pod(&json!({PROXY: "true", PORT: text}), &json!({})), &inject(), &annotated());
        assert_denied(&verdict, &["proxy-port"], text);

        let without_proxy = verdict_on(&pod(&json!({PORT: text}), &json!({})), &inject(), &annotated());
        assert_eq!(without_proxy["accepted"], true, "{text:?} without the proxy");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_in_the_same_order() {
    let annotations = json!({PROXY: "true", PORT: "x", EXPIRATION: "1h"});
    let verdict = verdict_on(&pod(&annotations, &json!({"hostNetwork": true})), &inject(), &FakeCluster::default());

    let rules = ["token-expiration", "proxy-port", "proxy-host-network", "service-account-missing"];
    assert_denied(&verdict, &rules, "all at once");
    let lines = verdict["message"].as_str().unwrap().lines().skip(1);
    let said: Vec<_> = lines.map(|line| line.split_once(':').unwrap().0).collect();
    assert_eq!(said, rules.map(|rule| format!("- {rule}")));
    assert_eq!(verdict["audit_annotations"]["tenant-id"], "11111111-1111-1111-1111-111111111111");
}

#[test]
fn a_pod_is_named_as_far_as_its_name_is_known() {
    let cases = [
        (json!({"name": "web"}), "pod shop/web"),
        (json!({"name": "web-x", "generateName": "web-"}), "pod shop/web-x"),
        (json!({"generateName": "web-7c9d8f7b6c-"}), "pod shop/web-7c9d8f7b6c-"),
        (json!({}), "pod shop/\"\""),
        (json!({"name": "web:\n- other-rule: no"}), "pod shop/\"web:\\n- other-rule: no\""),
        (json!({"name": "n".repeat(253)}), &format!("pod shop/{}", "n".repeat(253))),
        (json!({"name": "n".repeat(254)}), &format!("pod shop/\"{}\"…", "n".repeat(64))),
    ];
    for (name, expected) in cases {
        let mut pod = pod(&json!({EXPIRATION: "1h"}), &json!({}));
        let metadata = pod["metadata"].as_object_mut().unwrap();
        metadata.remove("name");
        metadata.extend(name.as_object().unwrap().clone());
        let verdict = verdict_on(&pod, &inject(), &annotated());
        let first = verdict["message"].as_str().unwrap().lines().next().unwrap();
        assert!(first.ends_with(&format!(" in {expected}:")), "{first}");
    }
}

#[test]
fn values_are_quoted_on_one_line_and_cut() {
    let cases = [
        ("1h\n- other-rule: no".to_owned(), r#""1h\n- other-rule: no""#.to_owned()),
        ("\"\u{1b}[31m\u{202e}".to_owned(), r#""\"\u{1b}[31m\u{202e}""#.to_owned()),
        ("9".repeat(64), format!("\"{}\"", "9".repeat(64))),
        ("ä".repeat(65), format!("\"{}\"…", "ä".repeat(64))),
    ];
    for (value, quoted) in cases {
        let verdict = verdict_on(&pod(&json!({EXPIRATION: value}), &json!({})), &inject(), &annotated());
        let message = verdict["message"].as_str().unwrap();
        assert!(message.contains(&format!(" {quoted};")), "{message}");
        assert_eq!(message.lines().count(), 2);
    }
}

#[test]
fn without_injection_a_rule_weighs_what_the_settings_say() {
    let late = pod(&json!({EXPIRATION: "1h"}), &json!({}));
    let cases = [
        (json!({}), false, 0),
        (json!({"rules": {"token-expiration": "warn"}}), true, 1),
        (json!({"rules": {"token-expiration": "note"}}), true, 0),
        (json!({"rules": {"token-expiration": "off"}}), true, 0),
        (json!({"preset": "strict", "rules": {"token-expiration": "warn"}}), true, 1),
        (json!({"exemptions": {"namespaces": ["sh*"]}}), true, 0),
        (json!({"exemptions": {"serviceAccounts": ["shop/api"]}}), true, 0),
        (json!({"exemptions": {"serviceAccounts": ["shop/web"]}}), false, 0),
    ];
    for (settings, accepted, warnings) in cases {
        let verdict = verdict_on(&late, &settings, &annotated());
        let warned = verdict["warnings"].as_array().map_or(0, Vec::len);
        assert_eq!((verdict["accepted"].as_bool(), warned), (Some(accepted), warnings), "{settings}");
        assert_eq!(verdict.get("mutated_object"), None, "{settings}");
    }
}

#[test]
fn what_injection_cannot_do_without_is_a_denial_whatever_the_rule_weighs() {
    let late = pod(&json!({EXPIRATION: "1h"}), &json!({}));
    let lenient = [
        json!({"inject": {}, "rules": {"token-expiration": "off"}}),
        json!({"inject": {}, "rules": {"token-expiration": "warn"}}),
        json!({"inject": {}, "exemptions": {"namespaces": ["*"]}}),
    ];
    for settings in lenient {
        assert_eq!(verdict_on(&late, &settings, &annotated())["accepted"], false, "{settings}");
    }
}

#[test]
fn a_failed_lookup_denies_only_where_the_decision_needs_it() {
    let identity = json!({"clientId": "22222222-2222-2222-2222-222222222222", "serviceAccounts": ["*/*"]});
    let cases = [
        (json!({}), true),
        (json!({"preset": "strict"}), true),
        (json!({"inject": {}}), false),
        (json!({"guard": {}}), false),
        (json!({"identities": [identity]}), false),
    ];
    for (settings, accepted) in cases {
        let verdict = verdict_on(&pod(&json!({}), &json!({})), &settings, &forbidden());
        assert_eq!(verdict["accepted"], accepted, "{settings}");
        assert_eq!(verdict["warnings"].is_array(), accepted, "{settings}");
    }
}

#[test]
fn a_warning_has_as_many_characters_as_the_api_server_passes_on_and_says_what_to_do() {
    let warning = |reason: &str| {
        let failure = Failure::Other(reason.to_owned());
        let unreachable = FakeCluster::default().and_failing(ObjectKey::service_account("shop", "api"), failure);
        let verdict = verdict_on(&pod(&json!({}), &json!({})), &json!({}), &unreachable);
        verdict["warnings"][0].as_str().unwrap().to_owned()
    };
    let spare = 256 - warning("").chars().count();
    let whole = warning(&"ä".repeat(spare));
    assert!(whole.chars().count() == 256 && !whole.ends_with('…'), "{whole}");
    let cut = warning(&"ä".repeat(spare + 1));
    assert!(cut.chars().count() == 256 && cut.contains("…; check policy-server's connection"), "{cut}");
}

#[test]
fn the_identity_in_force_is_in_the_audit_log() {
    let ids = json!({"azure.workload.identity/client-id": CLIENT_ID, "azure.workload.identity/tenant-id": "contoso.example.com"});
    let verdict = verdict_on(&pod(&json!({}), &json!({})), &inject(), &account(&ids));
    assert_eq!(verdict["audit_annotations"], json!({"client-id": CLIENT_ID, "tenant-id": "contoso.example.com"}));
}

/// Asserts that the request is accepted as it is, without a question to the cluster.
fn assert_passes_unseen(request: &Value, settings: &Value) {
    let cluster = FakeCluster::default();
    assert_eq!(decision(request, settings, &cluster), json!({"accepted": true}), "{request} {settings}");
    assert!(cluster.exchanges().is_empty(), "{request}");
}

#[test]
fn pods_that_ask_for_no_identity_pass_unseen() {
    let label = |value: Value| json!({"azure.workload.identity/use": value});
    let labels = [
        Value::Null,
        json!({}),
        json!({"app": "web"}),
        label(json!("True")),
        label(json!("TRUE")),
        label(json!("yes")),
        label(json!("1")),
        label(json!("")),
        label(json!(" true")),
        label(json!("false")),
        label(Value::Null),
        json!({"azure.workload.identity/Use": "true"}),
    ];
    for labels in labels {
        let mut pod = pod(&json!({EXPIRATION: "1h", PROXY: "true", PORT: "x"}), &json!({"hostNetwork": true}));
        pod["metadata"]["labels"] = labels;
        assert_passes_unseen(&creation(&pod), &inject_without_a_word(&json!({})));
    }
    assert_passes_unseen(&creation(&json!({})), &inject());
}

#[test]
fn a_pod_without_a_spec_is_left_to_the_api_server() {
    let pod = json!({"metadata": {"labels": {"azure.workload.identity/use": "true"}}});
    let settings = json!({"inject": {}, "rules": {"default-service-account": "off"}});
    let verdict = verdict_on(&pod, &settings, &annotated_as("shop", "default"));
    assert_eq!(verdict, json!({"accepted": true, "audit_annotations": {"client-id": CLIENT_ID}}));
}

#[test]
fn mirror_pods_pass_unseen() {
    for settings in [json!({}), inject(), json!({"inject": {"optIn": "serviceAccount"}, "guard": {}})] {
        assert_passes_unseen(&creation(&pod(&json!({"kubernetes.io/config.mirror": ""}), &json!({}))), &settings);
    }
}

#[test]
fn requests_about_what_is_not_judged_pass_unseen() {
    let changes = [
        json!({"operation": "UPDATE"}),
        json!({"operation": "DELETE", "object": null}),
        json!({"operation": "CONNECT"}),
        json!({"operation": null}),
        json!({"object": null}),
        json!({"subResource": "ephemeralcontainers"}),
        json!({"subResource": "binding"}),
        json!({"kind": {"group": "apps", "version": "v1", "kind": "Deployment"}}),
        json!({"kind": {"group": "", "version": "v1", "kind": "ServiceAccount"}, "operation": "DELETE"}),
        json!({"kind": {"group": "", "version": "v1", "kind": "ServiceAccount"}, "subResource": "token"}),
        json!({"kind": {"group": "example.com", "version": "v1", "kind": "ServiceAccount"}}),
        json!({"kind": {"group": "example.com", "version": "v1", "kind": "Pod"}}),
        json!({"kind": null}),
    ];
    for change in changes {
        let mut request = creation(&pod(&json!({EXPIRATION: "1h"}), &json!({})));
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_passes_unseen(&request, &inject());
    }
}

#[test]
fn a_pod_that_follows_its_service_account_gets_the_label() {
    let settings = json!({"inject": {"optIn": "serviceAccount"}});
    let cluster = annotated_as("shop", "default");
    let cases = [
        (r#"{"spec":{}}"#, r#""metadata":{"labels":{"azure.workload.identity/use":"true"}}"#),
        (r#"{"metadata":null,"spec":{}}"#, r#""metadata":{"labels":{"azure.workload.identity/use":"true"}}"#),
        (r#"{"metadata":{},"spec":{}}"#, r#""metadata":{"labels":{"azure.workload.identity/use":"true"}}"#),
        (
            r#"{"metadata":{"labels":null},"spec":{}}"#,
            r#""metadata":{"labels":{"azure.workload.identity/use":"true"}}"#,
        ),
        (r#"{"metadata":{"labels":{}},"spec":{}}"#, r#""metadata":{"labels":{"azure.workload.identity/use":"true"}}"#),
        (
            r#"{"metadata":{"labels":{"a":"b"},"name":"web"},"spec":{}}"#,
            r#""metadata":{"labels":{"a":"b","azure.workload.identity/use":"true"},"name":"web"}"#,
        ),
    ];
    for (pod, expected) in cases {
        let request = format!(
            r#"{{"request":{{"operation":"CREATE","kind":{{"kind":"Pod"}},"namespace":"shop","object":{pod}}},"settings":{settings}}}"#
        );
        let answer = answer(request.as_bytes(), &cluster);
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains(expected), "{pod}: {answer}");
    }
}

#[test]
fn a_pod_follows_its_service_account_only_to_an_identity_and_if_it_says_nothing_itself() {
    let follow = inject_without_a_word(&json!({"optIn": "serviceAccount"}));
    let mut silent = pod(&json!({EXPIRATION: "1h"}), &json!({}));
    silent["metadata"]["labels"] = json!({"app": "web"});
    let without_id = account(&json!({"azure.workload.identity/client-id": ""}));

    for cluster in [account(&json!({})), without_id, FakeCluster::default()] {
        assert_eq!(verdict_on(&silent, &follow, &cluster), json!({"accepted": true}));
    }
    // Whether it has one is not known if the lookup fails.
    for cluster in [annotated(), forbidden()] {
        assert_eq!(verdict_on(&silent, &follow, &cluster)["accepted"], false);
    }

    for label in ["false", "True", ""] {
        silent["metadata"]["labels"] = json!({"azure.workload.identity/use": label});
        assert_passes_unseen(&creation(&silent), &follow);
    }
}

#[test]
fn the_service_account_is_looked_up_once_in_the_pods_namespace() {
    let cases = [
        (json!("shop"), json!({}), json!({"serviceAccountName": "api"}), "shop/api"),
        (json!("shop"), json!({"namespace": "other"}), json!({"serviceAccountName": "api"}), "shop/api"),
        (Value::Null, json!({"namespace": "other"}), json!({"serviceAccountName": "api"}), "other/api"),
        (json!(""), json!({"namespace": "other"}), json!({"serviceAccountName": "api"}), "other/api"),
        (Value::Null, json!({"namespace": ""}), json!({"serviceAccountName": "api"}), "default/api"),
        (json!("shop"), json!({}), json!({"serviceAccountName": "api", "serviceAccount": "old"}), "shop/api"),
        (json!("shop"), json!({}), json!({"serviceAccountName": "", "serviceAccount": "old"}), "shop/old"),
        (json!("shop"), json!({}), json!({"serviceAccount": "old"}), "shop/old"),
        (json!("shop"), json!({}), json!({}), "shop/default"),
        (json!("shop"), json!({}), json!({"serviceAccountName": null}), "shop/default"),
    ];
    for (namespace, mut metadata, spec, expected) in cases {
        metadata["labels"] = json!({"azure.workload.identity/use": "true"});
        let mut request = creation(&json!({"metadata": metadata, "spec": spec}));
        request["namespace"] = namespace;
        let (of_namespace, name) = expected.split_once('/').unwrap();
        let cluster = annotated_as(of_namespace, name);

        assert_eq!(decision(&request, &inject(), &cluster)["accepted"], true, "{request}");
        assert_eq!(cluster.lookups(), [expected], "{request}");
    }
}

/// In every value that a message must not show.
const MARKER: &str = "5317008";

fn marked() -> String {
    format!("marked {MARKER}")
}

/// A request with something in every place that is read.
fn full_request() -> Value {
    let text = marked;
    let container = json!({
        "name": text(),
        "env": [{"name": text(), "value": text()}],
        "volumeMounts": [{"name": text(), "mountPath": text()}],
        "ports": [{"containerPort": 80}],
    });
    let mut request = creation(&json!({
        "metadata": {
            "name": text(),
            "generateName": text(),
            "namespace": text(),
            "labels": {"a.b/c": text()},
            "annotations": {"d": text()},
        },
        "spec": {
            "serviceAccountName": "",
            "serviceAccount": text(),
            "hostNetwork": false,
            "initContainers": [container],
            "containers": [container],
            "volumes": [{"name": text(), "projected": {"sources": [{}]}}],
        },
    }));
    request["subResource"] = json!("");
    request
}

#[test]
fn a_value_of_the_wrong_type_is_a_bad_request_that_names_its_place_and_not_the_value() {
    let places = [
        ("", "it", "an object"),
        ("/operation", "operation", "a string"),
        ("/subResource", "subResource", "a string"),
        ("/namespace", "namespace", "a string"),
        ("/kind", "kind", "an object"),
        ("/kind/group", "kind.group", "a string"),
        ("/kind/kind", "kind.kind", "a string"),
        ("/object", "object", "an object"),
        ("/object/metadata", "object.metadata", "an object"),
        ("/object/metadata/name", "object.metadata.name", "a string"),
        ("/object/metadata/generateName", "object.metadata.generateName", "a string"),
        ("/object/metadata/namespace", "object.metadata.namespace", "a string"),
        ("/object/metadata/labels", "object.metadata.labels", "an object"),
        ("/object/metadata/labels/a.b~1c", "object.metadata.labels[\"a.b/c\"]", "a string"),
        ("/object/metadata/annotations", "object.metadata.annotations", "an object"),
        ("/object/metadata/annotations/d", "object.metadata.annotations.d", "a string"),
        ("/object/spec", "object.spec", "an object"),
        ("/object/spec/serviceAccountName", "object.spec.serviceAccountName", "a string"),
        ("/object/spec/serviceAccount", "object.spec.serviceAccount", "a string"),
        ("/object/spec/hostNetwork", "object.spec.hostNetwork", "a boolean"),
        ("/object/spec/initContainers", "object.spec.initContainers", "an array"),
        ("/object/spec/initContainers/0", "object.spec.initContainers[0]", "an object"),
        ("/object/spec/containers", "object.spec.containers", "an array"),
        ("/object/spec/containers/0", "object.spec.containers[0]", "an object"),
        ("/object/spec/containers/0/name", "object.spec.containers[0].name", "a string"),
        ("/object/spec/containers/0/env", "object.spec.containers[0].env", "an array"),
        ("/object/spec/containers/0/env/0", "object.spec.containers[0].env[0]", "an object"),
        ("/object/spec/containers/0/env/0/name", "object.spec.containers[0].env[0].name", "a string"),
        ("/object/spec/containers/0/volumeMounts", "object.spec.containers[0].volumeMounts", "an array"),
        ("/object/spec/containers/0/volumeMounts/0", "object.spec.containers[0].volumeMounts[0]", "an object"),
        ("/object/spec/containers/0/volumeMounts/0/name", "object.spec.containers[0].volumeMounts[0].name", "a string"),
        ("/object/spec/containers/0/ports", "object.spec.containers[0].ports", "an array"),
        ("/object/spec/containers/0/ports/0", "object.spec.containers[0].ports[0]", "an object"),
        (
            "/object/spec/containers/0/ports/0/containerPort",
            "object.spec.containers[0].ports[0].containerPort",
            "a number",
        ),
        ("/object/spec/volumes", "object.spec.volumes", "an array"),
        ("/object/spec/volumes/0", "object.spec.volumes[0]", "an object"),
        ("/object/spec/volumes/0/name", "object.spec.volumes[0].name", "a string"),
        ("/object/spec/volumes/0/projected", "object.spec.volumes[0].projected", "an object"),
        ("/object/spec/volumes/0/projected/sources", "object.spec.volumes[0].projected.sources", "an array"),
        ("/object/spec/volumes/0/projected/sources/0", "object.spec.volumes[0].projected.sources[0]", "an object"),
    ];
    let values = [
        (json!(true), "a boolean"),
        (json!(5_317_008), "a number"),
        (json!(MARKER), "a string"),
        (json!([MARKER]), "an array"),
        (json!({"a": MARKER}), "an object"),
    ];
    for (pointer, path, expected) in places {
        for (value, kind) in values.iter().filter(|(_, kind)| *kind != expected) {
            let mut request = full_request();
            *request.pointer_mut(pointer).unwrap() = value.clone();
            let cluster = FakeCluster::default();

            let answer = decision(&request, &inject(), &cluster);
            let message = format!("the admission review cannot be read: {path} is {kind}; expected {expected}");
            assert_eq!(answer, json!({"accepted": false, "message": message, "code": 400}));
            assert!(cluster.exchanges().is_empty(), "{path}");
        }
    }
}

#[test]
fn what_is_no_review_is_a_bad_request() {
    let cases = [
        ("", "the text ends in the middle of a JSON value at line 1 column 1"),
        ("5317008 5317008", "something follows the end of the JSON value at line 1 column 9"),
        (r#"{"request":{"object":5317008x}}"#, "expected `,` or `}` at line 1 column 29"),
        ("[5317008]", "it has no request"),
        ("{}", "it has no request"),
        (r#"{"request":null}"#, "it has no request"),
    ];
    for (payload, reason) in cases {
        let answer = answer(payload.as_bytes(), &FakeCluster::default());
        let expected = json!({
            "accepted": false,
            "message": format!("the admission review cannot be read: {reason}"),
            "code": 400,
        });
        assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap(), expected, "{payload}");
    }
}

#[test]
fn settings_that_are_not_valid_are_the_servers_fault() {
    let settings = json!({"preset": "hard", "guard": 1});
    let verdict = verdict_on(&pod(&json!({}), &json!({})), &settings, &annotated());
    assert_eq!((&verdict["accepted"], &verdict["code"]), (&json!(false), &json!(500)));

    let answer: Value = serde_json::from_slice(&validate_settings(settings.to_string().as_bytes())).unwrap();
    let problems = answer["message"].as_str().unwrap();
    assert!(verdict["message"].as_str().unwrap().ends_with(problems), "{verdict} {problems}");
}

/// A payload that is right but for another value at some place of the request.
fn odd_payload() -> impl Strategy<Value = Vec<u8>> {
    let request = full_request().to_string();
    (any::<Index>(), json_text::value(2)).prop_map(move |(place, text)| {
        let document = Document::parse(request.as_bytes()).unwrap();
        let mut edits = Changes::default();
        edits.replace(*place.get(&all_values(document.root())), text);
        let mut payload = br#"{"request":"#.to_vec();
        edits.write(document.root(), &mut payload);
        payload.extend_from_slice(br#","settings":{"inject":{"optIn":"serviceAccount"}}}"#);
        payload
    })
}

proptest! {
    #[test]
    fn every_request_gets_an_answer_that_says_yes_or_why_not(payload in odd_payload()) {
        let cluster = annotated_as("shop", &marked());
        let answer = answer(&payload, &cluster);
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        match answer["accepted"].as_bool() {
            Some(true) => prop_assert!(answer.get("message").is_none() && answer.get("code").is_none(), "{}", answer),
            Some(false) => {
                prop_assert!(!answer["message"].as_str().unwrap().is_empty(), "{}", answer);
                prop_assert!([400, 403].map(Value::from).contains(&answer["code"]), "{}", answer);
            }
            None => prop_assert!(false, "no decision in {}", answer),
        }
    }
}
