//! What uses identities in one file: labelled pods and pod templates, and the objects of the table of consumers.

use std::borrow::Cow;

use azure_workload_identity_policy::cluster::{AccountLookup, Freshness, ServiceAccount};
use azure_workload_identity_policy::container_identity::{ContainerIdentity, Injection};
use azure_workload_identity_policy::environment::{Resolved, Source, Variable};
use azure_workload_identity_policy::finding::{Part, quote};
use azure_workload_identity_policy::formats::{is_domain_name, is_guid, is_variable};
use azure_workload_identity_policy::identity::Identity;
use azure_workload_identity_policy::json::{Document, Path, Reading, Value};
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::mounts::Volumes;
use azure_workload_identity_policy::pod::{Pod, Volume};
use azure_workload_identity_policy::settings::{DEFAULT_AUDIENCE, DEFAULT_BINDING_AUDIENCE, OptIn, Settings};
use azure_workload_identity_policy::subject::SubjectKind;

use super::consumers::{AccountAt, Consumer, Controller, Mounted, SECRETS_STORE_DRIVER, VOLUME_DRIVERS, find};
use super::credentials::{self, Found};
use super::report::User;
use super::texts::{DocumentText, Texts};
use crate::check::{Files, inquiry, namespace_of};
use crate::file::{Fact, Object};
use crate::offline;
use crate::options::Options;
use crate::report::{FilePlace, ObjectName};
use crate::set::Set;

/// What a file tells.
#[derive(Debug, Default)]
pub(super) struct FileFacts {
    pub(super) uses: Vec<Use>,
    pub(super) accounts: Vec<AccountFact>,
    pub(super) volumes: Vec<VolumeFact>,
    pub(super) claims: Vec<ClaimFact>,
    pub(super) mounts: Vec<Mount>,
    pub(super) found: Found,
}

/// A use of a service account.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// The number of the file.
    pub(super) file: usize,
    pub(super) user: User,
    pub(super) account: AccountRef,
    pub(super) client: Given,
    pub(super) tenant: Given,
    /// Whether the account has to name a tenant where nothing else does.
    pub(super) requires_tenant: bool,
    pub(super) audience: Audience,
    /// Present if the label is missing or wrong: what is wrong, and where.
    pub(super) label: Option<(String, FilePlace)>,
    /// Whether the identity is used without a labelled pod.
    pub(super) is_without_label: bool,
}

/// The service account that is meant.
#[derive(Clone, Debug)]
pub(super) struct AccountRef {
    /// `None` if it is not known.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// Where it is named.
    pub(super) place: FilePlace,
    /// The controller whose account it is, by convention.
    pub(super) controller: Option<Controller>,
}

/// Where an id comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// The annotation of the service account.
    Account,
    /// This text.
    Own(String, FilePlace),
    /// A place that cannot be read here; the end of a sentence says which.
    Elsewhere(String, FilePlace),
    /// A text that is no id and may be a secret; who sets it.
    NoId(String, FilePlace),
}

/// The audience of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The one that injection gives it, or that a driver or controller requests.
    Usual(String),
    /// That of a token which the pod declares itself.
    Own(String, FilePlace),
    /// That of an identity binding, which no federated credential has to match.
    Binding(String, FilePlace),
}

/// A service account among the files.
#[derive(Debug)]
pub(super) struct AccountFact {
    /// The number of its object in the set.
    pub(super) position: usize,
    pub(super) place: FilePlace,
    pub(super) client_id: Option<FilePlace>,
    pub(super) tenant_id: Option<FilePlace>,
}

/// A volume, or what volumes are made from, that is mounted with an identity.
#[derive(Debug)]
pub(super) struct VolumeFact {
    pub(super) kind: Mounted,
    pub(super) user: User,
    pub(super) client: Given,
    pub(super) tenant: Given,
    /// Of a persistent volume: its class, and the claim that it is kept for.
    pub(super) class: Option<String>,
    pub(super) claim: Option<(Option<String>, String)>,
}

/// A claim of a volume.
#[derive(Debug)]
pub(super) struct ClaimFact {
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    pub(super) wanted: Wanted,
}

/// What a claim asks for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) volume: Option<String>,
    pub(super) class: Option<String>,
}

/// A volume of a pod that may be mounted with an identity.
#[derive(Debug)]
pub(super) struct Mount {
    /// The use that it would be, with client and tenant still to be filled in.
    pub(super) of: Use,
    pub(super) what: MountOf,
}

