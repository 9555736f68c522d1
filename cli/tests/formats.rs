//! The formats for programs, written by the program and checked against their schemas.

#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use jsonschema::Validator;
use serde_json::{Value, json};

/// What the program prints in a folder of the cases.
fn output(folder: &str, arguments: &[&str]) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd").join(folder);
    let output = Command::new(env!("CARGO_BIN_EXE_azwi-check")).args(arguments).current_dir(folder).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// Folders whose reports have findings with and without corrections, skipped files, errors, or nothing at all.
const FOLDERS: [(&str, &[&str]); 4] =
    [("output.in", &["."]), ("inputs.in", &["."]), ("configuration.in", &["."]), ("exit-codes.in", &["empty.yaml"])];

#[test]
fn json_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/azwi-check.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for (folder, paths) in FOLDERS {
        let report = output(folder, &[paths, &["--format", "json"]].concat());
        let problems: Vec<_> = schema.iter_errors(&report).map(|it| format!("{}: {it}", it.instance_path)).collect();
        assert_eq!(problems, [""; 0], "{folder}: {report:#}");

        assert_says_something(&schema, &report);
    }
}

/// Asserts that a schema requires all members of a report but those that may be absent, at any depth, and lets others pass, which a
/// later release may add. Returns the pointers of the members, without numbers.
fn assert_says_something(schema: &Validator, report: &Value) -> BTreeSet<String> {
    let mut required = BTreeSet::new();
    for pointer in members(report, "") {
        let (holder, key) = pointer.rsplit_once('/').unwrap();
        let mut changed = report.clone();
        let object = changed.pointer_mut(holder).unwrap().as_object_mut().unwrap();
        object.insert("more".to_owned(), json!(1));
        let member = object.remove(key).unwrap();
        assert_eq!(schema.is_valid(&changed), key == "doubt", "{pointer}");
        changed.pointer_mut(holder).unwrap().as_object_mut().unwrap().insert(key.to_owned(), member);
        assert!(schema.is_valid(&changed), "{pointer}");
        required.insert(pointer.split('/').filter(|step| step.parse::<usize>().is_err()).collect::<Vec<_>>().join("/"));
    }
    required
}

/// The members that SARIF requires of what the program writes. Source: OASIS, `sarif-schema-2.1.0.json`.
fn sarif_schema() -> Value {
    let message = json!({"type": "object", "anyOf": [{"required": ["text"]}, {"required": ["id"]}]});
    let artifact = json!({"type": "object", "properties": {"uri": {"type": "string", "format": "uri-reference", "pattern": "^[^ \\\\<>]+$"}}});
    let position = json!({"type": "integer", "minimum": 1});
    let region = json!({"type": "object", "required": ["startLine"], "properties": {
        "startLine": position, "startColumn": position, "endLine": position, "endColumn": position,
    }});
    let location = json!({"type": "object", "properties": {
        "id": {"type": "integer", "minimum": 0},
        "message": message,
        "physicalLocation": {
            "required": ["artifactLocation"],
            "properties": {"artifactLocation": artifact, "region": region},
        },
        "logicalLocations": {"type": "array", "items": {"type": "object"}},
    }});
    let fix = json!({"required": ["artifactChanges"], "properties": {
        "description": message,
        "artifactChanges": {"type": "array", "minItems": 1, "items": {
            "required": ["artifactLocation", "replacements"],
            "properties": {"artifactLocation": artifact, "replacements": {"type": "array", "minItems": 1, "items": {
                "required": ["deletedRegion"],
                "properties": {"deletedRegion": region, "insertedContent": {"properties": {"text": {"type": "string"}}}},
            }}},
        }},
    }});
    let rule = json!({"required": ["id"], "properties": {
        "id": {"type": "string"}, "shortDescription": {"required": ["text"]}, "fullDescription": {"required": ["text"]},
        "help": {"required": ["text", "markdown"]}, "helpUri": {"type": "string", "format": "uri"},
        "defaultConfiguration": {"properties": {
            "enabled": {"type": "boolean"}, "level": {"enum": ["none", "note", "warning", "error"]},
        }},
    }});
    json!({
        "type": "object",
        "required": ["version", "runs"],
        "properties": {"version": {"const": "2.1.0"}, "runs": {"type": "array", "items": {
            "required": ["tool", "results", "columnKind"],
            "properties": {
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "tool": {"required": ["driver"], "properties": {
                    "driver": {"required": ["name", "rules"], "properties": {"rules": {"type": "array", "items": rule}}},
                }},
                "invocations": {"type": "array", "items": {
                    "required": ["executionSuccessful"],
                    "properties": {"toolExecutionNotifications": {"type": "array", "items": {
                        "required": ["message"],
                        "properties": {"message": message, "locations": {"type": "array", "items": location}},
                    }}},
                }},
                "results": {"type": "array", "items": {
                    "required": ["message", "ruleId", "ruleIndex", "level", "partialFingerprints"],
                    "properties": {
                        "message": message, "level": {"enum": ["none", "note", "warning", "error"]},
                        "locations": {"type": "array", "minItems": 1, "items": location},
                        "relatedLocations": {"type": "array", "items": location},
                        "fixes": {"type": "array", "items": fix},
                        "partialFingerprints": {"additionalProperties": {"type": "string"}},
                    },
                }},
            },
        }}},
    })
}

