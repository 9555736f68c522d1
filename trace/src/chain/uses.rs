//! What uses identities in one file: labelled pods and pod templates, and the objects of consumers.

use azure_workload_identity_lint::Options;
use azure_workload_identity_lint::consumers::neighbours::Neighbours;
use azure_workload_identity_lint::consumers::{
    AskedAccount, Consumer, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, SettingFault,
    find,
};
use azure_workload_identity_lint::file::Fact;
use azure_workload_identity_lint::set::Set;
use azure_workload_identity_policy::cluster::ServiceAccount;
use azure_workload_identity_policy::finding::{Part, quote};
use azure_workload_identity_policy::json::{Document, Path, Value};
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::nearest::nearest;

use super::facts::{AccountFact, AccountRef, Audience, FaultFact, FileFacts, Given, Use, UseFault};
use super::reader::ObjectReader;
use super::report::Link;
use super::texts::Texts;

/// Reads what a file tells.
pub(super) fn of_file(set: &Set<'_>, neighbours: &Neighbours<'_>, options: &Options<'_>, number: usize) -> FileFacts {
    let mut facts = FileFacts::default();
    let Some(file) = set.files.get(number) else { return facts };
    let texts = Texts::new(&file.source);
    for (first, file, part) in set.parts_of(number) {
        // It was parsed when the file was read.
        let Ok(json) = Document::parse(part.json(file).as_bytes()) else { continue };
        let text = texts.document(&json, part.json.is_some().then_some(part.number));
        for (object, position) in part.objects.iter().zip(first..) {
            let value = json.root().at(object.node);
            let mut reader = ObjectReader {
                set,
                neighbours,
                options,
                file: number,
                position,
                object,
                text: &text,
                facts: &mut facts,
            };
            reader.read(value);
        }
    }
    facts
}

impl<'n> ObjectReader<'_, '_, '_, '_, 'n> {
    fn read(&mut self, value: Value<'_>) {
        let name = &self.object.name;
        if let Fact::Account(account) = &self.object.fact {
            self.account(value, account);
            return;
        }
        let group = name.group();
        let is_partial = |place| self.set.is_partial(place, group, &name.kind, value);
        if Consumer::of(group, &name.kind).next().is_some()
            && self.set.object(self.position).is_some_and(|(place, _)| !is_partial(place))
        {
            self.consumer(value);
        }
        if !crate::azure::read_object(self.text, value, &self.name(), &mut self.facts.found) {
            self.pods(value, group);
        }
    }

