//! # What it finds
//!
//! With the setting `identities`: a service account, pod or pod template that asks for an Azure identity that the list does
//! not allow for its service account. The rule checks the annotations of the service account, the variables
//! `AZURE_CLIENT_ID` and `AZURE_TENANT_ID` of each container, and projected tokens for Azure if the service account may not
//! use any identity. A variable with a value from another source cannot be checked and is denied.
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

use super::unmanaged_token::unmanaged_tokens;
use super::{Check, PodSubject, Rule, ServiceAccountSubject};
use crate::finding::{Finding, FindingBuilder, Findings, Place, quote, quote_id};
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
        let service_account = quote(&format!("{}/{}", self.namespace, self.name));
        let problem = format!("{found}, which service account {service_account} may not use");
        Finding::at(place, problem, "use one that it may use, or extend identities in the policy's settings")
    }
}

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(identities) = &subject.settings.identities else { return };
    if !subject.service_account.is_possible() {
        return;
    }
    let allowed = Allowed::new(identities, subject.namespace, subject.pod.service_account());
    if subject.wants_identity {
        let (client_id, tenant_id) = (subject.identity.client_id(), subject.identity.tenant_id());
        let found = if let Some(id) = client_id.filter(|id| !allowed.has_client(id)) {
            Some(("client id", id))
        } else {
            let tenant_id = tenant_id.filter(|id| client_id.is_some() && !allowed.has_tenant(client_id, id));
            tenant_id.map(|id| ("tenant", id))
        };
        if let Some((what, id)) = found {
            findings.add(|| {
                let name = subject.service_account_name();
                let found = format!("names service account {name} with {what} {}", quote(id));
                allowed.finding(subject.service_account_place(), &found)
            });
        }
    }
    if allowed.identities.is_empty() {
        for volume in unmanaged_tokens(subject) {
            findings.add(|| allowed.finding(subject.path_of(volume.object), "holds a token for Azure identities"));
        }
    }
    check_variables(subject, &allowed, findings);
}

/// Variables count in every container that can reach a token, skipped ones too: the volume is the pod's.
fn check_variables(subject: &PodSubject<'_>, allowed: &Allowed<'_>, findings: &mut Findings) {
    if !subject.wants_identity && unmanaged_tokens(subject).next().is_none() {
        return;
    }
    for variable in subject.pod.all_containers().flat_map(|container| &container.env) {
        let value = variable.value.as_ref();
        let is_allowed = match variable.name.as_ref() {
            keys::ENV_CLIENT_ID => allowed.has_client(value),
            keys::ENV_TENANT_ID => allowed.has_tenant(None, value),
            _ => continue,
        };
        let is_from_elsewhere = variable.value_from.is_some();
        if !is_from_elsewhere && (is_allowed || value.is_empty()) {
            continue;
        }
        findings.add(|| {
            let found = if is_from_elsewhere {
                format!("sets {} from elsewhere to an identity that cannot be checked", variable.name)
            } else {
                format!("sets {} to {}", variable.name, quote_id(value))
            };
            allowed.finding(subject.path_of(variable.object), &found)
        });
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    let Some(identities) = &subject.settings.identities else { return };
    let allowed = Allowed::new(identities, subject.namespace, subject.name);
    let annotation = |key| subject.annotations.get(key).filter(|value| !value.is_empty());
    let Some(client_id) = annotation(keys::CLIENT_ID) else { return };
    let tenant_id = annotation(keys::TENANT_ID).filter(|id| !allowed.has_tenant(Some(client_id), id));
    let found = match tenant_id {
        _ if !allowed.has_client(client_id) => (keys::CLIENT_ID, client_id),
        Some(tenant_id) => (keys::TENANT_ID, tenant_id),
        None => return,
    };
    let (key, id) = found;
    findings.add(|| allowed.finding(subject.annotation_path(key), &format!("is {}", quote(id))));
}
