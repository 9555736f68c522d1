//! The policy over files: the same findings as at admission, with the line, the correction as a text change, and a preview of what
//! admission would inject.
//!
//! A library without I/O and without threads: it also runs in a browser. How data flows, module by module:
//!
//! ```text
//! text -> source      a named text, and the line and column of a position in it
//!      -> yaml        the JSON of each YAML document, with the origin of each JSON node in the text
//!      -> file        the objects of a file (manifest: whether what cannot be read is meant to hold some)
//!      -> set         the files together: their service accounts (accounts) and RBAC objects (access) are the cluster
//!      -> check       what the rules of the policy find in each object; what files cannot tell is a note
//!                     (rules: what only files can break; other_kinds: objects that may hand labels to pods)
//!      -> diagnose    findings with their places (place) and corrections (correction), without what comments suppress (suppressions)
//!      -> report      ready to be rendered
//!      -> answers     what kubectl prints for each object
//!      -> chain       from what runs to the federated credential that Entra ID compares its token with
//! changes -> edit     changes of the JSON as changes of the text in which a person wrote it
//!      -> fix         files after the corrections that a check offers
//!      -> preview     what admission would inject, as changes of the text
//! cluster -> why      what runs, as a cluster tells it: why a pod has its identity or none
//! ```

mod access;
mod accounts;
pub mod answers;
pub mod chain;
mod check;
mod correction;
mod diagnose;
mod draft;
pub mod edit;
mod file;
pub mod fix;
mod manifest;
mod members;
mod objects;
mod options;
mod other_kinds;
mod partial;
mod place;
pub mod preview;
mod previews;
pub mod rendered;
pub mod report;
pub mod rule;
mod rules;
mod set;
pub mod settings;
pub mod source;
mod state;
mod suppressions;
pub mod why;
mod workers;
pub mod yaml;

pub use check::check;
pub use file::File;
pub use objects::{TypedObject, objects};
pub use options::{IsIgnored, Options};
pub use previews::{FilePreview, NamedPod, previews};
pub use state::ClusterState;
pub use workers::{OneThread, Workers};
