//! The rules that only files can break: one rule, one file, with its documentation.

pub mod federated_credential_duplicate;
pub mod federated_credential_limit;
pub(crate) mod repeated_key;
pub mod service_account_unused;
pub(crate) mod suppression_reason;
pub(crate) mod unused_suppression;
pub(crate) mod wrong_type;
