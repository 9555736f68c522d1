//! Container sets another client id or tenant id than injection.
//!
//! # What it finds
//!
//! A container that sets `AZURE_CLIENT_ID` or `AZURE_TENANT_ID` itself, to another value than injection would, or to
//! an empty value.
//!
//! # Why it matters
//!
//! Injection never overwrites a variable. The container uses another identity than the annotations of the service account
//! show. This may be intended, for a pod with several identities, or may be left over from an earlier setup.
//!
//! # Example
//!
//! `env: [{name: AZURE_CLIENT_ID, value: 11111111-…}]` with a service account whose client id is `22222222-…`
//!
//! # Fix
//!
//! Remove the variable. If it is intended, switch the rule off, or list the allowed identities in `identities`.

use super::repairs::remove_variable;
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, Repair, quote, quote_id};
use crate::ids::{is_client_id, is_tenant_id};
use crate::keys;
use crate::pod::EnvVar;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let is_id = |variable: &EnvVar<'_>| matches!(variable.name.as_ref(), keys::ENV_CLIENT_ID | keys::ENV_TENANT_ID);
    let containers = subject.participants_where(&|container| container.env.iter().any(is_id));
    if containers.is_empty() {
        return;
    }
    let (client_id, tenant_id) = (subject.identity.client_id(), subject.identity.tenant_id());
    let account = subject.identity.service_account();
    let is_own_tenant = account.is_some_and(|account| account.tenant_id.is_some());
    let source = if is_own_tenant { "its service account" } else { "inject.tenantId in the settings" };
    for container in containers {
        let variables = [
            (&container.client_id, client_id, "its service account", is_client_id as fn(&str) -> bool),
            (&container.tenant_id, tenant_id, source, is_tenant_id),
        ];
        for (variable, expected, source, is_format) in variables {
            // Where nothing would be injected, nothing is overridden.
            let (Some(entry), Some(expected)) = (variable.entry, expected) else { continue };
            let is_expected = match variable.text() {
                // Another value that is no id is the concern of the rules about formats.
                Some(text) => text.eq_ignore_ascii_case(expected) || !(text.is_empty() || is_format(text)),
                // A field of the pod is the concern of field-ref.
                None => entry.value_from.is_some_and(|source| source.field("fieldRef").is_some()),
            };
            if is_expected {
                continue;
            }
            findings.add(|| {
                let found = match variable.text() {
                    None => "a value from elsewhere".to_owned(),
                    Some("") => "an empty value".to_owned(),
                    Some(text) => quote_id(text),
                };
                let problem =
                    ["sets ", &entry.name, " to ", &found, "; by ", source, " it would be ", &quote(expected)];
                Finding::at(subject.path_of(entry.object), problem.concat(), "remove the variable unless that is meant")
                    // The other identity may be meant, and the pod may work with it.
                    .repair(|| Repair::suggestion(remove_variable(container.container, entry.object)))
            });
        }
    }
}
