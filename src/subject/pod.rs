//! A pod, or the pod template of a workload, with all that is known about it.

use super::{Holder, KeyUse};
use crate::cluster::AccountLookup;
use crate::finding::{Finding, FindingBuilder, Place, quote};
use crate::identity::Identity;
use crate::inquiry::Origin;
use crate::json::{Kind, Path, Reading, Value};
use crate::pod::{Container, Pod, StringMap};
use crate::settings::Settings;

/// A pod that is created, or the pod template of a workload.
#[derive(Debug)]
pub struct PodSubject<'a> {
    /// The object that was applied, from which paths begin.
    pub object: Value<'a>,
    /// Present if the pod is the template of a workload.
    pub workload: Option<&'a Workload<'a>>,
    /// Its namespace; empty if it has none.
    pub namespace: &'a str,
    /// The pod.
    pub pod: &'a Pod<'a>,
    /// The keys of workload identity on it and on the workload.
    pub(crate) keys: &'a [KeyUse<'a>],
    /// Its service account. Looking it up costs a call of the host, so ask only where the answer matters.
    pub service_account: &'a AccountLookup<'a>,
    /// Whether it is to get an identity: by its label, or by its service account where the settings say so.
    pub wants_identity: bool,
    /// Whether it gets an identity, label or not, if its service account has one.
    pub may_follow: bool,
    /// The identity.
    pub identity: &'a Identity<'a>,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
    /// Where the object comes from.
    pub origin: Origin,
}

/// What is around a pod template. If a workload has several templates, the first of them is judged together with what they share.
#[derive(Debug, Default)]
pub struct Workload<'a> {
    /// The objects around it that have metadata of their own, outermost first.
    pub around: Vec<Outer<'a>>,
    /// `spec.selector` of the workload.
    pub selector: Option<Value<'a>>,
}

/// An object around a pod template: the workload itself, or the job template of a `CronJob`.
#[derive(Debug)]
pub struct Outer<'a> {
    /// The whole of it.
    pub object: Value<'a>,
    /// Its `metadata.labels`.
    pub labels: StringMap<'a>,
    /// Its `metadata.annotations`.
    pub annotations: StringMap<'a>,
}

impl<'a> Outer<'a> {
    #[inline(never)]
    pub(crate) fn read(object: Value<'a>, reading: &mut Reading<'a>) -> Self {
        let metadata = reading.member(Some(object), "metadata", Kind::Object);
        Self {
            object,
            labels: StringMap::read(metadata, "labels", reading),
            annotations: StringMap::read(metadata, "annotations", reading),
        }
    }

    /// Whether the keys of workload identity on it are the same, values included.
    pub(crate) fn has_keys_of(&self, other: &Self, settings: &Settings<'_>) -> bool {
        let [own, others] =
            [self, other].map(|it| KeyUse::on(Holder::Workload, it.object, &it.labels, &it.annotations, settings));
        let is_same = |found: &KeyUse<'_>| {
            let [own, other] = [self, other].map(|it| if found.is_label { &it.labels } else { &it.annotations });
            own.get(found.key) == other.get(found.key)
        };
        own.len() == others.len() && own.iter().all(is_same)
    }
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
