//! A pod, or the pod template of a workload, with all that is known about it.

use std::cell::OnceCell;

use super::{Holder, KeyUse};
use crate::cluster::AccountLookup;
use crate::container_identity::{ContainerIdentity, Injection};
use crate::finding::{Finding, FindingBuilder, Place, quote, quote_namespaced};
use crate::identity::Identity;
use crate::json::{Kind, Path, Reading, Value};
use crate::layout::{Layout, TokenPlace};
use crate::mounts::{InjectedToken, Mounts, Volumes, injected_volume, volume_for_token};
use crate::pod::{Container, Pod, StringMap};
use crate::settings::Settings;

/// A pod that is created, or the pod template of a workload.
#[derive(Debug)]
pub struct PodSubject<'a> {
    /// The object that was applied, from which paths begin.
    pub object: Value<'a>,
    /// Present if the pod is the template of a workload.
    pub workload: Option<&'a Workload<'a>>,
    /// Its namespace; empty if it has none, or it is not known.
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
    /// How many bytes injection adds, if this policy injects; no more is counted than tells that it is too much.
    pub added_length: usize,
    /// What each container really gets.
    pub(crate) models: &'a Models<'a>,
}

/// What each container of a pod really gets, found out by the first rule that asks.
#[derive(Debug, Default)]
pub(crate) struct Models<'a> {
    arrived_volume: OnceCell<Option<&'a str>>,
    places: OnceCell<Vec<TokenPlace>>,
    injection: OnceCell<Option<Injection<'a>>>,
    volumes: OnceCell<Volumes<'a>>,
    /// A pod may have many, of which few matter.
    containers: OnceCell<Vec<OnceCell<Box<ContainerIdentity<'a>>>>>,
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
        // The second is the deprecated name of the first; the API server sets both.
        let names = ["serviceAccountName", "serviceAccount"];
        let named = names.into_iter().find(|name| self.pod.spec.is_some_and(|spec| spec.field(name).is_some()));
        match named {
            Some(name) => self.pod_path(&["spec", name]).into(),
            None => Place::absence(self.pod_path(&["spec", "serviceAccountName"])),
        }
    }

    /// The service account as messages name it.
    pub fn service_account_name(&self) -> String {
        quote_namespaced(self.namespace, self.pod.service_account())
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

    /// Where the injected token is or is going to be: one place, or several if the layout cannot be known.
    #[inline(never)]
    pub(crate) fn places(&self) -> &'a [TokenPlace] {
        self.models.places.get_or_init(|| {
            let layouts = || Layout::ALL.into_iter();
            if let Some(inject) = &self.settings.inject {
                return vec![TokenPlace::new(inject.layout, volume_for_token(self.pod, inject.layout).1)];
            }
            let Some(volume) = self.arrived_volume() else {
                let place = |layout| TokenPlace::new(layout, self.pod.token_volume_name(layout).to_owned());
                return layouts().map(place).collect();
            };
            let places = layouts().filter(|layout| layout.owns_name(volume));
            let mut places: Vec<_> = places.map(|layout| TokenPlace::new(layout, volume.to_owned())).collect();
            let is_used = |place: &TokenPlace| {
                let mut mounts = self.pod.all_containers().flat_map(|container| &container.mounts);
                mounts.any(|mount| mount.volume == volume && mount.path.trim_end_matches('/') == place.mount_path)
            };
            if let Some(used) = places.iter().position(is_used) {
                places = vec![places.swap_remove(used)];
            }
            places
        })
    }

    /// The layout that the pod has or is going to have, if it can be known.
    pub(crate) fn layout_in_force(&self) -> Option<Layout> {
        match self.places() {
            [place] => Some(place.layout),
            _ => None,
        }
    }

    /// The token volume with which the pod arrived from a webhook. A pod template is never injected.
    pub(crate) fn arrived_volume(&self) -> Option<&'a str> {
        let is_pod = self.workload.is_none() && self.settings.inject.is_none();
        let find = || injected_volume(self.pod).filter(|_| is_pod).map(|volume| volume.name.as_ref());
        *self.models.arrived_volume.get_or_init(find)
    }

    /// What containers are still going to get.
    pub(crate) fn injection(&self) -> Option<&'a Injection<'a>> {
        let injection = self.models.injection.get_or_init(|| {
            let is_guarded = self.settings.guard.is_some() && self.workload.is_none();
            let (inject, place) = match (&self.settings.inject, self.places()) {
                _ if !self.wants_identity => return None,
                (None, _) if is_guarded || self.arrived_volume().is_some() => return None,
                (Some(inject), [place, ..]) => (inject, place),
                _ => return Some(Injection::by_webhook(self.identity.service_account())),
            };
            let token = InjectedToken {
                volume: &place.volume,
                mount_path: &place.mount_path,
                token_path: place.layout.token_path(),
                audience: self.identity.audience(inject),
                replaces: place.layout != Layout::V1_5,
            };
            let (account, tenant_id) = (self.identity.service_account(), inject.tenant_id.as_deref());
            Some(Injection::by_policy(account, tenant_id, &inject.authority_host, token))
        });
        injection.as_ref()
    }

    /// The volumes that the pod is going to have.
    pub(crate) fn volumes(&self) -> &'a Volumes<'a> {
        self.models.volumes.get_or_init(|| {
            let token = self.injection().and_then(|injection| injection.token);
            Volumes::new(self.pod, token, &|audience| self.settings.is_azure_audience(audience))
        })
    }

    /// What a container is going to be, by its position, init containers first.
    #[inline(never)]
    pub(crate) fn container(&self, position: usize) -> Option<&'a ContainerIdentity<'a>> {
        let (pod, init_containers) = (self.pod, self.pod.init_containers.len());
        let cells = || (0..init_containers + pod.containers.len()).map(|_| OnceCell::new()).collect();
        let cell = self.models.containers.get_or_init(cells).get(position)?;
        let container = match position.checked_sub(init_containers) {
            None => pod.init_containers.get(position)?,
            Some(position) => pod.containers.get(position)?,
        };
        let identity = cell.get_or_init(|| {
            let takes_part = self.wants_identity && self.identity.includes(&container.name);
            Box::new(ContainerIdentity::new(pod, container, self.volumes(), self.injection(), takes_part))
        });
        Some(identity)
    }

    /// The mounts that the container at a position is going to have.
    pub(crate) fn mounts_of(&self, position: usize) -> Option<Mounts<'a, 'a>> {
        Some(self.container(position)?.mounts(self.volumes()))
    }

    /// What the containers are going to be that get the identity and that `is_concerned` chooses.
    #[inline(never)]
    pub(crate) fn participants_where(
        &self,
        is_concerned: &dyn Fn(&Container<'_>) -> bool,
    ) -> Vec<&'a ContainerIdentity<'a>> {
        let containers = self.pod.all_containers().enumerate();
        let chosen = containers.filter(|(_, container)| self.wants_identity && is_concerned(container));
        let chosen = chosen.filter_map(|(position, _)| self.container(position));
        chosen.filter(|container| container.takes_part).collect()
    }

    /// The containers that get the identity; none if the pod does not ask for one.
    pub fn participants(&self) -> impl Iterator<Item = &'a Container<'a>> {
        self.numbered_participants().map(|(_, container)| container)
    }

    /// The same with their positions, by which [`container`](Self::container) and [`mounts_of`](Self::mounts_of) know them.
    pub(crate) fn numbered_participants(&self) -> impl Iterator<Item = (usize, &'a Container<'a>)> {
        let (wants_identity, identity) = (self.wants_identity, self.identity);
        let containers = self.pod.all_containers().enumerate();
        containers.filter(move |(_, container)| wants_identity && identity.includes(&container.name))
    }
}
