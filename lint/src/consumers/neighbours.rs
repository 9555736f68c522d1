//! The other objects of all files, as consumers ask about them.
//!
//! Nothing is read before something is asked: most files have no consumers. A document is parsed once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use azure_workload_identity_policy::cluster::ServiceAccount;
use azure_workload_identity_policy::finding::quote;
use azure_workload_identity_policy::json::{Document, Value};
use azure_workload_identity_policy::keys;

use super::controller::{CONTROLLERS, CROSSPLANE, Controller, ControllerPod};
use super::{ConsumerObject, Consumption, find};
use crate::accounts::Accounts;
use crate::set::Set;

/// The objects of all files.
pub struct Neighbours<'f> {
    set: &'f Set<'f>,
    /// The namespace of objects that name none, if it is known.
    namespace: Option<&'f str>,
    index: OnceLock<NeighbourIndex<'f>>,
    controllers: OnceLock<Vec<ControllerPod>>,
    relations: OnceLock<Relations>,
}

/// Objects by kind and name, and the documents that were asked for.
struct NeighbourIndex<'f> {
    by_kind: HashMap<&'f str, OfKind<'f>>,
    /// By the numbers of the file and the document.
    documents: HashMap<(usize, usize), OnceLock<Option<Document<'f>>>>,
}

/// The objects of one kind.
#[derive(Default)]
struct OfKind<'f> {
    by_name: Accounts<'f, usize>,
    positions: Vec<usize>,
}

/// The kinds that consumers ask about.
const ASKED: [&str; 15] = [
    "CSIDriver",
    "ConfigMap",
    "DaemonSet",
    "Deployment",
    "DeploymentRuntimeConfig",
    "ExternalSecret",
    "Job",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "Secret",
    "SecretProviderClass",
    "StatefulSet",
    "StorageClass",
    "WorkloadIdentity",
];

/// The kinds with pods.
pub(super) const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"];

impl fmt::Debug for Neighbours<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Neighbours").finish_non_exhaustive()
    }
}

impl<'f> Neighbours<'f> {
    /// The objects of a set.
    pub fn new(set: &'f Set<'f>, namespace: Option<&'f str>) -> Self {
        Self { set, namespace, index: OnceLock::new(), controllers: OnceLock::new(), relations: OnceLock::new() }
    }

