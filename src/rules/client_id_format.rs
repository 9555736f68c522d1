//! Client id is not a GUID.
//!
//! # What it finds
//!
//! An annotation `azure.workload.identity/client-id` that is not a GUID: a placeholder (including zeros), the name of the
//! identity, or a value with spaces or braces around it. An empty or null value is only a warning, on the service account.
//! Also such a value in variable `AZURE_CLIENT_ID` of a
//! container with an identity. A variable such as `${CLIENT_ID}`, `$CLIENT_ID` or
//! `__clientId__` is accepted in a file, where a tool may replace it, but not in a cluster.
//!
//! # Why it matters
//!
//! Entra ID does not find the application. The first request for a token fails with AADSTS700016. An empty value has the
//! same effect as no annotation, and charts write it where no identity is configured.
//!
//! # Example
//!
//! `azure.workload.identity/client-id: my-identity`
//!
//! # Fix
//!
//! Set the annotation to the application (client) id: `az identity show --name NAME --resource-group GROUP --query
//! clientId`.

use super::ids::check_variables;
use super::{Check, PodSubject, Rule, ServiceAccountSubject};
use crate::assumption::Assumptions;
use crate::finding::{Finding, Findings, quote};
use crate::formats::present;
use crate::ids::is_client_id;
use crate::keys;
use crate::rule::Severity;

pub(super) const RULE: Rule =
    Rule::new(&[Check::Template(check_template), Check::ServiceAccount(check_service_account)]);

const FIX: &str = "it requires the application (client) id of the identity, a GUID";

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity {
        return;
    }
    check_variables(subject, findings, keys::ENV_CLIENT_ID, is_client_id, FIX);
    // An empty annotation is the concern of client-id-missing.
    let id = subject.identity.client_id();
    if let Some(id) = id.filter(|id| !is_client_id(id)) {
        findings.add_resting_on(Assumptions::of_value_that_is(is_client_id, id), || {
            subject.finding_about_annotation(keys::CLIENT_ID, id, FIX)
        });
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    let Some(id) = subject.annotations.get(keys::CLIENT_ID) else { return };
    if present(Some(id)).is_none() {
        findings.add_minor(Severity::Warn, || {
            let problem = "is empty, which is the same as no annotation";
            Finding::at(subject.annotation_path(keys::CLIENT_ID), problem, FIX)
        });
    } else if !is_client_id(id) {
        findings.add_resting_on(Assumptions::of_value_that_is(is_client_id, id), || {
            Finding::at(subject.annotation_path(keys::CLIENT_ID), format!("is {}", quote(id)), FIX)
        });
    }
}
