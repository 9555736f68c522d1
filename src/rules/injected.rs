//! What other webhooks injected into a pod: what `guard` checks.

use std::cell::OnceCell;

use super::PodSubject;
use super::tokens::token_file_fault;
use crate::clouds::{self, cloud_of, cloud_of_audience};
use crate::container_identity::ContainerIdentity;
use crate::environment::Variable;
use crate::keys;
use crate::layout::{Layout, TokenPlace};
use crate::mounts::{MountedFile, are_same_path};
use crate::pod::{Container, EnvVar};
use crate::rule::{RuleId, Severity};
use crate::settings::{DEFAULT_BINDING_AUDIENCE, Guard};

/// The part of the injection that a container does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingPart {
    /// A variable that injection adds.
    Variable(&'static str),
    /// The token at the path that its variable names.
    Token,
}

/// How the injection of a pod is incomplete.
#[derive(Debug)]
pub(super) enum Incomplete<'a> {
    /// There is no right token volume.
    NoVolume,
    /// No container that takes part has everything, and some have no variable.
    Everywhere,
    /// The containers that do not have everything.
    Containers(Vec<(&'a Container<'a>, MissingPart)>),
}

/// How the injection of a pod that must arrive with it is incomplete, apart from what endpoint-override rejects. A policy does not
/// require of others what it injects itself.
pub(super) fn incomplete_injection<'a>(subject: &PodSubject<'a>) -> Option<Incomplete<'a>> {
    let guard =
        subject.settings.guard.as_ref().filter(|_| subject.settings.inject.is_none() && subject.wants_identity)?;
    let has_volume = guard.layouts.iter().any(|layout| {
        // Up to v1.5 injection takes any volume with a token at the path for its own.
        let may_be_it = |name: &str| *layout == Layout::V1_5 || layout.owns_name(name);
        let mut volumes = subject.pod.volumes.iter().filter(|volume| may_be_it(&volume.name));
        volumes.any(|volume| is_right(subject, &subject.volumes().file(&volume.name, layout.token_path())))
    });
    if !has_volume {
        return Some(Incomplete::NoVolume);
    }
    let is_said = subject.settings.severities.of(RuleId::EndpointOverride) == Severity::Deny;
    let has_tenant = OnceCell::new();
    let has_tenant = || *has_tenant.get_or_init(|| has_tenant_of(subject));
    let (mut incomplete, mut complete, mut is_variable_missing) = (Vec::new(), 0, false);
    for (position, container) in subject.numbered_participants() {
        match missing_part(subject, guard, position, container, &has_tenant) {
            Some(missing @ MissingPart::Variable(_)) => {
                is_variable_missing = true;
                incomplete.push((container, missing));
            }
            Some(missing @ MissingPart::Token) => {
                let is_fault = |container| token_file_fault(subject, container).is_some();
                if !(is_said && subject.container(position).is_some_and(is_fault)) {
                    incomplete.push((container, missing));
                }
            }
            None => complete += 1,
        }
    }
    if is_variable_missing && complete == 0 {
        Some(Incomplete::Everywhere)
    } else {
        Some(Incomplete::Containers(incomplete))
    }
}

fn missing_part(
    subject: &PodSubject<'_>,
    guard: &Guard,
    position: usize,
    container: &Container<'_>,
    has_tenant: &dyn Fn() -> bool,
) -> Option<MissingPart> {
    let is_token_file = |variable: &EnvVar<'_>| variable.name.eq_ignore_ascii_case(keys::ENV_TOKEN_FILE);
    let container =
        Some(position).filter(|_| container.env.iter().any(is_token_file)).and_then(|at| subject.container(at));
    let Some(container) = container else { return Some(MissingPart::Variable(keys::ENV_TOKEN_FILE)) };
    let is_accepted = |path: &str| {
        // Containers may have the token elsewhere, but not where a layout puts it that is not accepted.
        let Some(MountedFile::Token { volume, .. }) = container.token else { return true };
        let is_place = |layout: &Layout| {
            layout.owns_name(volume) && are_same_path(&TokenPlace::new(*layout, volume.to_owned()).file(), path)
        };
        guard.layouts.iter().any(is_place) || !Layout::ALL.iter().any(is_place)
    };
    if container.token_file.entry.is_none() {
        Some(MissingPart::Variable(keys::ENV_TOKEN_FILE))
    } else if !container.token.as_ref().is_some_and(|file| is_right(subject, file))
        || !container.token_file.text().is_some_and(is_accepted)
        || is_exchanged_elsewhere(subject, container)
    {
        Some(MissingPart::Token)
    } else if container.authority_host.entry.is_none() {
        Some(MissingPart::Variable(keys::ENV_AUTHORITY_HOST))
    } else if container.client_id.entry.is_none() && subject.identity.client_id().is_some() {
        Some(MissingPart::Variable(keys::ENV_CLIENT_ID))
    } else if container.tenant_id.entry.is_none() && has_tenant() {
        Some(MissingPart::Variable(keys::ENV_TENANT_ID))
    } else if container.audience() == Some(DEFAULT_BINDING_AUDIENCE) && is_absent(&token_proxy(container)) {
        Some(MissingPart::Variable(keys::ENV_TOKEN_PROXY))
    } else {
        None
    }
}

fn is_absent(variable: &Variable<'_>) -> bool {
    variable.entry.is_none() || variable.is_missing()
}

/// Whether the webhook knows a tenant: that of the service account, or its own, which other containers then have.
fn has_tenant_of(subject: &PodSubject<'_>) -> bool {
    let is_tenant = |variable: &EnvVar<'_>| variable.name.eq_ignore_ascii_case(keys::ENV_TENANT_ID);
    let mut others = subject.participants().flat_map(|container| &container.env);
    match subject.identity.service_account().and_then(|account| account.tenant_id.as_deref()) {
        // An empty one counts: the webhook then injects none.
        Some(tenant) => !tenant.is_empty(),
        None => subject.identity.tenant_id().is_some() || others.any(is_tenant),
    }
}

/// The variable with which SDKs exchange the token through the proxy of an identity binding.
fn token_proxy<'p>(container: &ContainerIdentity<'p>) -> Variable<'p> {
    container.environment.get(keys::ENV_TOKEN_PROXY)
}

/// Whether the token goes to somebody who does not accept it: Entra ID of another cloud, or the proxy of an identity binding. The webhook
/// makes tokens for the usual audience in each cloud.
fn is_exchanged_elsewhere(subject: &PodSubject<'_>, container: &ContainerIdentity<'_>) -> bool {
    let Some(cloud) = container.audience().and_then(cloud_of_audience) else { return false };
    let authority = container.authority_host.text().and_then(cloud_of);
    // Elsewhere a proxy is the concern of endpoint-override; what comes from envFrom is not known.
    (subject.identity.wants_binding && !is_absent(&token_proxy(container)))
        || (cloud != clouds::DEFAULT && authority.is_some_and(|authority| authority != cloud))
}

/// Whether a file is a token that Azure accepts: Entra ID's of some cloud, or that of the identity binding if the pod asks for it.
fn is_right(subject: &PodSubject<'_>, file: &MountedFile<'_>) -> bool {
    let MountedFile::Token { audience, by_sub_path: false, .. } = file else { return false };
    cloud_of_audience(audience).is_some() || (subject.identity.wants_binding && audience == DEFAULT_BINDING_AUDIENCE)
}
