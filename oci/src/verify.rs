//! Does what lies in a registry come from this checkout?

use anyhow::{Context as _, Result, bail};
use xtask::{
    Workspace,
    metadata::{Metadata, PROTOCOL_VERSION, VERSION_ANNOTATION},
};

use crate::{
    artefact,
    registry::{self, Pulled, Referrer, Registry},
    sbom::Bom,
};

/// What was found to be right.
pub struct Verified {
    /// Digest of the policy's manifest.
    pub digest: String,
    /// Digest of the manifest of the list of crates.
    pub sbom: String,
    /// How many components the list has.
    pub components: usize,
}

/// Pulls the policy and compares it with the workspace: the manifest with what policy-server takes, its annotations
/// with those in the module, the version with `Cargo.toml` and the tag, the list of crates with `Cargo.lock`.
///
/// # Errors
/// With all that is wrong at once; or when the registry or the workspace cannot be read.
pub async fn verify(registry: &Registry, workspace: &Workspace) -> Result<Verified> {
    let pulled = registry.pull().await?;
    let expected = Bom::of_policy(workspace, &pulled.module)?;
    let mut problems = problems_of_policy(&pulled, expected.policy_version(), registry.reference().tag())?;

    let lists = registry.lists_of_crates(&pulled.digest).await?;
    if lists.is_empty() {
        problems.push("it has no list of crates as referrer".to_owned());
    }
    let mut matching = None;
    let mut differences = Vec::new();
    for Referrer { digest, bom } in lists {
        match bom {
            Ok(bom) => {
                let found = bom.differences(&expected);
                if found.is_empty() {
                    matching = Some(digest);
                }
                differences.extend(found.into_iter().map(|difference| format!("the list of crates {difference}")));
            }
            Err(error) => differences.push(format!("cannot read the list of crates {digest}: {error:#}")),
        }
    }
    match matching {
        Some(sbom) if problems.is_empty() => {
            return Ok(Verified { digest: pulled.digest, sbom, components: expected.components.len() });
        }
        Some(_) => {}
        None => problems.append(&mut differences),
    }
    bail!("{} is not what this checkout makes:\n- {}", registry.reference(), problems.join("\n- "))
}

fn problems_of_policy(pulled: &Pulled, version: &str, tag: Option<&str>) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let metadata = Metadata::of_module(&pulled.module).context("cannot read the module")?;
    let Some(metadata) = metadata else {
        problems.push("the module is not annotated, so policy-server will not run it".to_owned());
        return Ok(problems);
    };
    if metadata.protocol_version.as_deref() != Some(PROTOCOL_VERSION) {
        problems.push(format!("the module's metadata has no protocolVersion {PROTOCOL_VERSION:?}"));
    }

    let wanted = artefact::annotations(&metadata);
    let found = pulled.manifest.annotations.clone().unwrap_or_default();
    for (key, value) in &wanted {
        match found.get(key) {
            None => problems.push(format!("the manifest lacks annotation {key}, which is {value:?} in the module")),
            Some(other) if other != value => {
                problems.push(format!("annotation {key} is {other:?} in the manifest and {value:?} in the module"));
            }
            Some(_) => {}
        }
    }
    for key in found.keys().filter(|key| !wanted.contains_key(*key)) {
        problems.push(format!("the manifest has annotation {key}, which is not in the module"));
    }

    let annotated = wanted.get(VERSION_ANNOTATION).map_or("missing", String::as_str);
    if annotated != version {
        problems.push(format!("the module's version is {annotated}; that of Cargo.toml is {version}"));
    }
    if let Some(tagged) = tag.and_then(registry::version_of_tag)
        && tagged != annotated
    {
        problems.push(format!("the tag is v{tagged}; the module's version is {annotated}"));
    }
    Ok(problems)
}