    /// The namespace of the object; `None` for one that belongs to none.
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
            misspelt_client_id: misspelt_client_id(value).map(|key| {
                let place = annotation(&key);
                (key, place)
            }),
        });
    }

    /// The object as consumers ask about it.
    pub(super) fn consumed<'v>(&'v self, value: Value<'v>, namespace: Option<&'v str>) -> ConsumerObject<'v, 'n> {
        let name = &self.object.name;
        let (group, kind, files) = (name.group(), &*name.kind, self.neighbours);
        ConsumerObject { value, position: self.position, group, kind, name: &name.name, namespace, files }
    }

    fn consumer(&mut self, value: Value<'_>) {
        let namespace = self.namespace();
        let found = Consumption::of(&self.consumed(value, namespace.as_deref()));
        self.faults(value, &found);
        for request in &found.requests {
            let one = self.use_of(value, &found, request);
            match &request.account {
                AskedAccount::Mounting => self.facts.mountable.push((self.position, one)),
                _ => self.facts.uses.push(one),
            }
        }
    }

    /// Keeps what is wrong with the settings of consumers in an object.
    pub(super) fn faults(&mut self, value: Value<'_>, found: &Consumption) {
        for fault in &found.faults {
            let mut requests = found.requests.iter().filter(|it| fault.path.segments().starts_with(it.at.segments()));
            let request = requests.next();
            let is_mounted = request.is_some_and(|it| matches!(it.account, AskedAccount::Mounting));
            let part = if fault.effect == Effect::Ignored { Part::Key } else { Part::Value };
            self.facts.faults.push(FaultFact {
                object: self.name(),
                place: self.text.place(value, &fault.path, part),
                fault: fault.clone(),
                is_of_request: request.is_some()
                    && fault.link != RequestLink::Target
                    && matches!(fault.effect, Effect::Fails | Effect::Depends),
                mounted: is_mounted.then_some(self.position),
            });
        }
    }

    /// The use that a request of an object is.
    pub(super) fn use_of(&self, value: Value<'_>, found: &Consumption, request: &IdentityRequest) -> Use {
        let user = self.user(value, None);
        let own_client = matches!(request.client, IdSource::Own(..) | IdSource::Missing);
        let account = match &request.account {
            AskedAccount::Named { namespace, name, path } => AccountRef {
                namespace: namespace.clone(),
                name: name.clone(),
                place: self.text.place(value, path, Part::Value),
                controller: None,
                is_only_named: own_client,
            },
            AskedAccount::Controller(controller) => {
                let pod = self.neighbours.controller(controller, self.position);
                AccountRef {
                    namespace: pod.and_then(|pod| pod.namespace.clone()),
                    name: pod.map_or_else(|| controller.account.to_owned(), |pod| pod.account.clone()),
                    place: user.place.clone(),
                    controller: Some(controller),
                    is_only_named: own_client && (pod.is_some_and(|pod| pod.has_token) || !controller.needs_label),
                }
            }
            // Whose it is, the pods say that mount it.
            AskedAccount::Mounting => AccountRef {
                namespace: None,
                name: String::new(),
                place: user.place.clone(),
                controller: None,
                is_only_named: own_client,
            },
        };
        let audience = request.audience().to_owned();
        Use {
            file: self.file,
            account,
            client: self.given_id(value, &request.client),
            tenant: self.given_id(value, &request.tenant),
            audience: if request.is_binding {
                Audience::Binding(audience, user.place.clone())
            } else {
                Audience::Usual(audience)
            },
            faults: found.faults_of(request).filter_map(|fault| self.use_fault(value, fault)).collect(),
            label: None,
            is_without_label: matches!(request.account, AskedAccount::Named { .. }),
            user,
        }
    }

    /// An id of a request.
    pub(super) fn given_id(&self, value: Value<'_>, id: &IdSource) -> Given {
        let place = |path: &Path| self.text.place(value, path, Part::Value);
        match id {
            IdSource::Account => Given::Account,
            IdSource::Own(text, path) => Given::Own(text.clone(), place(path)),
            IdSource::Elsewhere(what, path) => Given::Elsewhere((*what).to_owned(), place(path)),
            IdSource::Missing => Given::Missing,
        }
    }

    /// A fault that breaks a chain, or leaves it open.
    fn use_fault(&self, value: Value<'_>, fault: &SettingFault) -> Option<UseFault> {
        let is_broken = match fault.effect {
            Effect::Fails => !(fault.is_absence && self.set.taken(self.file).is_some()),
            Effect::Depends => false,
            Effect::Ignored | Effect::Otherwise => return None,
        };
        let link = match fault.link {
            RequestLink::Label => Link::Label,
            RequestLink::Account => Link::ServiceAccount,
            RequestLink::Client => Link::ClientId,
            RequestLink::Tenant => Link::TenantId,
            RequestLink::Audience => Link::Audience,
            RequestLink::Target => return None,
        };
        let (object, SettingFault { path, problem, fix, .. }) = (&self.object.name, fault);
        let at = if path.segments().is_empty() { String::new() } else { format!("{path} ") };
        let message = format!("{} {}: {at}{problem}; {fix}", object.kind, quote(&object.name));
        let place = self.text.place(value, path, Part::Value);
        Some(UseFault { link, message, place, is_broken, is_right_in: None })
    }
}

/// A key among the annotations that is nearly the one with the client id.
fn misspelt_client_id(account: Value<'_>) -> Option<String> {
    let annotations = find(account, "metadata.annotations").into_iter().flat_map(Value::members);
    let is_misspelt = |key: &str| {
        let name = key.rsplit_once('/').map_or(key, |(_, name)| name);
        key.contains("workload") && key != keys::CLIENT_ID && nearest(name, &["client-id"]).is_some()
    };
    annotations.map(|(key, _)| key.into_owned()).find(|key| is_misspelt(key))
}
