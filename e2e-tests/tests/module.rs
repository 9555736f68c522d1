//! The built module as it is published.

use e2e_tests::policy::Policy;
use serde_json::json;

#[test]
fn the_guest_speaks_the_protocol_version_of_its_metadata() {
    let module = e2e_tests::policy_module().unwrap();
    let instance = Policy::new(module, json!({})).unwrap().instantiate().unwrap();
    let answer: String = serde_json::from_slice(&instance.call("protocol_version", b"").unwrap()).unwrap();

    assert_eq!(Some(answer), module.metadata().protocol_version);
}

#[test]
fn the_metadata_carries_the_readme_as_usage() {
    let annotations = e2e_tests::policy_module().unwrap().metadata().annotations.clone().unwrap();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();

    assert_eq!(annotations["io.kubewarden.policy.usage"], readme);
}

#[test]
fn two_builds_give_the_same_bytes() {
    let build = || std::fs::read(xtask::build_policy().unwrap()).unwrap();

    assert!(build() == build());
}
