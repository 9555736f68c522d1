//! The software that uses identities, besides labelled pods: one file for each, with its documentation.
//!
//! Follow the data:
//!
//! ```text
//! object      -> Consumer::of    the consumers of its group and kind: a look-up in one table, which most objects are not in
//!             -> judge           a pure function from the object and the other files (neighbours) to what follows
//! Consumption -> requests        the identities that the object asks for: whose token, which client and tenant, for what in Azure
//!             -> faults          what cannot work, what has no effect, and what the files do not show
//! pods        -> mounts          the volumes that drivers mount with the identity of a pod
//! ```
//!
//! The rule `consumer-settings` reports the faults. The chain takes the requests: a fault that makes a consumer fail breaks them.
//!
//! The doc comment at the head of a consumer's file is its section of `docs/consumers.md`, with these headings: *Reads*, *Right*,
//! *Fails*, *Uses* and *Sources*.

mod app_configuration;
mod argo_cd;
mod azure_service_operator;
mod azure_storage_driver;
mod cert_manager;
mod cluster_api;
mod controller;
mod crossplane;
mod dapr;
mod external_dns;
mod external_secrets;
mod fields;
mod flux;
mod keda;
pub mod mounts;
pub mod neighbours;
mod ratify;
mod secret;
mod secret_provider_class;
mod secret_sync;
mod velero;
mod workload_identity_operator;

use azure_workload_identity_policy::json::{Path, Value};
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_policy::settings::{DEFAULT_AUDIENCE, DEFAULT_BINDING_AUDIENCE};

pub use controller::Controller;
use fields::Fields;
pub use fields::find;
use neighbours::Neighbours;

/// Software that uses identities.
#[derive(Debug)]
pub struct Consumer {
    /// The name of its file.
    pub name: &'static str,
    /// The API group of its objects; `*.azure.com` stands for every group below `azure.com`.
    group: &'static str,
    /// Their kinds; every kind if there are none.
    kinds: &'static [&'static str],
    judge: fn(&ConsumerObject<'_, '_>, &mut Consumption),
}

/// An object of a kind that a consumer reads.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerObject<'v, 'f> {
    /// The object.
    pub value: Value<'v>,
    /// Its number in the set.
    pub position: usize,
    /// Its API group.
    pub group: &'v str,
    /// Its kind.
    pub kind: &'v str,
    /// Its name.
    pub name: &'v str,
    /// Its namespace, if it is known.
    pub namespace: Option<&'v str>,
    /// The objects of all files.
    pub files: &'v Neighbours<'f>,
}

/// What a consumer makes of an object.
#[derive(Debug, Default)]
pub struct Consumption {
    /// The identities that it asks for.
    pub requests: Vec<IdentityRequest>,
    /// What is wrong with its settings.
    pub faults: Vec<SettingFault>,
}

/// A request for a token of a service account, exchanged for one of an identity.
#[derive(Clone, Debug)]
pub struct IdentityRequest {
    /// The part of the object that makes it.
    pub at: Path,
    /// Whose token it is.
    pub account: AskedAccount,
    /// Where the client id comes from.
    pub client: IdSource,
    /// Where the tenant comes from.
    pub tenant: IdSource,
    /// Whether the token is exchanged through an identity binding, which no federated credential decides.
    pub is_binding: bool,
    /// What it accesses in Azure then, if the object says so.
    pub target: Option<AzureTarget>,
}

/// Whose token is requested.
#[derive(Clone, Debug)]
pub enum AskedAccount {
    /// That of each pod that mounts the volume: the kubelet gives the driver its token.
    Mounting,
    /// The one that the object names: the consumer requests a token for it.
    Named {
        /// Its namespace, if it is known.
        namespace: Option<String>,
        /// Its name.
        name: String,
        /// Where it is named.
        path: Path,
    },
    /// That of the consumer's own pods.
    Controller(&'static Controller),
}

/// Where an id comes from.
#[derive(Clone, Debug)]
pub enum IdSource {
    /// An annotation of the service account.
    Account,
    /// This text of the object.
    Own(String, Path),
    /// A place that is not read; the end of a sentence about the id says which.
    Elsewhere(&'static str, Path),
    /// There is none, which a fault says.
    Missing,
}

/// What is accessed in Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureTarget {
    /// The kind of resource.
    pub kind: AzureKind,
    /// How the object names it.
    pub name: String,
    /// The built-in role that is needed.
    pub role: &'static str,
}

/// A kind of resource in Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AzureKind {
    /// A key vault.
    Vault,
    /// A storage account.
    StorageAccount,
    /// A container registry.
    Registry,
    /// A DNS zone.
    DnsZone,
    /// An App Configuration store.
    AppConfiguration,
    /// A subscription.
    Subscription,
}

