//! The layout on disk.

use std::{collections::BTreeSet, fs, path::Path};

use oci::{digest, layout};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{self, artefact};

#[test]
fn a_layout_has_the_files_of_the_specification_and_only_what_is_listed() {
    let (directory, digest) = support::layout();
    let directory = Path::new(directory);
    let read = |path: &str| serde_json::from_slice::<Value>(&fs::read(directory.join(path)).unwrap()).unwrap();
    assert_eq!(read("oci-layout"), json!({"imageLayoutVersion": "1.0.0"}));
    let index = read("index.json");
    assert_eq!(index["manifests"][0]["digest"], digest);

    let mut listed = BTreeSet::new();
    for entry in index["manifests"].as_array().unwrap() {
        let digest = entry["digest"].as_str().unwrap();
        listed.insert(digest.to_owned());
        let manifest = read(&format!("blobs/{}", digest.replace(':', "/")));
        for blob in manifest["layers"].as_array().unwrap().iter().chain([&manifest["config"]]) {
            listed.insert(blob["digest"].as_str().unwrap().to_owned());
        }
    }
    let blobs = fs::read_dir(directory.join("blobs/sha256")).unwrap();
    let found: BTreeSet<_> = blobs.map(|blob| digest::sha256(&fs::read(blob.unwrap().path()).unwrap())).collect();
    assert_eq!(found, listed);
}

#[test]
fn a_layout_replaces_a_layout_but_nothing_else() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("layout");
    layout::write(&directory, &artefact()).unwrap();
    fs::write(directory.join("blobs/sha256/stale"), "").unwrap();
    layout::write(&directory.join(""), &artefact()).unwrap(); // with a slash at the end
    assert!(!directory.join("blobs/sha256/stale").exists());
    assert_eq!(layout::read(&directory).unwrap(), artefact());
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1, "something is left over");

    let holiday = parent.path().join("holiday");
    fs::create_dir(&holiday).unwrap();
    fs::write(holiday.join("photo"), "").unwrap();
    let error = layout::write(&holiday, &artefact()).unwrap_err().to_string();
    assert_eq!(error, format!("{} is not empty and no OCI layout: name another directory", holiday.display()));
    assert!(holiday.join("photo").exists());
}

#[test]
fn a_layout_that_was_changed_is_refused() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("layout");
    let good = artefact();
    let cases = [
        ("the module", digest::sha256(&good.policy.blobs[1])),
        ("the list of crates", digest::sha256(&good.sbom.blobs[1])),
        ("the manifest", good.policy.digest()),
    ];
    for (what, digest) in cases {
        layout::write(&directory, &good).unwrap();
        let path = directory.join("blobs").join(digest.replace(':', "/"));
        let mut bytes = fs::read(&path).unwrap();
        bytes.push(b' ');
        fs::write(&path, &bytes).unwrap();

        let error = format!("{:#}", layout::read(&directory).unwrap_err());

        let changed = format!("was changed: it has digest {}", digest::sha256(&bytes));
        assert!(error.contains(&changed) && error.contains(&digest), "{what}: {error}");
    }
}
