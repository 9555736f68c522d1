//! What a variable of a container is in the end, compared with what the kubelet makes of it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod pods;
}

use std::collections::HashMap;

use azure_workload_identity_policy::environment::{Environment, InjectedVariable, Resolved, ValueSource, Variable};
use common::pods::with_pod;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Shows the environment of the one container of a pod with this spec, after injection of these variables.
fn look_at<T>(spec: &Value, injected: &[InjectedVariable<'static>], look: impl FnOnce(&Environment<'_>) -> T) -> T {
    with_pod(spec, |pod| look(&Environment::new(pod, &pod.containers[0], injected)))
}

fn injected(name: &'static str, value: &'static str) -> InjectedVariable<'static> {
    InjectedVariable { name, value: Some(value.into()) }
}

fn container(env: &Value) -> Value {
    json!({"containers": [{"name": "app", "env": env}]})
}

fn entry(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

/// The variable `V`, as it is shown.
fn value_in(spec: &Value) -> String {
    look_at(spec, &[], |environment| format!("{:?}", environment.get("V").value))
}

fn text(value: &str) -> String {
    format!("Text({value:?})")
}

fn unresolved(value: &str) -> String {
    format!("Unresolved({value:?})")
}

#[test]
fn the_last_entry_of_a_name_counts() {
    let secret = json!({"name": "V", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}});
    let cases = [
        (json!([]), "Unset".to_owned()),
        (json!([entry("W", "1")]), "Unset".to_owned()),
        (json!([entry("v", "1")]), "Unset".to_owned()),
        (json!([entry("V", "1"), entry("W", "2")]), text("1")),
        (json!([entry("V", "1"), entry("V", "2")]), text("2")),
        (json!([entry("V", "1"), entry("V", "")]), text("")),
        (json!([{"name": "V"}]), text("")),
        (json!([{"name": "V", "value": null, "valueFrom": {}}]), text("")),
        (json!([secret, entry("V", "2")]), text("2")),
        (json!([entry("V", "2"), secret]), "Elsewhere(Reference(\"secretKeyRef\"))".to_owned()),
    ];
    for (env, expected) in cases {
        assert_eq!(value_in(&container(&env)), expected, "{env}");
    }
}

#[test]
fn an_entry_is_named_that_gives_the_value() {
    let spec = container(&json!([entry("V", "1"), entry("V", "2"), entry("W", "3")]));
    look_at(&spec, &[injected("V", "4"), injected("X", "5")], |environment| {
        assert_eq!(environment.get("V").entry.unwrap().value, "2");
        assert!(!environment.get("V").is_injected());
        let added = environment.get("X");
        assert_eq!((added.text(), added.is_injected(), added.entry.is_none()), (Some("5"), true, true));
    });
}