#[test]
fn sarif_has_what_its_schema_requires() {
    let schema = jsonschema::validator_for(&sarif_schema()).unwrap();
    for (folder, paths) in FOLDERS {
        let log = output(folder, &[paths, &["--format", "sarif"]].concat());
        let problems: Vec<_> = schema.iter_errors(&log).map(|it| format!("{}: {it}", it.instance_path)).collect();
        assert_eq!(problems, [""; 0], "{folder}");

        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
    }
}

#[test]
fn reports_do_not_depend_on_the_number_of_threads() {
    for format in ["json", "sarif"] {
        let report = |threads| output("inputs.in", &[".", "--format", format, "--threads", threads]);
        assert_eq!(report("1"), report("7"));
    }
}

/// The arguments of chains that are broken, not known, and complete, with findings and errors.
const CHAINS: [&[&str]; 4] = [
    &["deploy", "--issuer", "https://issuer.example/cluster/", "--azure", "wrong.json"],
    &["deploy", "--issuer", "https://issuer.example/cluster/", "--azure", "right.json"],
    &["deploy", "--federated-credentials", "aks.json"],
    &["plain.yaml"],
];

#[test]
fn the_json_of_chains_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/azwi-check-chain.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut required = BTreeSet::new();
    for arguments in CHAINS {
        let report = output("chain.in", &[&["chain", "--format", "json"], arguments].concat());
        let problems: Vec<_> = schema.iter_errors(&report).map(|it| format!("{}: {it}", it.instance_path)).collect();
        assert_eq!(problems, [""; 0], "{arguments:?}: {report:#}");

        required.extend(assert_says_something(&schema, &report));
    }
    for pointer in ["/chains/breaks/command", "/chains/unknown/message", "/findings/rule", "/errors/file"] {
        assert!(required.contains(pointer), "{pointer}: {required:?}");
    }
}

/// The pointers of all members, at any depth.
fn members(value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (key, member) in value.as_object().into_iter().flatten() {
        let pointer = format!("{at}/{key}");
        found.extend(members(member, &pointer));
        found.push(pointer);
    }
    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(members(element, &format!("{at}/{index}")));
    }
    found
}

