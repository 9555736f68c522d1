//! The proxy, which answers IMDS requests of code that knows nothing of workload identity.

use serde::Serialize;

use super::containers::VolumeMount;
use super::env::EnvVar;
use super::token_volume::TokenVolume;
use crate::identity::Identity;
use crate::json::{Changes, Value, text};
use crate::keys::{PROXY_CONTAINER, PROXY_INIT_CONTAINER};
use crate::pod::{Container, Pod};
use crate::settings::{Proxy, Resources};

/// A `v1.Container`, as far as the proxy needs it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyContainer<'a> {
    name: &'a str,
    image: &'a str,
    image_pull_policy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    restart_policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ports: Vec<Port>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    env: Vec<EnvVar<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<&'a Resources<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volume_mounts: Vec<VolumeMount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle: Option<Lifecycle>,
    security_context: SecurityContext,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    container_port: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lifecycle {
    post_start: Handler,
}

#[derive(Serialize)]
struct Handler {
    exec: Exec,
}

#[derive(Serialize)]
struct Exec {
    command: [String; 4],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecurityContext {
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_privilege_escalation: Option<bool>,
    capabilities: Capabilities,
    privileged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_only_root_filesystem: Option<bool>,
    run_as_non_root: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_as_user: Option<i64>,
}

#[derive(Serialize)]
struct Capabilities {
    #[serde(skip_serializing_if = "Option::is_none")]
    add: Option<[&'static str; 1]>,
    drop: [&'static str; 1],
}

/// Adds the proxy in front and its init container at the end, each unless there is one of that name.
///
/// Source: upstream's `injectProxySidecarContainer` and `injectProxyInitContainer`.
pub(super) fn inject(
    pod: &Pod<'_>,
    spec: Value<'_>,
    identity: &Identity<'_>,
    proxy: &Proxy<'_>,
    port: i32,
    (variables, volume): (&[EnvVar<'_>], &TokenVolume<'_>),
    changes: &mut Changes,
) {
    let parts = |name: &str, own: Vec<EnvVar<'static>>| {
        let mut parts = (own, Vec::new());
        if identity.includes(name) {
            parts
                .0
                .extend(variables.iter().map(|variable| EnvVar { name: variable.name, value: variable.value.clone() }));
            parts.1.push(VolumeMount::of(volume));
        }
        parts
    };
    let is_there = |containers: &[Container<'_>], name: &str| containers.iter().any(|container| container.name == name);

    let (sidecar_key, sidecar_list) =
        if proxy.native_sidecar { ("initContainers", &pod.init_containers) } else { ("containers", &pod.containers) };
    let sidecar = (!is_there(sidecar_list, PROXY_CONTAINER)).then(|| {
        let (env, volume_mounts) = parts(PROXY_CONTAINER, Vec::new());
        text(&sidecar(proxy, port, env, volume_mounts))
    });
    let init = (!is_there(&pod.init_containers, PROXY_INIT_CONTAINER)).then(|| {
        let (env, volume_mounts) =
            parts(PROXY_INIT_CONTAINER, vec![EnvVar { name: "PROXY_PORT", value: port.to_string() }]);
        text(&init_container(proxy, env, volume_mounts))
    });
    let (sidecar, init) = (Vec::from_iter(sidecar.as_deref()), Vec::from_iter(init.as_deref()));
    if proxy.native_sidecar {
        changes.extend(spec, sidecar_key, &sidecar, &init);
    } else {
        changes.extend(spec, sidecar_key, &sidecar, &[]);
        changes.extend(spec, "initContainers", &[], &init);
    }
}

fn sidecar<'a>(
    proxy: &'a Proxy<'_>,
    port: i32,
    env: Vec<EnvVar<'a>>,
    volume_mounts: Vec<VolumeMount<'a>>,
) -> ProxyContainer<'a> {
    let port_flag = format!("--proxy-port={port}");
    let log_flag = format!("--log-level={}", proxy.log_level);
    ProxyContainer {
        name: PROXY_CONTAINER,
        image: &proxy.image,
        image_pull_policy: "IfNotPresent",
        restart_policy: proxy.native_sidecar.then_some("Always"),
        args: vec![port_flag.clone(), log_flag.clone()],
        ports: vec![Port { container_port: port }],
        env,
        resources: proxy.resources.as_ref(),
        volume_mounts,
        // Holds the next container back until the proxy answers.
        lifecycle: Some(Lifecycle {
            post_start: Handler {
                exec: Exec { command: ["/proxy".to_owned(), port_flag, "--probe".to_owned(), log_flag] },
            },
        }),
        security_context: SecurityContext {
            allow_privilege_escalation: Some(false),
            capabilities: Capabilities { add: None, drop: ["ALL"] },
            privileged: false,
            read_only_root_filesystem: Some(true),
            run_as_non_root: true,
            run_as_user: None,
        },
    }
}

fn init_container<'a>(
    proxy: &'a Proxy<'_>,
    env: Vec<EnvVar<'a>>,
    volume_mounts: Vec<VolumeMount<'a>>,
) -> ProxyContainer<'a> {
    ProxyContainer {
        name: PROXY_INIT_CONTAINER,
        image: &proxy.init_image,
        image_pull_policy: "IfNotPresent",
        restart_policy: None,
        args: Vec::new(),
        ports: Vec::new(),
        env,
        resources: proxy.resources.as_ref(),
        volume_mounts,
        lifecycle: None,
        // It writes iptables rules, which takes root and the capability.
        security_context: SecurityContext {
            allow_privilege_escalation: None,
            capabilities: Capabilities { add: Some(["NET_ADMIN"]), drop: ["ALL"] },
            privileged: true,
            read_only_root_filesystem: None,
            run_as_non_root: false,
            run_as_user: Some(0),
        },
    }
}
