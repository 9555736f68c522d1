//! All federated credentials and identities, and which of them match a token or nearly do.
//!
//! Entra ID compares issuer, subject and audience exactly. Each search looks up keys; none goes through all credentials.

use std::collections::{HashMap, HashSet};

use super::compare::{meant_account, plain, slight_difference, slight_subject_difference};
use super::report::Link;
use crate::azure::{AzureIdentity, Credential, CredentialField, Found};

/// How many credentials with the same parts are looked at. Azure allows 20 on an identity.
const LIMIT: usize = 200;

/// The credentials and identities.
#[derive(Debug, Default)]
pub(super) struct Index<'c> {
    pub(super) credentials: Vec<&'c Credential>,
    pub(super) identities: Vec<&'c AzureIdentity>,
    /// Whether credentials were given for the purpose, even if there are none: not only those that are objects among the files, which
    /// need not be all.
    pub(super) is_given: bool,
    by_key: HashMap<IndexKey<'c>, Vec<usize>>,
    identities_by_key: HashMap<&'c str, usize>,
    identities_by_client: HashMap<String, usize>,
    /// The names of credentials, which have no case, with the identity and without it.
    names: HashSet<(Option<&'c str>, String)>,
}

/// What credentials are found by.
#[derive(Debug, PartialEq, Eq, Hash)]
enum IndexKey<'k> {
    /// Parts that are known, if all others match anything: issuer, subject, audience.
    Exact([Option<&'k str>; 3]),
    /// Parts that are known, of credentials that have others which are not known. Without the issuer, whatever it is, where `any` is
    /// true.
    Maybe { known: [Option<&'k str>; 3], any: bool },
    /// The issuer, if it counts, the audience, and the namespace (or the name) that the subject is meant to have.
    Meant { issuer: Option<&'k str>, audience: &'k str, namespace: bool, word: String },
}

/// The parts of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    /// `None` if it is not known.
    pub(super) issuer: Option<&'t str>,
    pub(super) namespace: &'t str,
    pub(super) account: &'t str,
    pub(super) subject: &'t str,
    pub(super) audience: &'t str,
}

/// A credential that nearly matches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near<'c> {
    pub(super) credential: &'c Credential,
    /// The part that differs.
    pub(super) link: Link,
    /// Whether the difference is one that is easily overlooked.
    pub(super) is_slight: bool,
}

impl<'c> Index<'c> {
    /// Puts together what was found among the files, and what was given for the purpose.
    pub(super) fn new(files: impl Iterator<Item = &'c Found>, given: impl Iterator<Item = &'c Found>) -> Self {
        let mut index = Self::default();
        let all = files.map(|found| (found, false)).chain(given.map(|found| (found, true)));
        for (found, is_given) in all {
            index.is_given |= is_given && found.has_credentials;
            found.identities.iter().for_each(|identity| index.add_identity(identity));
            found.credentials.iter().for_each(|credential| index.add_credential(credential));
        }
        index
    }

    fn add_identity(&mut self, identity: &'c AzureIdentity) {
        let number = self.identities.len();
        self.identities.push(identity);
        for key in &identity.keys {
            let known = *self.identities_by_key.entry(key).or_insert(number);
            // Of one identity from several sources, the one that tells the client id counts.
            if self.identities.get(known).is_some_and(|known| known.client_id.is_none()) && identity.client_id.is_some()
            {
                self.identities_by_key.insert(key, number);
            }
        }
        if let Some(client_id) = &identity.client_id {
            self.identities_by_client.entry(client_id.to_ascii_lowercase()).or_insert(number);
        }
    }

    fn add_credential(&mut self, credential: &'c Credential) {
        let number = self.credentials.len();
        self.credentials.push(credential);
        let owners = credential.owners.iter().map(|owner| Some(owner.as_str()));
        let name = credential.object.name.to_ascii_lowercase();
        self.names.extend(owners.chain([None]).map(|owner| (owner, name.clone())));
        let (issuer, subject) = (credential.issuer.text(), credential.subject.text());
        for audience in credential.audiences.iter().map(CredentialField::text) {
            let known = [issuer, subject, audience];
            let is_partial = known.contains(&None);
            if is_partial {
                self.add(IndexKey::Maybe { known, any: false }, number);
                self.add(IndexKey::Maybe { known: [None, subject, audience], any: true }, number);
                continue;
            }
            self.add(IndexKey::Exact(known), number);
            self.add(IndexKey::Exact([None, subject, audience]), number);
            self.add(IndexKey::Exact([issuer, subject, None]), number);
            self.add(IndexKey::Exact([None, subject, None]), number);
            let meant = subject.and_then(meant_account);
            if let (Some(audience), Some((namespace, name))) = (audience, meant) {
                for issuer in [issuer, None] {
                    self.add(IndexKey::Meant { issuer, audience, namespace: true, word: namespace.clone() }, number);
                    self.add(IndexKey::Meant { issuer, audience, namespace: false, word: name.clone() }, number);
                }
            }
        }
    }

    fn add(&mut self, key: IndexKey<'c>, credential: usize) {
        let list = self.by_key.entry(key).or_default();
        if list.len() < LIMIT && list.last() != Some(&credential) {
            list.push(credential);
        }
    }

    fn found(&self, key: &IndexKey<'_>) -> Vec<&'c Credential> {
        let numbers = self.by_key.get(key).into_iter().flatten();
        numbers.filter_map(|number| self.credentials.get(*number).copied()).collect()
    }

    /// The credentials that match a token. If its issuer is not known, each issuer is the same.
    pub(super) fn matching(&self, token: Token<'_>) -> Vec<&'c Credential> {
        self.found(&IndexKey::Exact([token.issuer, Some(token.subject), Some(token.audience)]))
    }

    /// The first credential that may match, since parts of it are not known, with these parts.
    pub(super) fn maybe_matching(
        &self,
        token: Token<'_>,
    ) -> Option<(&'c Credential, Vec<(Link, &'c CredentialField)>)> {
        let (subject, audience) = (Some(token.subject), Some(token.audience));
        let (issuers, any) = match token.issuer {
            Some(issuer) => (vec![Some(issuer), None], false),
            None => (vec![None], true),
        };
        let keys = issuers.into_iter().flat_map(|issuer| {
            [[issuer, subject, audience], [issuer, subject, None], [issuer, None, audience], [issuer, None, None]]
        });
        let may_match = |credential: &&'c Credential| {
            token.issuer.is_none_or(|issuer| credential.issuer.may_be(issuer))
                && credential.subject.may_be(token.subject)
                && credential.audiences.iter().any(|it| it.may_be(token.audience))
        };
        let mut found = keys.flat_map(|known| self.found(&IndexKey::Maybe { known, any }));
        let credential = found.find(may_match)?;
        let parts = [(Link::Issuer, &credential.issuer), (Link::Subject, &credential.subject)];
        let audiences = credential.audiences.iter().map(|it| (Link::Audience, it));
        let unknown = parts.into_iter().chain(audiences).filter(|(_, claim)| claim.text().is_none());
        Some((credential, unknown.collect()))
    }

    /// The credential that is nearest to a token that none matches: exactly one of issuer, subject and audience differs, and of the
    /// subject the namespace or the name is the same. One of the identity with this client id is nearer than others.
    pub(super) fn nearest(&self, token: Token<'_>, client_id: Option<&str>) -> Option<Near<'c>> {
        let mut near = Vec::new();
        let mut add = |credential, link, is_slight| near.push(Near { credential, link, is_slight });
        if let Some(issuer) = token.issuer {
            for credential in self.found(&IndexKey::Exact([None, Some(token.subject), Some(token.audience)])) {
                let other = credential.issuer.text().unwrap_or_default();
                add(credential, Link::Issuer, slight_difference(issuer, other).is_some());
            }
        }
        for namespace in [true, false] {
            let word = plain(if namespace { token.namespace } else { token.account });
            let key = IndexKey::Meant { issuer: token.issuer, audience: token.audience, namespace, word };
            for credential in self.found(&key) {
                let other = credential.subject.text().unwrap_or_default();
                add(credential, Link::Subject, slight_subject_difference(token.subject, other).is_some());
            }
        }
        for credential in self.found(&IndexKey::Exact([token.issuer, Some(token.subject), None])) {
            let mut others = credential.audiences.iter().filter_map(CredentialField::text);
            add(credential, Link::Audience, others.any(|other| slight_difference(token.audience, other).is_some()));
        }
        let is_foreign = |near: &Near<'_>| match (client_id, self.identity_of(near.credential)) {
            (Some(client_id), Some(identity)) => !is_client(identity, client_id),
            _ => true,
        };
        near.into_iter().min_by_key(|near| (is_foreign(near), !near.is_slight))
    }

    /// Whether some credential of an identity has this name; of any identity, if it is not known which.
    pub(super) fn has_name(&self, name: &str, identity: Option<&AzureIdentity>) -> bool {
        let name = name.to_ascii_lowercase();
        match identity {
            Some(identity) => identity.keys.iter().any(|key| self.names.contains(&(Some(key.as_str()), name.clone()))),
            None => self.names.contains(&(None, name)),
        }
    }

    /// The identity that a credential belongs to, if it is known.
    pub(super) fn identity_of(&self, credential: &Credential) -> Option<&'c AzureIdentity> {
        let number = credential.owners.iter().find_map(|owner| self.identities_by_key.get(owner.as_str()))?;
        self.identities.get(*number).copied()
    }

    /// The identity with a client id, if it is known.
    pub(super) fn identity_with(&self, client_id: &str) -> Option<&'c AzureIdentity> {
        self.identities.get(*self.identities_by_client.get(&client_id.to_ascii_lowercase())?).copied()
    }
}

/// Whether an identity has this client id. GUIDs have no case.
pub(super) fn is_client(identity: &AzureIdentity, client_id: &str) -> bool {
    identity.client_id.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(client_id))
}
