//! The policy in a registry: an OCI artefact of one module, in Kubewarden's format, with the list of the crates
//! that are in it as a referrer.
//!
//! The same commit gives the same bytes wherever it is built, so whoever has the source can tell whether an artefact is made of
//! it. The digest is also the one that `kwctl push` of the same module gives.

pub mod artefact;
pub mod digest;
pub mod layout;
pub mod registry;
pub mod sbom;
pub mod verify;

use std::path::PathBuf;

use xtask::Workspace;

/// Where `cargo oci layout` writes and `cargo oci push` reads, unless told otherwise.
pub fn default_layout(workspace: &Workspace) -> PathBuf {
    workspace.target_directory().join("policy").join("oci-layout")
}
