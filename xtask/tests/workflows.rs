//! What the workflows say agrees with what they publish, and they run no code but that which has been looked at.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use xtask::artifacthub::RELEASED_MODULE;
use xtask::metadata::{Metadata, OCI_URL_ANNOTATION};

fn workflows() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/workflows");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect()
}

fn release() -> Value {
    yaml_serde::from_str(include_str!("../../.github/workflows/release.yml")).unwrap()
}

/// A tag can be moved; the hash of a commit is what was looked at, and its tag is there for people and for Dependabot.
#[test]
fn actions_are_pinned_to_a_commit_with_its_tag_beside_it() {
    let mut count = 0;
    for (file, text) in workflows() {
        for (_, action) in text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).split_once("uses: ")) {
            let Some((_, pin)) = action.split_once('@') else {
                assert!(action.starts_with("./"), "{file}: {action}");
                continue;
            };
            let (commit, tag) = pin.split_once(" # ").unwrap_or((pin, ""));
            let is_hash = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_hash && tag.starts_with('v'), "{file}: {action}");
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}

#[test]
fn permissions_are_given_to_jobs_one_by_one() {
    for (file, text) in workflows() {
        let workflow: Value = yaml_serde::from_str(&text).unwrap();
        assert_eq!(workflow["permissions"], json!({}), "{file}");
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            assert!(job["permissions"].is_object(), "{file}: {name}");
        }
    }
}

/// Third parties' code, build scripts and macros, runs where crates are compiled: there nothing may be written.
#[test]
fn no_job_that_compiles_may_write() {
    for (file, text) in workflows() {
        let workflow: Value = yaml_serde::from_str(&text).unwrap();
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            let compiles = job["steps"].to_string().contains("cargo ") || job["steps"].to_string().contains(".ci/run");
            let may_write = job["permissions"].as_object().unwrap().values().any(|permission| permission == "write");
            assert!(!(compiles && may_write), "{file}: {name}");
        }
    }
}

#[test]
fn the_release_publishes_what_the_metadata_and_artifact_hub_name() {
    let metadata: Metadata = yaml_serde::from_str(include_str!("../../policy-metadata/metadata.yml")).unwrap();
    let release = release();

    assert_eq!(release["env"]["IMAGE"], metadata.annotation(OCI_URL_ANNOTATION).unwrap());
    assert_eq!(release["env"]["MODULE"], RELEASED_MODULE);
}
