//! The licences of the crates that are compiled into the module, with their texts: whoever publishes the page has to pass them on.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};
use xtask::Workspace;

/// The licences of what is compiled into the module of a package, as Markdown, in the form in which Vite writes those of the JavaScript.
///
/// # Errors
/// When cargo fails, or a crate has no licence or no text of it.
pub fn markdown(workspace: &Workspace, package: &str) -> Result<String> {
    let metadata =
        MetadataCommand::new().current_dir(workspace.root()).other_options(["--locked".to_owned()]).exec()?;
    let mut text = String::from(
        "# Licences\n\nThe module contains these crates, and the standard library of Rust (MIT OR Apache-2.0).\n",
    );
    for (name, version) in crates(workspace, package)? {
        let (licence, folder) =
            found(&metadata, &name, &version).with_context(|| format!("{name} {version} has no licence"))?;
        writeln!(text, "\n## {name} - {version} ({licence})")?;
        for file in texts(&folder).with_context(|| format!("the licence of {name} {version} cannot be read"))? {
            writeln!(text, "\n{}", fs::read_to_string(file)?.trim())?;
        }
    }
    Ok(text)
}

/// The names and versions of the crates, without those of this repository.
fn crates(workspace: &Workspace, package: &str) -> Result<BTreeSet<(String, String)>> {
    Ok(workspace.crates_of_module(package, "\t{p}\t")?.lines().filter_map(parse).collect())
}

/// Reads a line of cargo: `serde v1.0.0`, then the folder of a crate that is no published one.
fn parse(line: &str) -> Option<(String, String)> {
    let (name, version) = line.split('\t').nth(1)?.split_once(" v")?;
    (!version.contains(' ')).then(|| (name.to_owned(), version.to_owned()))
}

/// The licence of a crate, and its folder.
fn found(metadata: &Metadata, name: &str, version: &str) -> Option<(String, PathBuf)> {
    let mut packages = metadata.packages.iter();
    let package = packages.find(|it| it.name == name && it.version.to_string() == version)?;
    Some((package.license.clone()?, package.manifest_path.parent()?.into()))
}

/// The files with the text of a licence: that of the MIT licence, if there is a choice.
fn texts(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_licence = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        path.is_file() && ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|start| name.starts_with(start))
    };
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let mut files: Vec<_> = entries.into_iter().filter(is_licence).collect();
    let is_mit = |path: &PathBuf| path.to_string_lossy().to_uppercase().ends_with("MIT");
    if files.iter().any(is_mit) {
        files.retain(is_mit);
    }
    files.sort();
    anyhow::ensure!(!files.is_empty(), "there is no file LICENSE");
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_this_repository_are_left_out() {
        assert_eq!(parse("1\tserde v1.0.0\t"), Some(("serde".into(), "1.0.0".into())));
        assert_eq!(parse("2\tserde v1.0.0\t (*)"), Some(("serde".into(), "1.0.0".into())));
        assert_eq!(parse("1\tazure-workload-identity-lint v0.1.0 (lint)\t"), None);
    }

    #[test]
    fn each_crate_is_there_with_the_text_of_its_licence() {
        let text = markdown(&Workspace::locate().unwrap(), crate::module::PACKAGE).unwrap();
        for name in ["granit-parser", "serde_json", "sha2", "wasm-bindgen"] {
            let section = text.split("\n## ").find(|section| section.starts_with(&format!("{name} - "))).unwrap();
            assert!(section.len() > 500, "{section}");
        }
        // They only run while the module is compiled.
        assert!(!text.contains("\n## wasm-bindgen-macro - ") && !text.contains("\n## syn - "));
    }
}
