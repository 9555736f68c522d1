//! # What it finds
//!
//! An annotation `azure.workload.identity/tenant-id` that is neither a GUID nor a domain name. This includes an empty
//! annotation, which overrides the tenant of the cluster. A variable such as `${TENANT_ID}` is accepted in a file but not
//! in a cluster.
//!
//! # Why it matters
//!
//! Entra ID does not find the tenant, so the first request for a token fails. With an empty annotation, `AZURE_TENANT_ID`
//! is not injected.
//!
//! # Example
//!
//! `azure.workload.identity/tenant-id: ""`
//!
//! # Fix
//!
//! Set the annotation to the GUID of the tenant (`az account show --query tenantId`), or remove it to use the tenant of the
//! cluster.

use super::client_id_format::{is_real_guid, severity_of};
use super::{Check, Findings, PodSubject, Rule, ServiceAccountSubject};
use crate::finding::{Finding, Severity, quote};
use crate::formats::is_domain_name;
use crate::json::Path;
use crate::keys;

pub(super) const RULE: Rule = Rule {
    name: "tenant-id-format",
    severity: Severity::Deny,
    checks: &[Check::Template(check_template), Check::ServiceAccount(check_service_account)],
};

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(id) = subject.known_service_account().and_then(|account| account.tenant_id.as_deref()) else { return };
    if subject.wants_identity && !is_tenant(id) {
        let (name, key) = (subject.service_account_name(), keys::TENANT_ID);
        let problem = format!("names service account {name}, whose annotation {key} is {}", quote(id));
        findings.add(finding(subject.service_account_path(), problem, id, subject.is_live));
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    if let Some(id) = subject.annotations.get(keys::TENANT_ID).filter(|id| !is_tenant(id)) {
        let path = subject.annotation_path(keys::TENANT_ID);
        findings.add(finding(path, format!("is {}", quote(id)), id, subject.is_live));
    }
}

fn finding(path: Path, problem: String, id: &str, is_live: bool) -> Finding {
    let fix = "it takes the tenant's GUID or domain name; remove it to use the cluster's tenant";
    Finding { at_most: severity_of(id, is_live), ..Finding::new(RULE.name, path, problem, fix) }
}

fn is_tenant(id: &str) -> bool {
    is_real_guid(id) || is_domain_name(id)
}