/// What is wrong with a setting of a consumer.
#[derive(Clone, Debug)]
pub struct SettingFault {
    /// What comes of it.
    pub effect: Effect,
    /// The link of the chain that it is about.
    pub link: RequestLink,
    /// The setting, which may not exist.
    pub path: Path,
    /// Whether there is no such setting: something else may add it.
    pub is_absence: bool,
    /// What is wrong, after the path.
    pub problem: String,
    /// What to do.
    pub fix: String,
}

/// What comes of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The consumer cannot work, by its own code.
    Fails,
    /// It works only if something is as the files do not show.
    Depends,
    /// The setting has no effect.
    Ignored,
    /// The consumer works, with something else than workload identity.
    Otherwise,
}

/// A link of the chain that a request is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestLink {
    /// The label on the consumer's pod, or something else without which it requests no token.
    Label,
    /// The service account.
    Account,
    /// The client id.
    Client,
    /// The tenant.
    Tenant,
    /// The audience of the token.
    Audience,
    /// None: what the consumer does with the identity.
    Target,
}

const fn row(
    name: &'static str,
    group: &'static str,
    kinds: &'static [&'static str],
    judge: fn(&ConsumerObject<'_, '_>, &mut Consumption),
) -> Consumer {
    Consumer { name, group, kinds, judge }
}

/// All consumers, in the order of their documentation.
pub static CONSUMERS: &[Consumer] = &[
    row("secret_provider_class", "secrets-store.csi.x-k8s.io", &["SecretProviderClass"], secret_provider_class::judge),
    row("secret_sync", "secret-sync.x-k8s.io", &["SecretSync"], secret_sync::judge),
    row("azure_storage_driver", "", &["PersistentVolume"], azure_storage_driver::judge_volume),
    row("azure_storage_driver", "storage.k8s.io", &["StorageClass"], azure_storage_driver::judge_class),
    row(
        "external_secrets",
        "external-secrets.io",
        &["SecretStore", "ClusterSecretStore"],
        external_secrets::judge_store,
    ),
    row(
        "external_secrets",
        "generators.external-secrets.io",
        &["ACRAccessToken", "ClusterGenerator"],
        external_secrets::judge_generator,
    ),
    row("keda", "keda.sh", &["TriggerAuthentication", "ClusterTriggerAuthentication"], keda::judge),
    row("cert_manager", "cert-manager.io", &["Issuer", "ClusterIssuer"], cert_manager::judge),
    row(
        "flux",
        "source.toolkit.fluxcd.io",
        &["GitRepository", "OCIRepository", "HelmRepository", "Bucket"],
        flux::judge_source,
    ),
    row("flux", "image.toolkit.fluxcd.io", &["ImageRepository"], flux::judge_source),
    row("flux", "notification.toolkit.fluxcd.io", &["Provider"], flux::judge_provider),
    row("flux", "kustomize.toolkit.fluxcd.io", &["Kustomization"], flux::judge_deployer),
    row("flux", "helm.toolkit.fluxcd.io", &["HelmRelease"], flux::judge_deployer),
    row("argo_cd", "", &["Secret"], argo_cd::judge),
    row("app_configuration", "azconfig.io", &["AzureAppConfigurationProvider"], app_configuration::judge),
    row("external_dns", "", &["Secret"], external_dns::judge),
    row("velero", "velero.io", &["BackupStorageLocation", "VolumeSnapshotLocation"], velero::judge),
    row("dapr", "dapr.io", &["Component"], dapr::judge),
    row("azure_service_operator", "", &["Secret"], azure_service_operator::judge_secret),
    row("azure_service_operator", "*.azure.com", &[], azure_service_operator::judge_resource),
    row("crossplane", "azure.upbound.io", &["ProviderConfig"], crossplane::judge),
    row("crossplane", "azure.m.upbound.io", &["ProviderConfig", "ClusterProviderConfig"], crossplane::judge),
    row("cluster_api", "infrastructure.cluster.x-k8s.io", &["AzureClusterIdentity"], cluster_api::judge),
    row("ratify", "config.ratify.deislabs.io", &["KeyManagementProvider", "Store"], ratify::judge),
    row(
        "workload_identity_operator",
        "workloadidentity.azure.micosolutions.se",
        &["WorkloadIdentity"],
        workload_identity_operator::judge,
    ),
];

