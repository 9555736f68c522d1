//! The policy as it lies in a registry: an OCI artefact of one module, the way Kubewarden wants it, with the list of the crates
//! that are in it as a referrer.
//!
//! The same commit gives the same bytes wherever it is built, so whoever has the source can tell whether an artefact is made of
//! it. The digest is also the one that `kwctl push` of the same module gives.

pub mod artefact;
pub mod layout;
pub mod registry;
pub mod sbom;
pub mod verify;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use cargo_metadata::MetadataCommand;

/// The package whose crates are in the module.
pub const POLICY_PACKAGE: &str = "azure-workload-identity-policy";

/// The directory of the workspace that this program was built in.
///
/// # Errors
/// When it is not there any more.
pub fn workspace_root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().with_context(|| format!("the workspace {} is gone", root.display()))
}

/// Where `cargo oci layout` writes and `cargo oci push` reads, unless told otherwise.
///
/// # Errors
/// When cargo does not know its target directory.
pub fn default_layout() -> Result<PathBuf> {
    let metadata = MetadataCommand::new()
        .cargo_path(cargo())
        .current_dir(workspace_root()?)
        .no_deps()
        .exec()
        .context("cannot locate cargo's target directory")?;
    Ok(metadata.target_directory.into_std_path_buf().join("policy").join("oci-layout"))
}

/// The cargo that runs this program, or else the one on the path.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
