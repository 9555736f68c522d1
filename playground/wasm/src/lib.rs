//! The policy over files for JavaScript.
//!
//! Thin on purpose: it reads what the page sends, asks `azure-workload-identity-lint` and
//! `azure-workload-identity-trace`, and gives their reports as typed objects. The types of TypeScript are generated from those of the
//! libraries and from `interface`.
//!
//! ```text
//! interface   what goes in, and what comes out besides reports
//! workspace   the questions
//! bindings    the class for JavaScript
//! ```

pub mod bindings;
pub mod interface;
mod workspace;

pub use workspace::Workspace;
