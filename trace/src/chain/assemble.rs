//! The chains: uses that share a service account and an identity.

use std::collections::{BTreeMap, HashSet};

use azure_workload_identity_policy::cluster::ServiceAccount;

use super::facts::{Audience, Given, Use};
use super::links::{AccountKey, Basis, ChainUses, Links};
use super::report::{AccountName, Break, Chain, ChainVerdict, Link, Unknown, User};

/// What makes uses of an account one chain: the client, the tenant, and the audience.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct IdentityKey(String, String, String);

impl<'a> Basis<'a, '_> {
    /// The chains of uses, in their order, and the numbers of the service accounts that are used.
    pub(super) fn chains(&self, uses: &'a [Use]) -> (Vec<Chain>, Vec<usize>) {
        let mut groups = BTreeMap::<(AccountKey, IdentityKey), ChainUses<'a>>::new();
        for one in uses {
            let (key, account) = self.account(one);
            let identity = identity_key(one, account.as_ref());
            let group = groups.entry((key, identity)).or_insert_with(|| ChainUses { account, uses: Vec::new() });
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

    fn chain(&self, key: AccountKey, group: &ChainUses<'a>) -> Chain {
        let fact = key.position.and_then(|position| self.accounts.get(&position).copied());
        let mut seen = HashSet::new();
        let is_new = |user: &&'a User| seen.insert((&*user.place.source.name, user.place.span.start));
        let users = group.uses.iter().map(|one| &one.user).filter(is_new).cloned().collect();
        let mut links = Links {
            basis: self,
            fact,
            account: group.account.as_ref(),
            key: &key,
            group,
            breaks: Vec::new(),
            unknown: Vec::new(),
            compared: Vec::new(),
        };
        links.faults();
        links.label();
        links.service_account();
        let (client_id, tenant_id, audience) = (links.client_id(), links.tenant_id(), links.audience());
        let (issuer, subject) = (links.issuer(), links.subject());
        let credentials = links.federated_credential(&client_id, &tenant_id, &audience, &subject);
        let Links { mut breaks, mut unknown, compared, .. } = links;
        // Of what works only if something is as the files do not show, it is not known which token is exchanged.
        if group.uses.iter().flat_map(|one| &one.faults).any(|fault| !fault.is_broken) {
            let is_last = |it: &mut Break| it.link == Link::FederatedCredential;
            unknown.extend(breaks.extract_if(.., is_last).map(|it| {
                let Break { link, message, place, .. } = it;
                Unknown { link, message, place, decides: true }
            }));
        }
        breaks.sort_by_key(|it| it.link);
        unknown.sort_by_key(|it| it.link);
        let verdict = if !breaks.is_empty() {
            ChainVerdict::Broken
        } else if unknown.iter().any(|it| it.decides) {
            ChainVerdict::Unknown
        } else {
            ChainVerdict::Complete
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
            compared,
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
        Given::Missing => "-".to_owned(),
    };
    let client = text(&one.client, account.and_then(|account| account.client_id.as_ref()));
    let tenant = text(&one.tenant, account.and_then(|account| account.tenant_id.as_ref()));
    let audience = match &one.audience {
        Audience::Usual(audience) | Audience::Own(audience, _) => format!("={audience}"),
        Audience::Binding(audience, _) => format!("binding {audience}"),
    };
    IdentityKey(client, tenant, audience)
}
