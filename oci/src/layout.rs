//! The artefact on disk, as an OCI image layout: what other tools (skopeo, oras, crane) read and copy too.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context as _, Result, bail, ensure};
use oci_client::{
    annotations::ORG_OPENCONTAINERS_IMAGE_REF_NAME,
    manifest::{ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE, OciDescriptor, OciImageIndex, OciImageManifest},
};
use xtask::metadata::VERSION_ANNOTATION;

use crate::{
    artefact::{self, Artefact, Image},
    digest, sbom,
};

const MARKER: &str = "oci-layout";
const MARKER_TEXT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
const INDEX: &str = "index.json";

/// Writes the layout to `directory`, in place of a layout that is there.
///
/// # Errors
/// When `directory` holds something else, or cannot be written.
pub fn write(directory: &Path, artefact: &Artefact) -> Result<()> {
    let old = match fs::read_dir(directory) {
        Ok(mut entries) => {
            ensure!(
                entries.next().is_none() || directory.join(MARKER).is_file(),
                "{} is not empty and no OCI layout: name another directory",
                directory.display()
            );
            true
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", directory.display())),
    };
    let name = directory.file_name().with_context(|| format!("{} has no name of its own", directory.display()))?;
    let unfinished = directory.with_file_name(format!("{}.{}", name.display(), process::id()));
    write_new(&unfinished, artefact).with_context(|| format!("cannot write {}", unfinished.display()))?;
    if old {
        fs::remove_dir_all(directory).with_context(|| format!("cannot remove the old {}", directory.display()))?;
    }
    fs::rename(&unfinished, directory).with_context(|| format!("cannot write {}", directory.display()))
}

fn write_new(directory: &Path, artefact: &Artefact) -> Result<()> {
    let blobs = directory.join("blobs").join("sha256");
    fs::create_dir_all(&blobs)?;
    for image in [&artefact.policy, &artefact.sbom] {
        for blob in image.blobs.iter().chain([&image.manifest]) {
            fs::write(blob_path(directory, &digest::sha256(blob))?, blob)?;
        }
    }
    let mut policy = index_entry(&artefact.policy, None)?;
    let name = format!("v{}", artefact.version);
    policy.annotations = Some(BTreeMap::from([(ORG_OPENCONTAINERS_IMAGE_REF_NAME.to_owned(), name)]));
    let index = OciImageIndex {
        schema_version: 2,
        media_type: Some(OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
        manifests: vec![policy, index_entry(&artefact.sbom, Some(sbom::MEDIA_TYPE))?],
        artifact_type: None,
        annotations: None,
    };
    fs::write(directory.join(INDEX), artefact::canonical(&index)?)?;
    fs::write(directory.join(MARKER), MARKER_TEXT)?;
    Ok(())
}

/// Reads the layout that [`write()`] has written to `directory`, and compares all digests.
///
/// # Errors
/// When there is no layout, when it is not one of the policy and its list of crates, or when a file was changed.
pub fn read(directory: &Path) -> Result<Artefact> {
    ensure!(
        directory.join(MARKER).is_file(),
        "{} holds no OCI layout: `cargo oci layout` writes one",
        directory.display()
    );
    read_artefact(directory).with_context(|| format!("in the OCI layout {}", directory.display()))
}

fn read_artefact(directory: &Path) -> Result<Artefact> {
    let index = fs::read(directory.join(INDEX)).with_context(|| format!("cannot read {INDEX}"))?;
    let index: OciImageIndex = serde_json::from_slice(&index).with_context(|| format!("cannot read {INDEX}"))?;
    let [policy, list] = index.manifests.as_slice() else {
        bail!("{INDEX} lists {} manifests; it must list the policy and its list of crates", index.manifests.len());
    };
    ensure!(
        list.artifact_type.as_deref() == Some(sbom::MEDIA_TYPE),
        "{INDEX} lists no {} as its second manifest",
        sbom::MEDIA_TYPE
    );
    let policy = read_image(directory, policy)?;
    let sbom = read_image(directory, list)?;

    let (manifest, _) = artefact::read_policy_manifest(&policy.manifest)?;
    let annotations = manifest.annotations.unwrap_or_default();
    let version = annotations.get(VERSION_ANNOTATION);
    let version = version.with_context(|| format!("the manifest has no annotation {VERSION_ANNOTATION}"))?;
    Ok(Artefact { policy, sbom, version: version.clone() })
}

fn read_image(directory: &Path, entry: &ImageIndexEntry) -> Result<Image> {
    let manifest = read_blob(directory, &entry.digest, entry.size)?;
    let parsed: OciImageManifest = serde_json::from_slice(&manifest).context("cannot read a manifest")?;
    let listed = [&parsed.config].into_iter().chain(&parsed.layers);
    let blobs = listed.map(|OciDescriptor { digest, size, .. }| read_blob(directory, digest, *size));
    Ok(Image { blobs: blobs.collect::<Result<_>>()?, manifest })
}

fn read_blob(directory: &Path, digest: &str, size: i64) -> Result<Vec<u8>> {
    let path = blob_path(directory, digest)?;
    let blob = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let found = digest::sha256(&blob);
    ensure!(
        found == digest && i64::try_from(blob.len()) == Ok(size),
        "{} was changed: it has digest {found} and {} bytes, not {digest} and {size}",
        path.display(),
        blob.len()
    );
    Ok(blob)
}

fn blob_path(directory: &Path, digest: &str) -> Result<PathBuf> {
    let hash =
        digest.strip_prefix("sha256:").filter(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    let hash = hash.with_context(|| format!("{digest:?} is no SHA-256 digest"))?;
    Ok(directory.join("blobs").join("sha256").join(hash))
}

fn index_entry(image: &Image, artifact_type: Option<&str>) -> Result<ImageIndexEntry> {
    let OciDescriptor { media_type, digest, size, .. } = image.descriptor()?;
    let artifact_type = artifact_type.map(str::to_owned);
    Ok(ImageIndexEntry { media_type, digest, size, platform: None, annotations: None, artifact_type })
}
