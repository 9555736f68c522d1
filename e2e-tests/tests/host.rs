//! The host itself, tried with guests of a few instructions each.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::{Duration, Instant};

use e2e_tests::{
    cluster::FakeCluster, guests, module::Module, policy::Policy, request::AdmissionRequest, response::Mode,
};
use serde_json::{Value, json};

/// Instructions that answer with the bytes at an address.
fn respond(start: usize, length: usize) -> String {
    format!("(call $guest_response (i32.const {start}) (i32.const {length})) (return (i32.const 1))")
}

/// Instructions that answer with the request itself, as an error.
const ECHO: &str = "
    (call $guest_request (i32.const 0) (i32.const 65536))
    (call $guest_error (i32.const 65536) (local.get $payload_length))";

/// A guest with `data` at address 1024 and these instructions for each of the two calls.
fn guest(data: &str, validate: &str, validate_settings: &str) -> String {
    format!(
        r#"(module
            (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
            (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
            (import "wapc" "__guest_error" (func $guest_error (param i32 i32)))
            (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
            (import "wapc" "__host_error_len" (func $host_error_len (result i32)))
            (import "wapc" "__host_error" (func $host_error (param i32)))
            (memory (export "memory") 16)
            (data (i32.const 512) "{{\"valid\":true}}")
            (data (i32.const 1024) "{}")
            (func (export "__guest_call") (param $operation_length i32) (param $payload_length i32) (result i32)
                (if (i32.eq (local.get $operation_length) (i32.const {})) (then {validate_settings}))
                {validate}
                (i32.const 0)))"#,
        data.replace('"', "\\\""),
        "validate_settings".len(),
    )
}

fn compile(data: &str, validate: &str) -> Module {
    guests::compile(&guest(data, validate, &respond(512, 14)), &[]).unwrap()
}

/// A guest that answers every request alike.
fn answering(answer: &Value) -> Module {
    let answer = answer.to_string();
    compile(&answer, &respond(1024, answer.len()))
}

fn pod(image: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"containers": [{"name": "web", "image": image}]},
    })
}

fn creation() -> AdmissionRequest {
    AdmissionRequest::create(pod("a")).unwrap()
}

#[test]
fn the_no_op_guest_accepts_everything_unchanged() {
    let module = Module::compile(&guests::no_op().unwrap()).unwrap();
    let evaluation = Policy::new(&module, json!({"any": "settings"})).unwrap().validate(&creation()).unwrap();

    assert!(evaluation.response.allowed);
    assert_eq!(evaluation.response.patch, None);
    assert_eq!(evaluation.host_calls, []);
}

#[test]
fn decision_message_code_warnings_and_annotations_are_the_guests() {
    let module = answering(&json!({
        "accepted": false, "message": "no", "code": 418, "warnings": ["careful"], "audit_annotations": {"rule": "tea"},
    }));
    let response = Policy::new(&module, json!({})).unwrap().validate(&creation()).unwrap().response;

    assert!(!response.allowed);
    assert_eq!(response.message.as_deref(), Some("no"));
    assert_eq!(response.code, Some(418));
    assert_eq!(response.warnings, Some(vec!["careful".to_owned()]));
    assert_eq!(response.audit_annotations, Some([("rule".to_owned(), "tea".to_owned())].into()));
}

#[test]
fn the_guest_gets_request_and_settings_with_sorted_keys() {
    let policy_module = compile("", ECHO);
    let policy = Policy::new(&policy_module, json!({"b": 1, "a": 2})).unwrap();
    let message = policy.validate(&creation()).unwrap().response.message.unwrap();

    assert_eq!(
        message,
        concat!(
            r#"internal server error: Guest call failure: {"request":{"dryRun":false,"kind":{"group":"","kind":"Pod","version":"v1"},"#,
            r#""name":"web","namespace":"shop","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"#,
            r#""spec":{"containers":[{"image":"a","name":"web"}]}},"operation":"CREATE","options":{"apiVersion":"meta.k8s.io/v1","#,
            r#""kind":"CreateOptions"},"requestKind":{"group":"","kind":"Pod","version":"v1"},"requestResource":{"group":"","#,
            r#""resource":"pods","version":"v1"},"resource":{"group":"","resource":"pods","version":"v1"},"#,
            r#""uid":"7d2c0f6e-3b0a-4c6b-9a39-5d3f6f0b8a51","userInfo":{"groups":["system:masters","system:authenticated"],"#,
            r#""username":"kubernetes-admin"}},"settings":{"a":2,"b":1}}"#
        )
    );
}

