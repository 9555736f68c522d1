//! What the workflows say agrees with what they publish, and they run no code but that which has been looked at.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;
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

/// The action that other repositories use.
const ACTION: &str = include_str!("../../action.yml");

/// The manifest for krew.
const KREW: &str = include_str!("../../cli/krew.yaml");

fn release() -> Value {
    yaml_serde::from_str(include_str!("../../.github/workflows/release.yml")).unwrap()
}

/// A tag can be moved; the hash of a commit is what was looked at, and its tag is there for people and for Dependabot.
#[test]
fn actions_are_pinned_to_a_commit_with_its_tag_beside_it() {
    let mut count = 0;
    for (file, text) in workflows().into_iter().chain([("action.yml".to_owned(), ACTION.to_owned())]) {
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

/// `.ci/run` without arguments is all that the jobs run.
#[test]
fn the_jobs_run_each_step_once() {
    let script = include_str!("../../.ci/run");
    let steps = script.lines().find_map(|line| line.strip_prefix("STEPS=(")?.strip_suffix(')')).unwrap();
    let workflow: Value = yaml_serde::from_str(include_str!("../../.github/workflows/test.yml")).unwrap();
    let jobs = workflow["jobs"]["steps"]["strategy"]["matrix"]["steps"].as_array().unwrap();
    let mut run: Vec<_> = jobs.iter().flat_map(|steps| steps.as_str().unwrap().split(' ')).collect();
    let mut steps: Vec<_> = steps.split(' ').collect();
    run.sort_unstable();
    steps.sort_unstable();
    assert_eq!(run, steps);
    let functions = script.lines().filter_map(|line| line.strip_prefix("step_")?.strip_suffix("() {"));
    let mut functions: Vec<_> = functions.filter(|name| *name != "linter").collect();
    functions.sort_unstable();
    assert_eq!(functions, steps);
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

/// The archives of azwi-check that the release publishes.
fn archives() -> BTreeSet<String> {
    let release = release();
    let programs = release["jobs"]["programs"]["strategy"]["matrix"]["include"].as_array().unwrap();
    let name =
        |it: &Value| format!("azwi-check-{}.{}", it["target"].as_str().unwrap(), it["archive"].as_str().unwrap());
    programs.iter().map(name).collect()
}

#[test]
fn the_action_downloads_what_the_release_publishes() {
    let words = ACTION.split(|it: char| it.is_whitespace() || matches!(it, '=' | ';'));
    let named: BTreeSet<_> = words.filter(|word| word.starts_with("azwi-check-")).map(str::to_owned).collect();
    assert_eq!(named, archives());
}

/// As the release workflow does it.
#[test]
fn the_krew_manifest_names_each_archive_with_its_checksum() {
    let filled = archives().iter().fold(KREW.replace("@VERSION@", "v1.2.3"), |text, archive| {
        text.replace(&format!("@{archive}@"), &"0".repeat(64))
    });
    assert!(!filled.contains('@'), "{filled}");
    let manifest: Value = yaml_serde::from_str(&filled).unwrap();
    let platforms = manifest["spec"]["platforms"].as_array().unwrap();
    let archive = |platform: &Value| platform["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(platforms.iter().map(archive).collect::<BTreeSet<_>>(), archives());
    assert!(platforms.iter().all(|platform| platform["uri"].as_str().unwrap().contains("/download/v1.2.3/")));
    // What krew demands of a manifest: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/.
    assert!(manifest["spec"]["shortDescription"].as_str().is_some_and(|text| text.len() <= 50));
    assert!(platforms.iter().all(|platform| platform["bin"].is_string() && platform["selector"].is_object()));
}
