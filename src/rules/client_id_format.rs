//! # What it finds
//!
//! An annotation `azure.workload.identity/client-id` that is not a GUID: an empty value, a placeholder (including zeros),
//! the name of the identity, or a value with spaces or braces around it. A variable such as `${CLIENT_ID}`, `$CLIENT_ID` or
//! `__clientId__` is accepted in a file, where a tool may replace it, but not in a cluster.
//!
//! # Why it matters
//!
//! Entra ID does not find the application. The first request for a token fails with AADSTS700016. An empty value has the
//! same effect as a missing annotation.
//!
//! # Example
//!
//! `azure.workload.identity/client-id: my-identity`
//!
//! # Fix
//!
//! Set the annotation to the application (client) id: `az identity show --name NAME --resource-group GROUP --query
//! clientId`.

use super::{Check, Findings, PodSubject, Rule, ServiceAccountSubject};
use crate::finding::{Finding, Severity, quote};
use crate::formats::is_guid;
use crate::json::Path;
use crate::keys;

pub(super) const RULE: Rule = Rule {
    name: "client-id-format",
    severity: Severity::Deny,
    checks: &[Check::Template(check_template), Check::ServiceAccount(check_service_account)],
};

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(id) = subject.known_service_account().and_then(|account| account.client_id.as_deref()) else { return };
    if subject.wants_identity && !is_real_guid(id) {
        let (name, key) = (subject.service_account_name(), keys::CLIENT_ID);
        let problem = format!("names service account {name}, whose annotation {key} is {}", quote(id));
        findings.add(finding(subject.service_account_path(), problem, id, subject.is_live));
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    if let Some(id) = subject.annotations.get(keys::CLIENT_ID).filter(|id| !is_real_guid(id)) {
        let path = subject.annotation_path(keys::CLIENT_ID);
        findings.add(finding(path, format!("is {}", quote(id)), id, subject.is_live));
    }
}

fn finding(path: Path, problem: String, id: &str, is_live: bool) -> Finding {
    let fix = "it takes the application (client) id of the identity, a GUID";
    Finding { at_most: severity_of(id, is_live), ..Finding::new(RULE.name, path, problem, fix) }
}

/// A GUID with something in it.
pub(super) fn is_real_guid(id: &str) -> bool {
    is_guid(id) && id.bytes().any(|byte| byte != b'0' && byte != b'-')
}

/// What is still to be filled in is wrong only where it is about to be stored.
pub(super) fn severity_of(id: &str, is_live: bool) -> Severity {
    let is_variable =
        id.bytes().any(|byte| byte == b'$') || ["{{", "#{", "<%", "__"].iter().any(|opening| id.contains(opening));
    if is_variable && !is_live { Severity::Note } else { Severity::Deny }
}
