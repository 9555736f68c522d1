//! What is read, and what never is: links, pipes, devices, ignore files, configurations, and what git tracks.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr, reason = "a test")]

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A pod with a mistake: whoever reads it reports it.
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {azure.workload.identity/use: \"yes\"}}\n\
                   spec: {containers: []}\n";

/// What may be in a folder of a test.
enum Entry<'a> {
    Text(&'a str),
    Link(&'a str),
    Pipe,
    /// A file that seems to have this size.
    Size(u64),
}
use Entry::{Link, Pipe, Size, Text};

/// What is in a folder of a test: paths and entries.
type Entries<'a> = Vec<(&'a str, Entry<'a>)>;

/// A folder outside of every repository.
fn folder(entries: &[(&str, Entry<'_>)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, entry) in entries {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match entry {
            Text(text) => fs::write(path, text).unwrap(),
            Link(target) => symlink(target, path).unwrap(),
            Pipe => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
            Size(size) => File::create(path).unwrap().set_len(*size).unwrap(),
        }
    }
    folder
}

/// Runs the program. It has some seconds: an endless file must not stop it.
fn run(folder: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_azwi-check"));
    program.args(arguments).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("{arguments:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// What a check of paths reads, skips and cannot read, by lines: `read FILE`, `skipped FILE: REASON`, `error FILE: MESSAGE`.
fn check(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = run(folder, &[arguments, &["--format", "json"]].concat(), "");
    let Ok(report) = serde_json::from_slice::<Value>(&output.stdout) else {
        let said = String::from_utf8(output.stderr).unwrap();
        return said.lines().map(|line| line.replacen("error: ", "error ", 1)).collect();
    };
    let texts = |list: &str, line: &dyn Fn(&Value) -> String| -> Vec<_> {
        report[list].as_array().unwrap().iter().map(line).collect()
    };
    let text = |value: &Value, member: &str| value[member].as_str().unwrap().to_owned();
    let mut lines = texts("findings", &|it| format!("read {}", text(it, "file")));
    lines.dedup();
    lines.extend(texts("skipped", &|it| format!("skipped {}: {}", text(it, "file"), text(it, "reason"))));
    lines.extend(texts("errors", &|it| format!("error {}: {}", text(it, "file"), text(it, "message"))));
    lines
}

#[test]
fn links_are_read_within_the_repository_and_named_elsewhere() {
    let secret = folder(&[("config", Text(POD))]);
    let outside = secret.path().join("config");
    let cases: [(&str, Entries<'_>, &[&str]); 15] = [
        (
            "a file of the repository",
            vec![("real/p.yaml", Text(POD)), ("d/p.yaml", Link("../real/p.yaml"))],
            &["read d/p.yaml"],
        ),
        (
            "a link and its target, once",
            vec![("d/a.yaml", Link("b.yaml")), ("d/b.yaml", Text(POD))],
            &["read d/b.yaml"],
        ),
        (
            "two links to one file",
            vec![("real", Text(POD)), ("d/a.yaml", Link("../real")), ("d/b.yaml", Link("a.yaml"))],
            &["read d/a.yaml"],
        ),
        (
            "outside",
            vec![("d/p.yaml", Link(outside.to_str().unwrap()))],
            &["skipped d/p.yaml: is a link that leads out of the repository"],
        ),
        (
            "outside by a link in between",
            vec![("out", Link(secret.path().to_str().unwrap())), ("d/p.yaml", Link("../out/config"))],
            &["skipped d/p.yaml: is a link that leads out of the repository"],
        ),
        (
            "the configuration of git",
            vec![("d/p.yaml", Link("../.git/HEAD"))],
            &["skipped d/p.yaml: is a link that leads into .git"],
        ),
        ("nothing", vec![("d/p.yaml", Link("none"))], &["skipped d/p.yaml: is a link to a file that does not exist"]),
        ("itself", vec![("d/p.yaml", Link("p.yaml"))], &["skipped d/p.yaml: is a link that cannot be followed"]),
        (
            "an endless device",
            vec![("d/p.json", Link("/dev/zero"))],
            &["skipped d/p.json: is a link that leads out of the repository"],
        ),
        ("a pipe", vec![("pipe", Pipe), ("d/p.yaml", Link("../pipe"))], &["skipped d/p.yaml: is no regular file"]),
        ("no manifest by its name", vec![("d/p.txt", Link(outside.to_str().unwrap()))], &[]),
        (
            "a folder above",
            vec![("d/a.yaml", Text(POD)), ("d/up", Link(".."))],
            &["read d/a.yaml", "skipped d/up: is a link to a folder, which is not followed"],
        ),
        ("a folder that is read anyway", vec![("d/a/a.yaml", Text(POD)), ("d/b", Link("a"))], &["read d/a/a.yaml"]),
        (
            "a folder that is hidden",
            vec![("d/.a/a.yaml", Text(POD)), ("d/b", Link(".a"))],
            &["skipped d/b: is a link to a folder, which is not followed"],
        ),
        ("a link that is ignored", vec![("d/p.yaml", Link("/dev/zero")), (".gitignore", Text("p.yaml"))], &[]),
    ];
    for (case, mut entries, expected) in cases {
        entries.push((".git/HEAD", Text("ref: refs/heads/main")));
        let folder = folder(&entries);
        assert_eq!(check(folder.path(), &["d"]), expected, "{case}");
    }
}

#[test]
fn without_a_repository_links_are_read_within_the_folder() {
    let folder = folder(&[
        ("real.yaml", Text(POD)),
        ("d/a.yaml", Link("../real.yaml")),
        ("d/b.yaml", Link("b/text")),
        ("d/b/text", Text(POD)),
    ]);
    let expected = ["read d/b.yaml", "skipped d/a.yaml: is a link that leads out of the checked folder"];
    assert_eq!(check(folder.path(), &["d"]), expected);
    // What the command line names is read wherever it is, and once.
    assert_eq!(check(folder.path(), &["d/a.yaml"]), ["read d/a.yaml"]);
    assert_eq!(check(folder.path(), &["d/a.yaml", "real.yaml", "./real.yaml"]), ["read real.yaml"]);
}

#[test]
fn what_is_no_regular_file_or_too_large_is_skipped_if_found_and_an_error_if_named() {
    let folder = folder(&[("pipe.yaml", Pipe), ("large.yaml", Size(100_000_001)), ("a.yaml", Text(POD))]);
    let expected =
        ["read a.yaml", "skipped pipe.yaml: is no regular file", "skipped large.yaml: is larger than 100 MB"];
    let mut found = check(folder.path(), &[]);
    found.sort_by_key(|line| expected.iter().position(|it| it == line));
    assert_eq!(found, expected);
    assert_eq!(check(folder.path(), &["large.yaml"]), ["error large.yaml: is larger than 100 MB"]);
    assert_eq!(check(folder.path(), &["/dev/zero"]), ["error /dev/zero: is larger than 100 MB"]);
}

#[test]
fn a_pipe_that_is_named_is_read() {
    let folder = folder(&[("pipe", Pipe)]);
    let pipe = folder.path().join("pipe");
    let writer = std::thread::spawn(move || fs::write(pipe, POD).unwrap());
    assert_eq!(check(folder.path(), &["pipe"]), ["read pipe"]);
    writer.join().unwrap();
}

#[test]
fn an_ignore_file_is_a_regular_file_of_the_repository() {
    let secret = folder(&[("patterns", Text("*.yaml"))]);
    let outside = secret.path().join("patterns");
    let outside = outside.to_str().unwrap();
    for name in [".gitignore", ".azwi-check-ignore"] {
        for (above, target, expected) in [
            ("", "/dev/zero", Some("is a link that leads out of the repository")),
            ("d/", "/dev/zero", Some("is a link that leads out of the repository")),
            ("d/", outside, Some("is a link that leads out of the repository")),
            ("d/", "../pipe", Some("is no regular file")),
            ("d/", "../large", Some("is larger than 1 MB")),
            ("d/", "../patterns", None),
        ] {
            let path = format!("{above}{name}");
            let folder = folder(&[
                (".git/HEAD", Text("ref: refs/heads/main")),
                ("pipe", Pipe),
                ("large", Size(1_000_001)),
                ("patterns", Text("*.yaml")),
                ("d/p.yaml", Text(POD)),
                (&path, Link(target)),
            ]);
            let expected: Vec<_> = expected
                .into_iter()
                .flat_map(|message| ["read d/p.yaml".to_owned(), format!("error {path}: {message}")])
                .collect();
            assert_eq!(check(folder.path(), &["d"]), expected, "{path} -> {target}");
        }
    }
}

#[test]
fn patterns_of_the_folders_above_count_within_the_repository() {
    for (case, entries, expected) in [
        ("the folder", vec![("r/a/d/.gitignore", Text("p.yaml"))], false),
        ("a folder above", vec![("r/a/.gitignore", Text("p.yaml"))], false),
        ("the root", vec![("r/.azwi-check-ignore", Text("/a/**/p.yaml"))], false),
        ("above the root", vec![(".gitignore", Text("p.yaml")), (".azwi-check-ignore", Text("p.yaml"))], true),
        ("the innermost counts", vec![("r/.gitignore", Text("p.yaml")), ("r/a/.gitignore", Text("!p.yaml"))], true),
        (
            "patterns of the program count more than those of git",
            vec![("r/.azwi-check-ignore", Text("!p.yaml")), ("r/a/d/.gitignore", Text("p.yaml"))],
            true,
        ),
        ("a byte order mark, and a line that is no pattern", vec![("r/.gitignore", Text("\u{feff}p.yaml\n{a"))], false),
    ] {
        let folder = folder(&entries);
        fs::create_dir_all(folder.path().join("r/.git")).unwrap();
        fs::write(folder.path().join("r/.git/HEAD"), "ref: refs/heads/main").unwrap();
        fs::create_dir_all(folder.path().join("r/a/d")).unwrap();
        fs::write(folder.path().join("r/a/d/p.yaml"), POD).unwrap();
        let expected: &[&str] = if expected { &["read d/p.yaml"] } else { &[] };
        assert_eq!(check(&folder.path().join("r/a"), &["d"]), expected, "{case}");
    }
}

#[test]
fn without_a_repository_patterns_count_from_the_current_folder_on() {
    let folder = folder(&[
        (".gitignore", Text("a.yaml")),
        ("here/.gitignore", Text("b.yaml")),
        ("here/d/a.yaml", Text(POD)),
        ("here/d/b.yaml", Text(POD)),
    ]);
    assert_eq!(check(&folder.path().join("here"), &["d"]), ["read d/a.yaml"]);
}

/// Runs git, without the configuration of whoever runs the test.
fn git(folder: &Path, commands: &[&str]) {
    for command in commands {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always"])
            .args(command.split(' '))
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", folder.join("no-configuration"))
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
            git.env_remove(variable);
        }
        let output = git.output().unwrap();
        assert!(output.status.success(), "git {command}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn has_git() -> bool {
    let is_there = Command::new("git").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_there {
        eprintln!("skipped: there is no program `git`");
    }
    is_there
}

/// A folder with files that `.gitignore` matches: `generated/a/t.yaml` and `t.yaml` are to be tracked, `u.yaml` are not.
fn ignored() -> TempDir {
    folder(&[
        (".gitignore", Text("generated\nt.yaml\nu.yaml\n")),
        ("generated/a/t.yaml", Text(POD)),
        ("generated/a/u.yaml", Text(POD)),
        ("generated/b/u.yaml", Text(POD)),
        ("t.yaml", Text(POD)),
        ("u.yaml", Text(POD)),
    ])
}

#[test]
fn a_file_that_git_tracks_is_read_although_a_pattern_matches_it() {
    const ADD: &str = "add -f .gitignore t.yaml generated/a/t.yaml";
    if !has_git() {
        return;
    }
    for commands in [
        &["init", ADD][..],
        &["init", ADD, "update-index --index-version 4"],
        &["init", ADD, "update-index --index-version 3", "update-index --skip-worktree t.yaml"],
        &["init", ADD, "update-index --split-index", "add -f t.yaml"],
        &["init", "add .gitignore", "update-index --split-index", ADD],
        &["init", ADD, "update-index --untracked-cache", "status"],
        &["init --object-format=sha256", ADD],
    ] {
        let folder = ignored();
        git(folder.path(), commands);
        assert_eq!(check(folder.path(), &[]), ["read generated/a/t.yaml", "read t.yaml"], "{commands:?}");
        // In the folder itself, the pattern of the folder above it matches nothing.
        let inside = check(&folder.path().join("generated"), &[]);
        assert_eq!(inside, ["read a/t.yaml"], "{commands:?}");
    }
}

#[test]
fn patterns_of_the_program_count_more_than_the_index() {
    if !has_git() {
        return;
    }
    let folder = ignored();
    fs::write(folder.path().join(".azwi-check-ignore"), "generated\n").unwrap();
    git(folder.path(), &["init", "add -f t.yaml generated/a/t.yaml"]);
    assert_eq!(check(folder.path(), &[]), ["read t.yaml"]);
}

#[test]
fn the_index_of_a_worktree_a_submodule_and_a_sparse_checkout_counts() {
    if !has_git() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let [main, tree, whole] = ["main", "tree", "whole"].map(|name| folder.path().join(name));
    let source = ignored();
    fs::rename(source.keep(), &main).unwrap();
    git(&main, &["init", "add -f .gitignore t.yaml generated/a/t.yaml", "commit -m x", "worktree add ../tree"]);
    let expected = ["read generated/a/t.yaml", "read t.yaml"];
    fs::write(tree.join("u.yaml"), POD).unwrap();
    assert_eq!(check(&tree, &[]), expected);

    // The patterns of the repository around it match everything of the submodule, but are not for it.
    fs::create_dir(&whole).unwrap();
    fs::write(whole.join(".gitignore"), "*.yaml\nsub\n").unwrap();
    git(&whole, &["init", "submodule add -f ../main sub"]);
    fs::write(whole.join("sub/u.yaml"), POD).unwrap();
    fs::write(whole.join("sub/v.yaml"), POD).unwrap();
    let expected_there = ["read sub/generated/a/t.yaml", "read sub/t.yaml", "read sub/v.yaml"];
    assert_eq!(check(&whole, &[]), expected_there);

    git(&tree, &["sparse-checkout init --cone --sparse-index", "sparse-checkout set none"]);
    fs::create_dir_all(tree.join("generated/a")).unwrap();
    fs::write(tree.join("generated/a/t.yaml"), POD).unwrap();
    assert_eq!(check(&tree, &[]), expected);
}

#[test]
fn an_index_that_cannot_be_read_is_named_and_the_patterns_count() {
    let no_index = "files that .gitignore matches are not read, even if git tracks them";
    for (case, git, index, expected) in [
        ("nothing was ever added", "HEAD", None, vec![]),
        ("broken", "HEAD", Some("DIRC"), vec![format!("skipped .git/index: is no index of git; {no_index}")]),
        ("folders are no repository without HEAD", "HEAT", Some("DIRC"), vec![]),
    ] {
        let folder = ignored();
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::write(folder.path().join(".git").join(git), "ref: refs/heads/main").unwrap();
        if let Some(index) = index {
            fs::write(folder.path().join(".git/index"), index).unwrap();
        }
        assert_eq!(check(folder.path(), &[]), expected, "{case}");
    }
    let folder = ignored();
    fs::write(folder.path().join(".git"), "gitdir: ../gone\n").unwrap();
    assert_eq!(check(folder.path(), &[]), [format!("skipped ../gone/index: does not exist; {no_index}")]);
    // Where nothing is ignored, the index does not matter.
    fs::remove_file(folder.path().join(".gitignore")).unwrap();
    fs::remove_dir_all(folder.path().join("generated")).unwrap();
    assert_eq!(check(folder.path(), &[]), ["read t.yaml", "read u.yaml"]);
}

#[test]
fn a_configuration_is_found_up_to_the_root_of_the_repository() {
    const OFF: Entry<'_> = Text("rules: {label-value: off}");
    for (case, configuration, root, is_found) in [
        ("the current folder", "r/d/azwi-check.yaml", Some("r"), true),
        ("the root", "r/azwi-check.yaml", Some("r"), true),
        ("above the root", "azwi-check.yaml", Some("r"), false),
        ("the current folder is the root", "r/azwi-check.yaml", Some("r/d"), false),
        ("no repository, the current folder", "r/d/azwi-check.yaml", None, true),
        ("no repository, a folder above", "r/azwi-check.yaml", None, false),
    ] {
        let folder = folder(&[(configuration, OFF), ("r/d/p.yaml", Text(POD))]);
        if let Some(root) = root {
            fs::create_dir(folder.path().join(root).join(".git")).unwrap();
            fs::write(folder.path().join(root).join(".git/HEAD"), "ref: refs/heads/main").unwrap();
        }
        let expected: &[&str] = if is_found { &[] } else { &["read p.yaml"] };
        assert_eq!(check(&folder.path().join("r/d"), &[]), expected, "{case}");
    }
}

#[test]
fn a_configuration_that_was_found_does_not_reach_outside_its_folder() {
    let advice = "name the configuration with --config if it may do that";
    let outside = "which leads out of the folder of the configuration";
    for (text, expected) in [
        ("settings: ../settings.yaml", Some(format!("1: settings takes \"../settings.yaml\", {outside}"))),
        ("preset: strict\npaths: [p.yaml, ..]", Some(format!("2: paths takes \"..\", {outside}"))),
        ("paths: [sub/../../q.yaml]", Some(format!("1: paths takes \"sub/../../q.yaml\", {outside}"))),
        ("paths: [sub/../p.yaml, .]", None),
        ("settings: sub/settings.yaml", None),
    ] {
        let folder = folder(&[
            (".git/HEAD", Text("ref: refs/heads/main")),
            ("settings.yaml", Text("preset: strict")),
            ("q.yaml", Text(POD)),
            ("d/azwi-check.yaml", Text(text)),
            ("d/p.yaml", Text(POD)),
            ("d/sub/settings.yaml", Text("preset: strict")),
        ]);
        let here = folder.path().join("d");
        let lines = check(&here, &[]);
        match expected {
            Some(error) => assert_eq!(lines, [format!("error azwi-check.yaml:{error}; {advice}")]),
            None => assert_eq!(lines, ["read p.yaml"], "{text}"),
        }
        // A configuration that is named may.
        let named = check(&here, &["--config", "azwi-check.yaml"]);
        assert!(named.iter().all(|line| line.starts_with("read ")) && !named.is_empty(), "{text}: {named:?}");
    }
}

#[test]
fn a_configuration_that_was_found_reads_regular_files_in_its_folder() {
    let advice = "name the configuration with --config if it may do that";
    for (text, expected) in [
        ("settings: /dev/zero", "settings takes \"/dev/zero\", which leads out of the folder of the configuration"),
        ("settings: zero.yaml", "settings takes \"zero.yaml\", which leads out of the folder of the configuration"),
        ("settings: out/q.yaml", "settings takes \"out/q.yaml\", which leads out of the folder of the configuration"),
        ("paths: [out]", "paths takes \"out\", which leads out of the folder of the configuration"),
        ("paths: [pipe]", "paths takes \"pipe\", which is no regular file"),
        ("settings: pipe", "settings takes \"pipe\", which is no regular file"),
        ("settings: large", "settings takes \"large\", which is larger than 100 MB"),
    ] {
        let folder = folder(&[
            (".git/HEAD", Text("ref: refs/heads/main")),
            ("q.yaml", Text(POD)),
            ("d/azwi-check.yaml", Text(text)),
            ("d/zero.yaml", Link("/dev/zero")),
            ("d/out", Link("..")),
            ("d/pipe", Pipe),
            ("d/large", Size(100_000_001)),
        ]);
        let lines = check(&folder.path().join("d"), &[]);
        assert_eq!(lines, [format!("error azwi-check.yaml:1: {expected}; {advice}")], "{text}");
    }
    for (target, expected) in [
        ("/dev/zero", "error azwi-check.yaml: is a link that leads out of the repository"),
        ("pipe", "error azwi-check.yaml: is no regular file"),
        ("none", "error azwi-check.yaml: is a link to a file that does not exist"),
        ("large", "error azwi-check.yaml: is larger than 100 MB"),
        ("other.yaml", "read p.yaml"),
    ] {
        let folder = folder(&[
            (".git/HEAD", Text("ref: refs/heads/main")),
            ("azwi-check.yaml", Link(target)),
            ("pipe", Pipe),
            ("large", Size(100_000_001)),
            ("other.yaml", Text("paths: [p.yaml]")),
            ("p.yaml", Text(POD)),
            ("q.yaml", Text(POD)),
        ]);
        assert_eq!(check(folder.path(), &[]), [expected], "{target}");
    }
}

#[test]
fn everything_after_the_first_document_of_a_configuration_is_an_error() {
    for (text, expected) in [
        ("paths: [p.yaml]\n---\npreset: strict", "3: holds a second document; a configuration is one"),
        ("paths: [p.yaml]\n---\n- [", "3: the bracket `[` is not closed; add `]`"),
    ] {
        let folder = folder(&[("azwi-check.yaml", Text(text)), ("p.yaml", Text(POD))]);
        let lines = check(folder.path(), &[]);
        let [line] = lines.as_slice() else { panic!("{text}: {lines:?}") };
        assert!(line.starts_with(&format!("error azwi-check.yaml:{expected}")), "{line}");
    }
}

#[test]
fn a_dash_is_standard_input_wherever_a_file_is_named() {
    let account = "{\"apiVersion\": \"v1\", \"kind\": \"ServiceAccount\", \"metadata\": {\"name\": \"web\", \"namespace\": \
                   \"shop\", \"annotations\": {\"azure.workload.identity/client-id\": \"6edd6b16-f6a6-4f55-aefd-1f0505f7ae87\"}}}";
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"azure.workload.identity/use": "true"}},
        "spec": {"serviceAccountName": "web", "containers": [{"name": "main", "image": "registry.example.com/main:2"}]},
    });
    let request = json!({
        "uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": "shop", "name": "web", "operation": "CREATE", "userInfo": {"username": "someone"}, "object": pod,
    });
    let review =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).to_string();
    let credentials = "[]";
    let folder = folder(&[
        ("account.json", Text(account)),
        ("review.json", Text(&review)),
        ("p.yaml", Text(POD)),
        ("-", Text("this file is ./-")),
    ]);
    for (arguments, stdin, code) in [
        (&["review", "--cluster-state", "account.json", "-"][..], review.as_str(), 0),
        (&["review", "--cluster-state", "account.json"], &review, 0),
        (&["review", "--cluster-state", "-", "review.json"], account, 0),
        (&["-"], POD, 1),
        (&["p.yaml", "--settings", "-"], "rules: {label-value: off}", 0),
        (&["p.yaml", "--config", "-"], "rules: {label-value: off}", 0),
        (&["p.yaml", "--baseline", "-"], "{\"version\": 1, \"findings\": []}", 1),
        (&["chain", "p.yaml", "--azure", "-"], credentials, 3),
    ] {
        let output = run(folder.path(), arguments, stdin);
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    }
    let output = run(folder.path(), &["p.yaml", "--settings", "-", "--cluster-state", "-"], "preset: strict");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "error: <stdin>: was read already; only one file can be standard input\n");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(check(folder.path(), &["./-"]), [""; 0]);
}

#[test]
fn utf_16_with_a_byte_order_mark_is_read_and_kept_by_fix() {
    let utf_16 = |text: &str| -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let pod = POD.replace("\"yes\"", "\"True\" # caf\u{e9}\r\n  ");
    let folder = folder(&[]);
    let file = folder.path().join("pod.yaml");
    fs::write(&file, utf_16(&pod)).unwrap();

    let shown = run(folder.path(), &["fix", "--dry-run", "."], "");
    let said = String::from_utf8_lossy(&shown.stderr);
    assert!(shown.stdout.is_empty() && said.contains("pod.yaml: no diff is written: it is UTF-16"), "{said}");

    run(folder.path(), &["fix", "."], "");
    assert_eq!(fs::read(&file).unwrap(), utf_16(&pod.replace("True", "true")));
}
