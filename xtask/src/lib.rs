//! Builds the policy as it is published: the guest compiled to WebAssembly, checked, with its Kubewarden metadata inside;
//! and writes the documents that are generated from the code.
//!
//! `cargo xtask build` is the command and [`build_policy`] the same for other programs; tests, benches and the demo run
//! [`policy_under_test`].

#![cfg(not(target_family = "wasm"))]

pub mod annotate;
pub mod artifacthub;
pub mod assumptions;
pub mod capabilities;
mod cargo;
pub mod changelog;
pub mod consumers_page;
pub mod docs;
pub mod metadata;
pub mod new_rule;
pub mod npm;
pub mod questions;
pub mod release;
pub mod report_schemas;
pub mod rules_page;
pub mod settings_schema;
mod wasm_opt;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context as _, Result};

pub use crate::cargo::{GUEST_PACKAGE, POLICY_PACKAGE, Workspace};
use crate::metadata::Metadata;

/// Builds the module as it is published: compiles the guest, has it optimised, and annotates it. Returns the path,
/// `policy/annotated-policy.wasm` inside cargo's target directory.
///
/// # Errors
/// As [`compile_policy`], and when there is no Node.js, which runs the optimiser.
pub fn build_policy() -> Result<PathBuf> {
    let workspace = Workspace::locate()?;
    let guest = workspace.build_module(cargo::GUEST_PACKAGE)?;
    let optimised = workspace.target_directory().join(format!("wasm-opt.{}.wasm", process::id()));
    wasm_opt::optimise(workspace.root(), &guest, &optimised)?;
    let path = annotate_module(&workspace, &optimised, "annotated-policy.wasm")?;
    fs::remove_file(&optimised).with_context(|| format!("cannot remove {}", optimised.display()))?;
    Ok(path)
}

/// Compiles the guest and annotates it, without the optimiser, so that Rust is all it takes. Returns the path of the module.
///
/// # Errors
/// When the guest does not compile, when its metadata cannot be read or disagrees with `Cargo.toml`, or when the module
/// fails a check of [`annotate::annotate`].
pub fn compile_policy() -> Result<PathBuf> {
    let workspace = Workspace::locate()?;
    let guest = workspace.build_module(cargo::GUEST_PACKAGE)?;
    annotate_module(&workspace, &guest, "unoptimised-policy.wasm")
}

/// The module that tests, benches and the demo run: the annotated one that the environment variable `POLICY_MODULE` names by its
/// absolute path, as CI does with the module as it is published; without it, the one that [`compile_policy`] makes of the
/// sources as they are.
///
/// # Errors
/// As [`compile_policy`].
pub fn policy_under_test() -> Result<PathBuf> {
    env::var_os("POLICY_MODULE").map_or_else(compile_policy, |path| Ok(path.into()))
}

fn annotate_module(workspace: &Workspace, module: &Path, name: &str) -> Result<PathBuf> {
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let metadata = Metadata::of_policy(workspace.root(), workspace.policy_version()?)?;
    let annotated = annotate::annotate(&bytes, &metadata).with_context(|| format!("in {}", module.display()))?;

    let path = workspace.target_directory().join("policy").join(name);
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
