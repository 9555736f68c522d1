//! Identity has more federated credentials than Azure allows.
//!
//! # What it finds
//!
//! An identity with more than 20 federated credentials. Only `azwi-check chain` looks for it, since the credentials of an identity are
//! rarely in one file. Credentials belong to one identity by the owner of the object (Azure Service Operator, Crossplane), by the id in
//! the output of `az`, or by the parent in a Terraform state or plan.
//!
//! # Why it matters
//!
//! Azure allows 20 federated credentials for an application or managed identity. The next one is refused when it is created, and its
//! pods get no token.
//!
//! # Example
//!
//! A managed identity that each of 25 clusters trusts, with a credential for each.
//!
//! # Fix
//!
//! Give some of the service accounts an identity of their own, or remove credentials of clusters that no longer exist.

/// Azure's limit.
const LIMIT: usize = 20;

/// The first credential of an identity that is over the limit, and how many it has.
pub fn check<C: Copy>(credentials: &[C]) -> Option<(C, usize)> {
    credentials.get(LIMIT).map(|over| (*over, credentials.len()))
}

/// What is wrong, and what to do.
pub fn words(identity: &str, count: usize) -> (String, String) {
    (
        format!("identity {identity} has {count} federated credentials, and Azure allows {LIMIT}"),
        "use another identity for some of the service accounts, or remove credentials that are not used".to_owned(),
    )
}
