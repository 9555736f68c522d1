//! A pod, or the pod template of a workload, with all that is known about it.

use super::KeyUse;
use crate::cluster::AccountLookup;
use crate::finding::{Finding, FindingBuilder, Place, quote};
use crate::identity::Identity;
use crate::inquiry::Origin;
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
    pub(crate) keys: &'a [KeyUse<'a>],
    /// Its service account. Looking it up costs a call of the host, so ask only where the answer matters.
    pub service_account: &'a AccountLookup<'a>,
    /// Whether it is to get an identity: by its label, or by its service account where the settings say so.
    pub wants_identity: bool,
    /// The identity.
    pub identity: &'a Identity<'a>,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
    /// How many bytes injection adds, if this policy injects; no more is counted than tells that it is too much.
    pub added_length: usize,
    /// Where the object comes from.
    pub origin: Origin,
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

    /// Where the service account is named.
    #[inline(never)]
    pub fn service_account_place(&self) -> Place {
        let path = self.pod_path(&["spec", "serviceAccountName"]);
        let is_there = self.pod.spec.is_some_and(|spec| spec.field("serviceAccountName").is_some());
        if is_there { path.into() } else { Place::absence(path) }
    }

    /// The service account as `"NAMESPACE/NAME"`, in quotes.
    #[inline(never)]
    pub fn service_account_name(&self) -> String {
        quote(&format!("{}/{}", self.namespace, self.pod.service_account()))
    }

    /// A finding about an annotation of the service account, at the place that names the service account.
    #[inline(never)]
    pub(crate) fn finding_about_annotation(&self, key: &str, value: &str, fix: &str) -> FindingBuilder {
        let name = self.service_account_name();
        let problem = format!("names service account {name}, whose annotation {key} is {}", quote(value));
        Finding::at(self.service_account_place(), problem, fix).related_service_account(
            self.namespace,
            self.pod.service_account(),
            key,
            "the annotation",
        )
    }

    /// The containers that get the identity; none if the pod does not ask for one.
    pub fn participants(&self) -> impl Iterator<Item = &'a Container<'a>> {
        let (wants_identity, identity) = (self.wants_identity, self.identity);
        self.pod.all_containers().filter(move |container| wants_identity && identity.includes(&container.name))
    }
}
