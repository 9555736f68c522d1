//! The identity that a pod asks for: resolved from the pod, its service account and the settings, used by rules and injection.

use crate::cluster::{AccountLookup, ServiceAccount};
use crate::formats::present;
use crate::keys;
use crate::order::Names;
use crate::pod::Pod;
use crate::settings::{IdentityBinding, Inject, Settings};

/// How long a token is valid unless an annotation sets it, in seconds.
pub const DEFAULT_EXPIRATION: u32 = 3600;

/// The port of the proxy unless an annotation names one.
pub const DEFAULT_PROXY_PORT: i32 = 8000;

/// The identity that a pod asks for. The parts that come from the service account are looked up when they are first needed.
#[derive(Debug)]
pub struct Identity<'a> {
    /// Names of containers that take no part, as the annotation lists them.
    pub(crate) skipped: Names<&'a str>,
    /// Present if the pod asks for the proxy.
    pub proxy: Option<ProxyPort<'a>>,
    /// Whether the pod asks for the identity binding.
    pub wants_binding: bool,
    /// Present if it does, and the settings say how to inject it.
    pub binding: Option<&'a IdentityBinding<'a>>,
    pod_expiration: Option<&'a str>,
    settings_tenant_id: Option<&'a str>,
    service_account: &'a AccountLookup<'a>,
}

impl<'a> Identity<'a> {
    /// The identity of a pod with this service account.
    pub fn new(pod: &'a Pod<'_>, service_account: &'a AccountLookup<'a>, settings: &'a Settings<'_>) -> Self {
        let annotation = |key| pod.annotations.get(key);
        let inject = settings.inject.as_ref();
        // Upstream compares with Go's `strings.EqualFold`.
        let wants_binding =
            annotation(settings.binding_annotation()).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let skipped: Vec<_> = annotation(keys::SKIP_CONTAINERS)
            .map(|names| names.split(';').map(str::trim).filter(|name| !name.is_empty()).collect())
            .unwrap_or_default();
        Self {
            skipped: Names::new(skipped),
            // Its presence counts, whatever the value: upstream's #1210.
            proxy: annotation(keys::INJECT_PROXY).map(|_| ProxyPort { text: annotation(keys::PROXY_PORT) }),
            wants_binding,
            binding: inject.and_then(|inject| inject.identity_binding.as_ref()).filter(|_| wants_binding),
            pod_expiration: annotation(keys::TOKEN_EXPIRATION),
            settings_tenant_id: inject.and_then(|inject| inject.tenant_id.as_deref()),
            service_account,
        }
    }

    /// Whether the container of this name gets the identity.
    pub fn includes(&self, container: &str) -> bool {
        !self.skipped.contains(container)
    }

    /// The service account, if it could be read.
    pub fn service_account(&self) -> Option<&'a ServiceAccount> {
        self.service_account.get().ok()
    }

    /// The client id, unless it is absent or empty.
    pub fn client_id(&self) -> Option<&'a str> {
        self.service_account()?.usable_client_id()
    }

    /// The tenant: that of the service account, if it has one, even an empty one; else that of the settings.
    pub fn tenant_id(&self) -> Option<&'a str> {
        let own = self.service_account().and_then(|account| account.tenant_id.as_deref());
        // An empty annotation counts: upstream then injects no tenant at all.
        present(own.or(self.settings_tenant_id))
    }

    /// The audience of the token that this policy injects.
    pub fn audience(&self, inject: &'a Inject<'_>) -> &'a str {
        self.binding.map_or(&inject.audience, |binding| &binding.audience)
    }

    /// How long its token is valid.
    pub fn expiration(&self) -> Expiration<'a> {
        let own = || self.service_account().and_then(|account| account.token_expiration.as_deref());
        match present(self.pod_expiration) {
            Some(text) => Expiration::Pod(text),
            None => present(own()).map_or(Expiration::Default, Expiration::ServiceAccount),
        }
    }
}

/// How long a token is valid, and what sets it. A pod's annotation hides its service account's; an empty one is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiration<'a> {
    /// No annotation sets it.
    Default,
    /// The pod's annotation.
    Pod(&'a str),
    /// The service account's annotation.
    ServiceAccount(&'a str),
}

impl Expiration<'_> {
    /// The annotation's text, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Default => None,
            Self::Pod(text) | Self::ServiceAccount(text) => Some(text),
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
