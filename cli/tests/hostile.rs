//! Names that give orders to terminals, to runners of CI, to shells and to `patch`, in everything that the program prints.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// What a name may hold. `FORGED` is the begin of a line that nobody wrote; no colour of the program is `ESC [ 35 ; 7 m`.
const PARTS: [&str; 24] = [
    "\nFORGED",
    "\n::add-mask::web",
    "\r::set-output name=a::b",
    "\n \u{a0}::error::x",
    "::stop-commands::x",
    "##[error]x",
    "##vso[task.complete result=Succeeded;]",
    "\n+++ b/FORGED",
    "\ndiff --git \"a/\\056git/hooks/a\" \"b/\\056git/hooks/a\"",
    "\u{1b}[35;7m",
    "\u{1b}]0;title\u{7}",
    "\u{9b}35m",
    "\u{7f}\u{8}",
    "\u{85}\u{2028}\u{2029}",
    "\u{202e}\u{2066}",
    "\u{200f}\u{61c}",
    "\t",
    " ",
    "\"",
    "\\",
    "'",
    "$(id)`id`",
    "]]>&lt;",
    "grün",
];

const ACCOUNT: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n  annotations:\n    \
                       azure.workload.identity/client-id: 11111111-2222-3333-4444-555555555555\n";

fn name() -> impl Strategy<Value = String> {
    proptest::collection::vec(select(&PARTS[..]), 1..7).prop_map(|parts| format!("n{}", parts.concat()))
}

/// A text of JSON in ASCII, which YAML reads too.
fn ascii(value: &Value) -> String {
    let escape = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() && byte != 0x7f => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    };
    value.to_string().encode_utf16().map(escape).collect()
}

/// The tests use one folder, one after the other: a program that is being written while another one starts cannot be run.
static FOLDER: Mutex<()> = Mutex::new(());

/// A folder with hostile names, as texts of objects and as names of files.
struct Case {
    _lock: MutexGuard<'static, ()>,
    folder: PathBuf,
    file: String,
    object: String,
}

