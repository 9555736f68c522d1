//! Audience of a federated credential is wrong.
//!
//! # What it finds
//!
//! A federated credential for a service account (an object of Azure Service Operator or Crossplane) whose list of audiences is missing or
//! not exactly the audience of the tokens: `api://AzureADTokenExchange`, or `inject.audience` in the settings. Without `inject`, the
//! audiences of Azure Government and of Azure operated by 21Vianet are accepted too. The rule does not check credentials for other
//! issuers, such as GitHub.
//!
//! # Why it matters
//!
//! Entra ID accepts one audience for each credential, and compares it exactly, including case. With another audience, each
//! request for a token fails with AADSTS700212.
//!
//! # Example
//!
//! `audiences: ["api://azureadtokenexchange"]`
//!
//! # Fix
//!
//! Set the list to the audience of the tokens: `audiences: ["api://AzureADTokenExchange"]`.

use super::repairs::replace_string;
use super::{Check, FederatedCredentialSubject, Rule};
use crate::assumption::Assumptions;
use crate::clouds::cloud_of_audience;
use crate::finding::{Finding, Findings, Repair, quote};
use crate::json::{Changes, string};
use crate::settings::DEFAULT_AUDIENCE;

pub(super) const RULE: Rule = Rule::new(&[Check::FederatedCredential(check)]);

fn check(subject: &FederatedCredentialSubject<'_>, findings: &mut Findings) {
    let inject = subject.settings.inject.as_ref();
    let expected = inject.map_or(DEFAULT_AUDIENCE, |inject| &inject.audience);
    let fix = || ["it requires ", &quote(expected), " alone, the audience of the tokens"].concat();
    let Some(audiences) = &subject.credential.audiences else {
        if let Some((holder, key)) = subject.credential.without_audiences() {
            findings.add(|| Finding::at(subject.path_of(holder).key(key), "is not set", fix()));
        }
        return;
    };
    match audiences.claims.as_slice() {
        [claim] if claim.text == expected || (inject.is_none() && cloud_of_audience(&claim.text).is_some()) => {}
        [claim] => findings.add_resting_on(Assumptions::of_value(&claim.text), || {
            subject.finding(claim, "", &fix()).repair(|| {
                // Any other text may be the audience of another token.
                let is_near = claim.text.trim().trim_end_matches('/').eq_ignore_ascii_case(expected);
                Repair::safe(replace_string(Some(claim.value).filter(|_| is_near), expected))
            })
        }),
        claims => findings.add(|| {
            let problem = if claims.is_empty() { "is empty" } else { "has several elements" };
            Finding::at(subject.path_of(audiences.list), problem, fix()).repair(|| {
                let mut changes = Changes::default();
                if claims.iter().any(|claim| claim.text == expected) {
                    changes.replace(audiences.list, ["[", &string(expected), "]"].concat());
                }
                // Which of them the tokens have is up to the cluster, unless the settings say it.
                Repair::safe_if(inject.is_some(), changes)
            })
        }),
    }
}
