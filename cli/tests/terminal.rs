//! How the program behaves towards terminals, pipes and shells.

#![cfg(not(target_family = "wasm"))]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_azwi-check");

/// The program in a folder of the cases, in an environment that says nothing about colours.
fn azwi_check(folder: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd").join(folder));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI", "TERM"] {
        command.env_remove(name);
    }
    command
}

#[test]
fn colours_are_for_terminals_and_those_who_ask() {
    let is_coloured = |environment: &[(&str, &str)], arguments: &[&str]| {
        let mut command = azwi_check("inputs.in");
        let output = command.args(arguments).envs(environment.iter().copied()).output().unwrap();
        (output.stdout.contains(&0x1b), output.stderr.contains(&0x1b))
    };
    let never = (false, false);
    assert_eq!(is_coloured(&[], &["."]), never);
    assert_eq!(is_coloured(&[("CLICOLOR_FORCE", "1")], &["."]), (true, true));
    assert_eq!(is_coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &["."]), never);
    assert_eq!(is_coloured(&[("NO_COLOR", "1")], &[".", "--color", "always"]), (true, true));
    assert_eq!(is_coloured(&[("CLICOLOR_FORCE", "1")], &[".", "--color", "never"]), never);
    assert_eq!(is_coloured(&[], &[".", "--color", "always", "--format", "json"]), (false, true));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = azwi_check("output.in")
        .args(["--format", "sarif"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn kubectl_runs_the_program_as_a_plugin() {
    let link = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kubectl-azwi_check");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(PROGRAM, &link).unwrap();
    let help = Command::new(link).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("Usage: kubectl azwi-check [OPTIONS] [PATH]..."), "{help}");
}

#[test]
fn the_configuration_is_found_above_and_paths_are_relative_to_where_the_program_runs() {
    for (folder, file) in [
        ("configuration.in", "deploy/pod.yaml"),
        ("configuration.in/deploy", "pod.yaml"),
        ("configuration.in/policies", "../deploy/pod.yaml"),
    ] {
        let output = azwi_check(folder).args(["--format", "github"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let files: Vec<_> =
            text.lines().filter_map(|line| Some(line.split_once("file=")?.1.split_once(',')?.0)).collect();
        assert_eq!(files, [file, &file.replace("pod", "service")], "{folder}: {text}");
    }
}

#[test]
fn a_program_that_is_not_installed_is_named_with_what_to_do() {
    for (arguments, environment, expected) in [
        (["--helm", "charts/shop"], ("HELM", ""), "helm is not installed; install it, or set HELM to its path"),
        (
            ["--helm", "charts/shop"],
            ("HELM", "no-helm"),
            "no-helm is not installed; install it, or set HELM to its path",
        ),
        (["--kustomize", "overlays/prod"], ("KUSTOMIZE", ""), "neither kustomize nor kubectl is installed"),
        (
            ["--kustomize", "overlays/prod"],
            ("KUSTOMIZE", "no-kustomize"),
            "no-kustomize is not installed; KUSTOMIZE names it",
        ),
    ] {
        let mut command = azwi_check("programs.in");
        let output = command.args(arguments).env("PATH", "").env(environment.0, environment.1).output().unwrap();
        let messages = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && messages.contains(expected), "{arguments:?}: {messages}");
    }
}

#[test]
fn scripts_and_the_manual_page_are_printed() {
    for (arguments, expected) in [
        (["completions", "bash"].as_slice(), "-o default azwi-check"),
        (&["completions", "fish"], "complete -c azwi-check"),
        (&["completions", "zsh"], "#compdef azwi-check"),
        (&["completions", "powershell"], "Register-ArgumentCompleter"),
        (&["man"], ".TH azwi-check 1"),
    ] {
        let output = azwi_check("inputs.in").args(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains(expected), "{arguments:?}: {text}");
    }
}
