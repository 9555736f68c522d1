//! Nothing uses a service account that has an identity.
//!
//! # What it finds
//!
//! A service account with a client id that nothing in the files uses: no pod or workload runs as it, and no object of a kind that uses
//! identities names it. Only `azwi-check chain` looks for it.
//!
//! # Why it matters
//!
//! The identity trusts a service account that any pod of the namespace may run as. If nothing uses it, the trust is a risk without a
//! purpose. Often the name is misspelt in the place where it should be used.
//!
//! # Example
//!
//! Service account `api` with a client id, and a Deployment with `serviceAccountName: apis`.
//!
//! # Fix
//!
//! Correct the name where it is used, or remove the service account and its federated credential. If the pods are in another
//! repository or chart, give both, or suppress the finding.

/// What is wrong, and what to do.
pub fn words() -> (String, String) {
    (
        "gives the service account an identity, but nothing in the files uses the service account".to_owned(),
        "remove it if nothing else does, or correct the name where it is used".to_owned(),
    )
}
