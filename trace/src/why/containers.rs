//! What each container of a pod has: its token, and whose. Values of variables are only shown where they are ids.

use azure_workload_identity_policy::clouds::cloud_of;
use azure_workload_identity_policy::container_identity::ContainerIdentity;
use azure_workload_identity_policy::environment::{Resolved, ValueSource, Variable};
use azure_workload_identity_policy::finding::{name, quote};
use azure_workload_identity_policy::ids::{is_client_id, is_tenant_id};
use azure_workload_identity_policy::layout::{Layout, TokenPlace};
use azure_workload_identity_policy::mounts::{Absence, MountedFile, Volumes, are_same_path};
use azure_workload_identity_policy::pod::Volume;

/// A container in lines: its ids, and its token.
pub(super) fn describe(container: &ContainerIdentity<'_>, volumes: &Volumes<'_>) -> Vec<String> {
    let name = name(&container.container.name);
    if !container.takes_part && !container.reaches_azure_token {
        return vec![format!("container {name}: takes no part (skip-containers)")];
    }
    let client = id(&container.client_id, &is_client_id);
    let tenant = id(&container.tenant_id, &is_tenant_id);
    let authority = authority(&container.authority_host);
    let token = token(container, volumes);
    vec![
        format!("container {name}: client id {client}, tenant id {tenant}, authority {authority}"),
        format!("  {token}"),
    ]
}

/// The token volume in one sentence.
pub(super) fn describe_volume(volume: &Volume<'_>) -> String {
    let mut tokens = volume.tokens();
    let token = tokens.next();
    let text = |key| token.and_then(|token| token.field(key)?.as_str()).unwrap_or_default();
    let seconds = token.and_then(|token| token.field("expirationSeconds")?.as_i64()).unwrap_or(3600);
    format!("volume {}: a token for {}, valid for {seconds} s", name(&volume.name), quote(&text("audience")))
}

/// The layout that a pod was injected by: a release of the webhook, by the path at which a container has the volume.
pub(super) fn layout_of(containers: &[ContainerIdentity<'_>], volume: &Volume<'_>) -> Option<Layout> {
    let places = Layout::ALL.into_iter().filter(|layout| layout.owns_name(&volume.name));
    let mut places = places.map(|layout| TokenPlace::new(layout, volume.name.clone().into_owned()));
    let has = |place: &TokenPlace| {
        let mut mounts = containers.iter().flat_map(|it| &it.container.mounts);
        mounts.any(|mount| mount.volume == volume.name && are_same_path(&mount.path, &place.mount_path))
    };
    places.find(has).map(|place| place.layout)
}

/// An id. A value that is none may be a secret.
fn id(variable: &Variable<'_>, is_id: &dyn Fn(&str) -> bool) -> String {
    match &variable.value {
        Resolved::Text(text) if is_id(text) => text.clone().into_owned(),
        Resolved::Text(text) if text.is_empty() => "empty".to_owned(),
        other => elsewhere(other, "that is no id"),
    }
}

fn authority(variable: &Variable<'_>) -> String {
    match &variable.value {
        Resolved::Text(text) if cloud_of(text).is_some() => text.clone().into_owned(),
        other => elsewhere(other, "that is no authority of a known cloud"),
    }
}

fn elsewhere(value: &Resolved<'_>, what: &str) -> String {
    match value {
        Resolved::Unset => "not set".to_owned(),
        Resolved::Text(_) | Resolved::Unresolved(_) => format!("set to a value {what}"),
        Resolved::Elsewhere(source) => format!("from {}", source_of(source)),
        Resolved::Maybe(source) => format!("perhaps from {}", source_of(source)),
    }
}

fn source_of(source: &ValueSource<'_>) -> String {
    match source {
        ValueSource::Reference(kind) => name(kind).into_owned(),
        ValueSource::EnvFrom => "envFrom".to_owned(),
        ValueSource::Service => "the address of a service".to_owned(),
        ValueSource::Injection => "injection".to_owned(),
        ValueSource::Spellings => "one of several spellings".to_owned(),
        ValueSource::References => "many references".to_owned(),
    }
}

/// The token, by what is at the path in the variable. The path is only shown where it is one of a token.
fn token(container: &ContainerIdentity<'_>, volumes: &Volumes<'_>) -> String {
    let variable = "AZURE_FEDERATED_TOKEN_FILE";
    let path = container.token_file.text().unwrap_or_default();
    match &container.token {
        None => match &container.token_file.value {
            Resolved::Unset if container.mounts(volumes).reaches_azure_token() => {
                format!("{variable} is not set, although the token is mounted")
            }
            Resolved::Unset => format!("{variable} is not set, and no token is mounted"),
            Resolved::Text(_) | Resolved::Unresolved(_) => format!("{variable} is empty"),
            other => format!("{variable} is {}", elsewhere(other, "")),
        },
        Some(MountedFile::Token { volume, audience, by_sub_path }) => {
            let stale = if *by_sub_path { ", through a subPath, so that it is never renewed" } else { "" };
            let of = match volumes.injected() {
                Some(injected) if injected == *volume => String::new(),
                _ => format!(" of volume {} for {}", name(volume), quote(audience)),
            };
            format!("token {path}{of}{stale}")
        }
        Some(MountedFile::ApiServerToken) => {
            format!("{variable} names the token for the API server, which Entra ID refuses")
        }
        Some(MountedFile::Unknown { volume }) => {
            format!("{variable} names a file of volume {}, whose content is not known", name(volume))
        }
        Some(MountedFile::Nothing(absence)) => match absence {
            Absence::Relative => format!("{variable} is no absolute path"),
            Absence::NotMounted => format!("{variable} names a path at which nothing is mounted"),
            Absence::NoVolume { volume } => {
                format!("{variable} names a path in volume {}, which does not exist", name(volume))
            }
            Absence::NotInVolume { volume } => {
                format!("{variable} names a file that volume {} does not have", name(volume))
            }
            Absence::NoFile => format!("{variable} names a path that leads to no file"),
            Absence::Covered => format!("{variable} names a path at which the kubelet mounts a file of its own"),
        },
    }
}
