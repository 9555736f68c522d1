//! The last link: which federated credentials trust the tokens of a chain, and in what the nearest one differs.

use azure_workload_identity_policy::formats::is_guid;
use azure_workload_identity_policy::ids::is_client_id;

use super::command::{Owner, Trusted, create};
use super::compare::{meant_account, quote, subjects, texts};
use super::index::{Near, Token, is_client};
use super::links::{Links, SHOWN};
use super::report::{Break, CredentialLink, Difference, Link, Match, TokenPart, Unknown};
use crate::azure::{AzureIdentity, Credential};

impl<'a> Links<'_, 'a, '_> {
    /// Which federated credentials trust the tokens, and what is wrong if none does.
    pub(super) fn federated_credential(
        &mut self,
        client_id: &TokenPart,
        tenant_id: &TokenPart,
        audience: &TokenPart,
        subject: &TokenPart,
    ) -> Vec<CredentialLink> {
        let index = self.basis.index;
        let is_open = |link| self.unknown.iter().any(|it: &Unknown| it.link == link);
        if is_open(Link::Audience) {
            return Vec::new();
        }
        if !index.is_given && index.credentials.is_empty() {
            let message = "no federated credentials are given: give them with --azure, for example the output of `az identity federated-credential list`";
            self.unknown(Link::FederatedCredential, message, None);
            return Vec::new();
        }
        let (Some(subject), Some(audience)) = (subject.value.as_deref(), audience.value.as_deref()) else {
            return Vec::new();
        };
        let client = client_id.value.as_deref().filter(|client| is_client_id(client));
        let namespace = self.key.namespace.clone().unwrap_or_default();
        let account = self.key.name.clone();
        let issuer = self.basis.issuer.as_ref().and_then(|issuer| issuer.wanted.as_deref());
        let token = Token { issuer, namespace: &namespace, account: &account, subject, audience };
        let matching = index.matching(token);
        if !matching.is_empty() {
            return self.matched(&matching, client, client_id, tenant_id, token);
        }
        if let Some((credential, parts)) = index.maybe_matching(token) {
            self.compare_all_but(&parts.iter().map(|(link, _)| *link).collect::<Vec<_>>());
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
                    "none of the federated credentials among the files trusts {}: give the others with --azure",
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
                    command: self.command(token, client),
                    differs: None,
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
        client_id: &TokenPart,
        tenant_id: &TokenPart,
        token: Token<'_>,
    ) -> Vec<CredentialLink> {
        let index = self.basis.index;
        let Some((first, others)) = matching.split_first() else { return Vec::new() };
        self.compare_all_but(&[]);
        if let (true, count @ 2..) = (others.is_empty(), first.audiences.len()) {
            let message = format!("{} has {count} audiences, of which Azure takes one: leave one", named(first));
            self.broken(Link::Audience, message, Some(&first.place));
        }
        if self.basis.issuer.is_none() {
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
        let known_client =
            |identity: Option<&AzureIdentity>| identity.is_some_and(|identity| identity.client_id.is_some());
        let mut shown = Vec::new();
        if let Some(client) = client {
            if let Some(credential) = matching.iter().find(own) {
                self.compared.push(Link::ClientId);
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
                let command = index.identity_with(client).and_then(|_| self.command(token, Some(client)));
                let place = client_id.place.clone();
                self.breaks.push(Break { link: Link::ClientId, message, place, command, differs: None });
            }
        }
        if shown.is_empty() {
            shown.push(first);
            shown.extend(others.iter().take(SHOWN - 1));
        }
        shown.into_iter().map(|credential| self.link(credential, Match::Yes)).collect()
    }

    /// Compares the tenant with that of the identity.
    fn tenant_of(&mut self, identity: &AzureIdentity, tenant_id: &TokenPart) {
        let (Some(own), Some(tenant)) = (tenant_id.value.as_deref(), identity.tenant_id.as_deref()) else { return };
        // The other name of a tenant cannot be compared.
        if !is_guid(own) || !is_guid(tenant) {
            return;
        }
        self.compared.push(Link::TenantId);
        if !own.eq_ignore_ascii_case(tenant) {
            let message =
                format!("the tenant id is {own}, but identity {} is in tenant {tenant}", quote(&identity.name));
            self.broken(Link::TenantId, message, tenant_id.place.as_ref());
        }
    }

    /// Notes that the parts of the token were compared with a credential, but for some. An issuer that is not known was not.
    fn compare_all_but(&mut self, others: &[Link]) {
        let is_known = |link| link != Link::Issuer || self.basis.issuer.is_some();
        let parts = [Link::Audience, Link::Issuer, Link::Subject];
        self.compared.extend(parts.into_iter().filter(|link| is_known(*link) && !others.contains(link)));
    }

    /// A credential has all parts of the token but one.
    fn nearly(&mut self, near: Near<'a>, token: Token<'_>, client: Option<&str>) {
        let credential = near.credential;
        self.compare_all_but(&[]);
        let (own, other, words, place) = match near.link {
            Link::Issuer => {
                let (own, other) = (token.issuer.unwrap_or_default(), credential.issuer.text().unwrap_or_default());
                (own, other, texts(own, other, "the cluster's"), credential.issuer.place())
            }
            Link::Subject => {
                let other = credential.subject.text().unwrap_or_default();
                let words = subjects((token.namespace, token.account), other);
                (token.subject, other, words, credential.subject.place())
            }
            _ => {
                let others: Vec<_> =
                    credential.audiences.iter().filter_map(|it| Some((it.text()?, it.place()))).collect();
                let (other, place) = others.first().copied().unwrap_or(("", &credential.place));
                (token.audience, other, texts(token.audience, other, "the token's"), place)
            }
        };
        // A pod that names no service account runs as `default`, and hardly ever is meant to have an identity as that.
        let is_unnamed = near.link == Link::Subject && self.key.name == "default";
        let meant = meant_account(credential.subject.text().unwrap_or_default()).filter(|_| is_unnamed);
        let advice = meant.map(|(_, name)| format!("; set serviceAccountName: {name} where the pods are made"));
        let message = format!("{} {} {words}{}", part_of(near.link), named(credential), advice.unwrap_or_default());
        // Another cluster or service account needs a credential of its own. What differs by mistake is to be corrected, and so is an
        // audience: issuer and subject are unique on an identity.
        let is_separate = !near.is_slight && !is_unnamed && near.link != Link::Audience;
        let command = is_separate.then(|| self.command(token, client)).flatten();
        let differs = Some(Difference { token: own.to_owned(), credential: other.to_owned() });
        self.breaks.push(Break { link: near.link, message, place: Some(place.clone()), command, differs });
    }

    fn link(&self, credential: &Credential, matches: Match) -> CredentialLink {
        let identity = self.basis.index.identity_of(credential).map(|identity| identity.name.clone());
        CredentialLink {
            name: credential.object.name.clone(),
            place: credential.place.clone(),
            identity: identity.or_else(|| credential.identity.clone()),
            matches,
        }
    }

    /// The command that creates the credential; `None` if no credential can trust the issuer of the cluster.
    fn command(&self, token: Token<'_>, client: Option<&str>) -> Option<String> {
        if self.basis.issuer.as_ref().is_some_and(|issuer| issuer.wanted.is_none()) {
            return None;
        }
        let identity = client.and_then(|client| self.basis.index.identity_with(client));
        let owner = match (identity, client) {
            (Some(identity), Some(client)) if identity.is_application => Owner::Application(client),
            _ => Owner::Identity {
                name: identity.map(|identity| identity.name.as_str()),
                resource_group: identity.and_then(|identity| identity.resource_group.as_deref()),
            },
        };
        let Token { issuer, namespace, account, subject, audience } = token;
        let wanted = Trusted { namespace, account, issuer, subject, audience };
        Some(create(&wanted, &owner, &|name| self.basis.index.has_name(name, identity)))
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