impl Case {
    fn new(file: &str, object: &str, other: &str) -> Self {
        let lock = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
        let _ = fs::remove_dir_all(&folder);
        let file = format!("{}.yaml", file.replace('/', "_"));
        fs::create_dir_all(folder.join(&file)).unwrap();
        fs::create_dir_all(folder.join("chart").join(&file)).unwrap();
        let metadata = json!({
            "name": object, "namespace": other, "annotations": {other: object},
            "labels": {"azure.workload.identity/use": "True"},
        });
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": {"serviceAccountName": other, "containers": [{
                "name": object, "image": object,
                "env": [{"name": "AZURE_CLIENT_ID", "value": other}, {"name": object, "value": other}],
            }]},
        });
        let injected = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": object, "annotations": {other: object}, "labels": {"azure.workload.identity/use": "true"}},
            "spec": {"serviceAccountName": "web", "containers": [{"name": "web", "image": object, "env": [{"name": other}]}]},
        });
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": other, "namespace": other, "annotations": {
                "azure.workload.identity/client-id": object, "azure.workload.identity/tenant-ID": other,
            }},
        });
        let credential =
            json!([{"name": object, "issuer": other, "subject": object, "audiences": [other], "id": object}]);
        let review = json!({"request": {
            "uid": object, "operation": "CREATE", "namespace": other, "object": pod, "userInfo": {"username": other},
            "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
        }});
        // The text of a file cannot be changed in a patch, and a line that begins with `::` is read by a runner.
        let harmless = format!("# \u{202e} [1]\n{}\n", ascii(&pod).replace("##", "#\\u0023"));
        let broken = format!("{{apiVersion: v1, kind: Pod, metadata: {}\n", ascii(&metadata));
        for (name, text) in [
            (format!("{file}/pod.yaml"), harmless),
            (format!("{file}/command.yaml"), format!("# a\n\n::error::x: |\n  ##[error]y\n---\n{}\n", ascii(&pod))),
            (format!("{file}/web.yaml"), ACCOUNT.to_owned()),
            (format!("{file}/injected.yaml"), ascii(&injected).replace("##", "#\\u0023")),
            (format!("{file}/{file}"), format!("{}\n", ascii(&account))),
            (format!("{file}/template{file}"), "apiVersion: v1\nkind: Pod\nname: {{ x }}\na: b: c\n".to_owned()),
            (format!("{file}/broken{file}"), broken),
            (format!("chart/{file}/Chart.yaml"), "name: web\n".to_owned()),
            ("review.json".to_owned(), ascii(&review)),
            ("credentials.json".to_owned(), ascii(&credential)),
            ("object.json".to_owned(), ascii(&pod)),
            // `cat template template` stands for helm.
            ("template".to_owned(), format!("---\n# Source: {}\n{}\n", object.replace(['\n', '\r'], ""), ascii(&pod))),
            ("said".to_owned(), format!("Error: {object}\nError: {other}")),
        ] {
            fs::write(folder.join(name), text).unwrap();
        }
        for (name, script) in [
            ("kubectl", "case \"$*\" in *get\\ pod*) cat object.json ;; *) cat said >&2; exit 1 ;; esac"),
            ("fails", "cat said >&2; exit 1"),
        ] {
            let path = folder.join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { _lock: lock, folder, file, object: object.to_owned() }
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_azwi-check"));
        command.args(arguments).current_dir(&self.folder).envs(environment.iter().copied());
        let output = command.stdin(fs::File::open(self.folder.join("template")).unwrap()).output().unwrap();
        assert!(output.status.code().is_some_and(|code| code < 4), "{arguments:?}: {}", text(&output.stderr));
        output
    }

    /// Runs the program, and checks that everything it prints is prose.
    fn prose(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let output = self.run(arguments, environment);
        let printed = text(&output.stdout);
        judge(&printed, arguments);
        judge(&text(&output.stderr), arguments);
        printed
    }
}

fn text(text: &[u8]) -> String {
    String::from_utf8(text.to_vec()).unwrap()
}

/// Whether a runner obeys something in a line. GitHub: `ActionCommand.cs`; Azure Pipelines: `Command.cs`.
fn is_obeyed_by_runner(line: &str) -> bool {
    let is_mark = line.trim_start().starts_with("::: ");
    (line.trim_start().starts_with("::") && !is_mark) || line.contains("##[") || line.contains("##vso[")
}

fn is_hostile(it: char) -> bool {
    it.is_control()
        || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}".contains(it)
        || ('\u{202a}'..='\u{202e}').contains(&it)
        || ('\u{2066}'..='\u{2069}').contains(&it)
}

/// Checks a text that people read: with colours of the program alone, and without lines that begin in a name.
fn judge(text: &str, arguments: &[&str]) {
    assert!(!text.contains("\u{1b}[35;7m"), "{arguments:?}: {text:?}");
    let mut plain = String::new();
    for (position, part) in text.split("\u{1b}[").enumerate() {
        let style = part.trim_start_matches(|it: char| it.is_ascii_digit() || it == ';').strip_prefix('m');
        plain.push_str(if position == 0 { part } else { style.unwrap_or_else(|| panic!("{arguments:?}: {text:?}")) });
    }
    for line in plain.lines() {
        assert!(!line.contains(is_hostile), "{arguments:?}: {line:?}");
        assert!(!is_obeyed_by_runner(line), "{arguments:?}: {line:?}");
        assert!(!line.trim_start().starts_with("FORGED"), "{arguments:?}: {plain}");
    }
    assert!(text.split(['\n', '\r']).all(|line| !is_obeyed_by_runner(line)), "{arguments:?}: {text:?}");
}

