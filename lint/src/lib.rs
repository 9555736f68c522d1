//! The policy over files: the same findings as at admission, with the line, the correction as a text change, and a preview of what
//! admission would inject.
//!
//! A library without I/O and without threads: it also runs in a browser. How data flows, module by module:
//!
//! ```text
//! text -> kubernetes_manifests    the JSON of each document, with the origin of each JSON node in the text
//!      -> file        the objects of a file
//!      -> set         the files together: their service accounts (accounts) and RBAC objects (access) are the cluster
//!      -> check       what the rules of the policy find in each object; what files cannot tell is a note
//!                     (rules: what only files can break; other_kinds: objects that may hand labels to pods)
//!      -> diagnose    findings with their places and corrections (correction), without what comments suppress (suppressions)
//!      -> report      ready to be rendered
//!      -> answers     what kubectl prints for each object
//!      -> chain       from what runs to the federated credential that Entra ID compares its token with
//!      -> fix         files after the corrections that a check offers
//!      -> preview     what admission would inject, as changes of the text
//! cluster -> why      what runs, as a cluster tells it: why a pod has its identity or none
//! ```

mod access;
mod accounts;
pub mod answers;
pub mod certainty;
pub mod chain;
mod check;
mod correction;
mod diagnose;
mod draft;
mod file;
pub mod fix;
mod options;
mod other_kinds;
pub mod preview;
mod previews;
pub mod report;
pub mod rule;
mod rules;
mod set;
pub mod settings;
mod state;
mod suppressions;
pub mod why;
mod workers;

pub use check::check;
pub use file::File;
pub use kubernetes_manifests::{TypedObject, edit, objects, rendered, source, yaml};
pub use options::{IsIgnored, Options};
pub use previews::{FilePreview, NamedPod, previews};
pub use state::ClusterState;
pub use workers::{OneThread, Workers};

use kubernetes_manifests::{manifest, members, partial, place};
