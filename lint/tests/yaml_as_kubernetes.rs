//! The JSON is the one that kubectl makes of a text: compared with its own reader, over changed texts.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, clippy::print_stderr, reason = "tests")]

mod mutants;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use azure_workload_identity_lint::yaml::documents;
use azure_workload_identity_policy::json::{self, Kind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Answer {
    documents: Option<Vec<Box<RawValue>>>,
    error: Option<String>,
}

/// Builds the program that reads as kubectl; `None` if there is no Go.
fn kubernetes_reader() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kubernetes-yaml");
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/go");
    let build = Command::new("go").current_dir(module).args(["build", "-trimpath", "-o"]).arg(&program).arg(".").output();
    match build {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            eprintln!("skipped: comparison with the reader of Kubernetes; there is no go");
            None
        }
        build => {
            let build = build.unwrap_or_else(|error| panic!("cannot run go: {error}"));
            assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
            Some(program)
        }
    }
}

/// What Kubernetes makes of texts: the JSON of their documents, in a form that can be compared, or the error.
fn read_by_kubernetes(program: &Path, texts: &[String]) -> Vec<Result<Vec<String>, String>> {
    let mut reader = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it was built");
    let mut input = reader.stdin.take().expect("it is piped");
    let lines: String = texts.iter().map(|text| STANDARD.encode(text) + "\n").collect();
    let writer = thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = reader.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads all");
    assert!(output.status.success(), "the program that reads as Kubernetes failed");
    let output = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let answers: Vec<_> = output
        .lines()
        .map(|line| {
            let answer: Answer = serde_json::from_str(line).expect("it answers in JSON");
            match answer.error {
                Some(error) => Err(error),
                None => Ok(answer.documents.unwrap_or_default().iter().map(|json| canonical(json.get())).collect()),
            }
        })
        .collect();
    assert_eq!(answers.len(), texts.len());
    answers
}

/// The same for the reader that is tested.
fn read(text: &str) -> Result<Vec<String>, String> {
    documents(text, false).map(|document| document.map(|document| canonical(&document.json)).map_err(|error| error.message)).collect()
}

/// JSON with sorted members and no white space; numbers as they are written.
fn canonical(text: &str) -> String {
    fn write(value: json::Value<'_>, to: &mut String) {
        match value.kind() {
            Kind::Object => {
                let mut members: Vec<_> = value.members().collect();
                members.sort_by(|one, other| one.0.cmp(&other.0));
                to.push('{');
                for (key, value) in members {
                    write!(to, "{key:?}:").expect("a string takes all");
                    write(value, to);
                    to.push(',');
                }
                to.push('}');
            }
            Kind::Array => {
                to.push('[');
                for value in value.elements() {
                    write(value, to);
                    to.push(',');
                }
                to.push(']');
            }
            Kind::String => write!(to, "{:?}", value.as_str().expect("it is one")).expect("a string takes all"),
            Kind::Null | Kind::Bool | Kind::Number => to.push_str(value.raw()),
        }
    }
    let document = json::Document::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut canonical = String::new();
    write(document.root(), &mut canonical);
    canonical
}

#[test]
fn the_json_is_that_of_kubernetes() {
    let Some(program) = kubernetes_reader() else { return };
    let count: usize = std::env::var("MUTANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(6_000);
    let seed: u64 = std::env::var("SEED").ok().and_then(|count| count.parse().ok()).unwrap_or(1);
    let mut texts: Vec<String> = mutants::corpus().into_iter().map(|(_, text)| text).collect();
    texts.extend(mutants::mutants(seed).take(count));
    if let Ok(dir) = std::env::var("TEXTS") {
        texts = std::fs::read_dir(dir).unwrap().filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok()).collect();
    }
    let theirs = read_by_kubernetes(&program, &texts);
    let (mut same, mut both, mut ours_only, mut theirs_only, mut differ) = (0, 0, 0, 0, 0);
    for (text, theirs) in texts.iter().zip(theirs) {
        let ours = read(text);
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) if ours == theirs => same += 1,
            (Err(_), Err(_)) => both += 1,
            (Err(ours), Ok(theirs)) => {
                ours_only += 1;
                if std::env::var_os("SHOW").is_some() { eprintln!("REFUSED {ours}\n{text:?}\n  {theirs:?}\n"); }
            }
            (Ok(ours), Err(theirs)) => {
                theirs_only += 1;
                eprintln!("ACCEPTED\n{text:?}\n  {ours:?}\n  {theirs}\n");
            }
            (Ok(ours), Ok(theirs)) => {
                differ += 1;
                eprintln!("DIFFER\n{text:?}\n  {ours:?}\n  {theirs:?}\n");
            }
        }
    }
    eprintln!("same {same}, refused by both {both}, refused here only {ours_only}, accepted here only {theirs_only}, different {differ}");
}