fn text(folder: &str, arguments: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd").join(folder);
    let output = Command::new(env!("CARGO_BIN_EXE_azwi-check")).args(arguments).current_dir(folder).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_graph_has_an_edge_for_each_step_of_each_chain() {
    let [broken, ..] = CHAINS;
    let graph = text("chain.in", &[&["chain", "--format", "dot"], broken].concat());
    assert_eq!(graph.matches("subgraph").count(), 2, "{graph}");
    assert_eq!(graph.matches(" -> ").count(), 12, "{graph}");
    assert_eq!(graph.matches("arrowhead=tee").count(), 2, "{graph}");
    assert!(graph.contains(r#"c1account [label="service account\nshop/orders"];"#), "{graph}");
    assert_eq!(graph.matches('{').count(), graph.matches('}').count(), "{graph}");
}

#[test]
fn colours_change_nothing_else_in_a_tree() {
    let [broken, ..] = CHAINS;
    let plain = text("chain.in", &[&["chain", "-q", "--color", "never"], broken].concat());
    let coloured = text("chain.in", &[&["chain", "-q", "--color", "always"], broken].concat());
    let mut stripped = String::new();
    for (position, part) in coloured.split('\u{1b}').enumerate() {
        stripped.push_str(if position == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    // Findings are drawn by the renderer of reports.
    let trees = |text: &str| text.split("note").next().unwrap().to_owned();
    assert_eq!(trees(&stripped), trees(&plain));
    assert!(coloured.contains("\u{1b}[1m\u{1b}[91m✗ issuer"), "{coloured}");
}

/// What the cases of chains have where a secret could be: in Secrets, and in variables that are no ids.
const SECRET: &str = "hunter2";

/// The output of a run, of both kinds.
fn all_output(folder: &Path, arguments: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_azwi-check")).args(arguments).current_dir(folder).output().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn no_format_of_a_chain_holds_a_secret() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../trace/tests/chain");
    let mut printed = 0;
    for case in fs::read_dir(cases).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(text) = fs::read_to_string(&case) else { continue };
        if !text.contains(SECRET) {
            continue;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secrets").join(case.file_stem().unwrap());
        fs::create_dir_all(&folder).unwrap();
        let mut arguments = vec!["chain".to_owned()];
        for part in text.split("### ").skip(1) {
            let (head, text) = part.split_once('\n').unwrap_or((part, ""));
            let (kind, name) = head.split_once(' ').unwrap_or(("file", head));
            let option = match kind {
                "file" => None,
                "credentials" => Some("--azure"),
                "cluster" => Some("--cluster-state"),
                "issuer" | "namespace" => {
                    arguments.extend([format!("--{kind}"), name.to_owned()]);
                    continue;
                }
                _ => panic!("{case:?}: {kind} is not known"),
            };
            fs::write(folder.join(name), text).unwrap();
            arguments.extend(option.map(str::to_owned));
            arguments.push(name.to_owned());
        }
        for format in ["tree", "mermaid", "dot", "json"] {
            let output = all_output(&folder, &[&arguments[..], &["--format".to_owned(), format.to_owned()]].concat());
            // It is about this case.
            assert!(output.contains("audience"), "{case:?}: {output}");
            assert!(!output.contains(SECRET), "{case:?}: {output}");
            printed += 1;
        }
    }
    assert!(printed >= 20, "{printed}");
}

#[test]
fn no_report_holds_the_value_of_a_variable() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("variables");
    fs::create_dir_all(&folder).unwrap();
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: {{azure.workload.identity/use: \"true\"}}}}\nspec:\n  \
         serviceAccountName: web\n  containers:\n  - name: web\n    image: web\n    env:\n    \
         - {{name: AZURE_CLIENT_SECRET, value: {SECRET}}}\n    - name: PASSWORD\n      value: {SECRET}\n    \
         - name: AZURE_CLIENT_ID\n      value: wrong\n    - name: CERTIFICATE\n      value: |\n        {SECRET}\n    \
         args: [--token, /var/run/secrets/azure/tokens/azure-identity-token]\n"
    );
    let json = format!(
        "{{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {{\"name\": \"api\", \"labels\": {{\"azure.workload.identity/use\": \
         \"true\"}}}}, \"spec\": {{\"containers\": [{{\"name\": \"api\", \"env\": [{{\"name\": \"AZURE_CLIENT_SECRET\", \"value\": \
         \"{SECRET}\"}}, {{\"name\": \"AZURE_CLIENT_ID\", \"value\": \"wrong\"}}]}}]}}}}"
    );
    fs::write(folder.join("pod.yaml"), pod).unwrap();
    fs::write(folder.join("pod.json"), json).unwrap();
    for format in ["human", "json", "sarif", "junit", "github", "gitlab", "azure-pipelines"] {
        let output = all_output(&folder, &["check", "--format", format, "."].map(str::to_owned));
        for rule in ["static-credentials", "hard-coded-path", "client-id-format"] {
            assert!(output.contains(rule), "{format}: {rule}: {output}");
        }
        assert!(!output.contains(SECRET), "{format}: {output}");
    }
}