/// What is mounted.
#[derive(Debug)]
pub(super) enum MountOf {
    /// What a `SecretProviderClass` of this name in the namespace of the pod names.
    Class(String),
    /// The volume of a claim of this name in the namespace of the pod.
    Claim(String),
    /// The volume of a claim that the pod or its workload brings.
    Template(Wanted),
}

/// Reads what a file tells.
pub(super) fn of_file(set: &Set<'_>, options: &Options<'_>, number: usize) -> FileFacts {
    let mut facts = FileFacts::default();
    let Some(file) = set.files.get(number) else { return facts };
    let texts = Texts::new(&file.source);
    for (first, file, part) in set.parts_of(number) {
        // It was parsed when the file was read.
        let Ok(json) = Document::parse(part.json(file).as_bytes()) else { continue };
        let text = texts.document(&json, part.json.is_some().then_some(part.number));
        for (object, position) in part.objects.iter().zip(first..) {
            let value = json.root().at(object.node);
            let mut reader = Reader { set, options, file: number, position, object, text: &text, facts: &mut facts };
            reader.read(value);
        }
    }
    facts
}

struct Reader<'r, 'f, 't, 's> {
    set: &'r Set<'f>,
    options: &'r Options<'r>,
    file: usize,
    position: usize,
    object: &'r Object,
    text: &'r DocumentText<'t, 's>,
    facts: &'r mut FileFacts,
}

impl Reader<'_, '_, '_, '_> {
    fn read(&mut self, value: Value<'_>) {
        let name = &self.object.name;
        let (group, _) = name.api_version.split_once('/').unwrap_or(("", &name.api_version));
        if let Fact::Account(account) = &self.object.fact {
            self.account(value, account);
        } else if let Some(consumer) = Consumer::of(group, &name.kind) {
            self.consumer(value, consumer);
        } else if (group, name.kind.as_str()) == ("", "PersistentVolumeClaim") {
            let (namespace, name) = (self.namespace(), name.name.clone());
            self.facts.claims.push(ClaimFact { namespace, name, wanted: Wanted::of(value) });
        } else if !credentials::read_object(self.text, value, &self.name(), &mut self.facts.found) {
            self.pods(value, group);
        }
    }

    /// The namespace of the object; `None` for one that belongs to none.
    fn namespace(&self) -> Option<String> {
        let kind = self.object.name.kind.as_str();
        let is_cluster_scoped = kind.starts_with("Cluster") || matches!(kind, "PersistentVolume" | "StorageClass");
        namespace_of(self.object, self.options).filter(|_| !is_cluster_scoped).map(String::from)
    }

    fn name(&self) -> ObjectName {
        ObjectName { namespace: self.namespace(), ..self.object.name.clone() }
    }

    fn user(&self, value: Value<'_>, expiration: Option<u32>) -> User {
        User { object: self.name(), place: self.text.of_name(value), expiration }
    }

    fn account(&mut self, value: Value<'_>, account: &ServiceAccount) {
        let annotation = |key: &str| {
            let path = Path::default().key("metadata").key("annotations").key(key);
            self.text.place(value, &path, Part::Value)
        };
        self.facts.accounts.push(AccountFact {
            position: self.position,
            place: self.text.of_name(value),
            client_id: account.client_id.as_ref().map(|_| annotation(keys::CLIENT_ID)),
            tenant_id: account.tenant_id.as_ref().map(|_| annotation(keys::TENANT_ID)),
        });
    }

