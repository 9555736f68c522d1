//! The subjects of rules: what an object is to workload identity, and the view of it that rules get.

mod key_use;
mod pod;
mod template;

use crate::cluster::{AccountLookup, ServiceAccount};
use crate::federated::{Claim, FederatedCredential};
use crate::finding::{Finding, FindingBuilder, quote};
use crate::inquiry::{Inquiry, Operation};
use crate::json::{Path, Reading, Value};
use crate::kinds;
use crate::pod::{Pod, StringMap};
use crate::settings::Settings;

pub(crate) use key_use::{Holder, KeyUse, Meaning, ReadAt, is_same_but_for_separators};
pub(crate) use pod::Models;
pub use pod::{Outer, PodSubject, Workload};
pub use template::Template;

/// A subject, as rules get it.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'s> {
    /// A pod that is created.
    Pod(&'s PodSubject<'s>),
    /// A pod template of a workload.
    PodTemplate(&'s PodSubject<'s>),
    /// A pod that gets a debug container.
    EphemeralContainers(&'s EphemeralContainersSubject<'s>),
    /// A service account.
    ServiceAccount(&'s ServiceAccountSubject<'s>),
    /// A service.
    Service(&'s ServiceSubject<'s>),
    /// A federated credential for a service account.
    FederatedCredential(&'s FederatedCredentialSubject<'s>),
}

/// A pod that gets a debug container.
#[derive(Debug)]
pub struct EphemeralContainersSubject<'a> {
    /// The pod, from which paths begin.
    pub object: Value<'a>,
    /// The pod as it runs.
    pub old_object: Option<Value<'a>>,
    /// The view of it.
    pub pod: &'a Pod<'a>,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
}

/// A service account that is created or whose labels or annotations change.
#[derive(Debug)]
pub struct ServiceAccountSubject<'a> {
    /// The service account, from which paths begin.
    pub object: Value<'a>,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// `metadata.labels`.
    pub labels: &'a StringMap<'a>,
    /// `metadata.annotations`.
    pub annotations: &'a StringMap<'a>,
    /// The keys of workload identity on it.
    pub(crate) keys: &'a [KeyUse<'a>],
    /// The stored service account, if it is changed.
    pub old: Option<&'a ServiceAccount>,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
}

impl ServiceAccountSubject<'_> {
    /// The path of an annotation, whether it is there or not.
    #[inline(never)]
    pub fn annotation_path(&self, key: &str) -> Path {
        Path::default().key("metadata").key("annotations").key(key)
    }
}

/// A service.
#[derive(Debug)]
pub struct ServiceSubject<'a> {
    /// The service, from which paths begin.
    pub object: Value<'a>,
}

/// A federated credential for a service account that is created or changes.
#[derive(Debug)]
pub struct FederatedCredentialSubject<'a> {
    /// The object, from which paths begin.
    pub object: Value<'a>,
    /// What it says.
    pub credential: &'a FederatedCredential<'a>,
    /// Whether its issuer is that of the settings, or was meant to be.
    pub is_of_this_cluster: bool,
    /// The service account of this name in this cluster; `None` if the subject does not name one.
    pub service_account: Option<&'a AccountLookup<'a>>,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
}

impl FederatedCredentialSubject<'_> {
    /// A finding about a text of the credential; `problem` follows the text.
    #[inline(never)]
    pub(crate) fn finding(&self, claim: &Claim<'_>, problem: &str, fix: &str) -> FindingBuilder {
        Finding::at(self.path_of(claim.value), ["is ", &quote(&claim.text), problem].concat(), fix)
    }

    /// The path of a value of the object.
    #[inline(never)]
    pub(crate) fn path_of(&self, value: Value<'_>) -> Path {
        value.path_from(self.object)
    }
}

