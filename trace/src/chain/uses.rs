//! What uses identities in one file: labelled pods and pod templates, and the objects of the table of consumers.

use std::borrow::Cow;

use azure_workload_identity_lint::Options;
use azure_workload_identity_lint::consumers::{AccountAt, Consumer, Controller, find};
use azure_workload_identity_lint::file::Fact;
use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_lint::set::Set;
use azure_workload_identity_policy::cluster::ServiceAccount;
use azure_workload_identity_policy::finding::Part;
use azure_workload_identity_policy::json::{Document, Path, Value};
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::settings::DEFAULT_AUDIENCE;

use super::credentials;
use super::facts::{AccountFact, AccountRef, Audience, ClaimFact, FileFacts, Given, Use, VolumeFact, Wanted};
use super::reader::ObjectReader;
use super::texts::Texts;

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
            let mut reader =
                ObjectReader { set, options, file: number, position, object, text: &text, facts: &mut facts };
            reader.read(value);
        }
    }
    facts
}

impl ObjectReader<'_, '_, '_, '_> {
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
}
