//! What rules look at: an object with all that is known about it.

use super::KeyUse;
use crate::cluster::{LookupError, ServiceAccount};
use crate::finding::quote;
use crate::identity::Identity;
use crate::json::{Path, Value};
use crate::pod::{Container, Pod, StringMap};
use crate::settings::Settings;

/// A pod that is created, or the pod template of a workload.
#[derive(Debug)]
pub struct PodSubject<'a> {
    /// The object that was applied, from which paths begin.
    pub object: Value<'a>,
    /// Present if the pod is the template of a workload.
    pub workload: Option<&'a Workload<'a>>,
    /// Its namespace.
    pub namespace: &'a str,
    /// The pod.
    pub pod: &'a Pod<'a>,
    /// The keys of workload identity on it and on the workload.
    pub keys: Vec<KeyUse<'a>>,
    /// Its service account, or why there is none; `None` if nobody had to ask.
    pub service_account: Option<Result<&'a ServiceAccount, &'a LookupError>>,
    /// True if it is to get an identity: by its label, or by its service account where the settings say so.
    pub wants_identity: bool,
    /// The identity.
    pub identity: &'a Identity<'a>,
    /// Whether its service account may use the identity binding; `None` if nobody had to ask.
    pub binding_access: Option<Result<&'a bool, &'a LookupError>>,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
    /// True if the object is about to be stored, false for one in a file that may still be filled in.
    pub is_live: bool,
}

/// What is around a pod template.
#[derive(Debug)]
pub struct Workload<'a> {
    /// `metadata.labels` of the workload itself.
    pub labels: StringMap<'a>,
    /// `metadata.annotations` of the workload itself.
    pub annotations: StringMap<'a>,
}

impl<'a> PodSubject<'a> {
    /// The path of a value of the object.
    #[inline(never)]
    pub fn path_of(&self, value: Value<'_>) -> Path {
        value.path_from(self.object)
    }

    /// The path of a member of the pod, `spec.serviceAccountName` for one, whether it is there or not.
    #[inline(never)]
    pub fn pod_path(&self, keys: &[&str]) -> Path {
        keys.iter().fold(self.pod.object.path_from(self.object), |path, key| path.key(*key))
    }

    /// The path of an annotation of the pod, whether it is there or not.
    #[inline(never)]
    pub fn annotation_path(&self, key: &str) -> Path {
        self.pod_path(&["metadata", "annotations", key])
    }

    /// The path of the place that names the service account.
    #[inline(never)]
    pub fn service_account_path(&self) -> Path {
        self.pod_path(&["spec", "serviceAccountName"])
    }

    /// The service account as `"NAMESPACE/NAME"`, in quotes.
    #[inline(never)]
    pub fn service_account_name(&self) -> String {
        quote(&format!("{}/{}", self.namespace, self.pod.service_account()))
    }

    /// The service account, if it could be read.
    #[inline(never)]
    pub fn known_service_account(&self) -> Option<&'a ServiceAccount> {
        self.service_account.and_then(Result::ok)
    }

    /// The containers that get the identity; none if the pod wants none.
    pub fn participants(&self) -> impl Iterator<Item = &'a Container<'a>> {
        let (wants_identity, identity) = (self.wants_identity, self.identity);
        self.pod.all_containers().filter(move |container| wants_identity && identity.includes(&container.name))
    }
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
    pub keys: Vec<KeyUse<'a>>,
    /// What it said before, if it is changed.
    pub old: Option<&'a ServiceAccount>,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
    /// True if the object is about to be stored, false for one in a file that may still be filled in.
    pub is_live: bool,
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
