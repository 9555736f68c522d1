//! Nothing uses the subject that a federated credential trusts.
//!
//! # What it finds
//!
//! A federated credential for tokens of this cluster whose subject is a service account that nothing in the files uses, although the files
//! have objects of its namespace. Only `azwi-check chain` looks for it, and only with the issuer of the cluster.
//!
//! # Why it matters
//!
//! The identity trusts a service account that any pod of the namespace may run as. If nothing uses it, the trust is a risk without a
//! purpose, or the subject is misspelt.
//!
//! # Example
//!
//! A credential with the subject `system:serviceaccount:shop:apis`, and a Deployment that runs as `api` in the namespace `shop`.
//!
//! # Fix
//!
//! Correct the subject, or delete the credential. If its pods are in another repository, give it too, or suppress the finding.

/// What is wrong, and what to do.
pub fn words(subject: &str) -> (String, String) {
    (
        format!("trusts {subject:?}, which nothing in the files uses"),
        "correct the subject, or delete the credential if nothing else uses it".to_owned(),
    )
}