#[test]
fn references_are_replaced_by_what_comes_before() {
    let cases = [
        ("$(A)", text("a")),
        ("$(A)-$(A)", text("a-a")),
        ("-$(A)$(B)-", text("-a$(A)-")),
        ("$(EMPTY)", text("")),
        ("$(LATER)", unresolved("$(LATER)")),
        ("$(V)", unresolved("$(V)")),
        ("$(a)", unresolved("$(a)")),
        ("$()", unresolved("$()")),
        ("$(A)$(NONE)", unresolved("a$(NONE)")),
        ("$(OPEN)", unresolved("-$(NONE)-")),
        ("$$(A)", text("$(A)")),
        ("$$$(A)", text("$a")),
        ("$$$$(A)", text("$$(A)")),
        ("$A ${A} (A) $?", text("$A ${A} (A) $?")),
        ("$(A", text("$(A")),
        ("$(A$(A)", unresolved("$(A$(A)")),
        ("$($($(A))", unresolved("$($($(A))")),
        ("$($(--$(", text("$($(--$(")),
        ("$(A$$)", unresolved("$(A$$)")),
        ("$", text("$")),
        ("$$", text("$")),
        ("a$", text("a$")),
        ("$(A)$", text("a$")),
        ("\\$(A)", text("\\a")),
        ("$\u{e9}$(A)\u{e9}", text("$\u{e9}a\u{e9}")),
        ("$(FIELD)", "Elsewhere(Reference(\"fieldRef\"))".to_owned()),
        ("x$(SECRET)", "Elsewhere(Reference(\"secretKeyRef\"))".to_owned()),
        ("$(OPTIONAL)", "Elsewhere(Reference(\"configMapKeyRef\"))".to_owned()),
        ("$(WEB_SERVICE_HOST)", "Elsewhere(Service)".to_owned()),
    ];
    for (value, expected) in cases {
        let env = json!([
            entry("EMPTY", ""),
            entry("A", "0"),
            entry("A", "a"),
            entry("B", "$$(A)"),
            entry("OPEN", "-$(NONE)-"),
            {"name": "FIELD", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            {"name": "OPTIONAL", "valueFrom": {"configMapKeyRef": {"name": "s", "key": "k", "optional": true}}},
            entry("V", value),
            entry("LATER", "1"),
            entry("A", "2"),
        ]);
        assert_eq!(value_in(&container(&env)), expected, "{value}");
    }
}

#[test]
fn references_are_followed_up_to_a_bound() {
    let chain = |length: usize| {
        let name = |at: usize| if at == length { "V".to_owned() } else { format!("V{at}") };
        let link = |at| entry(&name(at), &format!("$(V{})", at - 1));
        let env: Vec<Value> = std::iter::once(entry("V0", "end")).chain((1..=length).map(link)).collect();
        value_in(&container(&json!(env)))
    };
    assert_eq!(chain(16), text("end"));
    assert_eq!(chain(17), "Elsewhere(References)");
    assert_eq!(chain(20_000), "Elsewhere(References)");

    let doubled: Vec<Value> = (0..40).map(|at| entry(&format!("V{}", at + 1), &format!("$(V{at})$(V{at})"))).collect();
    let env = json!([[entry("V0", "x")].as_slice(), &doubled, &[entry("V", "$(V40)")]].concat());
    assert_eq!(value_in(&container(&env)), "Elsewhere(References)");

    let large = json!([entry("A", &"x".repeat(30_000)), entry("V", "$(A)$(A)$(A)")]);
    assert_eq!(value_in(&container(&large)), "Elsewhere(References)");
    let literal = "$$".repeat(100_000);
    assert_eq!(value_in(&container(&json!([entry("V", &literal)]))), text(&"$".repeat(100_000)));
    let unclosed = "$(".repeat(100_000);
    assert_eq!(value_in(&container(&json!([entry("V", &unclosed)]))), text(&unclosed));
}

#[test]
fn env_from_may_set_any_name_with_its_prefix() {
    let from = |prefix: &str| json!({"prefix": prefix, "secretRef": {"name": "s"}});
    let cases = [
        (json!([{"configMapRef": {"name": "c"}}]), true),
        (json!([from("")]), true),
        (json!([from("AZURE_")]), true),
        (json!([from("AZURE_CLIENT_I")]), true),
        (json!([from("AZURE_CLIENT_ID")]), false),
        (json!([from("AZURE_CLIENT_ID_")]), false),
        (json!([from("azure_")]), false),
        (json!([from("ARM_"), from("AZURE_")]), true),
        (json!([from("ARM_")]), false),
        (json!([]), false),
        (json!(null), false),
    ];
    for (env_from, may_set) in cases {
        let mut spec = container(&json!([entry("V", "$(AZURE_CLIENT_ID)"), entry("W", "1")]));
        spec["containers"][0]["envFrom"] = env_from;
        look_at(&spec, &[injected("W", "2")], |environment| {
            let variable = environment.get("AZURE_CLIENT_ID");
            assert_eq!(format!("{:?}", variable.value), if may_set { "Maybe(EnvFrom)" } else { "Unset" }, "{spec}");
            assert_eq!(variable.is_missing(), !may_set);
            // An entry comes after it.
            assert_eq!(environment.get("W").text(), Some("1"));
            let reference = format!("{:?}", environment.get("V").value);
            let left = unresolved("$(AZURE_CLIENT_ID)");
            assert_eq!(reference, if may_set { "Elsewhere(EnvFrom)" } else { &left }, "{spec}");
            assert_eq!(environment.unresolved_references(&["AZURE_CLIENT_ID"]).count(), usize::from(!may_set));
        });
        // So does what is injected.
        look_at(&spec, &[injected("AZURE_CLIENT_ID", "2")], |environment| {
            assert_eq!(environment.get("AZURE_CLIENT_ID").text(), Some("2"));
        });
    }
}

#[test]
fn a_key_with_other_characters_is_no_variable() {
    let mut spec = container(&json!([]));
    spec["containers"][0]["envFrom"] = json!([{"secretRef": {"name": "s"}}]);
    for (name, may_be_set) in [("A.b-c_1", true), ("a b", false), ("a\u{e9}", false), ("", false)] {
        let value = look_at(&spec, &[], |environment| format!("{:?}", environment.get(name).value));
        assert_eq!(value == "Maybe(EnvFrom)", may_be_set, "{name}");
    }
}

#[test]
fn services_set_variables_of_few_shapes() {
    let cases = [
        ("WEB_SERVICE_HOST", true, false),
        ("WEB_SERVICE_PORT", true, false),
        ("WEB_SERVICE_PORT_HTTP", true, false),
        ("WEB_PORT", true, false),
        ("WEB_PORT_80_TCP", true, false),
        ("WEB_PORT_80_TCP_ADDR", true, false),
        ("KUBERNETES_SERVICE_HOST", true, true),
        ("WEB_SERVICE", false, false),
        ("AZURE_AUTHORITY_HOST", false, false),
        ("AZURE_KUBERNETES_TOKEN_PROXY", false, false),
        ("PORTAL", false, false),
    ];
    for (name, with_links, without_links) in cases {
        for (links, expected) in [(json!(true), with_links), (json!(null), with_links), (json!(false), without_links)] {
            let mut spec = container(&json!([]));
            spec["enableServiceLinks"] = links.clone();
            let value = look_at(&spec, &[], |environment| format!("{:?}", environment.get(name).value));
            assert_eq!(value, if expected { "Maybe(Service)" } else { "Unset" }, "{name} {links}");
        }
    }
}

#[test]
fn injection_sets_what_no_entry_sets() {
    let unknown = InjectedVariable { name: "V", value: None };
    let cases = [
        (json!([]), injected("V", "x"), text("x")),
        (json!([entry("V", "1")]), injected("V", "x"), text("1")),
        (json!([entry("V", "")]), injected("V", "x"), text("")),
        (json!([entry("v", "1")]), injected("V", "x"), text("x")),
        (json!([entry("V", "$(W)")]), injected("W", "x"), unresolved("$(W)")),
        (json!([]), unknown.clone(), "Elsewhere(Injection)".to_owned()),
        (json!([entry("V", "1")]), unknown, text("1")),
    ];
    for (env, variable, expected) in cases {
        let value = look_at(&container(&env), &[variable], |environment| format!("{:?}", environment.get("V").value));
        assert_eq!(value, expected, "{env}");
    }
}

#[test]
fn windows_names_have_no_case() {
    let spellings = "Elsewhere(Spellings)".to_owned();
    let cases = [
        (json!([entry("v", "1")]), vec![], text("1")),
        (json!([entry("v", "1"), entry("v", "2")]), vec![], text("2")),
        (json!([entry("v", "1"), entry("V", "2")]), vec![], spellings.clone()),
        (json!([entry("v", "1")]), vec![injected("V", "x")], spellings.clone()),
        (json!([entry("V", "1")]), vec![injected("V", "x")], text("1")),
        // The kubelet itself minds case.
        (json!([entry("a", "1"), entry("V", "$(A)")]), vec![], unresolved("$(A)")),
    ];
    for (env, injected, expected) in cases {
        let mut spec = container(&env);
        spec["os"] = json!({"name": "windows"});
        let value = look_at(&spec, &injected, |environment| format!("{:?}", environment.get("V").value));
        assert_eq!(value, expected, "{env}");
    }
}

#[test]
fn references_to_what_injection_adds_stay_text() {
    let env = json!([
        entry("ONE", "$(AZURE_CLIENT_ID)"),
        entry("TWO", "$$(AZURE_CLIENT_ID)"),
        entry("THREE", "$(OTHER)$(AZURE_TENANT_ID)$(AZURE_CLIENT_ID)"),
        entry("AZURE_CLIENT_ID", "$(AZURE_CLIENT_ID)"),
        entry("FOUR", "$(AZURE_CLIENT_ID)"),
        entry("FIVE", "$(AZURE_CLIENT_ID)$(AZURE_TENANT_ID)"),
    ]);
    look_at(&container(&env), &[], |environment| {
        let names = ["AZURE_CLIENT_ID", "AZURE_TENANT_ID"];
        let found: Vec<_> =
            environment.unresolved_references(&names).map(|(entry, name)| (entry.name.to_string(), name)).collect();
        let expected = [
            ("ONE", "AZURE_CLIENT_ID"),
            ("THREE", "AZURE_TENANT_ID"),
            ("AZURE_CLIENT_ID", "AZURE_CLIENT_ID"),
            ("FIVE", "AZURE_TENANT_ID"),
        ];
        assert_eq!(found, expected.map(|(entry, name)| (entry.to_owned(), name)));
    });
}

/// Expands a text as the specification of Kubernetes has it: byte by byte, with a map.
fn expanded(text: &str, known: &HashMap<String, String>) -> String {
    let bytes = text.as_bytes();
    let mut result = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let close = bytes[at..].iter().position(|byte| *byte == b')').map(|length| at + length);
        match (bytes[at], bytes.get(at + 1), close) {
            (b'$', Some(b'$'), _) => {
                result.push(b'$');
                at += 2;
            }
            (b'$', Some(b'('), Some(close)) => {
                let name = text.get(at + 2..close).unwrap();
                let value = known.get(name).cloned().unwrap_or_else(|| format!("$({name})"));
                result.extend(value.into_bytes());
                at = close + 1;
            }
            (byte, ..) => {
                result.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(result).unwrap()
}

proptest! {
    #[test]
    fn a_value_is_what_the_kubelet_makes_of_it(
        entries in proptest::collection::vec(
            (
                select(vec!["A", "B", "C", "A)", "$(A"]),
                proptest::collection::vec(select(vec!["$", "$$", "$(", ")", "A", "$(A)", "$(B)", "$(C)", "\u{e9}"]), 0..4),
            ),
            0..6,
        ),
    ) {
        let entries: Vec<(&str, String)> = entries.into_iter().map(|(name, parts)| (name, parts.concat())).collect();
        let mut known = HashMap::new();
        for (name, value) in &entries {
            let value = expanded(value, &known);
            known.insert((*name).to_owned(), value);
        }
        let env: Vec<Value> = entries.iter().map(|(name, value)| entry(name, value)).collect();
        look_at(&container(&json!(env)), &[], |environment| {
            for name in ["A", "B", "C", "A)", "$(A"] {
                let variable: Variable<'_> = environment.get(name);
                if variable.value != Resolved::Elsewhere(ValueSource::References) {
                    assert_eq!(variable.text(), known.get(name).map(String::as_str), "{name}");
                }
            }
        });
    }
}