/// The kind of a subject: what the policy makes of an object by its kind and the operation.
#[derive(Clone, Debug, PartialEq)]
pub enum SubjectKind<'a> {
    /// A pod that is created.
    Pod,
    /// A pod that gets a debug container.
    EphemeralContainers,
    /// An object from whose templates a controller makes pods.
    Workload {
        /// The templates that the object has.
        templates: Vec<Template<'a>>,
        /// Whether only the settings know the kind.
        is_custom: bool,
    },
    /// A service account.
    ServiceAccount,
    /// A service: its selector may be the label.
    Service,
    /// A federated credential.
    FederatedCredential,
}

impl<'a> SubjectKind<'a> {
    /// What an inquiry is about; `None` if it has nothing to do with workload identity.
    pub fn of(inquiry: &Inquiry<'a>, settings: &Settings<'_>, reading: &mut Reading<'a>) -> Option<Self> {
        let object = inquiry.object?;
        let (creates, updates) = (inquiry.operation == Operation::Create, inquiry.operation == Operation::Update);
        match (inquiry.group.as_ref(), inquiry.kind.as_ref(), inquiry.subresource.as_ref()) {
            ("", "Pod", "") if creates => Some(Self::Pod),
            ("", "Pod", "ephemeralcontainers") if updates => Some(Self::EphemeralContainers),
            ("", "ServiceAccount", "") if creates || updates => Some(Self::ServiceAccount),
            ("", "Service", "") if creates || updates => Some(Self::Service),
            (group, kind, "") if (creates || updates) && FederatedCredential::is_kind(group, kind) => {
                Some(Self::FederatedCredential)
            }
            (_, _, "") if creates || updates => {
                let is_custom = kinds::pod_template(&inquiry.group, &inquiry.kind).is_none();
                Some(Self::Workload { templates: template::templates(inquiry, object, settings, reading)?, is_custom })
            }
            _ => None,
        }
    }

    /// Whether an update leaves everything as it was that this policy judges: a scaled workload, an object whose status or
    /// finalizers a controller sets. Such an update of a stored object is not rejected.
    pub fn is_unchanged(&self, inquiry: &Inquiry<'a>, settings: &Settings<'_>) -> bool {
        let (Some(object), Some(old)) = (inquiry.object, inquiry.old_object) else { return false };
        if inquiry.operation != Operation::Update {
            return false;
        }
        let member = |object: Value<'a>, holder, key| object.field(holder).and_then(|holder| holder.field(key));
        let are_same = |holder, key| are_same(member(object, holder, key), member(old, holder, key));
        match self {
            Self::Workload { templates, .. } => {
                // The stored object is not judged, whatever is wrong with it.
                let old = template::templates(inquiry, old, settings, &mut Reading::default()).unwrap_or_default();
                are_same("spec", "selector") && template::are_unchanged(templates, &old, settings)
            }
            Self::ServiceAccount => are_same("metadata", "labels") && are_same("metadata", "annotations"),
            Self::Service => are_same("spec", "selector"),
            Self::FederatedCredential => {
                let mut pairs = FederatedCredential::places(object).zip(FederatedCredential::places(old));
                pairs.all(|(new, old)| self::are_same(new, old))
            }
            Self::Pod | Self::EphemeralContainers => false,
        }
    }
}

fn are_same(one: Option<Value<'_>>, other: Option<Value<'_>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.same_as(other),
        (None, None) => true,
        (Some(lone), None) | (None, Some(lone)) => lone.is_empty(),
    }
}

/// The owner that controls an object, which made it and was judged when somebody applied it: the Deployment of a `ReplicaSet`, the
/// `CronJob` of a Job.
pub fn controller(object: Value<'_>) -> Option<Value<'_>> {
    let mut owners = object.field("metadata")?.field("ownerReferences")?.elements();
    owners.find(|owner| owner.field("controller").and_then(Value::as_bool) == Some(true))
}

/// Whether the object is being deleted and only waits for its finalizers.
pub(crate) fn is_being_deleted(object: Value<'_>) -> bool {
    object.field("metadata").is_some_and(|metadata| metadata.field("deletionTimestamp").is_some())
}
