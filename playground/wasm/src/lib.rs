//! The policy over files for JavaScript.
//!
//! Thin on purpose: it reads what the page sends, asks `azure-workload-identity-lint` and
//! `azure-workload-identity-trace`, and gives the answers as typed objects. The types of TypeScript are generated from `interface`.
//!
//! ```text
//! interface   what goes in and out
//! workspace   the questions
//! convert     answers of the library as answers of the interface: above all, bytes as UTF-16 offsets
//! bindings    the class for JavaScript
//! ```

pub mod bindings;
mod convert;
pub mod interface;
mod workspace;

pub use workspace::Workspace;
