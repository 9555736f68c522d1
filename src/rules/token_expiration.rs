//! # What it finds
//!
//! An annotation `azure.workload.identity/service-account-token-expiration` on a pod or service account that is not a whole
//! number of seconds from 3600 to 86400. An empty value counts as absent. A value on the pod takes precedence over the
//! value on its service account.
//!
//! # Why it matters
//!
//! The pod cannot start. Microsoft's webhook rejects it with `strconv.ParseInt: parsing "1h": invalid syntax`.
//!
//! # Example
//!
//! `azure.workload.identity/service-account-token-expiration: "1h"`
//!
//! # Fix
//!
//! Set whole seconds, in quotes: `"3600"` for an hour, `"86400"` for a day. The default is an hour.

use super::{Check, Findings, PodSubject, Rule, ServiceAccountSubject};
use crate::finding::{Finding, Severity, quote};
use crate::identity::{Expiration, parse_expiration};
use crate::json::Path;
use crate::keys;

pub(super) const RULE: Rule = Rule {
    name: "token-expiration",
    severity: Severity::Deny,
    checks: &[Check::Template(check_template), Check::ServiceAccount(check_service_account)],
};

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity || subject.identity.expiration.seconds().is_some() {
        return;
    }
    let (path, problem) = match subject.identity.expiration {
        Expiration::Default => return,
        Expiration::Pod(text) => (subject.annotation_path(keys::TOKEN_EXPIRATION), format!("is {}", quote(text))),
        Expiration::ServiceAccount(text) => {
            let (name, key) = (subject.service_account_name(), keys::TOKEN_EXPIRATION);
            let problem = format!("names service account {name}, whose annotation {key} is {}", quote(text));
            (subject.service_account_path(), problem)
        }
    };
    findings.add(Finding { blocks_injection: true, ..finding(path, problem) });
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    let Some(text) = subject.annotations.get(keys::TOKEN_EXPIRATION) else { return };
    if !text.is_empty() && parse_expiration(text).is_none() {
        findings.add(finding(subject.annotation_path(keys::TOKEN_EXPIRATION), format!("is {}", quote(text))));
    }
}

fn finding(path: Path, problem: String) -> Finding {
    Finding::new(RULE.name, path, problem, "it takes whole seconds from 3600 to 86400, e.g. \"3600\"")
}
