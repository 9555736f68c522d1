//! # What it finds
//!
//! A container of a pod with an identity that sets `AZURE_FEDERATED_TOKEN_FILE`, `AZURE_AUTHORITY_HOST` or one of
//! `AZURE_KUBERNETES_*` to a value that injection would not set: a token file at a path that no layout uses, an authority
//! that belongs to no cloud (or is not the configured one), a token proxy that is neither the configured one nor the API
//! server, or a value from another source.
//!
//! # Why it matters
//!
//! Injection never overwrites a variable. These variables decide where the token of the service account is sent, and which
//! token is sent. A changed variable can therefore expose the token.
//!
//! # Example
//!
//! `env: [{name: AZURE_AUTHORITY_HOST, value: "https://login.example.com/"}]`
//!
//! # Fix
//!
//! Remove the variable. Injection sets the correct value.

use super::repairs::remove_variable;
use super::{Check, PodSubject, Rule};
use crate::clouds::{cloud_of, same_authority, same_url};
use crate::finding::{Finding, Findings};
use crate::keys;
use crate::layout::is_token_file;
use crate::pod::EnvVar;
use crate::settings::CaSource;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity {
        return;
    }
    // A skipped container can mount the token as well; only its own token file is its own affair.
    for container in subject.pod.all_containers() {
        let takes_part = subject.identity.includes(&container.name);
        for variable in container.env.iter().filter(|variable| takes_part || variable.name != keys::ENV_TOKEN_FILE) {
            if is_expected(subject, variable) == Some(false) {
                findings.add(|| {
                    // The value stays unsaid: it may be anything.
                    let problem = format!(
                        "sets {} to another value than injection does: the token can be sent elsewhere",
                        variable.name
                    );
                    Finding::at(subject.path_of(variable.object), problem, "remove the variable")
                        .repair(|| remove_variable(container, variable.object))
                });
            }
        }
    }
}

/// Whether injection would set the variable to this value; `None` if it is none of these variables.
fn is_expected(subject: &PodSubject<'_>, variable: &EnvVar<'_>) -> Option<bool> {
    let (inject, value) = (subject.settings.inject.as_ref(), variable.value.as_ref());
    let binding = inject.and_then(|inject| inject.identity_binding.as_ref());
    // What AKS injects is not configured here; it is expected only in pods that ask for it.
    let unconfigured = |plausible: bool| inject.is_none() && subject.identity.wants_binding && plausible;
    let expected = match variable.name.as_ref() {
        keys::ENV_TOKEN_FILE => is_token_file(value),
        keys::ENV_AUTHORITY_HOST => match inject {
            Some(inject) => same_authority(&inject.authority_host, value),
            None => cloud_of(value).is_some(),
        },
        keys::ENV_TOKEN_PROXY => match binding.and_then(|binding| binding.token_proxy.as_deref()) {
            Some(url) => same_url(url, value),
            None => unconfigured(is_api_server(value)),
        },
        keys::ENV_SNI_NAME => match binding.and_then(|binding| binding.sni_name.as_deref()) {
            Some(name) => name == value,
            None => unconfigured(true),
        },
        keys::ENV_CA_FILE => value.starts_with("/var/run/secrets/azure/wi/") && !value.contains(".."),
        keys::ENV_CA_DATA => match binding.and_then(|binding| binding.ca.as_ref()) {
            Some(CaSource::Data(pem)) => pem == value,
            _ => unconfigured(true),
        },
        _ => return None,
    };
    Some(expected && variable.value_from.is_none())
}

/// Whether this is the API server as pods reach it, on whatever port and path.
fn is_api_server(url: &str) -> bool {
    let host =
        url.strip_prefix("https://").map(|rest| rest.split(['/', ':', '?', '#', '@']).next().unwrap_or_default());
    !url.contains('@') && matches!(host, Some("kubernetes.default.svc" | "kubernetes.default.svc.cluster.local"))
}
