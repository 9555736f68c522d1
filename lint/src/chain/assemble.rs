//! The chains: uses that share a service account and an identity, and what is broken between them and a federated credential.

use std::collections::{BTreeMap, HashMap, HashSet};

use azure_workload_identity_policy::cluster::ServiceAccount;
use azure_workload_identity_policy::federated::SUBJECT_PREFIX;
use azure_workload_identity_policy::formats::{is_domain_name, is_guid, is_variable};

use super::command::{Owner, Wanted, create};
use super::compare::{quote, subjects, texts};
use super::credentials::{Credential, Identity};
use super::index::{Index, Near, Token, is_client};
use super::report::{AccountName, Break, Chain, CredentialLink, Link, Match, Part, Unknown, User, Verdict};
use super::uses::{AccountFact, Audience, Given, Use};
use crate::report::FilePlace;
use crate::set::Set;

/// What all chains are made from.
pub(super) struct Assembly<'a, 'f> {
    pub(super) set: &'a Set<'f>,
    pub(super) index: &'a Index<'a>,
    /// The service accounts among the files by the numbers of their objects.
    pub(super) accounts: HashMap<usize, &'a AccountFact>,
    /// The issuer of the cluster, if it was given.
    pub(super) issuer: Option<&'a str>,
}

/// A service account as uses mean it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct AccountKey {
    namespace: Option<String>,
    name: String,
    /// The number of its object, if it is among the files.
    position: Option<usize>,
}

/// What makes uses of an account one chain: the client, the tenant, and the audience.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct IdentityKey(String, String, String);

/// The uses of one chain.
struct Group<'a> {
    account: Option<ServiceAccount>,
    uses: Vec<&'a Use>,
}

impl<'a> Assembly<'a, '_> {
    /// The chains of uses, in their order, and the numbers of the service accounts that are used.
    pub(super) fn chains(&self, uses: &'a [Use]) -> (Vec<Chain>, Vec<usize>) {
        let mut groups = BTreeMap::<(AccountKey, IdentityKey), Group<'a>>::new();
        for one in uses {
            let (key, account) = self.account(one);
            let identity = identity_key(one, account.as_ref());
            let group = groups.entry((key, identity)).or_insert_with(|| Group { account, uses: Vec::new() });
            group.uses.push(one);
        }
        let used = groups.keys().filter_map(|(account, _)| account.position).collect();
        (groups.into_iter().map(|((account, _), group)| self.chain(account, &group)).collect(), used)
    }

    /// The service account of a use.
    fn account(&self, one: &Use) -> (AccountKey, Option<ServiceAccount>) {
        let reference = &one.account;
        let place = self.set.place_of(one.file);
        let found = place.and_then(|place| self.set.account(place, reference.namespace.as_deref(), &reference.name));
        let object = found.and_then(|account| account.object);
        let own_namespace = object.and_then(|object| self.set.object(object)?.1.name.namespace.clone());
        let conventional = reference.controller.map(|controller| controller.namespace.to_owned());
        let key = AccountKey {
            namespace: reference.namespace.clone().or(own_namespace).or(conventional),
            name: reference.name.clone(),
            position: object,
        };
        (key, found.map(|account| account.account.clone()))
    }

    fn chain(&self, key: AccountKey, group: &Group<'a>) -> Chain {
        let fact = key.position.and_then(|position| self.accounts.get(&position).copied());
        let mut seen = HashSet::new();
        let is_new = |user: &&'a User| seen.insert((&*user.place.source.name, user.place.span.start));
        let users = group.uses.iter().map(|one| &one.user).filter(is_new).cloned().collect();
        let mut links = Links {
            assembly: self,
            fact,
            account: group.account.as_ref(),
            key: &key,
            group,
            breaks: Vec::new(),
            unknown: Vec::new(),
        };
        links.label();
        links.service_account();
        let (client_id, tenant_id, audience) = (links.client_id(), links.tenant_id(), links.audience());
        let issuer = Part { value: self.issuer.map(String::from), place: None };
        let subject = links.subject();
        let credentials = links.federated_credential(&client_id, &tenant_id, &audience, &subject);
        let Links { mut breaks, mut unknown, .. } = links;
        breaks.sort_by_key(|it| it.link);
        unknown.sort_by_key(|it| it.link);
        let verdict = if !breaks.is_empty() {
            Verdict::Broken
        } else if unknown.iter().any(|it| it.decides) {
            Verdict::Unknown
        } else {
            Verdict::Complete
        };
        let AccountKey { namespace, name, .. } = key;
        Chain {
            service_account: AccountName { namespace, name, place: fact.map(|fact| fact.place.clone()) },
            users,
            client_id,
            tenant_id,
            audience,
            issuer,
            subject,
            credentials,
            breaks,
            unknown,
            verdict,
        }
    }
}

