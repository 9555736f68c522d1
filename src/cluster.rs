//! What has to be asked of the cluster: the service account of a pod, and what it may do.

use crate::json::{Kind, TypeMismatch, Value};
use crate::keys;
use crate::pod::StringMap;

/// Answers questions about what is in the cluster. The guest asks the host; tools that run over files answer from them.
pub trait Cluster {
    /// The service account of this name.
    fn service_account(&self, namespace: &str, name: &str, patience: Patience) -> Result<ServiceAccount, LookupError>;

    /// Whether RBAC lets a service account use an identity by its identity binding.
    fn may_use_identity(&self, namespace: &str, service_account: &str, client_id: &str) -> Result<bool, LookupError>;

    /// True if objects are about to be stored. Files may still be filled in: `${CLIENT_ID}` is fine there.
    fn is_live(&self) -> bool {
        true
    }
}

/// How sure an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// What is known of some seconds ago will do.
    Cached,
    /// What seems not to exist is looked for once more: it may have been made together with its pod.
    Sure,
}

/// What a service account says about its Azure identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Annotation `azure.workload.identity/client-id`.
    pub client_id: Option<String>,
    /// Annotation `azure.workload.identity/tenant-id`.
    pub tenant_id: Option<String>,
    /// Annotation `azure.workload.identity/service-account-token-expiration`.
    pub token_expiration: Option<String>,
}

impl ServiceAccount {
    /// Reads a `v1/ServiceAccount`.
    pub fn read(object: Value<'_>) -> Result<Self, TypeMismatch<'_>> {
        let metadata = object.expect_kind(Kind::Object)?.typed_field("metadata", Kind::Object)?;
        let annotations = StringMap::read(metadata, "annotations")?;
        let annotation = |key| annotations.get(key).map(str::to_owned);
        Ok(Self {
            client_id: annotation(keys::CLIENT_ID),
            tenant_id: annotation(keys::TENANT_ID),
            token_expiration: annotation(keys::TOKEN_EXPIRATION),
        })
    }
}

/// Why a look-up in the cluster gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// There is no such object.
    Missing,
    /// RBAC does not let policy-server read it.
    Forbidden,
    /// The policy's `contextAwareResources` do not name the kind. A namespaced policy can never have it.
    NotGranted,
    /// The policy server's host capabilities leave the look-up out.
    CapabilityDenied,
    /// The host could not ask the API server; what it said, cut to one line.
    Unreachable(String),
    /// The answer is no service account; what is wrong with it.
    Undecodable(String),
}

impl LookupError {
    /// What happened, as the end of a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::Missing => "it does not exist".to_owned(),
            Self::Forbidden => "policy-server may not read it".to_owned(),
            Self::NotGranted => "the policy may not look up service accounts".to_owned(),
            Self::CapabilityDenied => "the policy server grants the policy no look-ups".to_owned(),
            Self::Unreachable(reason) => format!("policy-server could not ask the API server ({reason})"),
            Self::Undecodable(reason) => format!("the answer cannot be read: {reason}"),
        }
    }

    /// What to do about it.
    pub const fn fix(&self) -> &'static str {
        match self {
            Self::Missing => "create it",
            Self::Forbidden => {
                "bind the service account of policy-server to a ClusterRole with verb `get` on resource `serviceaccounts` of the \
                 core API group"
            }
            Self::NotGranted => {
                "list `apiVersion: v1`, `kind: ServiceAccount` under `contextAwareResources` of the ClusterAdmissionPolicy (a \
                 namespaced AdmissionPolicy cannot have them)"
            }
            Self::CapabilityDenied => {
                "add `kubernetes/get_resource` to the policy's `hostCapabilities` (for namespaced policies: \
                 `namespacedPoliciesCapabilities` of the PolicyServer)"
            }
            Self::Unreachable(_) => "check policy-server's connection to the API server, then try again",
            Self::Undecodable(_) => "check that policy-server talks to a Kubernetes API server",
        }
    }
}
