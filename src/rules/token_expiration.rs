//! # What it finds
//!
//! An annotation `azure.workload.identity/service-account-token-expiration`, on the pod or on its service account, that is
//! not a whole number of seconds from 3600 to 86400. An empty one counts as absent; a value on the pod hides that of the
//! service account.
//!
//! # Why it matters
//!
//! The pod cannot start: Microsoft's webhook refuses it with `strconv.ParseInt: parsing "1h": invalid syntax`.
//!
//! # Example
//!
//! `azure.workload.identity/service-account-token-expiration: "1h"`
//!
//! # Fix
//!
//! Write whole seconds, in quotes: `"3600"` for an hour, `"86400"` for a day. Leave the annotation out for an hour.

use super::{Findings, Rule, Subject};
use crate::finding::{Finding, Severity, quote};
use crate::identity::Expiration;
use crate::keys;

pub(super) const RULE: Rule = Rule { name: "token-expiration", severity: Severity::Deny, check };

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (path, problem) = match subject.identity.expiration {
        expiration if expiration.seconds().is_some() => return,
        Expiration::Default => return,
        Expiration::Pod(text) => (subject.annotation_path(keys::TOKEN_EXPIRATION), format!("is {}", quote(text))),
        Expiration::ServiceAccount(text) => (
            subject.pod_path(&["spec", "serviceAccountName"]),
            format!(
                "names service account {}, whose annotation {} is {}",
                quote(&subject.service_account_name()),
                keys::TOKEN_EXPIRATION,
                quote(text)
            ),
        ),
    };
    findings.add(Finding {
        blocks_injection: true,
        ..Finding::new(RULE.name, path, problem, "it takes whole seconds from 3600 to 86400, e.g. \"3600\"")
    });
}
