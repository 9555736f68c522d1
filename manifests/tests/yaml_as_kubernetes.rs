//! The JSON is the one that kubectl makes of a text: compared with its own reader, over changed texts.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "tests"
)]

mod mutants;

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, thread};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json::Kind;
use kubernetes_manifests::yaml::documents;
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
    let build =
        Command::new("go").current_dir(module).args(["build", "-trimpath", "-o"]).arg(&program).arg(".").output();
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
    documents(text, false)
        .map(|document| document.map(|document| canonical(&document.json)).map_err(|error| error.message))
        .collect()
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
fn mutants_are_the_json_of_kubernetes_or_refused() {
    let Some(program) = kubernetes_reader() else { return };
    // More, or others, by hand: the numbers of the documentation are those of 6,000 with seed 1.
    let number = |name: &str| env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    let count = number("MUTANTS").map_or(6_000, |count| usize::try_from(count).expect("it fits"));
    let texts: Vec<_> = mutants::mutants(number("SEED").unwrap_or(1)).take(count).collect();
    let found = compare(&program, &texts);
    eprintln!("{found}");
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n\n"));
    // Most of those are read differently by kubectl and other readers: text behind the end.
    assert!(found.refused_here_only * 10 < count, "too much is refused that Kubernetes reads: {found}");
    assert!(found.same * 4 > count, "the mutants are too broken to show anything: {found}");
}

#[test]
fn what_people_write_is_read_as_by_kubernetes() {
    let Some(program) = kubernetes_reader() else { return };
    // By hand: a folder of real manifests.
    let folder = env::var_os("MANIFESTS").map(PathBuf::from);
    let texts: Vec<_> = match folder {
        Some(folder) => {
            let files = fs::read_dir(folder).expect("the folder can be read");
            let files = files
                .map(|file| file.expect("it can be read").path())
                .filter(|path| path.extension().is_some_and(|name| name == "yaml"));
            files.map(|path| fs::read_to_string(path).expect("it is UTF-8")).collect()
        }
        None => mutants::corpus().into_iter().map(|(_, text)| text).collect(),
    };
    let found = compare(&program, &texts);
    eprintln!("{found}");
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n\n"));
    assert_eq!(found.refused_here_only, 0, "{found}");
}

/// How texts were read.
#[derive(Default)]
struct Found {
    same: usize,
    refused_by_both: usize,
    refused_here_only: usize,
    /// What is read although Kubernetes refuses it, or otherwise than Kubernetes does. There are no deliberate ones; escapes that only
    /// JSON has are the one thing that is read although the YAML reader of Kubernetes refuses it, and only in a text that is JSON, for
    /// which kubectl has another reader.
    wrong: Vec<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { same, refused_by_both, refused_here_only, wrong } = self;
        write!(
            f,
            "{same} the same, {refused_by_both} refused by both, {refused_here_only} refused here only, {} otherwise",
            wrong.len()
        )
    }
}

fn compare(program: &Path, texts: &[String]) -> Found {
    let mut found = Found::default();
    for (text, theirs) in texts.iter().zip(read_by_kubernetes(program, texts)) {
        match (read(text), theirs) {
            (Ok(ours), Ok(theirs)) if ours == theirs => found.same += 1,
            (Err(_), Err(_)) => found.refused_by_both += 1,
            (Err(_), Ok(_)) => found.refused_here_only += 1,
            (Ok(ours), theirs) => found.wrong.push(format!("{text:?}\nis {ours:?}\nto Kubernetes {theirs:?}")),
        }
    }
    found
}