/// What tells the identity of a use from others. Ids have no case.
fn identity_key(one: &Use, account: Option<&ServiceAccount>) -> IdentityKey {
    let text = |given: &Given, own: Option<&String>| match given {
        Given::Account => format!("={}", own.map(String::as_str).unwrap_or_default().to_ascii_lowercase()),
        Given::Own(text, _) => format!("={}", text.to_ascii_lowercase()),
        Given::Elsewhere(what, _) => format!("?{what}"),
        Given::NoId(who, _) => format!("!{who}"),
    };
    let client = text(&one.client, account.and_then(|account| account.client_id.as_ref()));
    let tenant = text(&one.tenant, account.and_then(|account| account.tenant_id.as_ref()));
    let audience = match &one.audience {
        Audience::Usual(audience) | Audience::Own(audience, _) => format!("={audience}"),
        Audience::Binding(audience, _) => format!("binding {audience}"),
    };
    IdentityKey(client, tenant, audience)
}

/// The links of one chain.
struct Links<'l, 'a, 'f> {
    assembly: &'l Assembly<'a, 'f>,
    fact: Option<&'l AccountFact>,
    account: Option<&'l ServiceAccount>,
    key: &'l AccountKey,
    group: &'l Group<'a>,
    breaks: Vec<Break>,
    unknown: Vec<Unknown>,
}

/// The most places of one kind of break that are shown.
const SHOWN: usize = 20;

