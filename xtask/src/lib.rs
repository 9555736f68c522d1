//! Builds the policy as it is published: the guest compiled to WebAssembly, checked, with its Kubewarden metadata inside;
//! and writes the documents that are generated from the code.
//!
//! `cargo xtask build` is the command; [`build_policy`] is the same for tests, benches and demos, so that none of them
//! ever runs a stale module.

#![cfg(not(target_family = "wasm"))]

pub mod annotate;
pub mod artifacthub;
pub mod assumptions;
pub mod capabilities;
mod cargo;
pub mod changelog;
pub mod docs;
pub mod metadata;
pub mod new_rule;
pub mod questions;
pub mod release;
pub mod report_schemas;
pub mod rules_page;
pub mod settings_schema;

use std::{
    fs,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context as _, Result};

pub use crate::cargo::{GUEST_PACKAGE, POLICY_PACKAGE, Workspace};
use crate::metadata::Metadata;

/// Compiles the guest and annotates it; returns the path of the annotated module,
/// `policy/annotated-policy.wasm` inside cargo's target directory.
///
/// # Errors
/// When the guest does not compile, when its metadata cannot be read or disagrees with `Cargo.toml`, or when the module
/// fails a check of [`annotate::annotate`].
pub fn build_policy() -> Result<PathBuf> {
    let workspace = Workspace::locate()?;
    let guest = workspace.build_module(cargo::GUEST_PACKAGE)?;
    let module = fs::read(&guest).with_context(|| format!("cannot read the compiled guest {}", guest.display()))?;
    let metadata = Metadata::of_policy(workspace.root(), workspace.policy_version()?)?;
    let annotated = annotate::annotate(&module, &metadata).with_context(|| format!("in {}", guest.display()))?;

    let path = workspace.target_directory().join("policy").join("annotated-policy.wasm");
    replace_file(&path, &annotated).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Puts a file in place in one step: test processes that run at the same time all build, and each must read a whole module.
fn replace_file(path: &Path, content: &[u8]) -> Result<()> {
    let directory = path.parent().context("the path has no directory")?;
    fs::create_dir_all(directory)?;
    let unfinished = path.with_extension(format!("wasm.{}", process::id()));
    fs::write(&unfinished, content)?;
    fs::rename(&unfinished, path)?;
    Ok(())
}
