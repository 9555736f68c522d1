//! The program as people use it: the files in `tests/cmd` are read as documentation and run as tests.
//!
//! `TRYCMD=overwrite cargo test -p azwi-check` writes the outputs; review the diff.

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};

use serde_json::{Value, json};

/// Runs the cases. Called as helm, kustomize or kubectl, this program prints what they would print for small inputs.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let text = match arguments.as_slice() {
        ["template", "charts/shop"] => chart("web"),
        ["template", "charts/shop", "--set", name] => chart(name.trim_start_matches("name=")),
        ["build", "overlays/prod"] => pod("web"),
        [context, "--request-timeout=20s", rest @ ..] if context.starts_with("--context=") => {
            return kubectl(context.trim_start_matches("--context="), rest);
        }
        ["template" | "build", ..] => {
            io::stderr().write_all(format!("Error: cannot {}\n", arguments.join(" ")).as_bytes()).unwrap();
            return ExitCode::FAILURE;
        }
        _ => {
            nothing_secret_is_printed();
            run_cases();
            each_exit_code_is_shown();
            return ExitCode::SUCCESS;
        }
    };
    io::stdout().write_all(text.as_bytes()).unwrap();
    ExitCode::SUCCESS
}

fn run_cases() {
    let this_program = std::env::current_exe().unwrap().into_os_string().into_string().expect("a path in UTF-8");
    let cases = trycmd::TestCases::new();
    cases.env("HELM", &this_program).env("KUSTOMIZE", &this_program).env("KUBECTL", &this_program);
    cases.case("tests/cmd/*.md").case("tests/cmd/*.toml");
}

/// The commands end with the codes that the table in `docs/cli.md` has for them: each occurs in a case, and no other does.
fn each_exit_code_is_shown() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(folder.join("../docs/cli.md")).unwrap();
    let (_, table) =
        page.split_once("| command | 0 | 1 | 2 | 3 |\n|---|---|---|---|---|\n").expect("the table of exit codes");
    let mut documented = BTreeSet::new();
    let mut row_of = BTreeMap::new();
    for line in table.lines().take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let commands = cells[0].split(", ").map(|name| name.trim_matches('`'));
        row_of.extend(commands.map(|name| (name.to_owned(), cells[0])));
        documented.extend((0..4).filter(|code| !cells[code + 1].is_empty()).map(|code| (cells[0], code)));
    }
    let mut shown = BTreeSet::new();
    for file in fs::read_dir(folder.join("tests/cmd")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(arguments) = line.strip_prefix("$ azwi-check") else { continue };
            let command = arguments.split(' ').find_map(|word| row_of.get(word)).unwrap_or(&row_of["check"]);
            let code = lines[number + 1].strip_prefix("? ").map_or(0, |code| code.parse::<usize>().unwrap());
            shown.insert((*command, code));
        }
    }
    assert_eq!(shown, documented);
}

fn chart(name: &str) -> String {
    format!("---\n# Source: shop/templates/pod.yaml\n{}---\n# Source: shop/templates/none.yaml\n# empty\n", pod(name))
}

fn pod(name: &str) -> String {
    let label = "  labels:\n    azure.workload.identity/use: \"yes\"\n";
    format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n{label}spec:\n  containers: []\n")
}

/// kubectl for a cluster whose objects are in a file. It only knows how to get what is no secret.
fn kubectl(context: &str, arguments: &[&str]) -> ExitCode {
    let refuse = |message: String| {
        io::stderr().write_all(message.as_bytes()).unwrap();
        ExitCode::FAILURE
    };
    let print = |value: &Value| {
        io::stdout().write_all(format!("{value:#}\n").as_bytes()).unwrap();
        ExitCode::SUCCESS
    };
    let Ok(text) = fs::read_to_string(format!("clusters/{context}.json")) else {
        return refuse(format!("error: context \"{context}\" does not exist\n"));
    };
    let cluster: Value = serde_json::from_str(&text).unwrap();
    let lists = |key: &str, what: &str| cluster[key].as_array().unwrap().iter().any(|it| it == what);
    let forbidden =
        |what: &str| format!("Error from server (Forbidden): {what} is forbidden: User \"dev\" cannot get it\n");
    let (resource, options) = match arguments {
        ["get", "--raw=/.well-known/openid-configuration"]
            if lists("forbidden", "/.well-known/openid-configuration") =>
        {
            return refuse(forbidden("/.well-known/openid-configuration"));
        }
        ["get", "--raw=/.well-known/openid-configuration"] => {
            return print(&json!({"issuer": cluster["issuer"], "jwks_uri": "https://example.com/openid/v1/jwks"}));
        }
        ["get", resource, options @ ..] if !resource.contains("secret") && !resource.starts_with('-') => {
            (*resource, options)
        }
        other => return refuse(format!("kubectl is never asked for {}\n", other.join(" "))),
    };
    if lists("absent", resource) {
        return refuse(format!("error: the server doesn't have a resource type \"{resource}\"\n"));
    }
    if lists("forbidden", resource) {
        return refuse(forbidden(resource));
    }
    let option = |name: &str| options.iter().find_map(|it| it.strip_prefix(name));
    let plural = resource.split('.').next().unwrap();
    let is_asked = |object: &&Value| {
        let kind = object["kind"].as_str().unwrap().to_lowercase();
        let (namespace, labels) = (&object["metadata"]["namespace"], &object["metadata"]["labels"]);
        let selector = option("--selector=").unwrap_or_default();
        (plural == format!("{kind}s") || plural == format!("{}ies", kind.trim_end_matches('y')))
            && (namespace.is_null() || option("--namespace=").unwrap_or("shop") == namespace)
            && selector.split(',').filter_map(|it| it.split_once('=')).all(|(key, value)| labels[key] == value)
    };
    let mut objects = cluster["items"].as_array().unwrap().iter().filter(is_asked);
    match options {
        [name, "--ignore-not-found", ..] => match objects.find(|object| object["metadata"]["name"] == *name) {
            Some(object) => print(object),
            None => ExitCode::SUCCESS,
        },
        _ => print(&json!({"apiVersion": "v1", "kind": "List", "items": objects.collect::<Vec<_>>()})),
    }
}

/// The clusters hold values that begin with `hush`: of variables, of tokens, of annotations.
fn nothing_secret_is_printed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/why.in");
    let (mut is_hidden, mut count) = (false, 0);
    for file in fs::read_dir(folder.join("clusters")).unwrap() {
        let file = file.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        is_hidden |= text.contains("hush");
        let context = file.file_stem().unwrap().to_str().unwrap();
        for object in serde_json::from_str::<Value>(&text).unwrap()["items"].as_array().unwrap() {
            if object["kind"] != "Pod" {
                continue;
            }
            let (name, namespace) = (&object["metadata"]["name"], object["metadata"]["namespace"].as_str().unwrap());
            let output = Command::new(env!("CARGO_BIN_EXE_azwi-check"))
                .args(["why", &format!("pod/{}", name.as_str().unwrap()), "-n", namespace, "--context", context])
                .args(["--azure", "credentials.json"])
                .env("KUBECTL", std::env::current_exe().unwrap())
                .current_dir(&folder)
                .output()
                .unwrap();
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8(printed).unwrap();
            assert!(printed.contains("federated-credential"), "{context}: {printed}");
            assert!(!printed.contains("hush") && !printed.contains("never asked"), "{context}: {printed}");
            count += 1;
        }
    }
    assert!(is_hidden && count > 10, "{count} pods were explained");
}
