//! The pods that ask for an identity, or are meant to, and the identity of each of their containers.

use azure_workload_identity_lint::check::{Files, inquiry};
use azure_workload_identity_lint::consumers::mounts::{self, MountSource};
use azure_workload_identity_lint::consumers::{IdSource, find};
use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_policy::clouds::{DEFAULT as DEFAULT_CLOUD, cloud_of, cloud_of_audience};
use azure_workload_identity_policy::cluster::{AccountLookup, Freshness};
use azure_workload_identity_policy::container_identity::{ContainerIdentity, Injection};
use azure_workload_identity_policy::environment::{Resolved, ValueSource, Variable};
use azure_workload_identity_policy::finding::{Part, quote};
use azure_workload_identity_policy::identity::Identity;
use azure_workload_identity_policy::ids::{is_client_id, is_tenant_id};
use azure_workload_identity_policy::json::{Path, Reading, Value};
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::mounts::{MountedFile, Volumes};
use azure_workload_identity_policy::placeholder::has_placeholder;
use azure_workload_identity_policy::pod::{Pod, Volume};
use azure_workload_identity_policy::settings::{DEFAULT_AUDIENCE, DEFAULT_BINDING_AUDIENCE, OptIn, Settings};
use azure_workload_identity_policy::subject::{SubjectKind, controller};

use super::facts::{AccountRef, Audience, Given, IdentityMount, LabelFault, Use, UseFault};
use super::reader::ObjectReader;
use super::report::Link;

