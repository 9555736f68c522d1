//! # What it finds
//!
//! A container that sets `AZURE_CLIENT_ID` or `AZURE_TENANT_ID` itself, to another value than its service account.
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
use crate::finding::{Finding, Findings, quote, quote_id};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for container in subject.participants() {
        for variable in &container.env {
            let expected = match variable.name.as_ref() {
                keys::ENV_CLIENT_ID => subject.identity.client_id(),
                keys::ENV_TENANT_ID => subject.identity.tenant_id(),
                _ => continue,
            };
            // Where nothing would be injected, nothing is overridden.
            let Some(expected) = expected else { continue };
            let is_expected = match variable.value_from {
                Some(source) => source.field("fieldRef").is_some(), // the concern of field-ref
                None => variable.value.eq_ignore_ascii_case(expected),
            };
            if is_expected {
                continue;
            }
            findings.add(|| {
                let found = match variable.value_from {
                    Some(_) => "a value from elsewhere".to_owned(),
                    None => quote_id(&variable.value),
                };
                let name = &variable.name;
                let problem = format!("sets {name} to {found}; by its service account it would be {}", quote(expected));
                Finding::at(subject.path_of(variable.object), problem, "remove the variable unless that is meant")
                    .repair(|| remove_variable(container, variable.object))
            });
        }
    }
}
