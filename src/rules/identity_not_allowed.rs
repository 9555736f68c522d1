//! Identity is not among those that the policy allows.
//!
//! # What it finds
//!
//! With the setting `identities`: a service account, pod or pod template that asks for an Azure identity that the list does
//! not allow for its service account. The rule checks the annotations of the service account, and the client and tenant that
//! each container will have, as a pair. It denies
//!
//! - a labelled pod whose service account may not use any identity, and every token for Azure in its pods,
//! - a variable `AZURE_CLIENT_ID` or `AZURE_TENANT_ID` with a value from another source, which cannot be checked, and
//! - a container that can read a token, but has no client id, an empty one, or one from `envFrom` at most. The same applies to the
//!   tenant if the list names one.
//!
//! # Why it matters
//!
//! An Azure identity trusts a service account, and a user who may create pods in a namespace may use every service account
//! in it. The list limits the identities of each service account, regardless of the federated credentials in Azure.
//!
//! # Example
//!
//! `identities: [{clientId: 11111111-…, serviceAccounts: ["payments/api"]}]`, and a service account `web/frontend`
//! annotated with this client id.
//!
//! # Fix
//!
//! Use an identity that is allowed for the service account, or ask for an extension of the list.

use super::tokens::unmanaged_tokens;
use super::{Check, PodSubject, Rule, ServiceAccountSubject};
use crate::assumption::{Assumption, Assumptions};
use crate::container_identity::ContainerIdentity;
use crate::environment::{Resolved, Variable};
use crate::finding::{Finding, FindingBuilder, Findings, Place, quote, quote_id, quote_namespaced};
use crate::formats::present;
use crate::keys;
use crate::settings::AllowedIdentity;

pub(super) const RULE: Rule =
    Rule::new(&[Check::Template(check_template), Check::ServiceAccount(check_service_account)]);

/// The identities that one service account may use.
struct Allowed<'s> {
    identities: Vec<&'s AllowedIdentity<'s>>,
    namespace: &'s str,
    name: &'s str,
}

impl<'s> Allowed<'s> {
    fn new(identities: &'s [AllowedIdentity<'s>], namespace: &'s str, name: &'s str) -> Self {
        let identities = identities.iter().filter(|identity| identity.is_for(namespace, name)).collect();
        Self { identities, namespace, name }
    }

    fn has_client(&self, client_id: &str) -> bool {
        self.identities.iter().any(|identity| identity.client_id.eq_ignore_ascii_case(client_id))
    }

    /// Whether the tenant goes with the client, or, without a client, with any identity.
    fn has_tenant(&self, client_id: Option<&str>, tenant_id: &str) -> bool {
        let of_client = |identity: &&&AllowedIdentity<'_>| {
            client_id.is_none_or(|client_id| identity.client_id.eq_ignore_ascii_case(client_id))
        };
        self.identities
            .iter()
            .filter(of_client)
            .any(|identity| identity.tenant_id.as_ref().is_none_or(|allowed| allowed.eq_ignore_ascii_case(tenant_id)))
    }

    fn finding(&self, place: impl Into<Place>, found: &str) -> FindingBuilder {
        let service_account = quote_namespaced(self.namespace, self.name);
        let problem = [found, ", which service account ", &service_account, " may not use"].concat();
        Finding::at(place, problem, FIX)
    }
}

const FIX: &str = "use one that it may use, or extend identities in the policy's settings";

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(identities) = &subject.settings.identities else { return };
    let holds_own_token = || unmanaged_tokens(subject).next().is_some();
    if !subject.service_account.is_possible() || !(subject.wants_identity || holds_own_token()) {
        return;
    }
    let allowed = Allowed::new(identities, subject.namespace, subject.pod.service_account());
    if subject.wants_identity {
        check_account(subject, &allowed, findings);
    }
    if allowed.identities.is_empty() {
        for volume in unmanaged_tokens(subject) {
            findings.add_resting_on(Assumption::WholeObject, || {
                allowed.finding(subject.path_of(volume.object), "holds a token for Azure identities")
            });
        }
        // Whatever the variables say, the service account may use no identity.
        return;
    }
    // All that set nothing have what is injected, and are alike; those that mount nothing either have no identity.
    let is_injected = subject.injection().is_some();
    let mut has_checked_plain = false;
    for (position, container) in subject.pod.all_containers().enumerate() {
        let sets_nothing = container.env.is_empty() && container.object.field("envFrom").is_none();
        let gets_identity = || is_injected && subject.identity.includes(&container.name);
        let is_plain = sets_nothing && (container.mounts.is_empty() || gets_identity());
        if is_plain && (!gets_identity() || std::mem::replace(&mut has_checked_plain, true)) {
            continue;
        }
        if let Some(container) = subject.container(position) {
            check_container(subject, container, &allowed, findings);
        }
    }
}

