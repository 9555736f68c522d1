//! The policy's settings: what they are, and how they are read.
//!
//! Names here are those of the settings in snake case; `docs/settings.md` explains them to people who write settings.

mod read;

use std::borrow::Cow;

use serde::ser::{Serialize, Serializer};

pub use read::Problem;

use crate::clouds::cloud_of_audience;
use crate::json::Value;
use crate::layout::Layout;
use crate::pod::Volume;
use crate::rule::{PerRule, RuleId, Severity};

/// The audience of a token for Entra ID, unless it is configured.
pub const DEFAULT_AUDIENCE: &str = "api://AzureADTokenExchange";

/// The annotation that AKS reads. Source: learn.microsoft.com, "Set up identity bindings on AKS".
const DEFAULT_BINDING_ANNOTATION: &str = "azure.workload.identity/use-identity-binding";

/// The audience of tokens for identity bindings, unless it is configured. Source: upstream's end-to-end tests.
pub const DEFAULT_BINDING_AUDIENCE: &str = "api://AKSIdentityBinding";

/// All settings. The default is that of `{}`: check with the recommended severities, change nothing.
#[derive(Debug, Default)]
pub struct Settings<'a> {
    /// Present: pods that ask for an identity get it from this policy.
    pub inject: Option<Inject<'a>>,
    /// Present: pods that ask for an identity must arrive with it. Has no effect on pods that the same policy injects.
    pub guard: Option<Guard>,
    /// The severity of each rule: `preset`, then `rules`.
    pub severities: Severities,
    /// Present: the only identities that may be used.
    pub identities: Option<Vec<AllowedIdentity<'a>>>,
    /// Who is not judged.
    pub exemptions: Exemptions<'a>,
    /// Kinds with a pod template besides the built-in ones.
    pub workloads: Vec<CustomWorkload<'a>>,
    /// Present: the URL of the issuer of the cluster's tokens, which federated credentials for its service accounts must name.
    pub issuer: Option<Cow<'a, str>>,
}

impl<'a> Settings<'a> {
    /// Reads settings; all that is wrong with them comes back at once.
    pub fn read(value: Value<'a>) -> Result<Self, Vec<Problem>> {
        read::settings(value)
    }

    /// The annotation on a pod that asks for the identity binding: AKS's own unless it is configured.
    pub fn binding_annotation(&self) -> &str {
        self.binding().map_or(DEFAULT_BINDING_ANNOTATION, |binding| &binding.annotation)
    }

    /// True for a token's audience with which Azure gives an identity: that of Entra ID in any cloud, that of identity
    /// bindings, or a configured one. Generous, for what must not be overlooked: case and white space around it make no difference.
    pub fn is_azure_audience(&self, audience: &str) -> bool {
        let audience = audience.trim();
        let is = |other: &str| audience.eq_ignore_ascii_case(other);
        audience.get(..DEFAULT_AUDIENCE.len()).is_some_and(|start| start.eq_ignore_ascii_case(DEFAULT_AUDIENCE))
            || is(DEFAULT_BINDING_AUDIENCE)
            || self.inject.as_ref().is_some_and(|inject| is(&inject.audience))
            || self.binding().is_some_and(|binding| is(&binding.audience))
    }

    /// True for the audience of a token that Azure accepts, to the letter.
    pub fn accepts_audience(&self, audience: &str) -> bool {
        cloud_of_audience(audience).is_some()
            || audience == DEFAULT_BINDING_AUDIENCE
            || self.inject.as_ref().is_some_and(|inject| audience == inject.audience)
            || self.binding().is_some_and(|binding| audience == binding.audience)
    }

    /// True for a volume with a token for Azure.
    pub fn is_token_for_azure(&self, volume: &Volume<'_>) -> bool {
        volume.tokens().any(|token| {
            token.field("audience").and_then(Value::as_str).is_some_and(|audience| self.is_azure_audience(&audience))
        })
    }

    fn binding(&self) -> Option<&IdentityBinding<'a>> {
        self.inject.as_ref()?.identity_binding.as_ref()
    }
}

/// How pods are changed.
#[derive(Debug)]
pub struct Inject<'a> {
    /// The Entra tenant of service accounts that name none.
    pub tenant_id: Option<Cow<'a, str>>,
    /// The URL of Entra ID in the cloud that the cluster is in.
    pub authority_host: Cow<'a, str>,
    /// The audience of tokens.
    pub audience: Cow<'a, str>,
    /// Names and paths.
    pub layout: Layout,
    /// What makes a pod get an identity.
    pub opt_in: OptIn,
    /// The proxy for pods that ask for it.
    pub proxy: Proxy<'a>,
    /// Present: pods may ask for the identity binding.
    pub identity_binding: Option<IdentityBinding<'a>>,
}

/// What makes a pod get an identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptIn {
    /// Its label.
    #[default]
    Label,
    /// Its label, or its service account's client id; then the label is added.
    ServiceAccount,
}

/// The containers that answer IMDS requests of code that knows nothing of workload identity.
#[derive(Debug)]
pub struct Proxy<'a> {
    /// The proxy's image.
    pub image: Cow<'a, str>,
    /// The image of the init container that redirects IMDS requests.
    pub init_image: Cow<'a, str>,
    /// The proxy runs as an init container that restarts always (Kubernetes 1.29 and later), not as a container.
    pub native_sidecar: bool,
    /// What the proxy logs.
    pub log_level: Cow<'a, str>,
    /// What both containers may use.
    pub resources: Option<Resources<'a>>,
}

/// `resources` of a container.
#[derive(Debug, Default, serde::Serialize)]
pub struct Resources<'a> {
    /// The limit.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub limits: Entries<'a>,
    /// The request.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub requests: Entries<'a>,
}

