//! From what runs to what Entra ID compares: label, service account, client, tenant, and the federated credential with the issuer,
//! subject and audience of the token.
//!
//! A library without I/O and without threads: it also runs in a browser.
//!
//! ```text
//! files of Azure     -> azure   what Azure has, from every source, in one form
//! files, azure       -> chain   the chains of all service accounts that something in the files uses
//! cluster            -> why     why a pod that runs has its identity or none, as the cluster tells it
//! ```

pub mod azure;
pub mod chain;
pub mod why;