impl ObjectReader<'_, '_, '_, '_, '_> {
    /// The pod, or the pods of a workload.
    pub(super) fn pods(&mut self, value: Value<'_>, group: &str) {
        let namespace = self.namespace();
        let inquiry = inquiry(value, self.object, namespace.as_deref());
        let mut reading = Reading::default();
        let kind = self.options.settings.iter().find_map(|settings| SubjectKind::of(&inquiry, settings, &mut reading));
        let Some(place) = self.set.object(self.position).map(|(place, _)| place.clone()) else { return };
        let is_partial = self.set.is_partial(&place, group, &self.object.name.kind, value);
        match kind {
            Some(SubjectKind::Pod) => self.pod(value, value, &[], is_partial),
            Some(SubjectKind::Workload { templates, .. }) if controller(value).is_none() => {
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
                is_only_named: false,
            },
            client: Given::Account,
            tenant: Given::Account,
            audience: Audience::Usual(DEFAULT_AUDIENCE.to_owned()),
            faults: Vec::new(),
            label: None,
            is_without_label: !is_labelled,
        };
        self.facts.runs.push((namespace.clone(), pod.service_account().to_owned()));
        self.mounts(object, &pod, &basis);
        if is_labelled || own_token {
            let basis = Use { faults: self.refusals(&pod, &identity, is_labelled), ..basis };
            self.containers(&pod, &identity, settings, &basis, is_labelled);
        } else if let Some(label) = self.label_fault(object, &pod, around, has_client).filter(|_| !is_partial) {
            self.facts.uses.push(Use { label: Some(label), is_without_label: false, ..basis });
        }
    }

    /// Why no container gets the identity: the webhook refuses the pod, or the pod leaves all of them out.
    fn refusals(&self, pod: &Pod<'_>, identity: &Identity<'_>, is_labelled: bool) -> Vec<UseFault> {
        if !is_labelled {
            return Vec::new();
        }
        let fault = |key: &str, message: String| {
            let path = Path::default().key("metadata").key("annotations").key(key);
            let place = self.text.place(pod.object, &path, Part::Value);
            UseFault { link: Link::Label, message, place, is_broken: true, is_right_in: None }
        };
        let is_final = |text: &str| !has_placeholder(text);
        let expiration = identity.expiration();
        let expiration =
            expiration.text().filter(|text| is_final(text) && expiration.seconds().is_none()).map(|text| {
                let message = format!(
                    "the webhook refuses the pods: the token expiration is {}, but must be from 3600 to 86400 seconds",
                    quote(text)
                );
                fault(keys::TOKEN_EXPIRATION, message)
            });
        let port = identity
            .proxy
            .and_then(|port| port.text.filter(|text| is_final(text) && port.number().is_none()))
            .map(|text| {
                fault(keys::PROXY_PORT, format!("the webhook refuses the pods: the proxy's port is {}", quote(text)))
            });
        let is_skipped = pod.all_containers().next().is_some()
            && pod.all_containers().all(|container| !identity.includes(&container.name));
        let skipped = is_skipped.then(|| {
            let message = "skip-containers names all containers: none of them gets the identity".to_owned();
            fault(keys::SKIP_CONTAINERS, message)
        });
        [expiration, port, skipped].into_iter().flatten().collect()
    }

    /// What keeps a container from exchanging a token for Azure, by its own variables.
    fn container_faults(&self, container: &ContainerIdentity<'_>, audience: &str) -> Vec<UseFault> {
        let name = &container.container.name;
        let place = |variable: &Variable<'_>| {
            let entry = variable.entry?;
            Some(self.text.of(entry.object.field("value").unwrap_or(entry.object)))
        };
        let fault =
            |link, message: String, place| UseFault { link, message, place, is_broken: true, is_right_in: None };
        let file = place(&container.token_file).zip(container.token.as_ref()).and_then(|(place, token)| {
            let what = match token {
                MountedFile::ApiServerToken => "to the token for the API server, which Entra ID does not accept",
                MountedFile::Nothing(_) => "to a path at which there is no token",
                MountedFile::Token { .. } | MountedFile::Unknown { .. } => return None,
            };
            let message = format!("container {name} sets {} {what}: remove the variable", keys::ENV_TOKEN_FILE);
            Some(fault(Link::Audience, message, place))
        });
        let host = &container.authority_host;
        let authority =
            place(host).zip(host.text()).filter(|(_, text)| !has_placeholder(text)).and_then(|(place, text)| {
                let set = format!("container {name} sets {} to", keys::ENV_AUTHORITY_HOST);
                let Some(cloud) = cloud_of(text) else {
                    return Some(fault(
                        Link::TenantId,
                        format!("{set} a host that is no Entra ID: remove the variable"),
                        place,
                    ));
                };
                let message = match cloud_of_audience(audience) {
                    Some(other) if other == cloud => return None,
                    Some(DEFAULT_CLOUD) | None => {
                        format!("{set} Entra ID of {cloud}, where an identity of another cloud is not known")
                    }
                    Some(other) => format!("{set} Entra ID of {cloud}, but the token's audience is that of {other}"),
                };
                // The webhook gives the usual audience in every cloud.
                let is_right_in = (audience == DEFAULT_AUDIENCE).then_some(cloud);
                Some(UseFault { is_right_in, ..fault(Link::TenantId, message, place) })
            });
        [file, authority].into_iter().flatten().collect()
    }

    /// What is wrong with the label of a pod that is not labelled but meant to be.
    fn label_fault(
        &self,
        object: Value<'_>,
        pod: &Pod<'_>,
        around: &[Value<'_>],
        has_client: bool,
    ) -> Option<LabelFault> {
        let path = Path::default().key("metadata").key("labels").key(keys::USE);
        match pod.labels.get(keys::USE) {
            Some("false") => None,
            Some(value) => {
                let place = self.text.place(pod.object, &path, Part::Value);
                let message = format!("has a label with the value {}, which is ignored: write \"true\"", quote(value));
                Some(LabelFault { message, place, is_missing: false })
            }
            None => {
                let is_outside = |outer: &&Value<'_>| {
                    find(**outer, "metadata.labels").and_then(|labels| labels.field(keys::USE)).is_some()
                };
                if let Some(outer) = around.iter().find(is_outside) {
                    let message = "has the label, but its pod template does not: its pods get no identity".to_owned();
                    let place = self.text.place(*outer, &path, Part::Key);
                    return Some(LabelFault { message, place, is_missing: true });
                }
                let is_meant = has_client && !pod.lends_identity_to_csi_driver() && pod.service_account() != "default";
                is_meant.then(|| {
                    let message = if around.is_empty() {
                        "has no label azure.workload.identity/use: \"true\": it gets no identity"
                    } else {
                        "has pods without the label azure.workload.identity/use: \"true\": they get no identity"
                    };
                    LabelFault { message: message.to_owned(), place: self.text.of_name(object), is_missing: true }
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
        // The objects of some controllers bring the client id: each of them is a chain.
        let (kind, name) = (&self.object.name.kind, &self.object.name.name);
        let is_brought = self.neighbours.takes_client_of_objects(kind, name)
            && identity.service_account().is_none_or(|account| account.usable_client_id().is_none());
        let mut uses = Vec::<Use>::new();
        for container in pod.all_containers() {
            let takes_part = is_labelled && identity.includes(&container.name);
            let it = ContainerIdentity::new(pod, container, &volumes, injection.as_ref(), takes_part);
            let names_token = takes_part && it.token_file.entry.is_some();
            if !(it.reaches_azure_token || names_token) || (!takes_part && it.client_id.is_missing()) {
                continue;
            }
            let name = &container.name;
            let client = self.given(&it.client_id, keys::ENV_CLIENT_ID, name, &basis.account.place, &is_client_id);
            if is_brought && client == Given::Account {
                continue;
            }
            let tenant = self.given(&it.tenant_id, keys::ENV_TENANT_ID, name, &basis.account.place, &is_tenant_id);
            let audience = self.audience(pod, identity, settings, &it);
            let is_known =
                |other: &&Use| (&other.client, &other.tenant, &other.audience) == (&client, &tenant, &audience);
            let faults = self.container_faults(&it, audience.text());
            if faults.is_empty() && uses.iter().any(|other| is_known(&other)) || uses.len() >= IDENTITIES_OF_A_POD {
                continue;
            }
            let faults = basis.faults.iter().cloned().chain(faults).collect();
            uses.push(Use { client, tenant, audience, faults, ..basis.clone() });
        }
        // No container gets the identity: the pod shows why.
        if uses.is_empty() && !basis.faults.is_empty() {
            uses.push(basis.clone());
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
                Resolved::Maybe(ValueSource::EnvFrom) => {
                    Given::Elsewhere(format!("may come from envFrom of container {container}"), account.clone())
                }
                _ => Given::Account,
            };
        };
        let place = self.text.of(entry.object.field("value").or(entry.value_from).unwrap_or(entry.object));
        match &variable.value {
            Resolved::Text(text) if is_id(text) => Given::Own(text.clone().into_owned(), place),
            Resolved::Text(text) if has_placeholder(text) => {
                Given::Elsewhere(format!("is set by {name} in container {container} to what is filled in later"), place)
            }
            Resolved::Text(_) | Resolved::Unresolved(_) | Resolved::Unset => {
                Given::NoId(format!("container {container} sets {name}"), place)
            }
            Resolved::Elsewhere(ValueSource::Reference(kind)) | Resolved::Maybe(ValueSource::Reference(kind)) => {
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

    /// The volumes of a pod that are mounted with its identity.
    fn mounts(&mut self, object: Value<'_>, pod: &Pod<'_>, basis: &Use) {
        let basis = Use { is_without_label: true, ..basis.clone() };
        let namespace = self.namespace();
        for volume in mounts::of_pod(&self.consumed(object, namespace.as_deref()), pod.object) {
            let given = |id: Option<&IdSource>| id.map(|id| self.given_id(object, id));
            let (client, tenant) = (given(volume.client.as_ref()), given(volume.tenant.as_ref()));
            match volume.source {
                MountSource::Object(position) => {
                    self.facts.mounts.push(IdentityMount { of: basis.clone(), position, client, tenant });
                }
                MountSource::Inline(found) => {
                    self.faults(object, &found);
                    for request in &found.requests {
                        let Use { client, tenant, audience, faults, .. } = self.use_of(object, &found, request);
                        self.facts.uses.push(Use { client, tenant, audience, faults, ..basis.clone() });
                    }
                }
            }
        }
    }
}

/// How many identities of one pod are followed: one for each container that sets its own.
const IDENTITIES_OF_A_POD: usize = 20;