/// The custom token endpoint of AKS identity bindings.
#[derive(Debug)]
pub struct IdentityBinding<'a> {
    /// The annotation on a pod that asks for it.
    pub annotation: String,
    /// The audience of its tokens.
    pub audience: Cow<'a, str>,
    /// The endpoint's URL.
    pub token_proxy: Option<Cow<'a, str>>,
    /// The endpoint's TLS server name.
    pub sni_name: Option<Cow<'a, str>>,
    /// Where its CA certificate comes from.
    pub ca: Option<CaSource<'a>>,
}

/// Where a CA certificate comes from.
#[derive(Debug)]
pub enum CaSource<'a> {
    /// Key `ca.crt` of a ConfigMap of this name in the pod's namespace.
    ConfigMap(Cow<'a, str>),
    /// ClusterTrustBundles.
    ClusterTrustBundle {
        /// Their signer.
        signer_name: Cow<'a, str>,
        /// Their labels.
        label_selector: Option<LabelSelector<'a>>,
    },
    /// The certificate itself, as PEM.
    Data(Cow<'a, str>),
}

/// A `metav1.LabelSelector`.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector<'a> {
    /// Labels and their values.
    #[serde(skip_serializing_if = "Entries::is_empty")]
    pub match_labels: Entries<'a>,
    /// Conditions on labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelRequirement<'a>>,
}

/// A `metav1.LabelSelectorRequirement`.
#[derive(Debug, serde::Serialize)]
pub struct LabelRequirement<'a> {
    /// The label.
    pub key: Cow<'a, str>,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: Cow<'a, str>,
    /// For `In` and `NotIn`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Cow<'a, str>>,
}

/// A JSON object of strings, in its own order.
#[derive(Debug, Default)]
pub struct Entries<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Entries<'_> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// The identity that labelled pods must arrive with.
#[derive(Debug)]
pub struct Guard {
    /// The layouts that are accepted.
    pub layouts: Vec<Layout>,
}

/// The severity of each rule: the one that the settings give it, else that of the preset.
#[derive(Debug)]
pub struct Severities(PerRule<Severity>);

impl Severities {
    /// The severity of a rule.
    pub fn of(&self, rule: RuleId) -> Severity {
        self.0.get(rule)
    }

    /// Gives a rule another severity.
    pub fn set(&mut self, rule: RuleId, severity: Severity) {
        self.0.set(rule, severity);
    }
}

impl Default for Severities {
    fn default() -> Self {
        Self(PerRule::from_fn(RuleId::severity))
    }
}

impl AllowedIdentity<'_> {
    /// Whether the service account may use it; if its namespace is empty, whether one of this name may.
    pub fn is_for(&self, namespace: &str, service_account: &str) -> bool {
        self.service_accounts.iter().any(|pattern| match pattern.split_once('/') {
            Some((_, name)) if namespace.is_empty() => matches(name, service_account),
            _ => is_service_account(pattern, namespace, service_account),
        })
    }
}

/// An Azure identity, and who may use it.
#[derive(Debug)]
pub struct AllowedIdentity<'a> {
    /// Its client id.
    pub client_id: Cow<'a, str>,
    /// Its tenant, if that matters.
    pub tenant_id: Option<Cow<'a, str>>,
    /// `NAMESPACE/NAME` of service accounts, with `*` for any characters.
    pub service_accounts: Vec<Cow<'a, str>>,
}

/// Who is not judged; injection still runs.
#[derive(Debug, Default)]
pub struct Exemptions<'a> {
    /// Namespaces, with `*` for any characters.
    pub namespaces: Vec<Cow<'a, str>>,
    /// `NAMESPACE/NAME` of service accounts, with `*` for any characters.
    pub service_accounts: Vec<Cow<'a, str>>,
}

impl Exemptions<'_> {
    /// True for a namespace of which nothing is judged.
    pub fn cover_namespace(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|pattern| matches(pattern, namespace))
    }

    /// True for a service account, or its pods, that is not judged.
    pub fn cover(&self, namespace: &str, service_account: &str) -> bool {
        self.cover_namespace(namespace)
            || self.service_accounts.iter().any(|pattern| is_service_account(pattern, namespace, service_account))
    }
}

/// Whether the pattern `NAMESPACE/NAME` matches this service account.
fn is_service_account(pattern: &str, namespace: &str, name: &str) -> bool {
    pattern
        .split_once('/')
        .is_some_and(|(of_namespace, of_name)| matches(of_namespace, namespace) && matches(of_name, name))
}

/// Whether `pattern` matches `text`; `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.as_bytes(), text.as_bytes());
    // What follows the last `*`, and where in the text it is tried.
    let mut retry = None;
    loop {
        match (pattern, text) {
            ([b'*', rest @ ..], _) => {
                retry = Some((rest, text));
                pattern = rest;
            }
            ([], []) => return true,
            ([wanted, rest @ ..], [found, later @ ..]) if wanted == found => (pattern, text) = (rest, later),
            _ => {
                let Some((rest, [_, later @ ..])) = retry else { return false };
                retry = Some((rest, later));
                (pattern, text) = (rest, later);
            }
        }
    }
}

/// A kind with a pod template.
#[derive(Debug)]
pub struct CustomWorkload<'a> {
    /// Its API version, `GROUP/VERSION`.
    pub api_version: Cow<'a, str>,
    /// Its kind.
    pub kind: Cow<'a, str>,
    /// Where the pod template is, as a JSON pointer; `*` stands for each element of a list.
    pub pod_template: Cow<'a, str>,
}