    fn consumer(&mut self, value: Value<'_>, consumer: &Consumer) {
        for part in consumer.parts_of(value) {
            let own = |paths: &[&str]| {
                let value = paths
                    .iter()
                    .filter_map(|path| find(part, path))
                    .find(|value| value.as_str().is_some_and(|text| !text.is_empty()));
                value.and_then(|value| Some(Given::Own(value.as_str()?.into_owned(), self.text.of(value))))
            };
            let from = consumer
                .client_from
                .and_then(|path| find(part, path))
                .map(|value| Given::Elsewhere("comes from a Secret".to_owned(), self.text.of(value)));
            let client = from.or_else(|| own(consumer.client)).unwrap_or(Given::Account);
            let tenant = own(consumer.tenant).unwrap_or(Given::Account);
            let user = self.user(value, None);
            let by_controller = |controller: Controller, place: FilePlace| AccountRef {
                namespace: None,
                name: controller.account.to_owned(),
                place,
                controller: Some(controller),
            };
            let (account, requires_tenant, is_without_label) = match consumer.account {
                AccountAt::Pods(kind) => {
                    let class = find(value, "spec.storageClassName").and_then(Value::as_str).map(String::from);
                    let claim = find(value, "spec.claimRef").and_then(|claim| {
                        let text = |key: &str| claim.field(key).and_then(Value::as_str).map(String::from);
                        Some((text("namespace"), text("name")?))
                    });
                    self.facts.volumes.push(VolumeFact { kind, user, client, tenant, class, claim });
                    continue;
                }
                AccountAt::Controller(controller) => (by_controller(controller, user.place.clone()), false, false),
                AccountAt::Reference { name, namespace, requires_tenant, controller } => {
                    match find(part, name).and_then(|value| Some((value.as_str()?, value))) {
                        Some((name, value)) => {
                            let named = namespace.and_then(|path| find(part, path)).and_then(Value::as_str);
                            let account = AccountRef {
                                namespace: self.namespace().or_else(|| named.map(Cow::into_owned)),
                                name: name.into_owned(),
                                place: self.text.of(value),
                                controller: None,
                            };
                            (account, requires_tenant, true)
                        }
                        None => (by_controller(controller, user.place.clone()), false, false),
                    }
                }
            };
            self.facts.uses.push(Use {
                file: self.file,
                user,
                account,
                client,
                tenant,
                requires_tenant,
                audience: Audience::Usual(DEFAULT_AUDIENCE.to_owned()),
                label: None,
                is_without_label,
            });
        }
    }

    /// The pod, or the pods of a workload.
    fn pods(&mut self, value: Value<'_>, group: &str) {
        let namespace = self.namespace();
        let inquiry = inquiry(value, self.object, namespace.as_deref());
        let mut reading = Reading::default();
        let kind = self.options.settings.iter().find_map(|settings| SubjectKind::of(&inquiry, settings, &mut reading));
        let Some(place) = self.set.object(self.position).map(|(place, _)| place.clone()) else { return };
        let is_partial = self.set.is_patch(&place) || offline::is_partial(group, &self.object.name.kind, value);
        match kind {
            Some(SubjectKind::Pod) => self.pod(value, value, &[], is_partial),
            Some(SubjectKind::Workload { templates, .. }) if !has_controller(value) => {
                for template in templates {
                    self.pod(value, template.value, &template.around, is_partial);
                }
            }
            _ => {}
        }
    }

