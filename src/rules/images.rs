//! The images of the proxy, by which a container of its name is told from one that only took the name.

use crate::keys;
use crate::pod::Container;
use crate::settings::Settings;

/// Whether the container runs the image that belongs to its name.
pub(super) fn is_genuine(container: &Container<'_>, settings: &Settings<'_>) -> bool {
    let proxy = settings.inject.as_ref().map(|inject| &inject.proxy);
    let (configured, name) = match container.name.as_ref() {
        keys::PROXY_CONTAINER => (proxy.map(|proxy| proxy.image.as_ref()), "proxy"),
        keys::PROXY_INIT_CONTAINER => (proxy.map(|proxy| proxy.init_image.as_ref()), "proxy-init"),
        _ => return false,
    };
    match configured {
        Some(image) => container.image == image,
        // A mirror may be anywhere, but keeps the last part of the name.
        None => repository(&container.image).rsplit('/').next() == Some(name),
    }
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
