//! Variable for the credentials of SDKs leaves workload identity out.
//!
//! # What it finds
//!
//! A container of a pod with an identity that sets `AZURE_TOKEN_CREDENTIALS` to `dev`, to the name of a credential other than
//! `WorkloadIdentityCredential` and `ManagedIdentityCredential`, or to what is no such name. `prod` and `WorkloadIdentityCredential`
//! are right. `ManagedIdentityCredential` is accepted: the SDKs for Java, JavaScript and Python exchange the token in it too.
//!
//! The variables that the SDKs read were gone through in azidentity v1.15.0 (Go), azure-identity 1.27.0 (Python), 1.18.1 (Java) and
//! 4.13.1 (JavaScript), and MSAL for Go v1.10.1, Python 1.39.0 and Node 7.2.3. Those of static credentials have the rule
//! `static-credentials`, those of endpoints and regions (`AZURE_REGIONAL_AUTHORITY_NAME`, `MSAL_FORCE_REGION`) `endpoint-override`, those
//! of ids `client-override`. These are left: `AZURE_ADDITIONALLY_ALLOWED_TENANTS` and `AZURE_IDENTITY_DISABLE_MULTITENANTAUTH` widen
//! or narrow what an application may ask for; `AZURE_CLIENT_SEND_CERTIFICATE_CHAIN` concerns certificates; `IDENTITY_ENDPOINT`,
//! `MSI_ENDPOINT`, `IMDS_ENDPOINT` and `AZURE_POD_IDENTITY_AUTHORITY_HOST` concern managed identities, which come after workload
//! identity; `REGION_NAME` counts only for an application that asks MSAL to find the region.
//!
//! # Why it matters
//!
//! `DefaultAzureCredential` then never tries workload identity, or does not start. The pod has its identity, and its application gets
//! no token.
//!
//! # Example
//!
//! `env: [{name: AZURE_TOKEN_CREDENTIALS, value: dev}]`
//!
//! # Fix
//!
//! Remove the variable, or set it to `WorkloadIdentityCredential`.

use super::repairs::remove_variable;
use super::{Check, PodSubject, Rule};
use crate::assumption::Assumptions;
use crate::finding::{Finding, Findings, Repair};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

/// The values with which workload identity is tried, in lower case: SDKs other than Go's compare all of them without case and blanks
/// around them. Source: azidentity v1.15.0, `default_azure_credential.go`; azure-identity 1.27.0 for Python,
/// `_internal/utils.py`; 1.18.1 for Java, `DefaultAzureCredentialBuilder`; 4.13.1 for JavaScript, `defaultAzureCredential.ts`.
const WITH_WORKLOAD_IDENTITY: [&str; 4] = ["", "prod", "workloadidentitycredential", "managedidentitycredential"];

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let name = keys::ENV_TOKEN_CREDENTIALS;
    if !subject.wants_identity {
        return;
    }
    for (position, container) in subject.pod.all_containers().enumerate() {
        // Most containers do not set it.
        if !container.env.iter().any(|variable| variable.name == name) {
            continue;
        }
        let Some(container) = subject.container(position).filter(|container| container.takes_part) else { continue };
        let variable = container.environment.get(name);
        let (Some(entry), Some(text)) = (variable.entry, variable.text()) else { continue };
        if WITH_WORKLOAD_IDENTITY.iter().any(|value| value.eq_ignore_ascii_case(text.trim())) {
            continue;
        }
        findings.add_resting_on(Assumptions::of_value(text), || {
            let problem = ["sets ", name, " so that SDKs never try workload identity"].concat();
            let fix = "remove the variable, or write WorkloadIdentityCredential";
            Finding::at(subject.path_of(entry.object), problem, fix)
                .repair(|| Repair::safe_if(false, remove_variable(container.container, entry.object)))
        });
    }
}