/// What `patch` or `git apply` makes of a folder and a diff: whether it succeeds.
fn applies(program: &[&str], folder: &Path, diff: &[u8]) -> Option<bool> {
    let [name, arguments @ ..] = program else { return None };
    let child = Command::new(name)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .env("GIT_CEILING_DIRECTORIES", folder.parent()?)
        .spawn();
    let mut child = child.ok()?;
    child.stdin.take()?.write_all(diff).ok()?;
    Some(child.wait().ok()?.success())
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copied(&path, &copy) } else { fs::copy(path, copy).map(|_| ()).unwrap() }
    }
}

/// The files of a folder with their texts.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push((path.clone(), fs::read(path).unwrap())) }
    }
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_name_says_is_obeyed(file in name(), object in name(), other in name()) {
        let case = Case::new(&file, &object, &other);
        let credentials = ["--azure", "credentials.json", "--issuer", &other];
        for colour in ["--color=never", "--color=always"] {
            case.prose(&["check", colour, "."], &[]);
            case.prose(&["check", colour, "-"], &[]);
            case.prose(&["chain", colour, &case.file], &[]);
            case.prose(&[&["chain", colour, &case.file][..], &credentials].concat(), &[]);
            case.prose(&["why", colour, "pod/web"], &[("KUBECTL", "./kubectl")]);
        }
        case.prose(&["check", "--color=always", "--helm", "template"], &[("HELM", "cat")]);
        case.prose(&["diff", "--color=always", "."], &[]);
        case.prose(&["fix", "--dry-run", "--color=always", "."], &[]);
        case.prose(&["check", "chart"], &[]);
        case.prose(&["why", "pod/web"], &[("KUBECTL", "./fails")]);
        case.prose(&[&format!("-{object}")], &[]);
        case.prose(&["explain", &object], &[]);
        case.prose(&["review", &object], &[]);
        for format in ["mermaid", "dot"] {
            case.prose(&[&["chain", "--format", format, &case.file][..], &credentials].concat(), &[]);
        }

        // Data members keep what they hold.
        for format in ["json", "sarif", "gitlab", "junit"] {
            let printed = case.prose(&["check", "--format", format, "."], &[]);
            if format == "json" {
                let report: Value = serde_json::from_str(&printed).unwrap();
                let findings = report["findings"].as_array().unwrap();
                prop_assert!(findings.iter().any(|it| it["object"]["name"] == *case.object), "{printed}");
                prop_assert!(findings.iter().any(|it| it["file"] == *format!("{}/pod.yaml", case.file)), "{printed}");
            } else if format != "junit" {
                serde_json::from_str::<Value>(&printed).unwrap();
            }
        }
        case.prose(&[&["chain", "--format=json", &case.file][..], &credentials].concat(), &[]);
        let answer: Value = serde_json::from_str(&case.prose(&["review", "review.json"], &[])).unwrap();
        prop_assert_eq!(answer["response"]["uid"].as_str().unwrap(), case.object.as_str());

        // Programs that fail say so in several lines.
        let said = case.run(&["--helm", "web"], &[("HELM", "./fails")]);
        prop_assert!(!text(&said.stderr).split(['\n', '\r']).any(is_obeyed_by_runner));

        // The commands of a format are its own.
        for (format, commands) in
            [("github", ["::error ", "::warning ", "::notice "]), ("azure-pipelines", ["##vso[task.logissue "; 3])]
        {
            let output = case.run(&["--format", format, "."], &[]);
            judge(&text(&output.stderr), &[format]);
            for line in text(&output.stdout).lines() {
                let data = commands.iter().find_map(|command| line.strip_prefix(command)).unwrap_or(line);
                prop_assert!(!data.contains(is_hostile) && !is_obeyed_by_runner(data), "{format}: {line:?}");
            }
        }
    }

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else(file in name(), object in name(), other in name()) {
        let case = Case::new(&file, &object, &other);
        for command in [&["diff", "."][..], &["fix", "--dry-run", "."]] {
            let output = case.run(command, &[]);
            judge(&text(&output.stderr), command);
            let diff = text(&output.stdout);
            prop_assert!(!diff.split(['\n', '\r']).any(is_obeyed_by_runner), "{diff}");
            prop_assert!(!diff.contains(|it: char| it.is_control() && !"\n\t".contains(it)), "{diff}");
            for line in diff.lines().filter(|line| !line.starts_with(['@', ' ', '#', '\\'])) {
                prop_assert!(line.starts_with(['+', '-']), "{diff}");
            }

            let messages = text(&output.stderr);
            prop_assert!(diff.contains("\n+++ "), "{command:?}: {messages}");
            // A file whose text would be obeyed is left out.
            prop_assert_eq!(messages.contains("command.yaml: no diff is written"), command.len() == 3, "{}", messages);
            let before = files(&case.folder);
            for program in [&["patch", "-p1", "--batch"][..], &["git", "apply"]] {
                let folder = case.folder.with_file_name("hostile-patched");
                let _ = fs::remove_dir_all(&folder);
                copied(&case.folder, &folder);
                let Some(is_applied) = applies(program, &folder, &output.stdout) else {
                    eprintln!("skipped: there is no program {program:?}");
                    continue;
                };
                prop_assert!(is_applied, "{program:?}: {diff}");
                let after = files(&folder);
                prop_assert_eq!(after.len(), before.len(), "{}", diff);
                let changed = before.iter().zip(&after).filter(|((_, old), (_, new))| old != new).count();
                prop_assert_eq!(changed, diff.lines().filter(|line| line.starts_with("+++ ")).count(), "{}", diff);
            }
        }
    }
}