/// Judges the identity that the annotations of the service account name.
fn check_account(subject: &PodSubject<'_>, allowed: &Allowed<'_>, findings: &mut Findings) {
    let (client_id, tenant_id) = (subject.identity.client_id(), subject.identity.tenant_id());
    let found = match (client_id, tenant_id) {
        (Some(id), _) if !allowed.has_client(id) => Some(("client id", id)),
        (Some(_), Some(id)) if !allowed.has_tenant(client_id, id) => Some(("tenant", id)),
        _ => None,
    };
    if let Some((what, id)) = found {
        findings.add_resting_on(Assumptions::of_value(id).and(Assumption::WholeObject), || {
            let found = ["names service account ", &subject.service_account_name(), " with ", what, " ", &quote(id)];
            allowed.finding(subject.service_account_place(), &found.concat())
        });
    } else if allowed.identities.is_empty() {
        findings.add_resting_on(Assumption::WholeObject, || {
            let problem =
                ["names service account ", &subject.service_account_name(), ", which may use no identity"].concat();
            Finding::at(subject.service_account_place(), problem, "list it under identities in the policy's settings")
        });
    }
}

/// Judges the client and tenant that will be in force in a container, as a pair. Skipped containers count too: the token's volume
/// is the pod's.
fn check_container<'a>(
    subject: &PodSubject<'_>,
    container: &'a ContainerIdentity<'a>,
    allowed: &Allowed<'_>,
    findings: &mut Findings,
) {
    let text = |variable: &'a Variable<'a>| present(variable.text());
    let (client_id, tenant_id) = (text(&container.client_id), text(&container.tenant_id));
    let of_client = client_id.filter(|id| allowed.has_client(id));
    let has_tenant = |id| allowed.has_tenant(of_client, id);
    let is_wrong_client = client_id.is_some() && of_client.is_none();
    let is_wrong_tenant = tenant_id.is_some_and(|id| !has_tenant(id));
    for (name, variable, id, is_wrong, is_needed) in [
        (keys::ENV_CLIENT_ID, &container.client_id, client_id, is_wrong_client, true),
        (keys::ENV_TENANT_ID, &container.tenant_id, tenant_id, is_wrong_tenant, !has_tenant("")),
    ] {
        match (variable.entry, &variable.value) {
            _ if is_wrong => {
                // What the service account alone says is judged with it.
                let Some(entry) = variable.entry.or(container.client_id.entry) else { continue };
                let rests_on = Assumptions::of_value(id.unwrap_or_default()).and(Assumption::WholeObject);
                findings.add_resting_on(rests_on, || {
                    let id = quote_id(id.unwrap_or_default());
                    let found = match variable.entry {
                        Some(_) => ["sets ", name, " to ", &id],
                        None => ["sets ", &entry.name, " for tenant ", &id],
                    };
                    allowed.finding(subject.path_of(entry.object), &found.concat())
                });
            }
            (Some(entry), Resolved::Elsewhere(_) | Resolved::Maybe(_)) => {
                findings.add_resting_on(Assumption::WholeObject, || {
                    let found = ["sets ", name, " from elsewhere to an identity that cannot be checked"].concat();
                    allowed.finding(subject.path_of(entry.object), &found)
                });
            }
            // An empty id names no identity, as none does: the application may name any in code.
            (Some(entry), _) if variable.is_missing() && is_needed && container.reaches_azure_token => {
                findings.add_resting_on(Assumption::WholeObject, || {
                    let problem = ["sets ", name, " to an empty value, so the identity cannot be checked"].concat();
                    let fix = "set it to an id that the service account may use, or remove it";
                    Finding::at(subject.path_of(entry.object), problem, fix)
                });
                return;
            }
            (None, Resolved::Unset | Resolved::Maybe(_)) if is_needed && container.reaches_azure_token => {
                // The service account of a workload may be annotated a moment later.
                let may_follow = subject.workload.is_some() && container.takes_part;
                let rests_on = if may_follow { Assumption::Absence.into() } else { Assumptions::NONE };
                findings.add_resting_on(rests_on.and(Assumption::NothingAdded), || {
                    let problem =
                        ["reads a token for Azure without ", name, ", so its identity cannot be checked"].concat();
                    let fix = "set the variable in this container, or annotate the service account";
                    Finding::at(subject.path_of(container.container.object), problem, fix)
                });
                return;
            }
            _ => {}
        }
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    let Some(identities) = &subject.settings.identities else { return };
    let allowed = Allowed::new(identities, subject.namespace, subject.name);
    let annotation = |key| present(subject.annotations.get(key));
    let Some(client_id) = annotation(keys::CLIENT_ID) else { return };
    let tenant_id = annotation(keys::TENANT_ID).filter(|id| !allowed.has_tenant(Some(client_id), id));
    let found = match tenant_id {
        _ if !allowed.has_client(client_id) => (keys::CLIENT_ID, client_id),
        Some(tenant_id) => (keys::TENANT_ID, tenant_id),
        None => return,
    };
    let (key, id) = found;
    findings.add_resting_on(Assumptions::of_value(id), || {
        allowed.finding(subject.annotation_path(key), &format!("is {}", quote(id)))
    });
}
