//! Issuer of a federated credential is wrong.
//!
//! # What it finds
//!
//! A federated credential for a service account (an object of Azure Service Operator or Crossplane) whose issuer
//!
//! - is not an https URL, or one whose host Entra ID cannot reach: `kubernetes.default.svc`, `localhost`, a private address,
//! - is the URL of the discovery document, `…/.well-known/openid-configuration`,
//! - is the issuer of an AKS or Arc cluster without the slash at its end, or
//! - with the setting `issuer`: differs from it only in the slash at its end, the scheme or case, or is another issuer although the
//!   service account exists in this cluster and has a client id.
//!
//! Without the setting, the findings are warnings. The rule does not check credentials for other issuers, such as GitHub, and not the
//! credential of an identity binding (`https://ib.oic.prod-aks.azure.com/…`, without a slash), which AKS keeps.
//!
//! # Why it matters
//!
//! Entra ID compares the issuer of the token with it exactly, since early 2026 including the slash
//! ([#1700](https://github.com/Azure/azure-workload-identity/issues/1700)). Each request for a token fails with AADSTS700211. A
//! cluster that was created anew has another issuer.
//!
//! # Example
//!
//! `issuer: https://westeurope.oic.prod-aks.azure.com/00000000-…/11111111-…`
//!
//! # Fix
//!
//! Copy the issuer from the cluster: `az aks show --name NAME --resource-group GROUP --query oidcIssuerProfile.issuerUrl`, for Arc `az
//! connectedk8s show` with the same query, or `kubectl get --raw /.well-known/openid-configuration`.

use super::repairs::replace_string;
use super::{Check, FederatedCredentialSubject, Rule};
use crate::assumption::{Assumption, Assumptions};
use crate::finding::{Findings, Repair};
use crate::issuer::{Issuer, IssuerFault};
use crate::placeholder::has_placeholder;

pub(super) const RULE: Rule = Rule::new(&[Check::FederatedCredential(check)]);

/// The end of a problem.
const NO_SLASH: &str = " without a slash at its end";

/// The end of a fix.
const EXACTLY: &str = "; Entra ID compares it exactly";

/// What makes an issuer one that Entra ID can reach.
const PUBLISH: &str = "publish the discovery document and the keys at a public https URL, and set --service-account-issuer of the API server to it";

fn check(subject: &FederatedCredentialSubject<'_>, findings: &mut Findings) {
    let Some(claim) = &subject.credential.issuer else { return };
    let (text, own) = (claim.text.as_ref(), subject.settings.issuer.as_deref());
    // Service accounts of the same name may be in several clusters, each with a credential of its own.
    let is_for_account_here = || {
        let account = subject.service_account.and_then(|account| account.get().ok());
        account.is_some_and(|account| account.usable_client_id().is_some())
    };
    let issuer = Issuer::new(text);
    let (problem, fix, right) = match (own, issuer.fault()) {
        (Some(own), _) if own == text => return,
        (Some(own), _) if subject.is_of_this_cluster => {
            // Messages cut long values.
            let problem = if own.strip_suffix('/') == Some(text) { NO_SLASH } else { "" };
            (problem, ["write ", own, EXACTLY].concat(), Some(own.to_owned()))
        }
        (_, Some(IssuerFault::NotHttps)) => {
            ("", "it requires the https URL that the cluster reports as its issuer".to_owned(), None)
        }
        (_, Some(IssuerFault::Discovery)) => (
            ", the URL of the discovery document",
            "leave out its end, /.well-known/openid-configuration".to_owned(),
            None,
        ),
        (_, Some(_)) => (", which Entra ID cannot reach", PUBLISH.to_owned(), None),
        _ if issuer.lacks_slash() => {
            // A placeholder may bring the slash.
            let right = (cfg!(feature = "repairs") && !has_placeholder(text)).then(|| [text, "/"].concat());
            (NO_SLASH, ["add it", EXACTLY].concat(), right)
        }
        (Some(own), _) if is_for_account_here() => {
            ("", ["it requires ", own, ", the issuer of this cluster"].concat(), None)
        }
        _ => return,
    };
    let rests_on = if own.is_some() { Assumptions::NONE } else { Assumption::Issuer.into() };
    findings.add_resting_on(rests_on.and(Assumptions::of_value(text)), || {
        subject
            .finding(claim, problem, &fix)
            // The settings name the issuer, or Azure ends it with a slash: there is one right text.
            .repair(|| {
                let value = right.as_ref().map(|_| claim.value);
                Repair::safe(replace_string(value, right.as_deref().unwrap_or_default()))
            })
    });
}
