//! There is one version, that of the policy's package in `Cargo.toml`; whatever else names one agrees with it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::semver::Version;
use serde_json::Value;
use xtask::Workspace;
use xtask::changelog::Changelog;
use xtask::metadata::Metadata;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

fn version() -> Version {
    Workspace::locate().unwrap().policy_version().unwrap().parse().unwrap()
}

#[test]
fn the_metadata_has_the_version_of_the_package() {
    Metadata::of_policy(&root(), version().to_string()).unwrap();
}

#[test]
fn artifact_hub_offers_the_image_and_the_annotated_module_of_the_version() {
    let version = version();
    let package: Value = yaml_serde::from_str(&read("artifacthub/artifacthub-pkg.yml")).unwrap();
    let repository = "azure-workload-identity-policy/azure-workload-identity-policy";

    assert_eq!(package["version"], version.to_string());
    assert_eq!(package["containersImages"][0]["image"], format!("ghcr.io/{repository}:v{version}"));
    assert_eq!(
        package["links"][0]["url"],
        format!("https://github.com/{repository}/releases/download/v{version}/annotated-policy.wasm")
    );
}

#[test]
fn the_changelog_leads_up_to_the_version() {
    let version = version();
    let changelog = read("CHANGELOG.md");
    let changelog = Changelog::parse(&changelog).unwrap();
    let newest = changelog.releases.first().map(|release| &release.version);

    assert!(newest.is_none_or(|newest| *newest <= version), "{version} comes before a release: {newest:?}");
    let is_released = newest == Some(&version);
    assert!(is_released || changelog.has_unreleased, "{version} has no section in CHANGELOG.md");
}

/// What people copy must work: a tag that is not published yet, or an old one, would not.
#[test]
fn pages_refer_to_the_policy_by_the_version() {
    let tag = format!("v{}", version());
    let mut count = 0;
    let pages = ["docs", "deploy"].into_iter().flat_map(|directory| files(&root().join(directory)));
    let others = ["README.md", "SECURITY.md", "artifacthub/artifacthub-pkg.yml"].map(|page| root().join(page));
    let is_picture = |page: &PathBuf| page.extension().is_some_and(|extension| extension == "png");
    for page in pages.chain(others).filter(|page| !is_picture(page)) {
        let text = fs::read_to_string(&page).unwrap();
        for place in ["azure-workload-identity-policy:v", "?ref=v", "/releases/download/v", "/blob/v", "refs/tags/v"] {
            for rest in text.split(place).skip(1) {
                let is_of_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
                let referred = format!("v{}", rest.split(|c| !is_of_tag(c)).next().unwrap().trim_end_matches('.'));
                assert_eq!(referred, tag, "{}: {place}", page.display());
                count += 1;
            }
        }
    }
    assert!(count >= 6, "{count} references");
}

/// The commands of the README work from a checkout as long as there is nothing else.
#[test]
fn the_readme_says_that_nothing_is_released_until_it_is() {
    let changelog = read("CHANGELOG.md");
    let is_released = !Changelog::parse(&changelog).unwrap().releases.is_empty();

    assert_ne!(read("README.md").contains("**Nothing is released yet.**"), is_released);
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
