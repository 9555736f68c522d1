//! `cargo oci` against real registries, built from their Go modules and served on this machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "helpers of tests fail as tests do"
)]

mod kwctl;
mod layout;
mod pushing;
mod referrers;
mod reproducible;
mod sbom;
mod support;
mod verifying;