#[test]
fn a_changed_object_becomes_a_patch() {
    let module = answering(&json!({"accepted": true, "mutated_object": pod("b")}));
    let evaluation = Policy::new(&module, json!({})).unwrap().validate(&creation()).unwrap();

    assert_eq!(
        serde_json::to_value(&evaluation.response.patch).unwrap(),
        json!([{"op": "replace", "path": "/spec/containers/0/image", "value": "b"}])
    );
    assert_eq!(evaluation.response.patched(&pod("a")).unwrap(), pod("b"));
    assert_eq!(evaluation.answer.unwrap().mutated_object().unwrap(), Some(pod("b").to_string().as_str()));
}

#[test]
fn an_unchanged_object_becomes_no_patch() {
    let module = answering(&json!({"accepted": true, "mutated_object": pod("a")}));
    let policy = Policy::new(&module, json!({})).unwrap().mutating(false);
    let response = policy.validate(&creation()).unwrap().response;

    assert!(response.allowed);
    assert_eq!(response.patch, None);
}

#[test]
fn a_change_by_a_policy_that_must_not_change_is_rejected() {
    let module = answering(&json!({"accepted": true, "mutated_object": pod("b")}));
    let policy = Policy::new(&module, json!({})).unwrap().mutating(false);
    let response = policy.validate(&creation()).unwrap().response;

    assert!(!response.allowed);
    assert_eq!(response.patch, None);
    assert_eq!(
        response.message.as_deref(),
        Some(
            "Request rejected by policy azure-workload-identity. The policy attempted to mutate the request, but it is currently \
             configured to not allow mutations."
        )
    );
}

#[test]
fn monitor_mode_lets_everything_pass_but_keeps_warnings() {
    let answer =
        json!({"accepted": false, "message": "no", "code": 403, "warnings": ["careful"], "mutated_object": pod("b")});
    let module = answering(&answer);
    let policy = Policy::new(&module, json!({})).unwrap().mutating(false).in_mode(Mode::Monitor);
    let response = policy.validate(&creation()).unwrap().response;

    assert!(response.allowed);
    assert_eq!((response.message, response.code, response.patch), (None, None, None));
    assert_eq!(response.warnings, Some(vec!["careful".to_owned()]));
}

#[test]
fn a_change_of_a_deleted_object_is_rejected() {
    let module = answering(&json!({"accepted": true, "mutated_object": pod("b")}));
    let deletion = AdmissionRequest::delete(pod("a")).unwrap();
    let response = Policy::new(&module, json!({})).unwrap().validate(&deletion).unwrap().response;

    assert!(!response.allowed);
    assert_eq!(
        response.message.as_deref(),
        Some(
            "Incoming object is null, which happens only with DELETE operations, but the policy is attempting a mutation. This \
             is not allowed"
        )
    );
}

#[test]
fn a_trap_is_an_internal_error() {
    let response = Policy::new(&compile("", "unreachable"), json!({})).unwrap().validate(&creation()).unwrap().response;

    assert!(!response.allowed);
    assert_eq!(response.code, Some(500));
    let message = response.message.unwrap();
    assert!(
        message.starts_with("internal server error: Guest call failure: error while executing at wasm backtrace"),
        "{message}"
    );
}

#[test]
fn an_answer_that_is_not_json_is_an_internal_error() {
    let response =
        Policy::new(&compile("garbage", &respond(1024, 7)), json!({})).unwrap().validate(&creation()).unwrap().response;

    assert!(!response.allowed);
    assert_eq!(response.code, Some(500));
    assert_eq!(
        response.message.as_deref(),
        Some("internal server error: invalid response from policy: expected value at line 1 column 1")
    );
}

