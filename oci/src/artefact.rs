//! The two manifests: the policy's, and that of the list of its crates, which refers to it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use oci_client::{
    annotations::{ORG_OPENCONTAINERS_IMAGE_SOURCE, ORG_OPENCONTAINERS_IMAGE_TITLE},
    manifest::{
        IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest, WASM_CONFIG_MEDIA_TYPE,
        WASM_LAYER_MEDIA_TYPE,
    },
};
use serde::Serialize;
use xtask::metadata::{Metadata, SOURCE_ANNOTATION, VERSION_ANNOTATION};

use crate::{
    digest,
    sbom::{self, Bom},
};

/// Media type of a JSON object without members, the configuration of artefacts that have none.
pub const EMPTY_MEDIA_TYPE: &str = "application/vnd.oci.empty.v1+json";
/// The name that the list of crates gets when it is pulled to disk.
const SBOM_FILE: &str = "azure-workload-identity-policy.cdx.json";

/// All that is published.
#[derive(Clone, Debug, PartialEq)]
pub struct Artefact {
    /// The policy.
    pub policy: Image,
    /// The list of the crates in it, whose subject is the policy's manifest.
    pub sbom: Image,
    /// The policy's version.
    pub version: String,
}

/// A manifest and what it lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// The manifest's bytes, of which the image's digest is made.
    pub manifest: Vec<u8>,
    /// Configuration and layers.
    pub blobs: Vec<Vec<u8>>,
}

impl Artefact {
    /// Makes the manifests of an annotated module and of the list of its crates.
    ///
    /// # Errors
    /// When the module is not annotated, or annotated without a version.
    pub fn new(module: Vec<u8>, bom: &Bom) -> Result<Self> {
        let metadata =
            Metadata::of_module(&module)?.context("the module is not annotated: build it with `cargo xtask build`")?;
        let annotations = annotations(&metadata);
        let version = annotations.get(VERSION_ANNOTATION);
        let version = version.with_context(|| format!("the module has no annotation {VERSION_ANNOTATION}"))?.clone();

        // Member by member what `kwctl push` writes (it leaves out `mediaType`, which the specification would like to see):
        // whoever builds the same module gets the same digest, whichever of the two they push with.
        let policy = Image::new(
            &OciImageManifest {
                config: descriptor(WASM_CONFIG_MEDIA_TYPE, b"{}")?,
                layers: vec![descriptor(WASM_LAYER_MEDIA_TYPE, &module)?],
                annotations: Some(annotations),
                ..OciImageManifest::default()
            },
            vec![b"{}".to_vec(), module],
        )?;

        let list = canonical(bom)?;
        let mut layer = descriptor(sbom::MEDIA_TYPE, &list)?;
        layer.annotations = Some(BTreeMap::from([(ORG_OPENCONTAINERS_IMAGE_TITLE.to_owned(), SBOM_FILE.to_owned())]));
        let sbom = Image::new(
            &OciImageManifest {
                media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
                artifact_type: Some(sbom::MEDIA_TYPE.to_owned()),
                config: descriptor(EMPTY_MEDIA_TYPE, b"{}")?,
                layers: vec![layer],
                subject: Some(policy.descriptor()?),
                ..OciImageManifest::default()
            },
            vec![b"{}".to_vec(), list],
        )?;
        Ok(Self { policy, sbom, version })
    }
}

impl Image {
    fn new(manifest: &OciImageManifest, blobs: Vec<Vec<u8>>) -> Result<Self> {
        Ok(Self { manifest: canonical(manifest)?, blobs })
    }

    /// What other manifests and indexes call this one.
    ///
    /// # Errors
    /// When the manifest is too large to be one.
    pub fn descriptor(&self) -> Result<OciDescriptor> {
        descriptor(OCI_IMAGE_MEDIA_TYPE, &self.manifest)
    }

    /// The manifest's digest.
    pub fn digest(&self) -> String {
        digest::sha256(&self.manifest)
    }
}

/// The policy's annotations as a manifest may have them: those of one line, and the source under the name that registries read.
pub fn annotations(metadata: &Metadata) -> BTreeMap<String, String> {
    let all = metadata.annotations.iter().flatten();
    let mut annotations: BTreeMap<String, String> = all
        .filter(|(_, value)| value.lines().count() <= 1)
        .map(|(key, value)| (key.clone(), value.trim().to_owned()))
        .collect();
    if let Some(source) = annotations.get(SOURCE_ANNOTATION).cloned() {
        annotations.entry(ORG_OPENCONTAINERS_IMAGE_SOURCE.to_owned()).or_insert(source);
    }
    annotations
}

/// Reads a manifest and returns it with its layer, the module. It must be one of a policy as policy-server's fetcher takes it,
/// which downloads a layer only if all are modules, and runs the first.
///
/// # Errors
/// With the first thing that is not as it should be.
pub fn read_policy_manifest(bytes: &[u8]) -> Result<(OciImageManifest, OciDescriptor)> {
    let manifest: OciImageManifest = serde_json::from_slice(bytes).context("cannot read the manifest")?;
    ensure!(manifest.schema_version == 2, "the manifest has schemaVersion {}; it must be 2", manifest.schema_version);
    if let Some(media_type) = &manifest.media_type {
        ensure!(
            [OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE].contains(&media_type.as_str()),
            "the manifest has media type {media_type:?}; it must be {OCI_IMAGE_MEDIA_TYPE:?}"
        );
    }
    let media_type = &manifest.config.media_type;
    ensure!(
        media_type == WASM_CONFIG_MEDIA_TYPE,
        "the configuration has media type {media_type:?}; that of a policy is {WASM_CONFIG_MEDIA_TYPE:?}"
    );
    let [layer] = manifest.layers.as_slice() else {
        bail!("the manifest has {} layers; a policy has one", manifest.layers.len());
    };
    let media_type = &layer.media_type;
    ensure!(
        media_type == WASM_LAYER_MEDIA_TYPE,
        "the layer has media type {media_type:?}; that of a policy is {WASM_LAYER_MEDIA_TYPE:?}"
    );
    let layer = layer.clone();
    Ok((manifest, layer))
}

/// The canonical JSON of the specification, as oci-client writes it too: sorted members, no space.
pub(crate) fn canonical(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, olpc_cjson::CanonicalFormatter::new()))?;
    Ok(bytes)
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Result<OciDescriptor> {
    let size = i64::try_from(bytes.len()).context("too large for a registry")?;
    Ok(OciDescriptor {
        media_type: media_type.to_owned(),
        digest: digest::sha256(bytes),
        size,
        ..OciDescriptor::default()
    })
}
