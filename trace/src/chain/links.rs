//! The links of one chain, from the label to the subject: what each is, what is broken, and what cannot be known.

use std::collections::{HashMap, HashSet};

use azure_workload_identity_lint::kustomization::Taken;
use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_lint::set::Set;
use azure_workload_identity_policy::clouds::cloud_of_issuer;
use azure_workload_identity_policy::cluster::ServiceAccount;
use azure_workload_identity_policy::federated::SUBJECT_PREFIX;
use azure_workload_identity_policy::formats::is_guid;
use azure_workload_identity_policy::ids::{is_client_id, is_tenant_id};
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::placeholder::has_placeholder;

use super::compare::quote;
use super::facts::{AccountFact, Audience, Given, LabelFault, Use, UseFault};
use super::index::Index;
use super::issuer::ClusterIssuer;
use super::report::{Break, Link, TokenPart, Unknown};

/// What all chains are made from.
pub(super) struct Basis<'a, 'f> {
    pub(super) set: &'a Set<'f>,
    /// The object from which an operator makes the service account of this namespace and name.
    pub(super) maker_of_account: &'a dyn Fn(Option<&str>, &str) -> Option<String>,
    pub(super) index: &'a Index<'a>,
    /// The service accounts among the files by the numbers of their objects.
    pub(super) accounts: HashMap<usize, &'a AccountFact>,
    /// The issuer of the cluster, if it was given.
    pub(super) issuer: Option<ClusterIssuer<'a>>,
}

/// A service account as uses mean it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AccountKey {
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// The number of its object, if it is among the files.
    pub(super) position: Option<usize>,
}

/// The uses of one chain.
pub(super) struct ChainUses<'a> {
    pub(super) account: Option<ServiceAccount>,
    pub(super) uses: Vec<&'a Use>,
}

/// The links of one chain.
pub(super) struct Links<'l, 'a, 'f> {
    pub(super) basis: &'l Basis<'a, 'f>,
    pub(super) fact: Option<&'l AccountFact>,
    pub(super) account: Option<&'l ServiceAccount>,
    pub(super) key: &'l AccountKey,
    pub(super) group: &'l ChainUses<'a>,
    pub(super) breaks: Vec<Break>,
    pub(super) unknown: Vec<Unknown>,
    /// The parts of the token that were compared with a credential, or with its identity.
    pub(super) compared: Vec<Link>,
}

/// The most places of one kind of break that are shown.
pub(super) const SHOWN: usize = 20;

