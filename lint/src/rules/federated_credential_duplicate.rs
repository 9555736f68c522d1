//! # What it finds
//!
//! A federated credential with the issuer and subject of another one of the same identity. Only `azwi-check chain` looks for it.
//!
//! # Why it matters
//!
//! Azure refuses the second credential: issuer and subject have to be unique on an identity. What creates it, for example an operator
//! or Terraform, fails each time it tries.
//!
//! # Example
//!
//! Two `FederatedIdentityCredential` objects of one owner, `shop-api` and `api`, both with the subject
//! `system:serviceaccount:shop:api` and the same issuer.
//!
//! # Fix
//!
//! Remove one of them, or correct its subject.

use std::collections::HashMap;

use azure_workload_identity_policy::finding::quote;

use crate::chain::Credential;

/// Pairs of credentials of one identity: one, and a later one with the same issuer and subject.
pub(crate) fn check<'c>(credentials: &[&'c Credential]) -> Vec<(&'c Credential, &'c Credential)> {
    let mut firsts = HashMap::new();
    let mut pairs = Vec::new();
    for credential in credentials {
        if let (Some(issuer), Some(subject)) = (credential.issuer.text(), credential.subject.text()) {
            let first = *firsts.entry((issuer, subject)).or_insert(*credential);
            if !std::ptr::eq(first, *credential) {
                pairs.push((first, *credential));
            }
        }
    }
    pairs
}

/// What is wrong, and what to do.
pub(crate) fn words(identity: &str, first: &Credential) -> (String, String) {
    let name = quote(&first.object.name);
    (
        format!("is that of federated credential {name} of identity {identity}, with the same issuer"),
        "remove one of the two, or correct its subject".to_owned(),
    )
}