impl Consumer {
    /// The consumers that read objects of a group and kind.
    pub fn of<'k>(group: &'k str, kind: &'k str) -> impl Iterator<Item = &'static Self> + 'k {
        CONSUMERS.iter().filter(move |row| {
            let is_group = match row.group.strip_prefix('*') {
                Some(suffix) => group.ends_with(suffix),
                None => row.group == group,
            };
            is_group && (row.kinds.is_empty() || row.kinds.contains(&kind))
        })
    }

    /// Whether some consumer reads objects of a group.
    pub fn is_group(group: &str) -> bool {
        CONSUMERS.iter().any(|row| row.group == group)
    }
}

impl Consumption {
    /// What all consumers of its kind make of an object.
    pub fn of(object: &ConsumerObject<'_, '_>) -> Self {
        let mut found = Self::default();
        Consumer::of(object.group, object.kind).for_each(|consumer| (consumer.judge)(object, &mut found));
        found
    }

    fn add(
        &mut self,
        effect: Effect,
        link: RequestLink,
        path: Path,
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let (problem, fix) = (problem.into(), fix.into());
        self.faults.push(SettingFault { effect, link, path, is_absence: false, problem, fix });
    }

    /// A setting with which the consumer cannot work.
    fn fails(&mut self, link: RequestLink, path: Path, problem: impl Into<String>, fix: impl Into<String>) {
        self.add(Effect::Fails, link, path, problem, fix);
    }

    /// A setting that has no effect.
    fn ignored(&mut self, path: Path, problem: impl Into<String>, fix: impl Into<String>) {
        self.add(Effect::Ignored, RequestLink::Target, path, problem, fix);
    }

    /// A setting with which the consumer uses no workload identity.
    fn otherwise(&mut self, path: Path, problem: impl Into<String>, fix: impl Into<String>) {
        self.add(Effect::Otherwise, RequestLink::Target, path, problem, fix);
    }

    /// A setting without which the consumer cannot work is missing, or is misspelt.
    fn missing(&mut self, fields: &Fields<'_>, key: &str, link: RequestLink, consequence: &str) {
        match fields.near_miss(key) {
            Some(written) => self.fails(
                link,
                fields.path(&written),
                format!("is not read, since its name is `{key}`; without it {consequence}"),
                format!("rename it to `{key}`"),
            ),
            None => {
                self.fails(link, fields.path(key), format!("is missing: {consequence}"), format!("set `{key}`"));
                self.faults.iter_mut().rev().take(1).for_each(|fault| fault.is_absence = true);
            }
        }
    }

    /// The names that nearly are those of settings. To be asked for last: a name that is a fault already is not one again.
    fn misspelt(&mut self, fields: &Fields<'_>, effect: Effect) {
        for (written, key) in fields.near_misses() {
            let path = fields.path(&written);
            if self.faults.iter().all(|fault| fault.path != path) {
                let problem = format!("is not read, since the name of the setting is `{key}`");
                self.add(effect, RequestLink::Target, path, problem, format!("rename it to `{key}`"));
            }
        }
    }

    /// The faults that concern a request: those of the part of the object that makes it.
    pub fn faults_of<'c>(&'c self, request: &'c IdentityRequest) -> impl Iterator<Item = &'c SettingFault> {
        let at = request.at.segments();
        self.faults.iter().filter(move |fault| fault.path.segments().starts_with(at))
    }
}

impl Effect {
    /// How severe it is.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Fails => Severity::Deny,
            Self::Depends | Self::Ignored => Severity::Warn,
            Self::Otherwise => Severity::Note,
        }
    }
}

impl IdentityRequest {
    /// A request of a part of an object, with what the service account says.
    fn new(at: Path, account: AskedAccount) -> Self {
        Self { at, account, client: IdSource::Account, tenant: IdSource::Account, is_binding: false, target: None }
    }

    /// The audience of the token.
    pub const fn audience(&self) -> &'static str {
        if self.is_binding { DEFAULT_BINDING_AUDIENCE } else { DEFAULT_AUDIENCE }
    }
}

/// A boolean as `strconv.ParseBool` of Go reads it.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// The path of keys.
fn path(keys: &[&str]) -> Path {
    keys.iter().fold(Path::default(), |path, key| path.key(*key))
}
