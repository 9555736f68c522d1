//! The policy's metadata: what `policy-metadata/metadata.yml` says, and what the module's custom section says of it.
//!
//! The shape is Kubewarden's (`policy_metadata.rs` of its policy evaluator). Kubewarden ignores keys that it does not know;
//! here they are errors, so that a typo does not go unnoticed until a policy server refuses the policy.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};
use wasmparser::{Parser, Payload};

use crate::artifacthub;

/// The name of the custom section that holds the metadata as JSON.
pub const SECTION: &str = "io.kubewarden.metadata";
/// The waPC protocol version that the guest speaks, as policy-server wants to see it in the metadata.
pub const PROTOCOL_VERSION: &str = "v1";

/// The metadata file's path inside the repository.
const FILE: &str = "policy-metadata/metadata.yml";
/// The file that becomes the usage annotation.
const USAGE_FILE: &str = "README.md";
/// The sections of that file that are about the repository: whoever has the module has it installed, and has no files beside it.
const NOT_USAGE: [&str; 3] = ["Install", "Documentation", "Contributing"];
/// The annotation that names the policy's version.
pub const VERSION_ANNOTATION: &str = "io.kubewarden.policy.version";
/// The annotation that names the repository of the policy's source.
pub const SOURCE_ANNOTATION: &str = "io.kubewarden.policy.source";
/// The annotation that names the policy.
pub const TITLE_ANNOTATION: &str = "io.kubewarden.policy.title";
/// The annotation that names the policy in a registry, without a tag.
pub const OCI_URL_ANNOTATION: &str = "io.kubewarden.policy.ociUrl";
const USAGE_ANNOTATION: &str = "io.kubewarden.policy.usage";

/// What Kubewarden knows of a policy without running it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The waPC protocol version, `v1`. Absent in the file, present in the module.
    #[serde(default)]
    pub protocol_version: Option<String>,
    /// What the policy is asked about.
    pub rules: Vec<Rule>,
    /// Title, version, author and so on, for people and for Artifact Hub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Whether the policy may change objects.
    pub mutating: bool,
    /// Whether the audit scanner runs the policy.
    pub background_audit: bool,
    /// How the policy is run.
    pub execution_mode: ExecutionMode,
    /// What the policy's requests are.
    pub policy_type: PolicyType,
    /// The kinds that the policy looks up in the cluster.
    #[serde(default)]
    pub context_aware_resources: BTreeSet<ContextAwareResource>,
    /// The host functions that the policy calls, as `namespace/operation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_capabilities: Option<BTreeSet<String>>,
    /// The oldest Kubewarden that runs the policy, a semantic version of which only major and minor count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_kubewarden_version: Option<String>,
}

/// One rule of an admission webhook configuration.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// API groups; the core group is the empty string.
    pub api_groups: Vec<String>,
    /// API versions without their group.
    pub api_versions: Vec<String>,
    /// Resources in the plural.
    pub resources: Vec<String>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operations: Vec<String>,
}

/// A kind of Kubernetes object; both members are compared exactly.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContextAwareResource {
    /// Group and version, e.g. `v1` or `apps/v1`.
    pub api_version: String,
    /// The kind in the singular, e.g. `ServiceAccount`.
    pub kind: String,
}

/// How Kubewarden runs a policy; the others are for policies in other languages than Rust.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum ExecutionMode {
    /// As a waPC guest.
    #[default]
    #[serde(rename = "kubewarden-wapc")]
    KubewardenWapc,
}

/// What a policy's requests are; the other type, raw JSON, is not for clusters.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum PolicyType {
    /// Kubernetes admission requests.
    #[default]
    #[serde(rename = "kubernetes")]
    Kubernetes,
}

impl Metadata {
    /// Reads the policy's metadata of the repository at `root` and completes it for the module: protocol version and usage.
    ///
    /// # Errors
    /// When a file is missing or unreadable, or when its version is not `version`, that of `Cargo.toml`.
    pub fn of_policy(root: &Path, version: impl AsRef<str>) -> Result<Self> {
        let text = read(root, FILE)?;
        let usage = usage(&read(root, USAGE_FILE)?);
        Self::complete(&text, version.as_ref(), &usage).with_context(|| format!("in {FILE}"))
    }