impl<'a> Links<'_, 'a, '_> {
    fn first(&self) -> Option<&'a Use> {
        self.group.uses.first().copied()
    }

    fn broken(&mut self, link: Link, message: impl Into<String>, place: Option<&FilePlace>) {
        self.breaks.push(Break { link, message: message.into(), place: place.cloned(), command: None });
    }

    fn unknown(&mut self, link: Link, message: impl Into<String>, place: Option<&FilePlace>) {
        self.unknown.push(Unknown { link, message: message.into(), place: place.cloned(), decides: true });
    }

    /// `shop/api`.
    fn name(&self) -> String {
        match &self.key.namespace {
            Some(namespace) => format!("{namespace}/{}", self.key.name),
            None => self.key.name.clone(),
        }
    }

    /// A pod without label is right if the account is used without one: by a CSI driver, or by a controller that requests its token.
    fn label(&mut self) {
        if self.group.uses.iter().any(|one| one.is_without_label) {
            return;
        }
        let faults = self.group.uses.iter().filter_map(|one| Some((one.user.object.clone(), one.label.as_ref()?)));
        for (object, (message, place)) in faults.take(SHOWN) {
            self.broken(Link::Label, format!("{} {} {message}", object.kind, quote(&object.name)), Some(place));
        }
    }

    fn service_account(&mut self) {
        if self.account.is_some() {
            return;
        }
        let Some(first) = self.first() else { return };
        let (name, place) = (self.name(), &first.account.place);
        if is_variable(&name) {
            let message = format!("the service account is {}, which is filled in later", quote(&name));
            return self.unknown(Link::ServiceAccount, message, Some(place));
        }
        let is_default = self.key.name == "default" && first.account.controller.is_none();
        if is_default && !self.assembly.set.knows_all_accounts() {
            let message = format!(
                "service account {name} is not among the files: unless it is annotated in the cluster, the pods get no client id"
            );
            self.unknown(Link::ServiceAccount, message, Some(place));
        } else if is_default {
            // Kubernetes makes it in every namespace.
        } else if self.assembly.set.knows_all_accounts() {
            self.broken(Link::ServiceAccount, format!("service account {name} does not exist: create it"), Some(place));
        } else {
            let whose = match first.account.controller {
                Some(controller) => format!("service account {name} of {} is", controller.title),
                None => format!("service account {name} is"),
            };
            let message = format!(
                "{whose} not among the files: give its file, or the service accounts of the cluster with --cluster-state"
            );
            self.unknown(Link::ServiceAccount, message, Some(place));
        }
    }

    fn client_id(&mut self) -> Part {
        let Some(first) = self.first() else { return Part::default() };
        let (value, place) = match &first.client {
            Given::Own(text, place) => (text.clone(), Some(place)),
            Given::Elsewhere(what, place) => {
                self.unknown(Link::ClientId, format!("the client id {what}"), Some(place));
                return Part { value: None, place: Some(place.clone()) };
            }
            Given::NoId(who, place) => {
                self.broken(Link::ClientId, format!("{who} to a value that is no client id: remove it"), Some(place));
                return Part { value: None, place: Some(place.clone()) };
            }
            Given::Account => match self.account {
                None if self.key.name == "default" && self.assembly.set.knows_all_accounts() => (String::new(), None),
                // That the account is not known is said already.
                None => return Part::default(),
                Some(account) => {
                    let place = self.fact.and_then(|fact| fact.client_id.as_ref());
                    (account.client_id.clone().unwrap_or_default(), place)
                }
            },
        };
        let part = Part { value: Some(value.clone()).filter(|value| !value.is_empty()), place: place.cloned() };
        let name = self.name();
        if value.is_empty() {
            let message = format!(
                "service account {name} has no annotation azure.workload.identity/client-id: add it, with the client id of the identity"
            );
            let place = place.or(self.fact.map(|fact| &fact.place)).unwrap_or(&first.account.place);
            self.broken(Link::ClientId, message, Some(place));
        } else if is_variable(&value) {
            self.unknown(
                Link::ClientId,
                format!("the client id is {}, which is filled in later", quote(&value)),
                place,
            );
        } else if !is_guid(&value) {
            self.broken(Link::ClientId, format!("the client id is {}, which is no GUID", quote(&value)), place);
        }
        part
    }

    fn tenant_id(&mut self) -> Part {
        let Some(first) = self.first() else { return Part::default() };
        let (value, place) = match &first.tenant {
            Given::Own(text, place) => (Some(text.clone()), Some(place)),
            Given::Elsewhere(what, place) => {
                self.unknown(Link::TenantId, format!("the tenant id {what}"), Some(place));
                return Part { value: None, place: Some(place.clone()) };
            }
            Given::NoId(who, place) => {
                self.broken(Link::TenantId, format!("{who} to a value that is no tenant: remove it"), Some(place));
                return Part { value: None, place: Some(place.clone()) };
            }
            Given::Account => {
                let place = self.fact.and_then(|fact| fact.tenant_id.as_ref());
                (self.account.and_then(|account| account.tenant_id.clone()), place)
            }
        };
        let part = Part { value: value.clone().filter(|value| !value.is_empty()), place: place.cloned() };
        match value.as_deref() {
            None if first.requires_tenant && self.account.is_some() => {
                let message = format!(
                    "service account {} has no annotation azure.workload.identity/tenant-id, which {} requires: add it",
                    self.name(),
                    first.user.object.kind
                );
                let place = self.fact.map_or(&first.account.place, |fact| &fact.place);
                self.broken(Link::TenantId, message, Some(place));
            }
            Some("") => self.broken(
                Link::TenantId,
                "the tenant id is empty, so that no tenant is injected: remove the annotation, or fill it in",
                place,
            ),
            Some(text) if is_variable(text) => {
                self.unknown(
                    Link::TenantId,
                    format!("the tenant id is {}, which is filled in later", quote(text)),
                    place,
                );
            }
            Some(text) if !is_guid(text) && !is_domain_name(text) => {
                let message = format!("the tenant id is {}, which is neither a GUID nor a domain name", quote(text));
                self.broken(Link::TenantId, message, place);
            }
            None | Some(_) => {}
        }
        part
    }

    fn audience(&mut self) -> Part {
        match self.first().map(|first| &first.audience) {
            Some(Audience::Usual(audience)) => Part { value: Some(audience.clone()), place: None },
            Some(Audience::Own(audience, place)) => {
                if is_variable(audience) {
                    let message = format!("the audience is {}, which is filled in later", quote(audience));
                    self.unknown(Link::Audience, message, Some(place));
                }
                Part { value: Some(audience.clone()), place: Some(place.clone()) }
            }
            Some(Audience::Binding(audience, place)) => {
                let message = "the pods use an identity binding, whose credential AKS keeps: RBAC decides, no federated credential";
                self.unknown(Link::Audience, message, Some(place));
                Part { value: Some(audience.clone()), place: Some(place.clone()) }
            }
            None => Part::default(),
        }
    }

    fn subject(&mut self) -> Part {
        let place = self.fact.map(|fact| &fact.place).or(self.first().map(|first| &first.account.place)).cloned();
        let Some(namespace) = &self.key.namespace else {
            let message = "the namespace is not known: give it with --namespace";
            self.unknown(Link::Subject, message, place.as_ref());
            return Part { value: None, place };
        };
        if [namespace, &self.key.name].into_iter().any(|text| is_variable(text)) {
            if self.account.is_some() {
                let message = format!("the service account is {}, which is filled in later", quote(&self.name()));
                self.unknown(Link::Subject, message, place.as_ref());
            }
            return Part { value: None, place };
        }
        Part { value: Some([SUBJECT_PREFIX, namespace, ":", &self.key.name].concat()), place }
    }

    fn federated_credential(
        &mut self,
        client_id: &Part,
        tenant_id: &Part,
        audience: &Part,
        subject: &Part,
    ) -> Vec<CredentialLink> {
        let index = self.assembly.index;
        let is_open = |link| self.unknown.iter().any(|it: &Unknown| it.link == link);
        if is_open(Link::Audience) {
            return Vec::new();
        }
        if !index.is_given && index.credentials.is_empty() {
            let message = "no federated credentials are given: give them with --federated-credentials, for example the output of `az identity federated-credential list`";
            self.unknown(Link::FederatedCredential, message, None);
            return Vec::new();
        }
        let (Some(subject), Some(audience)) = (subject.value.as_deref(), audience.value.as_deref()) else {
            return Vec::new();
        };
        let client = client_id.value.as_deref().filter(|client| is_guid(client));
        let namespace = self.key.namespace.clone().unwrap_or_default();
        let (account, issuer) = (self.key.name.clone(), self.assembly.issuer);
        let token = Token { issuer, namespace: &namespace, account: &account, subject, audience };
        let matching = index.matching(token);
        if !matching.is_empty() {
            return self.matched(&matching, client, client_id, tenant_id, token);
        }
        if let Some((credential, parts)) = index.maybe_matching(token) {
            match parts.as_slice() {
                [(link, claim)] => {
                    let message = format!("{} {} {}", part_of(*link), named(credential), claim.reason());
                    self.unknown(*link, message, Some(claim.place()));
                }
                parts => {
                    let parts = parts.iter().map(|(link, claim)| format!("its {} {}", link.name(), claim.reason()));
                    let parts = parts.collect::<Vec<_>>().join("; ");
                    let message = format!("{} may match: {parts}", named(credential));
                    self.unknown(Link::FederatedCredential, message, Some(&credential.place));
                }
            }
            return vec![self.link(credential, Match::Maybe)];
        }
        match index.nearest(token, client) {
            Some(near) => {
                self.nearly(near, token, client);
                vec![self.link(near.credential, Match::No)]
            }
            None if !index.is_given => {
                let message = format!(
                    "none of the federated credentials among the files trusts {}: give the others with --federated-credentials",
                    quote(subject)
                );
                self.unknown(Link::FederatedCredential, message, None);
                Vec::new()
            }
            None => {
                let place = self.fact.map(|fact| &fact.place).or(self.first().map(|first| &first.account.place));
                let count = index.credentials.len();
                let of_issuer = issuer.map(|issuer| format!(" of issuer {}", quote(issuer))).unwrap_or_default();
                let message = match count {
                    0 => format!("there is no federated credential that trusts {}{of_issuer}", quote(subject)),
                    count => format!("none of {count} federated credentials trusts {}{of_issuer}", quote(subject)),
                };
                self.breaks.push(Break {
                    link: Link::FederatedCredential,
                    message,
                    place: place.cloned(),
                    command: Some(self.command(token, client)),
                });
                Vec::new()
            }
        }
    }

    /// Some credentials have issuer, subject and audience of the token: whose they are.
    fn matched(
        &mut self,
        matching: &[&'a Credential],
        client: Option<&str>,
        client_id: &Part,
        tenant_id: &Part,
        token: Token<'_>,
    ) -> Vec<CredentialLink> {
        let index = self.assembly.index;
        let Some((first, others)) = matching.split_first() else { return Vec::new() };
        if token.issuer.is_none() {
            let expected = first.issuer.text().unwrap_or_default();
            let message = format!(
                "the issuer of the cluster is not known: give it with --issuer; {} expects {}",
                named(first),
                quote(expected)
            );
            self.unknown(Link::Issuer, message, Some(first.issuer.place()));
        }
        let own = |credential: &&&'a Credential| {
            let identity = index.identity_of(credential);
            identity.zip(client).is_some_and(|(identity, client)| is_client(identity, client))
        };
        let identities = || matching.iter().map(|credential| index.identity_of(credential));
        let known_client = |identity: Option<&Identity>| identity.is_some_and(|identity| identity.client_id.is_some());
        let mut shown = Vec::new();
        if let Some(client) = client {
            if let Some(credential) = matching.iter().find(own) {
                shown.push(*credential);
                if let Some(identity) = index.identity_of(credential) {
                    self.tenant_of(identity, tenant_id);
                }
            } else if let Some(at) = identities().position(|identity| !known_client(identity)) {
                let credential = matching.get(at).copied().unwrap_or(first);
                shown.push(credential);
                self.unknown.push(Unknown {
                    link: Link::ClientId,
                    message: format!(
                        "nothing proves that {} belongs to the identity with client id {client}: give the output of `az identity list`",
                        named(credential)
                    ),
                    place: client_id.place.clone(),
                    decides: false,
                });
            } else {
                let identity = index.identity_of(first);
                let (name, other) =
                    identity.map_or(("", ""), |it| (it.name.as_str(), it.client_id.as_deref().unwrap_or_default()));
                let message = format!(
                    "the client id is {client}, but {} belongs to identity {} with client id {other}",
                    named(first),
                    quote(name)
                );
                let command = index.identity_with(client).map(|_| self.command(token, Some(client)));
                self.breaks.push(Break { link: Link::ClientId, message, place: client_id.place.clone(), command });
            }
        }
        if shown.is_empty() {
            shown.push(first);
            shown.extend(others.iter().take(SHOWN - 1));
        }
        shown.into_iter().map(|credential| self.link(credential, Match::Yes)).collect()
    }

    /// Compares the tenant with that of the identity.
    fn tenant_of(&mut self, identity: &Identity, tenant_id: &Part) {
        let (Some(own), Some(tenant)) = (tenant_id.value.as_deref(), identity.tenant_id.as_deref()) else { return };
        if is_guid(own) && is_guid(tenant) && !own.eq_ignore_ascii_case(tenant) {
            let message =
                format!("the tenant id is {own}, but identity {} is in tenant {tenant}", quote(&identity.name));
            self.broken(Link::TenantId, message, tenant_id.place.as_ref());
        }
    }

    /// A credential has all parts of the token but one.
    fn nearly(&mut self, near: Near<'a>, token: Token<'_>, client: Option<&str>) {
        let credential = near.credential;
        let (words, place) = match near.link {
            Link::Issuer => {
                let other = credential.issuer.text().unwrap_or_default();
                (texts(token.issuer.unwrap_or_default(), other, "the cluster's"), credential.issuer.place())
            }
            Link::Subject => {
                let other = credential.subject.text().unwrap_or_default();
                (subjects((token.namespace, token.account), other), credential.subject.place())
            }
            _ => {
                let others: Vec<_> =
                    credential.audiences.iter().filter_map(|it| Some((it.text()?, it.place()))).collect();
                let (other, place) = others.first().copied().unwrap_or(("", &credential.place));
                (texts(token.audience, other, "the token's"), place)
            }
        };
        let message = format!("{} {} {words}", part_of(near.link), named(credential));
        // Another cluster or service account needs a credential of its own. What differs by mistake is to be corrected, and so is an
        // audience: issuer and subject are unique on an identity.
        let is_separate = !near.is_slight && near.link != Link::Audience;
        let command = is_separate.then(|| self.command(token, client));
        self.breaks.push(Break { link: near.link, message, place: Some(place.clone()), command });
    }

    fn link(&self, credential: &Credential, matches: Match) -> CredentialLink {
        let identity = self.assembly.index.identity_of(credential).map(|identity| identity.name.clone());
        CredentialLink {
            name: credential.object.name.clone(),
            place: credential.place.clone(),
            identity: identity.or_else(|| credential.identity.clone()),
            matches,
        }
    }

    /// The command that creates the credential.
    fn command(&self, token: Token<'_>, client: Option<&str>) -> String {
        let identity = client.and_then(|client| self.assembly.index.identity_with(client));
        let owner = match (identity, client) {
            (Some(identity), Some(client)) if identity.is_application => Owner::Application(client),
            _ => Owner::Identity {
                name: identity.map(|identity| identity.name.as_str()),
                resource_group: identity.and_then(|identity| identity.resource_group.as_deref()),
            },
        };
        let Token { issuer, namespace, account, subject, audience } = token;
        create(&Wanted { namespace, account, issuer, subject, audience }, &owner, &|name| {
            self.assembly.index.has_name(name)
        })
    }
}

/// `the issuer of`.
fn part_of(link: Link) -> &'static str {
    match link {
        Link::Issuer => "the issuer of",
        Link::Subject => "the subject of",
        _ => "the audience of",
    }
}

/// A credential as messages name it.
fn named(credential: &Credential) -> String {
    format!("federated credential {}", quote(&credential.object.name))
}
