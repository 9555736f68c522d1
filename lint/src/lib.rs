//! The policy over files: the same findings as at admission, with the line, the correction as a text change, and a preview of what
//! admission would inject.
//!
//! A library without I/O and without threads: it also runs in a browser. How data flows, module by module:
//!
//! ```text
//! text -> kubernetes_manifests    the JSON of each document, with the origin of each JSON node in the text
//!      -> file        the objects of a file
//!      -> kustomization    what kustomizations do to the files that they name
//!      -> set         the files together: their service accounts (accounts) and RBAC objects (access) are the cluster
//!                     (partial: objects of which a file has only a part)
//!      -> check       what the rules of the policy find in each object; what files cannot tell is a note
//!                     (rules: what only files can break; other_kinds: objects that may hand labels to pods;
//!                      values: what charts and the like make objects of;
//!                      concern: which objects have to do with identities; consumers, identities: kinds that use and make them)
//!      -> diagnose    findings with their places and corrections (correction), without what comments suppress (suppressions);
//!                     what may be a secret is not shown (secrets)
//!      -> report      ready to be rendered, and to be given to programs (v1)
//!      -> answers     what kubectl prints for each object
//!      -> fix         files after the corrections that a check offers
//!      -> preview     what admission would inject, as changes of the text
//! ```

pub mod access;
pub mod accounts;
pub mod answers;
pub mod certainty;
pub mod check;
mod concern;
pub mod consumers;
mod correction;
pub mod diagnose;
mod draft;
pub mod file;
pub mod fix;
mod fragments;
pub mod identities;
pub mod kustomization;
mod options;
mod other_kinds;
mod partial;
pub mod preview;
mod previews;
pub mod report;
pub mod rule;
pub mod rules;
pub mod secrets;
pub mod set;
pub mod settings;
mod state;
pub mod suppressions;
pub mod v1;
mod values;
mod workers;

pub use check::check;
pub use file::File;
pub use kubernetes_manifests::{Opened, TypedObject, edit, objects, rendered, source, yaml};
pub use options::{IsIgnored, Options};
pub use previews::{FilePreview, NamedPod, previews};
pub use state::ClusterState;
pub use workers::{OneThread, Workers};

use kubernetes_manifests::{manifest, members, opened, place};
