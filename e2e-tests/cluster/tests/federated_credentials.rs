//! Federated credentials at admission, with the component of `deploy/federated-credentials`.
//!
//! The CRDs are stand-ins with the groups, versions and scopes of Azure Service Operator and Crossplane, but with open schemas.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use cluster_tests::{control_plane::Kubectl, server::Program};
use common::*;
use serde_json::{Value, json};

/// The issuer of the tokens of this cluster, as the policy is told.
const ISSUER: &str = "https://oidc.example.com/shop/";

/// The API groups: their versions, the scope of their objects, the member of `spec` that holds a credential, and its list of audiences.
/// Sources: as for `src/federated.rs`.
const GROUPS: [(&str, &[&str], &str, &str, &str); 5] = [
    ("managedidentity.azure.com", &["v1api20220131preview", "v1api20230131"], "Namespaced", "", "audiences"),
    ("managedidentity.azure.upbound.io", &["v1beta1"], "Cluster", "forProvider", "audience"),
    ("managedidentity.azure.m.upbound.io", &["v1beta1"], "Namespaced", "forProvider", "audience"),
    ("applications.azuread.upbound.io", &["v1beta1", "v1beta2"], "Cluster", "forProvider", "audiences"),
    ("applications.azuread.m.upbound.io", &["v1beta1"], "Namespaced", "forProvider", "audiences"),
];

/// `guard-aks` with the component, and with the issuer of the cluster for the policy that checks what people apply.
fn scenario(program: &Program, issuer: Option<&str>) -> Scenario {
    let mut scenario = Scenario::with(program, |cluster| {
        with_federated_credentials(cluster, "guard-aks").map_policies(|mut policy| {
            if let Some(issuer) = issuer {
                policy.spec.settings.insert("issuer".to_owned(), json!(issuer));
            }
            policy
        })
    });
    for (group, versions, scope, _, _) in GROUPS {
        scenario.cluster.define_kind(group, "FederatedIdentityCredential", versions, scope, &json!({})).unwrap();
    }
    scenario
}

/// A credential of a group and version.
fn credential(group: usize, version: &str, name: &str, issuer: &str, subject: &str, audience: &str) -> Value {
    let (group, _, _, holder, audiences) = GROUPS[group];
    let claims = json!({"issuer": issuer, "subject": subject, audiences: [audience]});
    json!({
        "apiVersion": format!("{group}/{version}"),
        "kind": "FederatedIdentityCredential",
        "metadata": {"name": name},
        "spec": if holder.is_empty() { claims } else { json!({holder: claims}) },
    })
}

/// The groups, each with each of its versions.
fn each_version() -> impl Iterator<Item = (usize, &'static str)> {
    let versions = GROUPS.iter().enumerate().map(|(group, it)| (group, it.1));
    versions.flat_map(|(group, versions)| versions.iter().map(move |version| (group, *version)))
}

fn subject(scenario: &Scenario, name: &str) -> String {
    format!("system:serviceaccount:{}:{name}", scenario.namespace)
}

const AUDIENCE: &str = "api://AzureADTokenExchange";

#[track_caller]
fn assert_denied(output: &Kubectl, line: &str) {
    assert!(!output.success, "{}{}", output.stdout, output.stderr);
    let webhook =
        "admission webhook \"clusterwide-azure-workload-identity-checks.kubewarden.admission\" denied the request";
    assert!(output.stderr.contains(webhook), "{}", output.stderr);
    assert!(output.stderr.lines().any(|it| it.starts_with(line)), "{line}: {}", output.stderr);
}

#[test]
fn credentials_of_each_kind_and_version_are_checked() {
    for program in programs() {
        let scenario = scenario(&program, None);
        for (group, version) in each_version() {
            let name = format!("web-{group}-{}", version.to_lowercase());
            let of = |subject: &str, audience: &str| credential(group, version, &name, ISSUER, subject, audience);
            let place = if GROUPS[group].3.is_empty() { "spec" } else { "spec.forProvider" };

            let wrong_subject = scenario.kubectl_create(&[of("system:serviceaccount:shop/web", AUDIENCE)]);
            assert_denied(&wrong_subject, &format!("- federated-credential-subject: {place}.subject is "));
            let wrong_audience =
                scenario.kubectl_create(&[of(&subject(&scenario, "web"), "api://AzureADTokenExchang")]);
            assert_denied(&wrong_audience, &format!("- federated-credential-audience: {place}.{}", GROUPS[group].4));

            let right = scenario.kubectl_create(&[of(&subject(&scenario, "web"), AUDIENCE)]);
            assert_done(&right);
            assert_eq!(right.stderr, "", "{version}");
        }
    }
}

#[test]
fn with_the_issuer_of_the_cluster_credentials_are_compared_with_its_service_accounts() {
    for program in programs() {
        let scenario = scenario(&program, Some(ISSUER));
        for (group, (_, versions, ..)) in GROUPS.iter().enumerate() {
            let of = |name: &str, issuer: &str, account: &str| {
                let name = format!("{name}-{group}");
                credential(group, versions[0], &name, issuer, &subject(&scenario, account), AUDIENCE)
            };

            let right = scenario.kubectl_create(&[of("right", ISSUER, "web")]);
            assert_done(&right);
            assert_eq!(right.stderr, "");

            let missing = scenario.kubectl_create(&[of("missing", ISSUER, "ghost")]);
            assert_done(&missing);
            assert!(missing.stderr.starts_with("Warning: federated-credential-subject: "), "{}", missing.stderr);
            let names = format!(
                "names service account \"ghost\", which does not exist in namespace \"{}\"",
                scenario.namespace
            );
            assert!(missing.stderr.contains(&names), "{}", missing.stderr);

            let no_slash = scenario.kubectl_create(&[of("slash", ISSUER.trim_end_matches('/'), "web")]);
            assert_denied(&no_slash, "- federated-credential-issuer: ");
            assert!(no_slash.stderr.contains(&format!("write {ISSUER}")), "{}", no_slash.stderr);
        }
    }
}

#[test]
fn a_credential_that_is_changed_is_checked_again() {
    for program in programs() {
        let scenario = scenario(&program, Some(ISSUER));
        let created = credential(0, "v1api20230131", "web", ISSUER, &subject(&scenario, "web"), AUDIENCE);
        assert_done(&scenario.kubectl_create(&[created]));

        let patch = json!({"spec": {"subject": "system:serviceaccount:shop/web"}}).to_string();
        let resource = "federatedidentitycredentials.managedidentity.azure.com";
        let changed = scenario.kubectl(&["patch", resource, "web", "--type=merge", "--patch", &patch], "");

        assert!(!changed.success, "{}", changed.stdout);
        assert!(changed.stderr.contains("- federated-credential-subject: spec.subject is "), "{}", changed.stderr);
    }
}

#[test]
fn credentials_for_other_issuers_are_admitted() {
    for program in programs() {
        let scenario = scenario(&program, Some(ISSUER));
        let github = "https://token.actions.githubusercontent.com";

        let created = scenario.kubectl_create(&[credential(
            0,
            "v1api20230131",
            "ci",
            github,
            "repo:example/shop:environment:test",
            AUDIENCE,
        )]);

        assert_done(&created);
        assert_eq!(created.stderr, "");
    }
}
