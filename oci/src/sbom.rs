//! The list of the crates in the module, as `CycloneDX` 1.6.
//!
//! cargo says which crates those are: the normal dependencies of the policy for the module's target with the features that a
//! build of the policy alone has, and no procedural macros, which only run while it compiles. There is no serial number and no
//! time in the list, so that the same commit gives the same bytes.
//!
//! The types are own ones: the `cyclonedx-bom` crate stops at version 1.5, and `serde-cyclonedx` takes a code generator to
//! build; the tests compare with the latter.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use cargo_lock::Lockfile;
use serde::{Deserialize, Serialize};
use spdx::Expression;
use xtask::{GUEST_PACKAGE, POLICY_PACKAGE, Workspace};

use crate::digest;

/// The list's media type, and the artifact type of its manifest.
pub const MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";

/// The document.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bom {
    #[serde(rename = "bomFormat")]
    format: String,
    spec_version: String,
    version: u32,
    metadata: Metadata,
    /// What is in the module besides the policy itself, sorted by reference.
    pub components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Metadata {
    component: Component,
}

/// A crate, the standard library or the policy.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Component {
    r#type: ComponentType,
    bom_ref: String,
    /// The crate's name.
    pub name: String,
    /// The crate's version.
    pub version: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpe: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(default, rename = "externalReferences", skip_serializing_if = "Vec::is_empty")]
    external_references: Vec<ExternalReference>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum ComponentType {
    Application,
    Library,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Hash {
    alg: String,
    content: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct License {
    expression: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct ExternalReference {
    r#type: String,
    url: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    r#ref: String,
    depends_on: BTreeSet<String>,
}

impl Bom {
    /// Lists what is in `module`, built from the workspace.
    ///
    /// # Errors
    /// When cargo cannot resolve the dependencies, or when a crate is not of crates.io, misses from `Cargo.lock` or has a licence
    /// that SPDX does not know.
    pub fn of_policy(workspace: &Workspace, module: &[u8]) -> Result<Self> {
        let lock = Lockfile::load(workspace.root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
        let version = workspace.policy_version()?;
        let tree = workspace.crates_of_module(GUEST_PACKAGE, "\t{p}\t{l}\t{r}\t")?;
        let rustc = workspace.rustc(&["-vV"])?;
        let release = rustc.lines().find_map(|line| line.strip_prefix("release: "));
        let standard_library = standard_library(release.context("rustc -vV names no release")?);

        let mut components = BTreeMap::new();
        let mut edges = BTreeMap::<String, BTreeSet<String>>::new();
        let mut path = Vec::<String>::new();
        for line in tree.lines() {
            let package =
                Package::parse(line).with_context(|| format!("cannot read a line of cargo tree: {line:?}"))?;
            // The packages of this workspace that make up the module are one component.
            let component = if package.is_of_workspace(&lock) {
                package.policy(&version, module)?
            } else {
                package.dependency(&lock)?
            };
            let reference = component.bom_ref.clone();
            path.truncate(package.depth);
            edges.entry(reference.clone()).or_default();
            if let Some(parent) = path.last().filter(|parent| **parent != reference) {
                edges.entry(parent.clone()).or_default().insert(reference.clone());
            }
            path.push(reference.clone());
            components.insert(reference, component);
        }
        let root = path.first().context("cargo tree lists nothing")?;
        let policy = components.remove(root).context("cargo tree does not list the policy")?;
        edges.entry(root.clone()).or_default().insert(standard_library.bom_ref.clone());
        edges.insert(standard_library.bom_ref.clone(), BTreeSet::new());
        components.insert(standard_library.bom_ref.clone(), standard_library);

        Ok(Self {
            format: "CycloneDX".to_owned(),
            spec_version: "1.6".to_owned(),
            version: 1,
            metadata: Metadata { component: policy },
            components: components.into_values().collect(),
            dependencies: edges.into_iter().map(|(r#ref, depends_on)| Dependency { r#ref, depends_on }).collect(),
        })
    }

    /// The policy's version.
    pub fn policy_version(&self) -> &str {
        &self.metadata.component.version
    }

    /// How `self`, found in a registry, differs from `expected`; nothing where they are equal.
    pub fn differences(&self, expected: &Self) -> Vec<String> {
        let (found, wanted) = (self.by_reference(), expected.by_reference());
        let mut differences = Vec::new();
        for (reference, component) in &wanted {
            match found.get(reference) {
                None => differences.push(format!("lacks {reference}")),
                Some(other) if other != component => differences.push(format!("has {reference} with other details")),
                Some(_) => {}
            }
        }
        for reference in found.keys().filter(|reference| !wanted.contains_key(*reference)) {
            differences.push(format!("lists {reference}, which is not in the module"));
        }
        if differences.is_empty() && self != expected {
            differences.push("differs in its head or in its dependencies".to_owned());
        }
        differences
    }

    fn by_reference(&self) -> BTreeMap<&str, &Component> {
        let all = self.components.iter().chain([&self.metadata.component]);
        all.map(|component| (component.bom_ref.as_str(), component)).collect()
    }
}

/// A line of `cargo tree`.
struct Package<'a> {
    depth: usize,
    name: &'a str,
    version: &'a str,
    license: &'a str,
    repository: &'a str,
}

impl<'a> Package<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        // A package that was listed before has `(*)` behind the last tab.
        let [depth, package, license, repository, _] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let mut words = package.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some(Self { depth: depth.parse().ok()?, name, version, license, repository })
    }

    /// Whether the package is of this workspace: `Cargo.lock` names no source for those.
    fn is_of_workspace(&self, lock: &Lockfile) -> bool {
        self.locked(lock).is_some_and(|locked| locked.source.is_none())
    }

    fn locked<'l>(&self, lock: &'l Lockfile) -> Option<&'l cargo_lock::Package> {
        let mut packages = lock.packages.iter();
        packages.find(|package| package.name.as_str() == self.name && package.version.to_string() == self.version)
    }

    fn policy(&self, version: &str, module: &[u8]) -> Result<Component> {
        let digest = digest::sha256(module);
        Ok(Component {
            r#type: ComponentType::Application,
            bom_ref: format!("{POLICY_PACKAGE}@{version}"),
            name: POLICY_PACKAGE.to_owned(),
            version: version.to_owned(),
            hashes: vec![Hash::sha256(digest.trim_start_matches("sha256:"))],
            licenses: self.licenses()?,
            cpe: None,
            purl: None, // it is not on crates.io
            external_references: Vec::new(),
        })
    }

    fn dependency(&self, lock: &Lockfile) -> Result<Component> {
        let locked = self.locked(lock).with_context(|| format!("Cargo.lock lacks {} {}", self.name, self.version))?;
        ensure!(
            locked.source.as_ref().is_some_and(cargo_lock::SourceId::is_default_registry),
            "{} {} is not from crates.io: it has no name that others would know it by",
            self.name,
            self.version
        );
        let Some(cargo_lock::Checksum::Sha256(checksum)) = &locked.checksum else {
            bail!("Cargo.lock has no checksum of {} {}", self.name, self.version);
        };
        let purl = format!("pkg:cargo/{}@{}", self.name, self.version.replace('+', "%2B"));
        Ok(Component {
            r#type: ComponentType::Library,
            bom_ref: purl.clone(),
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            hashes: vec![Hash::sha256(&hex::encode(checksum))],
            licenses: self.licenses()?,
            cpe: None,
            purl: Some(purl),
            external_references: Some(self.repository)
                .filter(|url| !url.is_empty())
                .map(|url| ExternalReference { r#type: "vcs".to_owned(), url: url.to_owned() })
                .into_iter()
                .collect(),
        })
    }

    fn licenses(&self) -> Result<Vec<License>> {
        if self.license.is_empty() {
            return Ok(Vec::new());
        }
        let expression = license_expression(self.license);
        let expression = expression.with_context(|| format!("licence {:?} of {}", self.license, self.name))?;
        Ok(vec![License { expression }])
    }
}

/// A licence as SPDX writes it; older crates write a slash in place of `OR`.
fn license_expression(text: &str) -> Result<String> {
    let expression = Expression::canonicalize(text)?.unwrap_or_else(|| text.to_owned());
    Ok(Expression::parse(&expression)?.to_string())
}

impl Hash {
    fn sha256(content: &str) -> Self {
        Self { alg: "SHA-256".to_owned(), content: content.to_owned() }
    }
}

/// core, alloc and std, which come with the compiler and not from crates.io; advisories know them by the release's CPE.
fn standard_library(release: &str) -> Component {
    Component {
        r#type: ComponentType::Library,
        bom_ref: format!("rust-std@{release}"),
        name: "rust-std".to_owned(),
        version: release.to_owned(),
        hashes: Vec::new(),
        licenses: vec![License { expression: "MIT OR Apache-2.0".to_owned() }],
        cpe: Some(format!("cpe:2.3:a:rust-lang:rust:{release}:*:*:*:*:*:*:*")),
        purl: None,
        external_references: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_written_as_spdx_writes_them() {
        assert_eq!(license_expression("MIT OR Apache-2.0").unwrap(), "MIT OR Apache-2.0");
        assert_eq!(license_expression("MIT/Apache-2.0").unwrap(), "MIT OR Apache-2.0");
        assert_eq!(
            license_expression("(MIT OR Apache-2.0) AND Unicode-3.0").unwrap(),
            "(MIT OR Apache-2.0) AND Unicode-3.0"
        );
    }

    #[test]
    fn a_licence_that_spdx_does_not_know_is_an_error() {
        license_expression("Apache OR what you like").unwrap_err();
    }
}