    fn index(&self) -> &NeighbourIndex<'f> {
        self.index.get_or_init(|| {
            let mut index = NeighbourIndex { by_kind: HashMap::new(), documents: HashMap::new() };
            for (position, at) in self.set.objects.iter().enumerate() {
                let name = &at.object.name;
                let Some(place) = self.set.place_of(at.file).filter(|_| ASKED.contains(&name.kind.as_str())) else {
                    continue;
                };
                index.documents.entry((at.file, at.part.number)).or_default();
                let of_kind = index.by_kind.entry(&name.kind).or_default();
                of_kind.positions.push(position);
                of_kind.by_name.add(name.namespace.as_deref(), &name.name, place.clone(), position);
            }
            for of_kind in index.by_kind.values_mut() {
                of_kind.by_name = std::mem::take(&mut of_kind.by_name).finish();
            }
            index
        })
    }

    /// The object of this number, if its kind is one that consumers ask about.
    pub fn value(&self, position: usize) -> Option<Value<'_>> {
        let at = self.set.objects.get(position)?;
        let document = self.index().documents.get(&(at.file, at.part.number))?.get_or_init(|| {
            let file = self.set.files.get(at.file)?;
            Document::parse(at.part.json(file).as_bytes()).ok()
        });
        Some(document.as_ref()?.root().at(at.object.node))
    }

    /// The object of this kind and name that an object means.
    pub(super) fn find(&self, from: usize, kind: &str, namespace: Option<&str>, name: &str) -> Option<usize> {
        let (place, _) = self.set.object(from)?;
        self.index().by_kind.get(kind)?.by_name.nearest(place, namespace, name)
    }

    /// All objects of a kind.
    pub(super) fn all(&self, kind: &str) -> impl Iterator<Item = (usize, Value<'_>)> {
        let positions = self.index().by_kind.get(kind).map_or(&[][..], |of_kind| &of_kind.positions);
        positions.iter().filter_map(|position| Some((*position, self.value(*position)?)))
    }

    /// The pods and pod templates of all workloads: the number of the workload, and the pod.
    pub(super) fn pods(&self) -> impl Iterator<Item = (usize, Value<'_>)> {
        WORKLOADS.into_iter().flat_map(|kind| {
            let template = if kind == "Pod" { "metadata" } else { "spec.template" };
            self.all(kind).filter_map(move |(position, value)| {
                let template = find(value, template)?;
                Some((position, if kind == "Pod" { value } else { template }))
            })
        })
    }

    /// The namespace of an object, if it is known.
    pub(super) fn namespace_of(&self, position: usize) -> Option<&str> {
        let (_, object) = self.set.object(position)?;
        object.name.namespace.as_deref().or(self.namespace)
    }

    /// The name of an object in messages.
    pub(super) fn name_of(&self, position: usize) -> String {
        self.set
            .object(position)
            .map_or_else(String::new, |(_, object)| format!("{} {}", object.name.kind, quote(&object.name.name)))
    }

    /// The service account that an object means, if it is known.
    pub(super) fn account(&self, from: usize, namespace: Option<&str>, name: &str) -> Option<&ServiceAccount> {
        let (place, _) = self.set.object(from)?;
        self.set.account(place, namespace, name).map(|found| found.account)
    }

    /// The audiences of the tokens that a CSI driver gets; `None` if its `CSIDriver` is not among the files.
    pub(super) fn token_audiences(&self, from: usize, driver: &str) -> Option<Vec<String>> {
        let driver = self.value(self.find(from, "CSIDriver", None, driver)?)?;
        let requests = find(driver, "spec.tokenRequests").into_iter().flat_map(Value::elements);
        Some(requests.filter_map(|it| Some(it.field("audience")?.as_str()?.into_owned())).collect())
    }

    /// The nearest workload among the files that is a controller.
    pub fn controller(&self, controller: &Controller, from: usize) -> Option<&ControllerPod> {
        let (place, _) = self.set.object(from)?;
        let pods = self.controllers.get_or_init(|| self.find_controllers());
        let nearness = |pod: &&ControllerPod| self.set.object(pod.position).map(|(other, _)| place.nearness(other));
        pods.iter().filter(|pod| pod.controller == controller).max_by_key(nearness)
    }

    fn find_controllers(&self) -> Vec<ControllerPod> {
        let workloads = ["Deployment", "StatefulSet"].into_iter().flat_map(|kind| self.all(kind));
        let found = workloads.filter_map(|(position, value)| {
            let (_, object) = self.set.object(position)?;
            let controller = CONTROLLERS.into_iter().find(|it| it.is(&object.name.name))?;
            let template = find(value, "spec.template")?;
            self.controller_pod(controller, position, template, find(template, "spec.serviceAccountName"))
        });
        // Crossplane makes the Deployment and the service account of a provider from this object, in its own namespace.
        let runtimes = self.all("DeploymentRuntimeConfig").filter_map(|(position, value)| {
            let controller = &CROSSPLANE;
            let template = find(value, "spec.deploymentTemplate.spec.template")?;
            let account = find(value, "spec.serviceAccountTemplate.metadata.name");
            let namespace = Some(controller.namespace.to_owned());
            Some(ControllerPod { namespace, ..self.controller_pod(controller, position, template, account)? })
        });
        found.chain(runtimes).take(LIMIT).collect()
    }

    fn controller_pod(
        &self,
        controller: &'static Controller,
        position: usize,
        template: Value<'_>,
        account: Option<Value<'_>>,
    ) -> Option<ControllerPod> {
        Some(ControllerPod {
            controller,
            position,
            namespace: self.namespace_of(position).map(str::to_owned),
            account: account.and_then(Value::as_str).map_or_else(|| "default".to_owned(), Into::into),
            has_token: has_label(template) || template.raw().contains(keys::ENV_TOKEN_FILE),
            template: template.raw().to_owned(),
        })
    }

    /// The controller that a workload is, if its objects may bring the client id.
    pub fn takes_client_of_objects(&self, kind: &str, name: &str) -> bool {
        matches!(kind, "Deployment" | "StatefulSet" | "ReplicaSet" | "Pod")
            && CONTROLLERS.iter().any(|it| it.objects_bring_client && it.is(name))
    }
}

