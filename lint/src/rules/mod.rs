//! The rules that only files can break: one rule, one file, with its documentation.

pub(crate) mod consumer_settings;
pub mod federated_credential_duplicate;
pub mod federated_credential_limit;
pub mod federated_credential_unused;
pub(crate) mod repeated_key;
pub mod service_account_unused;
pub(crate) mod suppression_reason;
pub(crate) mod unused_suppression;
pub(crate) mod wrong_type;
