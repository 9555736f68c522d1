//! Tenant id is neither a GUID nor a domain name.
//!
//! # What it finds
//!
//! An annotation `azure.workload.identity/tenant-id` that is neither a GUID nor a domain name. This includes an empty
//! annotation, which overrides the tenant of the cluster. Also such a value in variable `AZURE_TENANT_ID` of a container with an
//! identity, unless it is empty. A variable such as `${TENANT_ID}` is accepted in a file but not
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

use super::ids::check_variables;
use super::{Check, PodSubject, Rule, ServiceAccountSubject};
use crate::assumption::Assumptions;
use crate::finding::{Finding, Findings, quote};
use crate::ids::is_tenant_id;
use crate::keys;

pub(super) const RULE: Rule =
    Rule::new(&[Check::Template(check_template), Check::ServiceAccount(check_service_account)]);

const FIX: &str = "it requires the tenant's GUID or domain name; remove it to use the cluster's tenant";

fn check_template(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !subject.wants_identity {
        return;
    }
    check_variables(subject, findings, keys::ENV_TENANT_ID, is_tenant_id, FIX);
    let id = subject.identity.service_account().and_then(|account| account.tenant_id.as_deref());
    if let Some(id) = id.filter(|id| !is_tenant_id(id)) {
        findings.add_resting_on(Assumptions::of_value_that_is(is_tenant_id, id), || {
            subject.finding_about_annotation(keys::TENANT_ID, id, FIX)
        });
    }
}

fn check_service_account(subject: &ServiceAccountSubject<'_>, findings: &mut Findings) {
    if let Some(id) = subject.annotations.get(keys::TENANT_ID).filter(|id| !is_tenant_id(id)) {
        findings.add_resting_on(Assumptions::of_value_that_is(is_tenant_id, id), || {
            Finding::at(subject.annotation_path(keys::TENANT_ID), format!("is {}", quote(id)), FIX)
        });
    }
}
