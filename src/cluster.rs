//! Questions to the cluster: the service account of a pod, and what it may do.

use std::cell::OnceCell;
use std::fmt;

use crate::formats::present;
use crate::json::{Kind, Reading, Value};
use crate::keys;
use crate::pod::StringMap;

/// Answers questions about the cluster. The guest asks the host; tools that run over files answer from the files.
pub trait Cluster {
    /// The service account of this name.
    fn service_account(&self, namespace: &str, name: &str, freshness: Freshness)
    -> Result<ServiceAccount, LookupError>;

    /// Whether RBAC lets a service account use an identity by its identity binding.
    fn may_use_identity(&self, namespace: &str, service_account: &str, client_id: &str) -> Result<bool, LookupError>;
}

/// A cluster of which nothing is known.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

/// The cluster for an object about which enough has been asked.
pub(crate) struct NoMore;

impl Cluster for NoMore {
    fn service_account(&self, _: &str, _: &str, _: Freshness) -> Result<ServiceAccount, LookupError> {
        Err(LookupError::Failed(LookupFailure {
            reason: "the object names too many service accounts".to_owned(),
            fix: "split the object into several",
        }))
    }

    fn may_use_identity(&self, _: &str, _: &str, _: &str) -> Result<bool, LookupError> {
        self.service_account("", "", Freshness::Cached).map(|_| false)
    }
}

impl Cluster for Nothing {
    fn service_account(&self, _: &str, _: &str, _: Freshness) -> Result<ServiceAccount, LookupError> {
        Err(LookupError::Unknown)
    }

    fn may_use_identity(&self, _: &str, _: &str, _: &str) -> Result<bool, LookupError> {
        Err(LookupError::Unknown)
    }
}

/// How fresh an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// An answer that is some seconds old will do.
    Cached,
    /// A service account without a client id is looked up again without the cache: it may have been annotated a moment ago. A missing
    /// one is not: the host caches no errors.
    Confirmed,
}

/// The lookup of a service account. It is made once, when the answer is first needed.
pub struct AccountLookup<'a> {
    cluster: &'a dyn Cluster,
    namespace: Option<&'a str>,
    name: &'a str,
    freshness: Freshness,
    answer: OnceCell<Result<ServiceAccount, LookupError>>,
}

impl<'a> AccountLookup<'a> {
    /// A lookup that is still to be made.
    pub fn new(cluster: &'a dyn Cluster, namespace: Option<&'a str>, name: &'a str, freshness: Freshness) -> Self {
        Self { cluster, namespace, name, freshness, answer: OnceCell::new() }
    }

    /// The service account.
    pub fn get(&self) -> Result<&ServiceAccount, &LookupError> {
        let lookup = || match self.namespace {
            None => Err(LookupError::NoNamespace),
            Some(namespace) => self.cluster.service_account(namespace, self.name, self.freshness),
        };
        self.answer.get_or_init(lookup).as_ref()
    }

    /// Whether RBAC lets the service account use an identity by its identity binding.
    pub fn may_use_identity(&self, client_id: &str) -> Result<bool, LookupError> {
        self.cluster.may_use_identity(self.namespace(), self.name, client_id)
    }

    /// Whether it is known in which namespace to look. A cluster-scoped object that holds a pod template does not say.
    pub fn is_possible(&self) -> bool {
        self.namespace.is_some()
    }

    /// The namespace that is looked in; empty if it is not known.
    pub fn namespace(&self) -> &'a str {
        self.namespace.unwrap_or_default()
    }

    /// The name that is looked up.
    pub fn name(&self) -> &'a str {
        self.name
    }
}

impl fmt::Debug for AccountLookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountLookup").field("name", &self.name).field("answer", &self.answer).finish_non_exhaustive()
    }
}

/// The annotations of a service account about its Azure identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Annotation `azure.workload.identity/client-id`.
    pub client_id: Option<String>,
    /// Annotation `azure.workload.identity/tenant-id`.
    pub tenant_id: Option<String>,
    /// Annotation `azure.workload.identity/service-account-token-expiration`.
    pub token_expiration: Option<String>,
    /// Label `azure.workload.identity/use: "true"`. It has no effect since webhook v1.0, which reads it on pods.
    pub is_labelled: bool,
}

impl ServiceAccount {
    /// Reads a `v1/ServiceAccount`.
    pub fn read<'a>(object: Value<'a>, reading: &mut Reading<'a>) -> Self {
        let object = reading.expect(object, Kind::Object);
        let metadata = reading.member(object, "metadata", Kind::Object);
        let annotations = StringMap::read(metadata, "annotations", reading);
        let labels = StringMap::read(metadata, "labels", reading);
        let annotation = |key| annotations.get(key).map(str::to_owned);
        Self {
            is_labelled: labels.get(keys::USE) == Some("true"),
            client_id: annotation(keys::CLIENT_ID),
            tenant_id: annotation(keys::TENANT_ID),
            token_expiration: annotation(keys::TOKEN_EXPIRATION),
        }
    }

    /// Whether its author means pods to have an identity through it, be it complete or not.
    pub fn is_for_workload_identity(&self) -> bool {
        self.usable_client_id().is_some() || self.is_labelled || self.token_expiration.is_some()
    }

    /// The client id, unless it is empty.
    pub fn usable_client_id(&self) -> Option<&str> {
        present(self.client_id.as_deref())
    }

    /// The tenant id, unless it is empty.
    pub fn usable_tenant_id(&self) -> Option<&str> {
        present(self.tenant_id.as_deref())
    }
}

/// Why a lookup in the cluster gives no object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// There is no such object.
    Missing,
    /// Nothing tells whether there is such an object: there is no cluster to ask.
    Unknown,
    /// The object that names it belongs to no namespace, so which one is meant is not known.
    NoNamespace,
    /// The lookup failed.
    Failed(LookupFailure),
}

/// Why a lookup failed, in the words of who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupFailure {
    /// What happened, as the end of a sentence.
    pub reason: String,
    /// What to do about it.
    pub fix: &'static str,
}
