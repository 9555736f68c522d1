//! What `--render` runs, and what becomes of it. Shell scripts take the place of kustomize and helm: they note how they were called.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {azure.workload.identity/use: \"yes\"}}\n\
                   spec: {containers: []}\n";

/// What the program said.
struct Said {
    code: Option<i32>,
    report: Value,
    messages: String,
    /// How the scripts were called, in order of their arguments.
    calls: Vec<String>,
}

impl Said {
    /// The files with findings.
    fn files(&self) -> Vec<&str> {
        self.report["findings"].as_array().unwrap().iter().map(|it| it["file"].as_str().unwrap()).collect()
    }
}

/// Runs the program over files. A script named `program` takes the place of kustomize and helm.
fn run(files: &[(&str, &str)], script: &str, arguments: &[&str]) -> Said {
    let folder = TempDir::new().unwrap();
    let work = folder.path().join("work");
    for (path, text) in files {
        let path = work.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let program = folder.path().join("program");
    let calls = folder.path().join("calls");
    fs::write(&program, format!("#!/bin/sh\necho \"$*\" >> {}\n{script}\n", calls.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    said(&work, &program, &calls, arguments)
}

fn said(work: &Path, program: &Path, calls: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_azwi-check"));
    command.args(["--format", "json"]).args(arguments).current_dir(work);
    let output = command.env("KUSTOMIZE", program).env("HELM", program).output().unwrap();
    let mut calls: Vec<_> = fs::read_to_string(calls).unwrap_or_default().lines().map(str::to_owned).collect();
    calls.sort();
    Said {
        code: output.status.code(),
        report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        messages: String::from_utf8(output.stderr).unwrap(),
        calls,
    }
}

const PRINTS_POD: &str = "echo 'apiVersion: v1'; echo 'kind: Pod'; \
                          echo 'metadata: {name: made, labels: {azure.workload.identity/use: \"yes\"}}'";

#[test]
fn what_is_rendered_replaces_the_files_that_it_is_made_from() {
    let files = [
        ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
        ("base/pod.yaml", POD),
        ("overlays/prod/kustomization.yaml", "resources: [../../base]\npatches: [{path: patch.yaml}]\n"),
        ("overlays/prod/patch.yaml", POD),
        ("overlays/test/Kustomization", "resources: [../../base]\ncomponents: [../../part]\n"),
        ("part/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"),
        ("unused/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"),
        ("chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("chart/templates/pod.yaml", POD),
        ("chart/charts/inner/Chart.yaml", "apiVersion: v2\nname: inner\nversion: 1.0.0\n"),
        ("other/pod.yaml", POD),
    ];
    let said = run(&files, PRINTS_POD, &["--render"]);
    assert_eq!(said.calls, ["build ./overlays/prod", "build ./overlays/test", "template ./chart"]);
    let expected = [
        "other/pod.yaml",
        "overlays/prod/<kustomize build>",
        "overlays/test/<kustomize build>",
        "<helm template chart>",
    ];
    let mut found = said.files();
    found.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected, "{}", said.messages);
    assert!(!said.messages.contains("hint"), "{}", said.messages);

    // Nothing is run unasked, and one hint names all.
    let said = run(&files, PRINTS_POD, &["."]);
    assert_eq!(said.calls, [""; 0]);
    assert_eq!(said.messages.matches("hint: ").count(), 1, "{}", said.messages);
    assert!(said.messages.contains("--render") && said.messages.contains("chart/Chart.yaml"), "{}", said.messages);
}

#[test]
fn a_configuration_cannot_ask_for_it() {
    let said = run(&[("azwi-check.yaml", "render: true\n"), ("pod.yaml", POD)], PRINTS_POD, &[]);
    assert_eq!((said.code, said.calls.len()), (Some(2), 0), "{}", said.messages);
}

#[test]
fn what_is_fetched_is_named_and_not_run() {
    let pod = ("a/pod.yaml", POD);
    for kustomization in [
        "resources: [pod.yaml, https://example.com/x.yaml]\n",
        "resources: [pod.yaml, github.com/example/base?ref=v1]\n",
        "resources: [pod.yaml, 'git@example.com:base.git']\n",
        "resources: [pod.yaml, not-there]\n",
        "resources: [pod.yaml]\npatches: [{path: 'https://example.com/x.yaml'}]\n",
        "resources: [pod.yaml]\ntransformers: ['https://example.com/x.yaml']\n",
        "resources: [pod.yaml]\nconfigMapGenerator: [{name: x, files: ['x=https://example.com/x']}]\n",
        "resources: [pod.yaml, ../.hidden]\n",
        "resources: [pod.yaml]\nhelmCharts: [{name: x}]\n",
    ] {
        let hidden = (".hidden/kustomization.yaml", "resources: ['https://example.com/x.yaml']\n");
        let said = run(&[pod, ("a/kustomization.yaml", kustomization), hidden], PRINTS_POD, &["--render"]);
        assert_eq!((said.calls.len(), said.files()), (0, vec!["a/pod.yaml"]), "{kustomization}: {}", said.messages);
        assert!(said.messages.contains("skipped: ") && said.messages.contains("a/kustomization.yaml"));
    }
    let library = ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\ntype: library\n");
    let said = run(&[pod, library], PRINTS_POD, &["--render"]);
    assert!(said.calls.is_empty() && said.messages.contains("library chart"), "{}", said.messages);
}

#[test]
fn a_program_has_a_time_and_its_failure_leaves_the_files() {
    let files = [("a/kustomization.yaml", "resources: [pod.yaml]\n"), ("a/pod.yaml", POD)];
    let start = Instant::now();
    let said = run(&files, "exec sleep 60", &["--render", "--render-timeout", "1"]);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(said.messages.contains("was stopped after 1 s"), "{}", said.messages);
    assert_eq!((said.code, said.files()), (Some(2), vec!["a/pod.yaml"]));

    // The pipe may stay open in a process of its own.
    let start = Instant::now();
    let said = run(&files, "sleep 30", &["--render", "--render-timeout", "1"]);
    assert!(start.elapsed() < Duration::from_secs(20) && said.code == Some(2));

    let said = run(&files, "echo no such thing >&2; exit 3", &["--render"]);
    assert!(said.messages.contains("no such thing") && said.files() == ["a/pod.yaml"], "{}", said.messages);
}

#[test]
fn a_program_that_prints_without_end_is_stopped() {
    let files = [("a/kustomization.yaml", "resources: []\n"), ("pod.yaml", POD)];
    let said = run(&files, "exec yes", &["--render"]);
    assert!(said.messages.contains("prints more than 100 MB"), "{}", said.messages);
}

#[test]
fn a_program_that_is_not_installed_is_named_once() {
    let folder = TempDir::new().unwrap();
    for name in ["a", "b"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("kustomization.yaml"), "resources: []\n").unwrap();
    }
    let said = said(folder.path(), Path::new("no-kustomize"), Path::new("none"), &["--render"]);
    assert_eq!(said.messages.matches("no-kustomize is not installed").count(), 1, "{}", said.messages);
    assert_eq!(said.code, Some(2));
}

#[test]
fn the_name_of_a_release_comes_before_the_chart() {
    for (arguments, expected) in [
        (["orders", "-n", "shop"], "template orders c -n shop"),
        (["-n", "shop", "orders"], "template orders c -n shop"),
        (["-n", "shop", "--no-hooks"], "template c -n shop --no-hooks"),
    ] {
        let said =
            run(&[("c/Chart.yaml", "name: c\n")], PRINTS_POD, &[&["--helm", "c", "--"], &arguments[..]].concat());
        assert_eq!(said.calls, [expected]);
        assert_eq!(said.report["findings"][0]["object"]["namespace"], "shop", "{arguments:?}");
    }
}
