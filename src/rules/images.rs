//! The images of the proxy, by which a container of its name is told from one that only took the name.

use crate::json::Value;
use crate::keys;
use crate::pod::Container;
use crate::settings::Settings;

/// Where Microsoft publishes the images, and the end of their repository before its last part.
const REGISTRY: &str = "mcr.microsoft.com/";
const REPOSITORY: &str = "/azure/workload-identity/";

/// Whether the container is what its name says: the proxy or its init container, with the configured image or Microsoft's, and
/// without a program of its own.
pub(super) fn is_genuine(container: &Container<'_>, settings: &Settings<'_>) -> bool {
    let proxy = settings.inject.as_ref().map(|inject| &inject.proxy);
    let (configured, name) = match container.name.as_ref() {
        keys::PROXY_CONTAINER => (proxy.map(|proxy| &proxy.image), "proxy"),
        keys::PROXY_INIT_CONTAINER => (proxy.map(|proxy| &proxy.init_image), "proxy-init"),
        _ => return false,
    };
    let own_program = if name == "proxy" { "command" } else { "args" };
    let is_microsofts = || {
        let path = repository(&container.image).strip_prefix(REGISTRY).and_then(|path| path.strip_suffix(name));
        path.is_some_and(|path| path.ends_with(REPOSITORY))
    };
    ["command", own_program].iter().all(|member| container.object.field(member).is_none_or(Value::is_empty))
        && (configured == Some(&container.image) || is_microsofts())
}

/// Whether the container runs the proxy, under any name.
pub(super) fn runs_proxy(container: &Container<'_>) -> bool {
    repository(&container.image).ends_with("workload-identity/proxy")
}

/// An image without tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}
