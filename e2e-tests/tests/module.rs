//! The built module as it is published.

use e2e_tests::policy::Policy;
use serde_json::json;
use xtask::{
    artifacthub,
    metadata::{SOURCE_ANNOTATION, VERSION_ANNOTATION},
};

#[test]
fn the_guest_speaks_the_protocol_version_of_its_metadata() {
    let module = e2e_tests::policy_module().unwrap();
    let instance = Policy::new(module, json!({})).unwrap().instantiate().unwrap();
    let answer: String = serde_json::from_slice(&instance.call("protocol_version", b"").unwrap()).unwrap();

    assert_eq!(Some(answer), module.metadata().protocol_version);
}

#[test]
fn the_metadata_carries_the_sections_of_the_readme_that_are_about_use() {
    let annotations = e2e_tests::policy_module().unwrap().metadata().annotations.clone().unwrap();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let readme = artifacthub::readme(&readme, &annotations[SOURCE_ANNOTATION], &annotations[VERSION_ANNOTATION]);
    let readme: Vec<_> = readme.split("\n## ").map(str::trim_end).collect();
    let usage: Vec<_> = annotations["io.kubewarden.policy.usage"].split("\n## ").map(str::trim_end).collect();

    assert!(usage.iter().all(|section| readme.contains(section)), "{usage:#?}");
    assert!(usage.iter().any(|section| section.starts_with("Settings\n")), "{usage:#?}");
    assert!(usage.len() < readme.len());
}

#[test]
fn two_builds_give_the_same_bytes() {
    let build = || std::fs::read(xtask::compile_policy().unwrap()).unwrap();

    assert!(build() == build());
}