/// What is looked for in many objects, and is looked for once.
#[derive(Default)]
struct Relations {
    /// The pods that mount a `SecretProviderClass`, by its name.
    class_mounts: HashMap<String, Vec<ClassMount>>,
    /// The labelled pods: their namespace, and their service account.
    labelled: HashMap<Option<String>, Vec<String>>,
    /// The namespaces of the `ExternalSecret`s of a `ClusterSecretStore`, by its name.
    store_users: HashMap<String, Vec<String>>,
    /// Persistent volumes that are kept for a claim, by the namespace and name of the claim.
    by_claim: HashMap<(Option<String>, String), usize>,
    /// Persistent volumes of a class.
    by_class: HashMap<String, usize>,
    /// The objects from which an operator makes a service account, by its namespace and name.
    makers: HashMap<(Option<String>, String), usize>,
}

/// How a pod mounts a `SecretProviderClass`.
#[derive(Debug)]
pub(super) struct ClassMount {
    namespace: Option<String>,
    /// Whether it brings the Secret of a service principal.
    pub(super) has_secret: bool,
    /// Whether it brings a client id.
    pub(super) has_client: bool,
}

impl Neighbours<'_> {
    fn relations(&self) -> &Relations {
        self.relations.get_or_init(|| {
            let mut relations = Relations::default();
            for (position, pod) in self.pods() {
                self.relate_pod(position, pod, &mut relations);
            }
            let text = |value: Value<'_>, path: &str| find(value, path).and_then(Value::as_str).map(Cow::into_owned);
            for (position, secret) in self.all("ExternalSecret") {
                let store = text(secret, "spec.secretStoreRef.name");
                let kind = text(secret, "spec.secretStoreRef.kind");
                let namespace = self.namespace_of(position).map(str::to_owned);
                if let (Some(store), Some("ClusterSecretStore"), Some(namespace)) = (store, kind.as_deref(), namespace)
                {
                    let users = relations.store_users.entry(store).or_default();
                    if !users.contains(&namespace) && users.len() < LIMIT {
                        users.push(namespace);
                    }
                }
            }
            for (position, volume) in self.all("PersistentVolume") {
                if let Some(name) = text(volume, "spec.claimRef.name") {
                    let claim = (text(volume, "spec.claimRef.namespace"), name);
                    relations.by_claim.entry(claim).or_insert(position);
                } else if let Some(class) = text(volume, "spec.storageClassName") {
                    relations.by_class.entry(class).or_insert(position);
                }
            }
            for (position, maker) in self.all("WorkloadIdentity") {
                if let Some(name) = text(maker, "spec.serviceAccount.name") {
                    let account = (self.namespace_of(position).map(str::to_owned), name);
                    relations.makers.entry(account).or_insert(position);
                }
            }
            relations
        })
    }

    fn relate_pod(&self, position: usize, pod: Value<'_>, relations: &mut Relations) {
        let namespace = self.namespace_of(position).map(str::to_owned);
        if has_label(pod) {
            let account = find(pod, "spec.serviceAccountName").and_then(Value::as_str);
            let account = account.map_or_else(|| "default".to_owned(), Cow::into_owned);
            let accounts = relations.labelled.entry(namespace.clone()).or_default();
            if !accounts.contains(&account) && accounts.len() < LIMIT {
                accounts.push(account);
            }
        }
        for volume in find(pod, "spec.volumes").into_iter().flat_map(Value::elements) {
            let attributes = find(volume, "csi.volumeAttributes");
            let class = attributes.and_then(|it| it.field("secretProviderClass")).and_then(Value::as_str);
            if let Some(class) = class {
                let mounts = relations.class_mounts.entry(class.into_owned()).or_default();
                mounts.push(ClassMount {
                    namespace: namespace.clone(),
                    has_secret: find(volume, "csi.nodePublishSecretRef").is_some(),
                    has_client: attributes.is_some_and(|it| it.field("clientID").is_some()),
                });
            }
        }
    }

    /// How pods mount a `SecretProviderClass`.
    pub(super) fn class_mounts(&self, class: &str, namespace: Option<&str>) -> Vec<&ClassMount> {
        let mounts = self.relations().class_mounts.get(class).into_iter().flatten();
        let is_here = |mount: &&ClassMount| {
            let other = mount.namespace.as_deref();
            namespace.is_none() || other.is_none() || namespace == other
        };
        mounts.filter(is_here).take(LIMIT).collect()
    }

    /// The service accounts of the labelled pods of a namespace.
    pub(super) fn labelled_accounts(&self, namespace: Option<&str>) -> &[String] {
        self.relations().labelled.get(&namespace.map(str::to_owned)).map_or(&[], Vec::as_slice)
    }

    /// The client ids of the labelled pods of a namespace, as their service accounts name them.
    pub(super) fn labelled_clients(&self, from: usize, namespace: Option<&str>) -> Vec<&str> {
        let accounts = self.labelled_accounts(namespace).iter();
        accounts.filter_map(|name| self.account(from, namespace, name)?.usable_client_id()).collect()
    }

    /// The namespaces in which a `ClusterSecretStore` is used.
    pub(super) fn store_users(&self, store: &str) -> &[String] {
        self.relations().store_users.get(store).map_or(&[], Vec::as_slice)
    }

    /// The persistent volume or storage class of a claim by its name.
    pub(super) fn volume_of_claim(&self, from: usize, namespace: Option<&str>, claim: &str) -> Option<usize> {
        let position = self.find(from, "PersistentVolumeClaim", namespace, claim);
        let volume = position.and_then(|position| self.volume_of(position, self.value(position)?));
        volume.or_else(|| self.relations().by_claim.get(&(namespace.map(str::to_owned), claim.to_owned())).copied())
    }

    /// The volume that a claim gets: the one that it names, one that its class makes, or one that has the class already.
    pub(super) fn volume_of(&self, from: usize, claim: Value<'_>) -> Option<usize> {
        if let Some(volume) = find(claim, "spec.volumeName").and_then(Value::as_str) {
            return self.find(from, "PersistentVolume", None, &volume);
        }
        let class = find(claim, "spec.storageClassName").and_then(Value::as_str)?;
        let made = self.find(from, "StorageClass", None, &class);
        made.or_else(|| self.relations().by_class.get(&*class).copied())
    }

    /// The object from which an operator makes a service account.
    pub fn maker_of_account(&self, namespace: Option<&str>, name: &str) -> Option<String> {
        let account = (namespace.map(str::to_owned), name.to_owned());
        self.relations().makers.get(&account).map(|position| self.name_of(*position))
    }

    /// Whether an object asks for the identity of those that mount it.
    pub(super) fn asks(&self, position: usize) -> bool {
        let (Some((_, object)), Some(value)) = (self.set.object(position), self.value(position)) else { return false };
        let object = ConsumerObject {
            value,
            position,
            group: object.name.group(),
            kind: &object.name.kind,
            name: &object.name.name,
            namespace: self.namespace_of(position),
            files: self,
        };
        !Consumption::of(&object).requests.is_empty()
    }
}

/// How many related objects are looked at.
const LIMIT: usize = 200;

fn has_label(pod: Value<'_>) -> bool {
    let label = find(pod, "metadata.labels").and_then(|labels| labels.field(keys::USE)).and_then(Value::as_str);
    label.as_deref() == Some("true")
}
