//! Identity trusts one issuer and subject twice.
//!
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

/// Pairs of credentials of one identity, by their numbers: one, and a later one with the same issuer and subject. What is not known is
/// `None`.
pub fn check<'c>(trusted: impl Iterator<Item = Option<(&'c str, &'c str)>>) -> Vec<(usize, usize)> {
    let mut firsts = HashMap::new();
    let mut pairs = Vec::new();
    for (number, trusted) in trusted.enumerate() {
        let first = trusted.map(|trusted| *firsts.entry(trusted).or_insert(number));
        pairs.extend(first.filter(|first| *first != number).map(|first| (first, number)));
    }
    pairs
}

/// What is wrong, and what to do. `first` is the name of the other credential.
pub fn words(identity: &str, first: &str) -> (String, String) {
    (
        format!("is that of federated credential {} of identity {identity}, with the same issuer", quote(first)),
        "remove one of the two, or correct its subject".to_owned(),
    )
}
