//! What `why` asks for is what its role allows and its documentation names.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use azure_workload_identity_trace::why::question::{DISCOVERY, Kind, Question};
use kubernetes_manifests::yaml;
use serde_json::Value;

/// All questions, by the resource or URL and the verb.
fn asked() -> BTreeSet<(String, String)> {
    let (namespace, name) = ("shop", "web");
    let mut questions = vec![
        Question::ServiceAccount { namespace, name },
        Question::Namespace { name },
        Question::MutatingWebhooks,
        Question::ValidatingWebhooks,
        Question::ClusterPolicies,
        Question::Policies { namespace },
        Question::Issuer,
    ];
    questions.extend(Kind::ALL.map(|kind| Question::Object { kind, namespace: Some(namespace), name }));
    questions.extend([Kind::Pod, Kind::Job].map(|kind| Question::List { kind, namespace, selector: "" }));
    let of =
        |question: &Question<'_>| (question.resource().unwrap_or(DISCOVERY).to_owned(), question.verb().to_owned());
    questions.iter().map(of).collect()
}

fn texts(value: &Value) -> impl Iterator<Item = String> {
    value.as_array().into_iter().flatten().map(|it| it.as_str().unwrap().to_owned())
}

#[test]
fn the_role_allows_what_is_asked_and_nothing_else() {
    let text = include_str!("../../deploy/rbac-why/rbac.yaml");
    let document = yaml::documents(text, false).next().unwrap().unwrap();
    let role: Value = serde_json::from_str(&document.json).unwrap();
    let mut allowed = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for verb in texts(&rule["verbs"]) {
            allowed.extend(texts(&rule["nonResourceURLs"]).map(|url| (url, verb.clone())));
            for group in texts(&rule["apiGroups"]) {
                let name = |resource: String| if group.is_empty() { resource } else { format!("{resource}.{group}") };
                allowed.extend(texts(&rule["resources"]).map(|resource| (name(resource), verb.clone())));
            }
        }
    }
    assert_eq!(allowed, asked());
}

#[test]
fn the_documentation_names_all_that_is_asked_for() {
    let page = include_str!("../../docs/cli.md");
    for (resource, _) in asked() {
        assert!(page.contains(&format!("`{resource}`")), "{resource}");
    }
}
