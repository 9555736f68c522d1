//! The module for the browser: compiled, and with the JavaScript and TypeScript that call it.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;
use xtask::Workspace;

use crate::licences;

/// The package that is compiled.
pub const PACKAGE: &str = "azure-workload-identity-playground";

/// The profile of `Cargo.toml` with which it is compiled.
const PROFILE: &str = "playground";

/// In place of the flags for the guest, which inline more than this profile does. SHA-256 hashes fingerprints, and is in its compact
/// form.
const FLAGS: [&str; 1] = ["--cfg=sha2_backend_soft=\"compact\""];

/// What the files are called.
const NAME: &str = "playground";

/// The most that the module may have when a server compresses it, in bytes: what a slow connection loads in two seconds.
const MOST_COMPRESSED: usize = 490_000;

/// A module that was built.
#[derive(Debug)]
pub struct Module {
    /// The JavaScript that loads and calls it.
    pub script: PathBuf,
    /// The module.
    pub path: PathBuf,
    size: usize,
    compressed: usize,
}

impl Display for Module {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { path, size, compressed, .. } = self;
        write!(f, "{} ({size} bytes, {compressed} with gzip)", path.display())
    }
}

/// Compiles the module and writes it into `playground/src/wasm`.
///
/// # Errors
/// When it does not compile, is larger than its bound, or contains a crate without the text of its licence.
pub fn build(workspace: &Workspace) -> Result<Module> {
    let directory = workspace.root().join("playground/src/wasm");
    let compiled = workspace.build_module_with(PACKAGE, PROFILE, &FLAGS)?;
    Bindgen::new()
        .input_path(&compiled)
        .out_name(NAME)
        .web(true)?
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&directory)
        .with_context(|| format!("wasm-bindgen cannot read {}", compiled.display()))?;
    let text = licences::markdown(workspace, PACKAGE)?;
    fs::write(directory.join("licences.md"), text).context("the licences of the module cannot be written")?;
    let path = directory.join(format!("{NAME}_bg.wasm"));
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let (size, compressed) = (bytes.len(), compressed_size(&bytes)?);
    ensure!(
        compressed <= MOST_COMPRESSED,
        "the module has {compressed} bytes with gzip, {} more than the bound of {MOST_COMPRESSED}",
        compressed - MOST_COMPRESSED
    );
    Ok(Module { script: directory.join(format!("{NAME}.js")), path, size, compressed })
}

/// How many bytes a server sends.
fn compressed_size(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