impl<'a> Links<'_, 'a, '_> {
    pub(super) fn first(&self) -> Option<&'a Use> {
        self.group.uses.first().copied()
    }

    pub(super) fn broken(&mut self, link: Link, message: impl Into<String>, place: Option<&FilePlace>) {
        self.breaks.push(Break { link, message: message.into(), place: place.cloned(), command: None, differs: None });
    }

    pub(super) fn unknown(&mut self, link: Link, message: impl Into<String>, place: Option<&FilePlace>) {
        self.unknown.push(Unknown { link, message: message.into(), place: place.cloned(), decides: true });
    }

    /// Adds what cannot be known but does not decide.
    fn unproven(&mut self, link: Link, message: String, place: Option<&FilePlace>) {
        self.unknown.push(Unknown { link, message, place: place.cloned(), decides: false });
    }

    /// `shop/api`.
    pub(super) fn name(&self) -> String {
        match &self.key.namespace {
            Some(namespace) => format!("{namespace}/{}", self.key.name),
            None => self.key.name.clone(),
        }
    }

    /// What is wrong with the settings of consumers, each once.
    pub(super) fn faults(&mut self) {
        let mut seen = HashSet::new();
        let faults = self.group.uses.iter().flat_map(|one| &one.faults);
        for fault in faults.filter(|fault| seen.insert(&*fault.message)).take(SHOWN) {
            let UseFault { link, message, place, is_broken, is_right_in } = fault;
            let issuer = self.basis.issuer.as_ref().and_then(|issuer| cloud_of_issuer(issuer.given));
            let is_known = is_right_in.is_none() || issuer.is_some();
            if is_right_in.is_some() && *is_right_in == issuer {
                continue;
            }
            if *is_broken && is_known {
                self.broken(*link, message.clone(), Some(place));
            } else {
                self.unknown(*link, message.clone(), Some(place));
            }
        }
    }

    /// A pod without label is right if the account is used without one: by a CSI driver, or by a controller that requests its token.
    pub(super) fn label(&mut self) {
        if self.group.uses.iter().any(|one| one.is_without_label) {
            return;
        }
        let faults = self.group.uses.iter().filter_map(|one| Some((*one, one.label.as_ref()?)));
        for (one, LabelFault { message, place, is_missing }) in faults.take(SHOWN) {
            let object = &one.user.object;
            let message = format!("{} {} {message}", object.kind, quote(&object.name));
            let taken = self.basis.set.taken(one.file).filter(|_| *is_missing);
            self.missing(Link::Label, message, Some(place), taken);
        }
    }

    /// Something is missing, which a kustomization may add.
    fn missing(&mut self, link: Link, message: String, place: Option<&FilePlace>, taken: Option<&Taken>) {
        match taken {
            Some(taken) => self.unknown(link, format!("{message}; but {}", taken.advice()), place),
            None => self.broken(link, message, place),
        }
    }

    /// The kustomization that may add to what uses the service account, or change which one it is.
    fn taken_use(&self) -> Option<&'a Taken> {
        let set = self.basis.set;
        self.group.uses.iter().find_map(|one| set.taken(one.file))
    }

    /// The kustomization that may add to the service account.
    fn taken_account(&self) -> Option<&'a Taken> {
        let (place, _) = self.basis.set.object(self.key.position?)?;
        self.basis.set.taken(place.file())
    }

    pub(super) fn service_account(&mut self) {
        if self.account.is_some() {
            return;
        }
        let Some(first) = self.first() else { return };
        let (name, place) = (self.name(), &first.account.place);
        if has_placeholder(&name) {
            let message = format!("the service account is {}, which is filled in later", quote(&name));
            return self.unknown(Link::ServiceAccount, message, Some(place));
        }
        if let Some(maker) = (self.basis.maker_of_account)(self.key.namespace.as_deref(), &self.key.name) {
            let message = format!("service account {name} is made by the operator from {maker}");
            return self.unproven(Link::ServiceAccount, message, Some(place));
        }
        if self.group.uses.iter().all(|one| one.account.is_only_named) {
            let message = match first.account.controller {
                Some(controller) => format!(
                    "service account {name} is not among the files; it counts as the installation of {} makes it",
                    controller.title
                ),
                None => format!("service account {name} is not among the files, and has to exist"),
            };
            return self.unproven(Link::ServiceAccount, message, Some(place));
        }
        let is_default = self.key.name == "default" && first.account.controller.is_none();
        if is_default && !self.basis.set.knows_all_accounts() {
            let message = format!(
                "service account {name} is not among the files: unless it is annotated in the cluster, the pods get no client id"
            );
            self.unknown(Link::ServiceAccount, message, Some(place));
        } else if is_default {
            // Kubernetes makes it in every namespace.
        } else if self.basis.set.knows_all_accounts() {
            let message = format!("service account {name} does not exist: create it");
            self.missing(Link::ServiceAccount, message, Some(place), self.taken_use());
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

    pub(super) fn client_id(&mut self) -> TokenPart {
        let Some(first) = self.first() else { return TokenPart::default() };
        let (value, place) = match &first.client {
            Given::Own(text, place) => (text.clone(), Some(place)),
            Given::Elsewhere(what, place) => {
                self.unknown(Link::ClientId, format!("the client id {what}"), Some(place));
                return TokenPart { value: None, place: Some(place.clone()) };
            }
            Given::NoId(who, place) => {
                self.broken(Link::ClientId, format!("{who} to a value that is no client id: remove it"), Some(place));
                return TokenPart { value: None, place: Some(place.clone()) };
            }
            // A fault of the consumer says it.
            Given::Missing => return TokenPart::default(),
            Given::Account => match self.account {
                None if self.key.name == "default" && self.basis.set.knows_all_accounts() => (String::new(), None),
                // That the account is not known is said already.
                None => return TokenPart::default(),
                Some(account) => {
                    let place = self.fact.and_then(|fact| fact.client_id.as_ref());
                    (account.usable_client_id().unwrap_or_default().to_owned(), place)
                }
            },
        };
        let part = TokenPart { value: Some(value.clone()).filter(|value| !value.is_empty()), place: place.cloned() };
        let name = self.name();
        if value.is_empty() {
            let misspelt = self.fact.and_then(|fact| fact.misspelt_client_id.as_ref());
            let key = keys::CLIENT_ID;
            let message = match misspelt {
                _ if place.is_some() => {
                    format!("service account {name} has an empty annotation {key}: write the client id of the identity")
                }
                Some((misspelt, _)) => {
                    format!(
                        "service account {name} has an annotation {}, which nothing reads: rename it to {key}",
                        quote(misspelt)
                    )
                }
                None => format!(
                    "service account {name} has no annotation {key}: add it, with the client id of the identity"
                ),
            };
            let place = place.or(misspelt.map(|(_, place)| place)).or(self.fact.map(|fact| &fact.place));
            let place = place.unwrap_or(&first.account.place);
            self.missing(Link::ClientId, message, Some(place), self.taken_account().or(self.taken_use()));
        } else if has_placeholder(&value) {
            self.unknown(
                Link::ClientId,
                format!("the client id is {}, which is filled in later", quote(&value)),
                place,
            );
        } else if !is_client_id(&value) {
            let what = if is_guid(&value) { "stands for none" } else { "is no GUID" };
            self.broken(Link::ClientId, format!("the client id is {}, which {what}", quote(&value)), place);
        }
        part
    }

    pub(super) fn tenant_id(&mut self) -> TokenPart {
        let Some(first) = self.first() else { return TokenPart::default() };
        let (value, place) = match &first.tenant {
            Given::Own(text, place) => (Some(text.clone()), Some(place)),
            Given::Elsewhere(what, place) => {
                self.unknown(Link::TenantId, format!("the tenant id {what}"), Some(place));
                return TokenPart { value: None, place: Some(place.clone()) };
            }
            Given::NoId(who, place) => {
                self.broken(Link::TenantId, format!("{who} to a value that is no tenant: remove it"), Some(place));
                return TokenPart { value: None, place: Some(place.clone()) };
            }
            Given::Missing => return TokenPart::default(),
            Given::Account => {
                let place = self.fact.and_then(|fact| fact.tenant_id.as_ref());
                (self.account.and_then(|account| account.tenant_id.clone()), place)
            }
        };
        let part = TokenPart { value: value.clone().filter(|value| !value.is_empty()), place: place.cloned() };
        match value.as_deref() {
            Some("") => self.broken(
                Link::TenantId,
                "the tenant id is empty, so that no tenant is injected: remove the annotation, or fill it in",
                place,
            ),
            Some(text) if has_placeholder(text) => {
                self.unknown(
                    Link::TenantId,
                    format!("the tenant id is {}, which is filled in later", quote(text)),
                    place,
                );
            }
            Some(text) if !is_tenant_id(text) => {
                let message = format!("the tenant id is {}, which is neither a GUID nor a domain name", quote(text));
                self.broken(Link::TenantId, message, place);
            }
            Some(_) | None => {}
        }
        part
    }

    pub(super) fn audience(&mut self) -> TokenPart {
        match self.first().map(|first| &first.audience) {
            Some(Audience::Usual(audience)) => TokenPart { value: Some(audience.clone()), place: None },
            Some(Audience::Own(audience, place)) => {
                if has_placeholder(audience) {
                    let message = format!("the audience is {}, which is filled in later", quote(audience));
                    self.unknown(Link::Audience, message, Some(place));
                }
                TokenPart { value: Some(audience.clone()), place: Some(place.clone()) }
            }
            Some(Audience::Binding(audience, place)) => {
                let message = "the pods use an identity binding, whose credential AKS keeps: RBAC decides, no federated credential";
                self.unknown(Link::Audience, message, Some(place));
                TokenPart { value: Some(audience.clone()), place: Some(place.clone()) }
            }
            None => TokenPart::default(),
        }
    }

    pub(super) fn issuer(&mut self) -> TokenPart {
        let Some(issuer) = &self.basis.issuer else { return TokenPart::default() };
        // Of an identity binding the credential trusts another issuer.
        let matters = !matches!(self.first().map(|first| &first.audience), Some(Audience::Binding(..)));
        let place = issuer.cluster.map(|cluster| &cluster.place);
        if let Some(fault) = issuer.fault.as_ref().filter(|_| matters) {
            self.broken(Link::Issuer, fault.clone(), place);
        }
        if let Some(doubt) = issuer.doubt.as_ref().filter(|_| matters) {
            self.unknown(Link::Issuer, doubt.clone(), None);
        }
        let has_label = self.group.uses.iter().all(|one| !one.is_without_label);
        if let Some((message, place)) = issuer.without_webhook().filter(|_| has_label) {
            self.unknown.push(Unknown { link: Link::Label, message, place: Some(place.clone()), decides: false });
        }
        if let Some(note) = issuer.note.clone().filter(|_| matters) {
            self.unknown.push(Unknown { link: Link::Issuer, message: note, place: None, decides: false });
        }
        TokenPart { value: Some(issuer.given.to_owned()).filter(|given| !given.is_empty()), place: place.cloned() }
    }

    pub(super) fn subject(&mut self) -> TokenPart {
        let place = self.fact.map(|fact| &fact.place).or(self.first().map(|first| &first.account.place)).cloned();
        let Some(namespace) = &self.key.namespace else {
            let message = "the namespace is not known: give it with --namespace";
            self.unknown(Link::Subject, message, place.as_ref());
            return TokenPart { value: None, place };
        };
        if [namespace, &self.key.name].into_iter().any(|text| has_placeholder(text)) {
            if self.account.is_some() {
                let message = format!("the service account is {}, which is filled in later", quote(&self.name()));
                self.unknown(Link::Subject, message, place.as_ref());
            }
            return TokenPart { value: None, place };
        }
        if let Some(taken) = self.taken_account().or(self.taken_use()).filter(|taken| taken.renames) {
            let message = format!(
                "the name or namespace of service account {} is changed: {}",
                quote(&self.name()),
                taken.advice()
            );
            self.unknown(Link::Subject, message, place.as_ref());
            return TokenPart { value: None, place };
        }
        TokenPart { value: Some([SUBJECT_PREFIX, namespace, ":", &self.key.name].concat()), place }
    }
}