    fn pod(&mut self, object: Value<'_>, pod: Value<'_>, around: &[Value<'_>], is_partial: bool) {
        let mut reading = Reading::default();
        let pod = Pod::read(pod, &mut reading);
        let default_settings = Settings::default();
        let settings = self.options.settings.iter().find(|settings| settings.inject.is_some());
        let settings = settings.or(self.options.settings.first()).unwrap_or(&default_settings);
        let named = ["serviceAccountName", "serviceAccount"]
            .into_iter()
            .find_map(|key| pod.spec?.field(key).filter(|name| name.as_str().is_some_and(|name| !name.is_empty())));
        // Of a patch it is not known which pods come of it.
        if pod.is_mirror() || (is_partial && named.is_none()) {
            return;
        }
        let namespace = self.namespace();
        let cluster = Files::new(self.set, self.position, namespace.as_deref());
        let lookup = AccountLookup::new(
            &cluster,
            Some(namespace.as_deref().unwrap_or_default()),
            pod.service_account(),
            Freshness::Cached,
        );
        let identity = Identity::new(&pod, &lookup, settings);
        let label = pod.labels.get(keys::USE);
        let has_client = lookup.get().is_ok_and(|account| account.usable_client_id().is_some());
        let follows = settings.inject.as_ref().is_some_and(|inject| inject.opt_in == OptIn::ServiceAccount)
            && label.is_none()
            && has_client;
        let is_labelled = pod.is_labelled() || follows;
        let own_token = pod.volumes.iter().any(|volume| settings.is_token_for_azure(volume));
        let basis = Use {
            file: self.file,
            user: self.user(object, identity.expiration().seconds()),
            account: AccountRef {
                namespace: namespace.clone(),
                name: pod.service_account().to_owned(),
                place: named.map_or_else(|| self.text.of_name(object), |name| self.text.of(name)),
                controller: None,
            },
            client: Given::Account,
            tenant: Given::Account,
            requires_tenant: false,
            audience: Audience::Usual(DEFAULT_AUDIENCE.to_owned()),
            label: None,
            is_without_label: !is_labelled,
        };
        self.mounts(object, &pod, &basis);
        if is_labelled || own_token {
            self.containers(&pod, &identity, settings, &basis, is_labelled);
        } else if let Some(label) = self.label_fault(object, &pod, around, has_client).filter(|_| !is_partial) {
            self.facts.uses.push(Use { label: Some(label), is_without_label: false, ..basis });
        }
    }

    /// What is wrong with the label of a pod that is not labelled but meant to be.
    fn label_fault(
        &self,
        object: Value<'_>,
        pod: &Pod<'_>,
        around: &[Value<'_>],
        has_client: bool,
    ) -> Option<(String, FilePlace)> {
        let path = Path::default().key("metadata").key("labels").key(keys::USE);
        match pod.labels.get(keys::USE) {
            Some("false") => None,
            Some(value) => {
                let place = self.text.place(pod.object, &path, Part::Value);
                Some((format!("has a label with the value {}, which is ignored: write \"true\"", quote(value)), place))
            }
            None => {
                let is_outside = |outer: &&Value<'_>| {
                    find(**outer, "metadata.labels").and_then(|labels| labels.field(keys::USE)).is_some()
                };
                if let Some(outer) = around.iter().find(is_outside) {
                    let message = "has the label, but its pod template does not: its pods get no identity";
                    return Some((message.to_owned(), self.text.place(*outer, &path, Part::Key)));
                }
                let is_meant = has_client && !pod.lends_identity_to_csi_driver() && pod.service_account() != "default";
                is_meant.then(|| {
                    let message = if around.is_empty() {
                        "has no label azure.workload.identity/use: \"true\": it gets no identity"
                    } else {
                        "has pods without the label azure.workload.identity/use: \"true\": they get no identity"
                    };
                    (message.to_owned(), self.text.of_name(object))
                })
            }
        }
    }

    /// The identities of the containers, each once.
    fn containers(
        &mut self,
        pod: &Pod<'_>,
        identity: &Identity<'_>,
        settings: &Settings<'_>,
        basis: &Use,
        is_labelled: bool,
    ) {
        let injection = is_labelled.then(|| Injection::by_webhook(identity.service_account()));
        let volumes = Volumes::new(pod, None, &|audience| settings.is_azure_audience(audience));
        let mut uses = Vec::<Use>::new();
        for container in pod.all_containers() {
            let takes_part = is_labelled && identity.includes(&container.name);
            let it = ContainerIdentity::new(pod, container, &volumes, injection.as_ref(), takes_part);
            if !it.reaches_azure_token || (!takes_part && it.client_id.is_missing()) {
                continue;
            }
            let name = &container.name;
            let client = self.given(&it.client_id, keys::ENV_CLIENT_ID, name, &basis.account.place, &is_guid);
            let is_tenant = |text: &str| is_guid(text) || is_domain_name(text);
            let tenant = self.given(&it.tenant_id, keys::ENV_TENANT_ID, name, &basis.account.place, &is_tenant);
            let audience = self.audience(pod, identity, settings, &it);
            let is_known =
                |other: &&Use| (&other.client, &other.tenant, &other.audience) == (&client, &tenant, &audience);
            if uses.iter().find(is_known).is_none() && uses.len() < IDENTITIES_OF_A_POD {
                uses.push(Use { client, tenant, audience, ..basis.clone() });
            }
        }
        self.facts.uses.extend(uses);
    }

    fn given(
        &self,
        variable: &Variable<'_>,
        name: &str,
        container: &str,
        account: &FilePlace,
        is_id: &dyn Fn(&str) -> bool,
    ) -> Given {
        let Some(entry) = variable.entry else {
            return match &variable.value {
                Resolved::Maybe(Source::EnvFrom) => {
                    Given::Elsewhere(format!("may come from envFrom of container {container}"), account.clone())
                }
                _ => Given::Account,
            };
        };
        let place = self.text.of(entry.object.field("value").or(entry.value_from).unwrap_or(entry.object));
        match &variable.value {
            Resolved::Text(text) if is_id(text) => Given::Own(text.clone().into_owned(), place),
            Resolved::Text(text) if is_variable(text) => {
                Given::Elsewhere(format!("is set by {name} in container {container} to what is filled in later"), place)
            }
            Resolved::Text(_) | Resolved::Unresolved(_) | Resolved::Unset => {
                Given::NoId(format!("container {container} sets {name}"), place)
            }
            Resolved::Elsewhere(Source::Reference(kind)) | Resolved::Maybe(Source::Reference(kind)) => {
                Given::Elsewhere(format!("comes from {kind} of {name} in container {container}"), place)
            }
            Resolved::Elsewhere(_) | Resolved::Maybe(_) => Given::Elsewhere(
                format!("is set by {name} in container {container} in a way that is not followed"),
                place,
            ),
        }
    }

    fn audience(
        &self,
        pod: &Pod<'_>,
        identity: &Identity<'_>,
        settings: &Settings<'_>,
        container: &ContainerIdentity<'_>,
    ) -> Audience {
        let own = container.audience().filter(|audience| !audience.is_empty());
        if identity.wants_binding {
            let binding = settings.inject.as_ref().map_or(DEFAULT_BINDING_AUDIENCE, |it| identity.audience(it));
            let path = Path::default().key("metadata").key("annotations").key(settings.binding_annotation());
            return Audience::Binding(binding.to_owned(), self.text.place(pod.object, &path, Part::Value));
        }
        let usual = settings.inject.as_ref().map_or(DEFAULT_AUDIENCE, |inject| identity.audience(inject));
        match own.filter(|own| *own != usual) {
            Some(own) => {
                let mut tokens = pod.volumes.iter().flat_map(Volume::tokens);
                let place = tokens
                    .find_map(|token| token.field("audience").filter(|it| it.as_str().as_deref() == Some(own)))
                    .map_or_else(|| self.text.of(pod.object), |value| self.text.of(value));
                Audience::Own(own.to_owned(), place)
            }
            None => Audience::Usual(usual.to_owned()),
        }
    }

    /// The volumes of a pod that may be mounted with its identity.
    fn mounts(&mut self, object: Value<'_>, pod: &Pod<'_>, basis: &Use) {
        let basis =
            Use { is_without_label: true, audience: Audience::Usual(DEFAULT_AUDIENCE.to_owned()), ..basis.clone() };
        let mut mounted = Vec::new();
        for volume in &pod.volumes {
            let text = |path: &str| find(volume.object, path).and_then(Value::as_str).map(Cow::into_owned);
            let driver = text("csi.driver").unwrap_or_default();
            if driver == SECRETS_STORE_DRIVER {
                if let Some(class) = text("csi.volumeAttributes.secretProviderClass") {
                    mounted.push(MountOf::Class(class));
                }
            } else if VOLUME_DRIVERS.contains(&driver.as_str()) {
                let given = |path: &str| {
                    let value = find(volume.object, path)?;
                    Some(Given::Own(value.as_str()?.into_owned(), self.text.of(value)))
                };
                if let Some(client) = given("csi.volumeAttributes.clientID") {
                    let tenant = given("csi.volumeAttributes.tenantID").unwrap_or(Given::Account);
                    self.facts.uses.push(Use { client, tenant, ..basis.clone() });
                }
            } else if let Some(claim) = text("persistentVolumeClaim.claimName") {
                mounted.push(MountOf::Claim(claim));
            } else if let Some(template) = find(volume.object, "ephemeral.volumeClaimTemplate") {
                mounted.push(MountOf::Template(Wanted::of(template)));
            }
        }
        let templates = find(object, "spec.volumeClaimTemplates").into_iter().flat_map(Value::elements);
        mounted.extend(templates.map(|template| MountOf::Template(Wanted::of(template))));
        self.facts.mounts.extend(mounted.into_iter().map(|what| Mount { of: basis.clone(), what }));
    }
}

/// How many identities of one pod are followed: one for each container that sets its own.
const IDENTITIES_OF_A_POD: usize = 20;

impl Wanted {
    fn of(claim: Value<'_>) -> Self {
        let text = |path: &str| find(claim, path).and_then(Value::as_str).map(Cow::into_owned);
        Self { volume: text("spec.volumeName"), class: text("spec.storageClassName") }
    }
}

/// Whether a controller made the object from another one.
fn has_controller(object: Value<'_>) -> bool {
    let owners = find(object, "metadata.ownerReferences").into_iter().flat_map(Value::elements);
    owners.filter_map(|owner| owner.field("controller")).any(|it| it.as_bool() == Some(true))
}
