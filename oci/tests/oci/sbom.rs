//! The list of crates is `CycloneDX`, and true.

use std::{collections::BTreeSet, io::BufReader, process::Command};

use cargo_metadata::{Message, TargetKind};
use oci::sbom::Bom;
use serde_cyclonedx::cyclonedx::v_1_6::CycloneDx;
use serde_json::Value;
use xtask::{GUEST_PACKAGE, Workspace};

use crate::support::{artefact, module};

#[test]
fn the_list_has_exactly_the_crates_that_are_compiled_for_the_module() {
    // As the guest is built, in a target directory of its own, so that cargo names everything as built or fresh.
    let output = Command::new(env!("CARGO"))
        .current_dir(Workspace::locate().unwrap().root())
        .args(["check", "--locked", "--lib", "--package", GUEST_PACKAGE])
        .args(["--target", "wasm32-unknown-unknown", "--message-format=json-render-diagnostics"])
        .arg("--target-dir")
        .arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/check"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let compiled: BTreeSet<String> = Message::parse_stream(BufReader::new(output.stdout.as_slice()))
        .filter_map(|message| match message.unwrap() {
            Message::CompilerArtifact(artifact) => Some(artifact),
            _ => None,
        })
        .filter(|artifact| !artifact.target.kind.contains(&TargetKind::CustomBuild))
        .filter(|artifact| artifact.filenames.iter().any(|file| file.as_str().contains("/wasm32-unknown-unknown/")))
        .map(|artifact| artifact.package_id.repr)
        .collect();

    let listed: BTreeSet<String> = list()
        .components
        .iter()
        .filter(|component| component.name != "rust-std")
        .map(|component| format!("{}@{}", component.name, component.version))
        .collect();

    let of_registry =
        compiled.iter().filter_map(|id| id.strip_prefix("registry+")).map(|id| id.split_once('#').unwrap().1);
    assert_eq!(listed, of_registry.map(str::to_owned).collect());
    assert_eq!(
        compiled.len(),
        listed.len() + 3,
        "besides the library, its crate for JSON and the guest, something is not from a registry: {compiled:?}"
    );
}

#[test]
fn the_list_is_cyclonedx_1_6() {
    let bytes = &artefact().sbom.blobs[1];
    let ours: Value = serde_json::from_slice(bytes).unwrap();

    // The other implementation drops what it does not know and refuses what is missing.
    let theirs: CycloneDx = serde_json::from_slice(bytes).unwrap();

    assert_eq!(serde_json::to_value(theirs).unwrap(), ours);
}

#[test]
fn the_list_names_the_module_and_every_crate_by_hash_and_licence() {
    let list: Value = serde_json::from_slice(&artefact().sbom.blobs[1]).unwrap();
    let policy = &list["metadata"]["component"];
    let digest = oci::digest::sha256(&module());

    assert_eq!(policy["hashes"][0]["content"], digest.strip_prefix("sha256:").unwrap());
    for component in list["components"].as_array().unwrap() {
        assert!(component["licenses"][0]["expression"].is_string(), "{component}");
        if component["name"] == "rust-std" {
            let version = component["version"].as_str().unwrap();
            assert_eq!(component["cpe"], format!("cpe:2.3:a:rust-lang:rust:{version}:*:*:*:*:*:*:*"));
        } else {
            assert_eq!(component["hashes"][0]["content"].as_str().unwrap().len(), 64, "{component}");
            assert_eq!(component["purl"], component["bom-ref"]);
        }
    }
}

#[test]
fn every_component_is_reached_from_the_policy() {
    let list: Value = serde_json::from_slice(&artefact().sbom.blobs[1]).unwrap();
    let edges = |reference: &Value| {
        let all = list["dependencies"].as_array().unwrap();
        let entry = all.iter().find(|entry| entry["ref"] == *reference);
        entry.unwrap_or_else(|| panic!("no dependencies of {reference}"))["dependsOn"].as_array().unwrap().clone()
    };
    let mut reached = Vec::new();
    let mut next = vec![list["metadata"]["component"]["bom-ref"].clone()];
    while let Some(reference) = next.pop() {
        if !reached.contains(&reference) {
            next.extend(edges(&reference));
            reached.push(reference);
        }
    }
    let components = list["components"].as_array().unwrap();
    assert_eq!(reached.len(), components.len() + 1);
    assert!(components.iter().all(|component| reached.contains(&component["bom-ref"])));
}

fn list() -> Bom {
    serde_json::from_slice(&artefact().sbom.blobs[1]).unwrap()
}
