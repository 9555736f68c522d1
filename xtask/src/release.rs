//! What a release consists of, checked and laid out in a folder; `.github/workflows/release.yml` signs and publishes it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    artifacthub::{self, RELEASED_MODULE},
    build_policy,
    cargo::Workspace,
    changelog::{self, Changelog},
    docs,
    metadata::{Metadata, SOURCE_ANNOTATION, TITLE_ANNOTATION},
};

/// Checks that the repository is ready to be released as `tag`, and writes into `directory`: the annotated module, the release
/// notes (the changelog's section), the manifest for krew without its checksums, and in `artifacthub/` what is to be pushed to the
/// branch of that name. Returns the paths of the files.
///
/// # Errors
/// When the tag is not `v` and the version of `Cargo.toml`, when the changelog has no section with a date for it, when a
/// generated file is stale, or when the module cannot be built.
pub fn lay_out(tag: &str, directory: &Path) -> Result<Vec<PathBuf>> {
    let workspace = Workspace::locate()?;
    let version = workspace.policy_version()?;
    let changelog = workspace.read(changelog::FILE)?;
    let notes = notes(tag, &version, &changelog)?;
    let stale = docs::stale()?;
    ensure!(stale.is_empty(), "stale: {}; run `cargo xtask docs` and commit what it writes", stale.join(", "));

    let metadata = Metadata::of_policy(workspace.root(), &version)?;
    let source = metadata.annotation(SOURCE_ANNOTATION)?;
    let name = metadata.annotation(TITLE_ANNOTATION)?;
    let readme = artifacthub::readme(&workspace.read("README.md")?, source, &version);
    let module = fs::read(build_policy()?).context("cannot read the built module")?;

    let artifact_hub = directory.join("artifacthub");
    let package = artifact_hub.join(name).join(&version);
    let files = [
        (directory.join(RELEASED_MODULE), module),
        (directory.join("release-notes.md"), notes.into_bytes()),
        (directory.join("krew.yaml"), workspace.read("cli/krew.yaml")?.into_bytes()),
        (artifact_hub.join("artifacthub-repo.yml"), workspace.read(artifacthub::OWNERS_FILE)?.into_bytes()),
        (package.join("artifacthub-pkg.yml"), workspace.read(artifacthub::FILE)?.into_bytes()),
        (package.join("README.md"), readme.into_bytes()),
    ];
    fs::create_dir_all(&package).with_context(|| format!("cannot create {}", package.display()))?;
    for (path, content) in &files {
        fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// The release notes of a version that is ready to be released.
fn notes(tag: &str, version: &str, changelog: &str) -> Result<String> {
    ensure!(tag == format!("v{version}"), "the tag is {tag}, but Cargo.toml has version {version}: make it v{version}");
    let changelog = Changelog::parse(changelog).with_context(|| format!("in {}", changelog::FILE))?;
    let release = changelog.release(version);
    let release =
        release.with_context(|| format!("{} has no heading `## [{version}] - YYYY-MM-DD`", changelog::FILE))?;
    Ok(format!("{}\n", release.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [1.2.3] - 2026-12-24\n\n- now\n";

    #[test]
    fn the_notes_are_the_changelogs_section_of_the_version() {
        assert_eq!(notes("v1.2.3", "1.2.3", CHANGELOG).unwrap(), "- now\n");
    }

    #[test]
    fn a_tag_of_another_version_is_refused() {
        let error = notes("v1.2.4", "1.2.3", CHANGELOG).unwrap_err();

        assert_eq!(error.to_string(), "the tag is v1.2.4, but Cargo.toml has version 1.2.3: make it v1.2.3");
    }

    #[test]
    fn a_version_that_the_changelog_does_not_have_is_refused() {
        let error = notes("v1.3.0", "1.3.0", CHANGELOG).unwrap_err();

        assert_eq!(error.to_string(), "CHANGELOG.md has no heading `## [1.3.0] - YYYY-MM-DD`");
    }
}
