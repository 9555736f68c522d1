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
use super::{Check, Findings, PodSubject, Rule, ServiceAccountSubject};
use crate::finding::{Finding, Severity, quote, quote_id};
use crate::json::Path;
use crate::keys;
use crate::settings::AllowedIdentity;

pub(super) const RULE: Rule = Rule {
    name: "identity-not-allowed",
    severity: Severity::Deny,
    checks: &[Check::Template(check_template), Check::ServiceAccount(check_service_account)],
};

/// The identities that one service account may use.
struct Allowed<'s> {
    identities: Vec<&'s AllowedIdentity<'s>>,
    service_account: String,
}

impl<'s> Allowed<'s> {
    fn new(identities: &'s [AllowedIdentity<'s>], namespace: &str, name: &str) -> Self {
        Self {
            identities: identities.iter().filter(|identity| identity.is_for(namespace, name)).collect(),
            service_account: quote(&format!("{namespace}/{name}")),
        }
    }

    fn has_client(&self, client_id: &str) -> bool {
        self.identities.iter().any(|identity| identity.client_id.eq_ignore_ascii_case(client_id))
    }

    /// True if the tenant goes with the client, or, without a client, with any identity.
    fn has_tenant(&self, client_id: Option<&str>, tenant_id: &str) -> bool {
        let of_client = |identity: &&&AllowedIdentity<'_>| {
            client_id.is_none_or(|client_id| identity.client_id.eq_ignore_ascii_case(client_id))
        };
        self.identities
            .iter()
            .filter(of_client)
            .any(|identity| identity.tenant_id.as_ref().is_none_or(|allowed| allowed.eq_ignore_ascii_case(tenant_id)))
    }

    fn finding(&self, path: Path, found: &str) -> Finding {
        let problem = format!("{found}, which service account {} may not use", self.service_account);
        Finding::new(RULE.name, path, problem, "use one that it may use, or extend identities in the policy's settings")
    }
}

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(identities) = &subject.settings.identities else { return };
    let allowed = Allowed::new(identities, subject.namespace, subject.pod.service_account());
    let (client_id, tenant_id) = (subject.identity.client_id, subject.identity.tenant_id);
    if subject.wants_identity {
        let path = subject.service_account_path();
        let name = subject.service_account_name();
        if let Some(id) = client_id.filter(|id| !allowed.has_client(id)) {
            let found = format!("names service account {name} with client id {}", quote(id));
            findings.add(allowed.finding(path, &found));
        } else if let Some(id) = tenant_id.filter(|id| client_id.is_some() && !allowed.has_tenant(client_id, id)) {
            let found = format!("names service account {name} with tenant {}", quote(id));
            findings.add(allowed.finding(path, &found));
        }
    }
    if allowed.identities.is_empty() {
        for volume in unmanaged_tokens(subject) {
            findings.add(allowed.finding(subject.path_of(volume.object), "holds a token for Azure identities"));
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
        let found = match variable.value_from {
            Some(_) => format!("sets {} from elsewhere to an identity that cannot be checked", variable.name),
            None if is_allowed || value.is_empty() => continue,
            None => format!("sets {} to {}", variable.name, quote_id(value)),
        };
        findings.add(allowed.finding(subject.path_of(variable.object), &found));
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    let Some(identities) = &subject.settings.identities else { return };
    let allowed = Allowed::new(identities, subject.namespace, subject.name);
    let annotation = |key| subject.annotations.get(key).filter(|value| !value.is_empty());
    let Some(client_id) = annotation(keys::CLIENT_ID) else { return };
    if !allowed.has_client(client_id) {
        findings.add(allowed.finding(subject.annotation_path(keys::CLIENT_ID), &format!("is {}", quote(client_id))));
    } else if let Some(tenant_id) = annotation(keys::TENANT_ID).filter(|id| !allowed.has_tenant(Some(client_id), id)) {
        findings.add(allowed.finding(subject.annotation_path(keys::TENANT_ID), &format!("is {}", quote(tenant_id))));
    }
}
