//! Subject of a federated credential is wrong.
//!
//! # What it finds
//!
//! A federated credential (an object of Azure Service Operator or Crossplane) whose subject is not
//! `system:serviceaccount:NAMESPACE:NAME`, although it begins like that or its issuer is a cluster: the one of the setting `issuer`,
//! or an AKS or Arc cluster.
//!
//! If the issuer is the one of the setting `issuer`, a subject that names a service account that does not exist is a warning, and one
//! without a client id is a note. The service accounts of other clusters cannot be looked up. Subjects of other issuers, such as
//! GitHub, are not checked.
//!
//! # Why it matters
//!
//! Entra ID compares the subject of the token with it exactly, without wildcards. Each request for a token fails with AADSTS700213.
//!
//! # Example
//!
//! `subject: system:serviceaccount:shop/web`
//!
//! # Fix
//!
//! Write namespace and name of the service account as they are in the cluster: `subject: system:serviceaccount:shop:web`.

use super::accounts::missing;
use super::{Check, FederatedCredentialSubject, Rule};
use crate::assumption::{Assumption, Assumptions};
use crate::cluster::LookupError;
use crate::finding::{Finding, Findings, quote};

pub(super) const RULE: Rule = Rule::new(&[Check::FederatedCredential(check)]);

fn check(subject: &FederatedCredentialSubject<'_>, findings: &mut Findings) {
    let Some(claim) = &subject.credential.subject else { return };
    let path = || subject.path_of(claim.value);
    let Some(account) = subject.service_account else {
        findings.add_resting_on(Assumptions::of_value(&claim.text), || {
            subject.finding(claim, "", "it requires system:serviceaccount:NAMESPACE:NAME")
        });
        return;
    };
    if !subject.is_of_this_cluster {
        return;
    }
    match account.get() {
        Err(error @ (LookupError::Missing | LookupError::Unknown)) => {
            findings
                .add_resting_on(Assumption::Absence, || missing(error, path(), account.namespace(), account.name()));
        }
        Ok(found) if found.usable_client_id().is_none() => findings.add_resting_on(Assumption::Application, || {
            let problem = ["names service account ", &quote(account.name()), ", which has no client id"].concat();
            Finding::at(path(), problem, "annotate it, unless its users name the client id themselves")
        }),
        _ => {}
    }
}
