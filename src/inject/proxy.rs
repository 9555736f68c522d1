//! The proxy, which answers IMDS requests of code that knows nothing of workload identity.

use super::env::{WrittenVariable, variable};
use super::token_volume::TokenVolume;
use crate::identity::Identity;
use crate::json::{Changes, Value, string, text};
use crate::keys::{PROXY_CONTAINER, PROXY_INIT_CONTAINER};
use crate::pod::Pod;
use crate::settings::Proxy;

/// Adds the proxy in front and its init container at the end, each unless there is a container of that name.
///
/// Source: upstream's `injectProxySidecarContainer` and `injectProxyInitContainer`, which look only at the list that they add to:
/// the API server then rejects two containers of one name.
pub(super) fn inject(
    pod: &Pod<'_>,
    spec: Value<'_>,
    identity: &Identity<'_>,
    proxy: &Proxy<'_>,
    port: i32,
    (variables, volume): (&[WrittenVariable], &TokenVolume<'_>),
    changes: &mut Changes,
) {
    let resources = proxy.resources.as_ref().map(|resources| [",\"resources\":", &text(resources)].concat());
    let make = |name: &str, image: &str, before: Option<WrittenVariable>, own: &[&str]| {
        let takes_part = identity.includes(name);
        let injected = variables.iter().filter(|_| takes_part);
        let env = before.iter().chain(injected).map(|(_, json)| json.as_str()).collect::<Vec<_>>().join(",");
        let env = if env.is_empty() { env } else { [",\"env\":[", &env, "]"].concat() };
        let mount = if takes_part { [",\"volumeMounts\":[", &volume.mount, "]"].concat() } else { String::new() };
        let (image, own) = (string(image), own.concat());
        let start = ["{\"name\":\"", name, "\",\"image\":", &image, ",\"imagePullPolicy\":\"IfNotPresent\""];
        let end = [&env, resources.as_deref().unwrap_or_default(), &mount, &own, "}"];
        [start.concat(), end.concat()].concat()
    };
    let is_missing = |name: &str| pod.all_containers().all(|container| container.name != name);
    let port = port.to_string();

    let sidecar = is_missing(PROXY_CONTAINER).then(|| {
        let flag = ["\"--proxy-port=", &port, "\""].concat();
        let log_flag = string(&["--log-level=", &proxy.log_level].concat());
        let own = [
            if proxy.native_sidecar { ",\"restartPolicy\":\"Always\"" } else { "" },
            ",\"args\":[",
            &flag,
            ",",
            &log_flag,
            "],\"ports\":[{\"containerPort\":",
            &port,
            // Holds the next container back until the proxy answers.
            "}],\"lifecycle\":{\"postStart\":{\"exec\":{\"command\":[\"/proxy\",",
            &flag,
            ",\"--probe\",",
            &log_flag,
            "]}}},\"securityContext\":{\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]},\
             \"privileged\":false,\"readOnlyRootFilesystem\":true,\"runAsNonRoot\":true}",
        ];
        make(PROXY_CONTAINER, &proxy.image, None, &own)
    });
    let init = is_missing(PROXY_INIT_CONTAINER).then(|| {
        // It writes iptables rules, which takes root and the capability.
        let own = ",\"securityContext\":{\"capabilities\":{\"add\":[\"NET_ADMIN\"],\"drop\":[\"ALL\"]},\"privileged\":true,\
                   \"runAsNonRoot\":false,\"runAsUser\":0}";
        make(PROXY_INIT_CONTAINER, &proxy.init_image, Some(variable("PROXY_PORT", &port)), &[own])
    });
    let (sidecar, init) = (Vec::from_iter(sidecar.as_deref()), Vec::from_iter(init.as_deref()));
    if proxy.native_sidecar {
        changes.extend(spec, "initContainers", &sidecar, &init);
    } else {
        changes.extend(spec, "containers", &sidecar, &[]);
        changes.extend(spec, "initContainers", &[], &init);
    }
}
