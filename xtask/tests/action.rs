//! The steps of `action.yml`, run by bash with stand-ins for the programs that they call.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

/// What a step did.
struct Outcome {
    code: i32,
    output: String,
    /// The calls of stand-ins, one a line.
    calls: String,
    summary: String,
}

/// A folder in which a step runs.
struct Runner {
    folder: PathBuf,
}

impl Runner {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("bin")).unwrap();
        Self { folder }
    }

    /// Puts a program on the path that notes its arguments, one a line in brackets, and then does what `script` says.
    fn program(&self, name: &str, script: &str) {
        let path = self.folder.join("bin").join(name);
        let note = format!("{{ printf '{name}'; printf ' [%s]' \"$@\"; echo; }} >> \"$CALLS\"");
        fs::write(&path, format!("#!/bin/bash\n{note}\n{script}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs the script of a step as GitHub's runner does.
    fn run(&self, step: &str, variables: &[(&str, &str)]) -> Outcome {
        let action: Value = yaml_serde::from_str(include_str!("../../action.yml")).unwrap();
        let steps = action["runs"]["steps"].as_array().unwrap();
        let script = steps.iter().find(|it| it["name"] == step).unwrap()["run"].as_str().unwrap();
        let file = |name: &str| self.folder.join(name);
        let read = |name: &str| fs::read_to_string(file(name)).unwrap_or_default();
        let path = format!("{}:{}", file("bin").display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("CALLS", file("calls"))
            .env("RUNNER_TEMP", &self.folder)
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .env("GITHUB_PATH", file("path"))
            .env("GITHUB_OUTPUT", file("output"))
            .env("GITHUB_STEP_SUMMARY", file("summary"))
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Outcome {
            code: output.status.code().unwrap(),
            output: String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
            calls: read("calls"),
            summary: read("summary"),
        }
    }
}

/// Installs a version; `curl` brings an archive with its checksum.
fn install(name: &str, version: &str, curl: &str, gh: &str) -> Outcome {
    let runner = Runner::new(name);
    runner.program("curl", curl);
    runner.program("gh", gh);
    let server = "https://github.com";
    runner.run("Install azwi-check", &[("VERSION", version), ("SERVER", server), ("REPOSITORY", "owner/name")])
}

/// An archive with a program, and the file of checksums.
const DOWNLOADS: &str = "echo program > azwi-check
    archive=azwi-check-x86_64-unknown-linux-musl.tar.gz
    tar -czf $archive azwi-check
    sha256sum $archive > SHA256SUMS";

#[test]
fn the_program_of_the_version_is_installed_and_its_attestation_is_checked() {
    let outcome = install("install", "v1.2.3-rc.1", DOWNLOADS, "");

    assert_eq!(outcome.code, 0, "{}", outcome.output);
    assert!(outcome.calls.contains("[https://github.com/owner/name/releases/download/v1.2.3-rc.1/SHA256SUMS]"));
    assert!(outcome.calls.contains("gh [attestation] [verify] [azwi-check-x86_64"), "{}", outcome.calls);
    assert!(outcome.calls.contains("[--signer-workflow] [owner/name/.github/workflows/release.yml]"));
}

#[test]
fn a_version_that_is_no_release_is_an_error() {
    for version in ["", "latest", "main", "v1", "v1.2", "1.2.3", "v1.2.3/../x", "v1.2.3 "] {
        let outcome = install("no-release", version, DOWNLOADS, "");
        assert_eq!(outcome.code, 2, "{version:?}");
        assert!(outcome.output.contains("::error::version is not the tag of a release"), "{}", outcome.output);
        assert_eq!(outcome.calls, "");
    }
    let outcome = install("unknown", "v9.9.9", "exit 22", "");
    assert_eq!(outcome.code, 2);
    assert!(
        outcome.output.contains("::error::azwi-check-x86_64-unknown-linux-musl.tar.gz of v9.9.9 cannot be downloaded")
    );
}

#[test]
fn an_archive_that_is_not_the_released_one_is_not_installed() {
    let other = format!("{DOWNLOADS}\necho more >> $archive");
    assert_ne!(install("other-archive", "v1.2.3", &other, "").code, 0);
    let unattested = "[ \"$3\" = --help ]";
    assert_ne!(install("unattested", "v1.2.3", DOWNLOADS, unattested).code, 0);
    // A gh that knows no attestations is no error.
    let old = install("old-gh", "v1.2.3", DOWNLOADS, "exit 1");
    assert_eq!(old.code, 0, "{}", old.output);
    assert!(old.output.contains("::notice::the attestation of "), "{}", old.output);
}

/// Checks with these arguments; the program writes this report and exits with this code.
fn check(name: &str, arguments: &str, report: &Value, code: i32) -> Outcome {
    let runner = Runner::new(name);
    fs::write(runner.folder.join("report"), report.to_string()).unwrap();
    runner.program("azwi-check", &format!("cp report \"$RUNNER_TEMP/azwi-check.json\"; exit {code}"));
    runner.run(
        "Check",
        &[
            ("ARGUMENTS", arguments),
            ("FILES", "https://example.com/blob/c0ffee"),
            ("RULES", "https://example.com/rules.md"),
        ],
    )
}

fn report(findings: &Value) -> Value {
    json!({"findings": findings, "summary": {"files": 1, "objects": 2, "deny": 1, "warn": 0, "note": 0}})
}

#[test]
fn arguments_are_split_as_a_shell_does_and_nothing_in_them_is_run() {
    for (arguments, expected) in [
        ("", ""),
        (" \n", ""),
        ("--preset strict deploy", " [--preset] [strict] [deploy]"),
        ("'a b' \"c d\"", " [a b] [c d]"),
        ("$(touch x) `y` *", " [$(touch] [x)] [`y`] [*]"),
    ] {
        let outcome = check("arguments", arguments, &report(&json!([])), 0);
        assert_eq!(outcome.code, 0, "{}", outcome.output);
        let calls = outcome.calls.trim_end();
        assert!(calls.ends_with(&format!("azwi-check.json]{expected}")), "{arguments:?}: {calls}");
    }
    let outcome = check("arguments", "--preset 'strict", &report(&json!([])), 0);
    assert_eq!(outcome.code, 2);
    assert!(outcome.output.contains("::error::arguments cannot be split into words"), "{}", outcome.output);
    assert_eq!(outcome.calls, "");
}

#[test]
fn the_summary_counts_and_links_the_findings() {
    let finding = json!({
        "rule": "label-value", "severity": "deny", "file": "a b/c.yaml", "line": 7,
        "message": "the label is \"<x>|`y`\"\nhere", "fix": "write \"true\"",
    });
    let outcome = check("summary", "", &report(&json!([finding])), 1);

    assert_eq!(outcome.code, 1);
    assert_eq!(
        outcome.summary,
        "### azwi-check\n\n2 objects in 1 file: 1 denial, 0 warnings, 0 notes.\n\n\
         | severity | rule | place | finding |\n|---|---|---|---|\n\
         | deny | [label-value](https://example.com/rules.md#label-value) \
         | [a b/c.yaml:7](https://example.com/blob/c0ffee/a%20b/c.yaml#L7) \
         | the label is \"\\<x\\>\\|\\`y\\`\" here; write \"true\" |\n"
    );
    let many = json!(vec![finding; 102]);
    let outcome = check("many", "", &report(&many), 1);
    assert_eq!(outcome.summary.matches("| deny |").count(), 100);
    assert!(outcome.summary.ends_with("\n\n2 more findings are in the log.\n"), "{}", outcome.summary);
}