    /// The metadata of an annotated module, or nothing where the module has none.
    ///
    /// # Errors
    /// When `module` is no WebAssembly module, or when its metadata is not in Kubewarden's shape.
    pub fn of_module(module: &[u8]) -> Result<Option<Self>> {
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::CustomSection(section) = payload.context("cannot parse the WebAssembly module")?
                && section.name() == SECTION
            {
                let metadata = serde_json::from_slice(section.data());
                return metadata.map(Some).with_context(|| format!("cannot read the custom section {SECTION}"));
            }
        }
        Ok(None)
    }

    /// The value of an annotation that the policy cannot do without.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn annotation(&self, name: &str) -> Result<&str> {
        let annotation = self.annotations.as_ref().and_then(|annotations| annotations.get(name));
        annotation.map(String::as_str).with_context(|| format!("the metadata has no annotation {name}"))
    }

    fn complete(text: &str, version: &str, usage: &str) -> Result<Self> {
        let mut metadata: Self = yaml_serde::from_str(text)?;
        let annotations = metadata.annotations.get_or_insert_default();
        let annotated = annotations.get(VERSION_ANNOTATION).map_or("missing", String::as_str);
        ensure!(
            annotated == version,
            "annotation {VERSION_ANNOTATION} is {annotated}, but the version in Cargo.toml is {version}: make them equal"
        );
        let source =
            annotations.get(SOURCE_ANNOTATION).with_context(|| format!("annotation {SOURCE_ANNOTATION} is missing"))?;
        // Links that are relative to the repository lead nowhere from a module.
        let usage = artifacthub::readme(usage, source, version);
        annotations.insert(USAGE_ANNOTATION.to_owned(), usage);
        metadata.protocol_version = Some(PROTOCOL_VERSION.to_owned());
        Ok(metadata)
    }
}

/// What the module says about its use: the README without what is about the repository.
fn usage(readme: &str) -> String {
    let is_usage = |section: &&str| NOT_USAGE.iter().all(|title| section.lines().next() != Some(title));
    let sections: Vec<&str> = readme.split("\n## ").filter(is_usage).collect();
    sections.join("\n## ")
}

fn read(root: &Path, file: &str) -> Result<String> {
    fs::read_to_string(root.join(file)).with_context(|| format!("cannot read {file}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE_TEXT: &str = "
rules: [{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}]
mutating: true
backgroundAudit: true
executionMode: kubewarden-wapc
policyType: kubernetes
annotations: {io.kubewarden.policy.version: 1.2.3, io.kubewarden.policy.source: https://example.com/policy}
";

    #[test]
    fn the_file_is_completed_with_protocol_version_and_usage() {
        let metadata = Metadata::complete(FILE_TEXT, "1.2.3", "see [how](docs/how.md)").unwrap();

        assert_eq!(metadata.protocol_version.as_deref(), Some("v1"));
        let usage = &metadata.annotations.unwrap()["io.kubewarden.policy.usage"];
        assert_eq!(usage, "see [how](https://example.com/policy/blob/v1.2.3/docs/how.md)");
    }

    #[test]
    fn the_usage_is_the_readme_without_what_is_about_the_repository() {
        let readme = "# policy\n\nWhat it is.\n\n## Install\n\ncargo\n\n## Settings\n\n### Install\n\nAll.\n\n## Documentation\n\nPages.\n";
        assert_eq!(usage(readme), "# policy\n\nWhat it is.\n\n## Settings\n\n### Install\n\nAll.\n");
        let whole = include_str!("../../README.md");
        let is_section = |title: &&str| whole.contains(&format!("\n## {title}\n"));
        assert!(NOT_USAGE.iter().all(is_section), "a section has another title now");
    }

    #[test]
    fn a_version_other_than_that_of_the_package_is_an_error() {
        let error = Metadata::complete(FILE_TEXT, "1.3.0", "").unwrap_err();

        assert_eq!(
            error.to_string(),
            "annotation io.kubewarden.policy.version is 1.2.3, but the version in Cargo.toml is 1.3.0: make them equal"
        );
    }

    #[test]
    fn a_key_that_kubewarden_would_ignore_is_an_error() {
        let error = Metadata::complete(&format!("{FILE_TEXT}contextAware: true\n"), "1.2.3", "").unwrap_err();

        assert!(error.to_string().contains("unknown field `contextAware`"), "{error}");
    }
}