#[test]
fn a_guest_that_does_not_stop_is_interrupted_after_two_ticks() {
    let module = compile("", "(loop $forever (br $forever))");
    let policy = Policy::new(&module, json!({})).unwrap();
    let start = Instant::now();
    let response = policy.validate(&creation()).unwrap().response;

    assert!(!response.allowed);
    assert_eq!(response.code, Some(500));
    assert_eq!(
        response.message.as_deref(),
        Some("Policy execution interrupted because it exceeded the allowed execution time")
    );
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_policy_may_have_another_deadline() {
    let module = compile("", "(loop $forever (br $forever))");
    let policy = Policy::new(&module, json!({})).unwrap().within_seconds(4);
    let start = Instant::now();
    let response = policy.validate(&creation()).unwrap().response;

    assert_eq!(response.code, Some(500));
    assert!(start.elapsed() > Duration::from_millis(2_500), "{:?}", start.elapsed());
}

#[test]
fn an_initialisation_that_does_not_stop_is_interrupted_as_well() {
    let module = guests::compile(
        r#"(module
            (memory (export "memory") 1)
            (func (export "wapc_init") (loop $forever (br $forever)))
            (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0)))"#,
        &[],
    );
    let error = Policy::new(&module.unwrap(), json!({})).err().unwrap();

    assert!(format!("{error:#}").ends_with("wapc_init init interrupted, execution deadline exceeded"), "{error:#}");
}

#[test]
fn no_instance_serves_two_requests() {
    // Answers the first call, traps on the next.
    let once = format!(
        "(if (i32.load (i32.const 0)) (then unreachable)) (i32.store (i32.const 0) (i32.const 1)) {}",
        respond(1024, 17)
    );
    let module = compile(r#"{"accepted":true}"#, &once);
    let policy = Policy::new(&module, json!({})).unwrap();

    for _ in 0..2 {
        assert!(policy.validate(&creation()).unwrap().response.allowed);
    }
}

#[test]
fn a_refused_host_call_is_logged_and_its_text_reaches_the_guest() {
    let call = "
        (call $host_call
            (i32.const 1024) (i32.const 10) (i32.const 1034) (i32.const 10) (i32.const 1044) (i32.const 12)
            (i32.const 1056) (i32.const 2))
        drop
        (call $host_error (i32.const 65536))
        (call $guest_error (i32.const 65536) (call $host_error_len))";
    let guest = guest("kubewardenkubernetesget_resource{}", call, &respond(512, 14));
    let module = guests::compile(&guest, &["kubernetes/get_resource"]).unwrap();
    let policy = Policy::new(&module, Value::Null).unwrap().connected_to(FakeCluster::default());
    let evaluation = policy.granted(&[], &[]).unwrap().validate(&creation()).unwrap();

    let text = "Policy has not been granted access to the 'kubernetes/get_resource' host capability. The violation has been \
                reported.";
    assert_eq!(evaluation.response.message, Some(format!("internal server error: Guest call failure: {text}")));
    let [call] = evaluation.host_calls.as_slice() else { panic!("{:?}", evaluation.host_calls) };
    assert_eq!(call.function, "kubernetes/get_resource");
    assert_eq!(call.request, json!({}));
    assert_eq!(call.error.as_deref(), Some(text));
}

#[test]
fn absent_settings_are_an_empty_object() {
    let module = guests::compile(&guest("", "", &format!("{ECHO} (return (i32.const 0))")), &[]).unwrap();
    let error = Policy::new(&module, Value::Null).err().unwrap();

    assert_eq!(
        error.to_string(),
        r#"Policy settings are invalid: Error invoking settings validation callback: GuestCallFailure("{}")"#
    );
}

#[test]
fn settings_that_are_no_object_never_reach_the_guest() {
    let error = Policy::new(&compile("", "unreachable"), json!([1])).err().unwrap();

    assert_eq!(error.to_string(), "Invalid settings in CRD, not an object");
}

#[test]
fn refused_settings_stop_the_policy_server() {
    let refusal = r#"{"valid":false,"message":"no such key"}"#;
    let module = guests::compile(&guest(refusal, "", &respond(1024, refusal.len())), &[]).unwrap();
    let error = Policy::new(&module, json!({})).err().unwrap();

    assert_eq!(error.to_string(), "Policy settings are invalid: no such key");
}

#[test]
fn a_module_without_metadata_is_refused() {
    let module = wat::parse_str(guest("", "", "")).unwrap();
    let error = Module::compile(&module).err().unwrap();

    assert_eq!(
        error.to_string(),
        "Policy is missing protocol version, which is required for KubewardenWapc execution mode"
    );
}