#[test]
fn a_command_to_copy_gives_a_shell_nothing_but_words() {
    let name = "web'; touch FORGED; $(touch FORGED) `touch FORGED` \u{1b}";
    let case = Case::new("a", name, name);
    let webhook = json!({"apiVersion": "v1", "kind": "List", "items": [{
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "azure-wi-webhook-mutating-webhook-configuration"},
        "webhooks": [{
            "name": "mutation.azure-workload-identity.io",
            "clientConfig": {"service": {"name": "azure-wi-webhook-webhook-service", "namespace": "kube-system", "path": "/mutate-v1-pod"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        }],
    }]});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "web-0", "namespace": "shop", "labels": {"azure.workload.identity/use": "true"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": name, "uid": "1", "controller": true}],
        },
        "spec": {"serviceAccountName": name, "containers": [{"name": "web", "image": "web"}]},
    });
    let script = "case \"$*\" in *get\\ pod*) cat object.json ;; *mutatingwebhook*) cat webhook.json ;; \
                  *) echo '(NotFound)' >&2; exit 1 ;; esac";
    for (file, text) in [
        ("object.json", pod.to_string()),
        ("webhook.json", webhook.to_string()),
        ("kubectl", format!("#!/bin/sh\n{script}\n")),
    ] {
        fs::write(case.folder.join(file), text).unwrap();
    }
    let why = case.prose(&["why", "pod/web-0", "-n", "shop"], &[("KUBECTL", "./kubectl")]);
    let chain = case.prose(&["chain", "a.yaml", "--azure", "credentials.json", "--issuer", name], &[]);
    let printed = why + &chain;
    let commands: Vec<_> = printed.lines().filter_map(|line| Some(line.split_once(" $ ")?.1)).collect();
    for start in ["kubectl rollout restart statefulset 'web'", "az identity federated-credential create"] {
        assert!(commands.iter().any(|command| command.starts_with(start)), "{printed}");
    }
    for command in commands {
        let mut shell = Command::new("sh");
        shell.args(["-euc", &format!("az() {{ :; }}; kubectl() {{ :; }}; {command}")]);
        assert!(shell.current_dir(&case.folder).status().unwrap().success(), "{command}");
        assert!(!case.folder.join("FORGED").exists(), "{command}");
    }
}
