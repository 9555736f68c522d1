//! Container gets a wrong token file or authority host.
//!
//! # What it finds
//!
//! A container of a pod with an identity that sets `AZURE_FEDERATED_TOKEN_FILE` to a file that is no token for Azure in this
//! container, or sets `AZURE_AUTHORITY_HOST` or one of `AZURE_KUBERNETES_*` to a value that injection would not set, or
//! `AZURE_REGIONAL_AUTHORITY_NAME` or `MSAL_FORCE_REGION`, of which SDKs make the host `REGION.login.microsoft.com`, to what is no name
//! of a region: an authority that belongs to no cloud (or is not the configured one), a token proxy that is neither the configured one nor
//! the API server, or a value from another source. A token file may be anywhere that the container mounts the injected token
//! or a projected token of its own for Azure.
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
//! Remove the variable. Injection sets the correct value. If the process can read the token only in a certain directory,
//! mount a projected token with audience `api://AzureADTokenExchange` there.

use super::repairs::{is_referred_to, remove_variable};
use super::tokens::token_file_fault;
use super::{Check, PodSubject, Rule};
use crate::assumption::Assumption;
use crate::clouds::{cloud_of, same_authority, same_url};
use crate::container_identity::ContainerIdentity;
use crate::environment::Variable;
use crate::finding::{Finding, Findings, Repair};
use crate::keys;
use crate::layout::CA_PATH;
use crate::mounts::{Absence, MountedFile};
use crate::placeholder::has_placeholder;
use crate::pod::{Container, EnvVar};
use crate::settings::CaSource;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    // Most containers set none of them.
    let is_one =
        |variable: &EnvVar<'_>| keys::ENV_ENDPOINTS.iter().any(|name| name.eq_ignore_ascii_case(&variable.name));
    let sets_one = |container: &Container<'_>| container.env.iter().any(is_one);
    if !subject.wants_identity {
        return;
    }
    for (position, _) in subject.pod.all_containers().enumerate().filter(|(_, container)| sets_one(container)) {
        let Some(container) = subject.container(position) else { continue };
        for &name in keys::ENV_ENDPOINTS {
            let variable = container.environment.get(name);
            let Some(entry) = variable.entry else { continue };
            let fault = if name != keys::ENV_TOKEN_FILE {
                endpoint_fault(subject, name, variable.text())
            } else if container.takes_part {
                token_file_fault(subject, container)
            } else {
                // A skipped container can mount the token as well; only its own token file is its own affair.
                None
            };
            let Some(fault) = fault else { continue };
            findings.add_resting_on(Assumption::WholeObject, || {
                let problem = ["sets ", &entry.name, " ", &fault].concat();
                Finding::at(subject.path_of(entry.object), problem, "remove the variable").repair(|| {
                    let is_safe = is_certainly_wrong(name, &variable, container)
                        && is_set_by_injection(subject, name, container)
                        && !is_referred_to(container.container, &entry.name);
                    Repair::safe_if(is_safe, remove_variable(container.container, entry.object))
                })
            });
        }
    }
}

/// Whether no use of the value can be meant.
fn is_certainly_wrong(name: &str, variable: &Variable<'_>, container: &ContainerIdentity<'_>) -> bool {
    // What a ConfigMap or Secret has, or a tool fills in later, may be right.
    let Some(text) = variable.text().filter(|text| !has_placeholder(text)) else { return false };
    if name != keys::ENV_TOKEN_FILE {
        // The pod may ask another cloud for tokens on purpose.
        return cloud_of(text).is_none();
    }
    // The image or a later mount may put a token at another path, and a federated credential may have another audience.
    matches!(
        &container.token,
        None | Some(MountedFile::ApiServerToken | MountedFile::Nothing(Absence::Relative | Absence::Covered))
    )
}

/// Whether injection sets the variable if the container does not.
fn is_set_by_injection(subject: &PodSubject<'_>, name: &str, container: &ContainerIdentity<'_>) -> bool {
    let is_always_set = matches!(name, keys::ENV_TOKEN_FILE | keys::ENV_AUTHORITY_HOST);
    container.takes_part && (is_always_set || (subject.identity.wants_binding && !is_region(name)))
}

/// What is wrong with the value of another variable, as the end of a sentence. The value stays unsaid: it may be anything.
fn endpoint_fault(subject: &PodSubject<'_>, name: &str, value: Option<&str>) -> Option<String> {
    if value.is_some_and(|value| is_expected(subject, name, value)) {
        return None;
    }
    let cloud = value.filter(|_| name == keys::ENV_AUTHORITY_HOST).and_then(cloud_of);
    Some(match cloud {
        Some(cloud) => ["to Entra ID of ", cloud, ", which is not the configured cloud"].concat(),
        None if is_region(name) => "to what is no name of a region: the token can be sent elsewhere".to_owned(),
        None => "to another value than injection does: the token can be sent elsewhere".to_owned(),
    })
}

/// Whether injection would set the variable to this value.
fn is_expected(subject: &PodSubject<'_>, name: &str, value: &str) -> bool {
    let inject = subject.settings.inject.as_ref();
    let binding = inject.and_then(|inject| inject.identity_binding.as_ref());
    // What AKS injects is not configured here; it is expected only in pods that ask for it.
    let unconfigured = |plausible: bool| inject.is_none() && subject.identity.wants_binding && plausible;
    match name {
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
        _ if is_region(name) => value.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        keys::ENV_CA_FILE => subject.places().iter().any(|place| value == [&place.mount_path, "/", CA_PATH].concat()),
        _ => match binding.and_then(|binding| binding.ca.as_ref()) {
            Some(CaSource::Data(pem)) => pem == value,
            _ => unconfigured(true),
        },
    }
}

/// Whether a variable names a region.
fn is_region(name: &str) -> bool {
    matches!(name, keys::ENV_REGION | keys::ENV_FORCED_REGION)
}

/// Whether this is the API server as pods reach it, on whatever port and path.
fn is_api_server(url: &str) -> bool {
    let host =
        url.strip_prefix("https://").map(|rest| rest.split(['/', ':', '?', '#', '@']).next().unwrap_or_default());
    !url.contains('@') && matches!(host, Some("kubernetes.default.svc" | "kubernetes.default.svc.cluster.local"))
}
