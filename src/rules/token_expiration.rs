//! Token expiration is not a number of seconds from 3600 to 86400.
//!
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

use super::{Check, PodSubject, Rule, ServiceAccountSubject};
use crate::assumption::Assumptions;
use crate::finding::{Finding, Findings, quote};
use crate::identity::{Expiration, parse_expiration};
use crate::keys;

pub(super) const RULE: Rule =
    Rule::new(&[Check::Template(check_template), Check::ServiceAccount(check_service_account)]).guarding_injection();

const FIX: &str = "it requires whole seconds from 3600 to 86400, e.g. \"3600\"";

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity {
        return;
    }
    let expiration = subject.identity.expiration();
    if expiration.seconds().is_some() {
        return;
    }
    findings.add_resting_on(Assumptions::of_value(expiration.text().unwrap_or_default()), || {
        match expiration {
            Expiration::ServiceAccount(text) => subject.finding_about_annotation(keys::TOKEN_EXPIRATION, text, FIX),
            Expiration::Pod(_) | Expiration::Default => {
                let text = quote(expiration.text().unwrap_or_default());
                Finding::at(subject.annotation_path(keys::TOKEN_EXPIRATION), format!("is {text}"), FIX)
            }
        }
        .blocks_injection()
    });
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    let Some(text) = subject.annotations.get(keys::TOKEN_EXPIRATION) else { return };
    if !text.is_empty() && parse_expiration(text).is_none() {
        findings.add_resting_on(Assumptions::of_value(text), || {
            Finding::at(subject.annotation_path(keys::TOKEN_EXPIRATION), format!("is {}", quote(text)), FIX)
        });
    }
}
