//! The identity of a pod: resolved once from the pod, its service account and the settings, used by rules and injection.

use crate::cluster::ServiceAccount;
use crate::keys;
use crate::pod::Pod;
use crate::settings::{IdentityBinding, Settings};

/// How long a token is valid unless an annotation says so, in seconds.
pub const DEFAULT_EXPIRATION: u32 = 3600;

/// The port of the proxy unless an annotation names one.
pub const DEFAULT_PROXY_PORT: i32 = 8000;

/// What identity a pod asks for.
#[derive(Debug)]
pub struct Identity<'a> {
    /// The client id, unless it is absent or empty.
    pub client_id: Option<&'a str>,
    /// The tenant: the service account's, if only an empty one, else the settings'.
    pub tenant_id: Option<&'a str>,
    /// How long its token is valid.
    pub expiration: Expiration<'a>,
    /// Names of containers that take no part.
    pub skipped: Vec<&'a str>,
    /// Present if the proxy is asked for.
    pub proxy: Option<ProxyPort<'a>>,
    /// True if the pod asks for the identity binding.
    pub wants_binding: bool,
    /// Present if it does, and we know how to inject it.
    pub binding: Option<&'a IdentityBinding<'a>>,
}

impl<'a> Identity<'a> {
    /// Puts together what the three say. Without a service account (it could not be read) its part is empty.
    pub fn resolve(pod: &'a Pod<'_>, service_account: Option<&'a ServiceAccount>, settings: &'a Settings<'_>) -> Self {
        let annotation = |key| pod.annotations.get(key);
        let inject = settings.inject.as_ref();
        // Upstream compares with Go's `strings.EqualFold`.
        let wants_binding =
            annotation(settings.binding_annotation()).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Self {
            client_id: service_account.and_then(|account| account.client_id.as_deref()).filter(|id| !id.is_empty()),
            tenant_id: service_account
                .and_then(|account| account.tenant_id.as_deref())
                // An empty annotation counts: upstream then injects no tenant at all.
                .or_else(|| inject?.tenant_id.as_deref())
                .filter(|id| !id.is_empty()),
            expiration: Expiration::resolve(
                annotation(keys::TOKEN_EXPIRATION),
                service_account.and_then(|account| account.token_expiration.as_deref()),
            ),
            skipped: annotation(keys::SKIP_CONTAINERS)
                .map(|names| names.split(';').map(str::trim).filter(|name| !name.is_empty()).collect())
                .unwrap_or_default(),
            // Its presence counts, whatever the value: upstream's #1210.
            proxy: annotation(keys::INJECT_PROXY).map(|_| ProxyPort { text: annotation(keys::PROXY_PORT) }),
            wants_binding,
            binding: inject.and_then(|inject| inject.identity_binding.as_ref()).filter(|_| wants_binding),
        }
    }

    /// True if the container of this name gets the identity.
    pub fn includes(&self, container: &str) -> bool {
        !self.skipped.contains(&container)
    }
}

/// How long a token is valid, and who says so. A pod's annotation hides its service account's; an empty one is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiration<'a> {
    /// Nobody says so.
    Default,
    /// The pod's annotation.
    Pod(&'a str),
    /// The service account's annotation.
    ServiceAccount(&'a str),
}

impl<'a> Expiration<'a> {
    fn resolve(pod: Option<&'a str>, service_account: Option<&'a str>) -> Self {
        let is_set = |text: &&str| !text.is_empty();
        match (pod.filter(is_set), service_account.filter(is_set)) {
            (Some(text), _) => Self::Pod(text),
            (None, Some(text)) => Self::ServiceAccount(text),
            (None, None) => Self::Default,
        }
    }

    /// Seconds from 3600 to 86400; `None` for anything else.
    pub fn seconds(self) -> Option<u32> {
        match self {
            Self::Default => Some(DEFAULT_EXPIRATION),
            Self::Pod(text) | Self::ServiceAccount(text) => parse_expiration(text),
        }
    }
}

/// Reads a token's validity: whole seconds from 3600 to 86400, as the token request API takes them. A sign and leading
/// zeros are fine, as they are to Go's `strconv.ParseInt`.
pub fn parse_expiration(text: &str) -> Option<u32> {
    text.parse().ok().filter(|seconds| (3600..=86400).contains(seconds))
}

/// The port that the proxy is to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyPort<'a> {
    /// The annotation's text, if there is one; an empty text is not a port.
    pub text: Option<&'a str>,
}

impl ProxyPort<'_> {
    /// A port from 1 to 65535; `None` for anything else.
    pub fn number(self) -> Option<i32> {
        match self.text {
            None => Some(DEFAULT_PROXY_PORT),
            Some(text) => text.parse().ok().filter(|port| (1..=65535).contains(port)),
        }
    }
}
