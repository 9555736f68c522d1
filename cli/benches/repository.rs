//! What it costs to check a repository: time and memory of the program, as ratios to the YAML parser alone over the same bytes and, if
//! `KUBECONFORM` names it, to kubeconform. `cargo bench -p azwi-check`; `-- 1000` for another number of files.
//!
//! Times of one machine differ by the hour, so only the ratios of one run mean something.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use granit_parser::{Options, Parser};
use wait4::Wait4 as _;

/// How often everything is measured; the fastest counts.
const ROUNDS: usize = 3;

fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("repository");
    let files = write_repository(&folder.join("files"), count);

    // The programs come first: the memory of a child counts from that of its parent.
    let mut programs = Vec::new();
    for threads in ["1", "2"] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_azwi-check"));
        program.args(["--threads", threads]).arg(folder.join("files"));
        programs.push((format!("azwi-check, threads: {threads}"), best(|| run(&mut program))));
    }
    if let Some(kubeconform) = std::env::var_os("KUBECONFORM") {
        let schemas = write_schemas(&folder.join("schemas"));
        let mut program = Command::new(&kubeconform);
        program.args(["-n", "2", "-schema-location", &schemas]).arg(folder.join("files"));
        programs.push(("kubeconform, threads: 2, empty schemas".to_owned(), best(|| run(&mut program))));
    }
    let of_sizes = [count / 50, count / 5, count * 2].map(|count| {
        let file = folder.join("one.yaml");
        let bytes = write_file(&file, count);
        let mut program = Command::new(env!("CARGO_BIN_EXE_azwi-check"));
        program.args(["--threads", "1"]).arg(&file);
        (bytes, best(|| run(&mut program)))
    });

    let texts: Vec<_> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let parser = best(|| {
        let start = Instant::now();
        let events: usize = texts.iter().map(|text| events(text)).sum();
        assert!(events > count);
        Usage { wall: start.elapsed(), cpu: start.elapsed(), memory: 0 }
    });
    println!("{count} files, {:.1} MB", megabytes(bytes));
    println!("the YAML parser alone, one thread: {:.2} s", parser.wall.as_secs_f64());
    for (name, usage) in programs {
        println!(
            "{name}: {:.2} s; {:.2} s of CPU, {:.2} times the parser; peak memory {:.2} times the input",
            usage.wall.as_secs_f64(),
            usage.cpu.as_secs_f64(),
            usage.cpu.as_secs_f64() / parser.cpu.as_secs_f64(),
            amount(usage.memory) / amount(bytes),
        );
    }
    if std::env::var_os("KUBECONFORM").is_none() {
        println!("KUBECONFORM is not set: no comparison with kubeconform");
    }
    println!("one file with all documents, one thread:");
    for (bytes, usage) in of_sizes {
        println!(
            "{:.1} MB: {:.1} ns of CPU a byte; peak memory {:.2} times the input",
            megabytes(bytes),
            usage.cpu.as_secs_f64() * 1e9 / amount(bytes),
            amount(usage.memory) / amount(bytes),
        );
    }
}

/// What a run took.
#[derive(Clone, Copy)]
struct Usage {
    wall: Duration,
    cpu: Duration,
    /// The most memory that was resident, in bytes.
    memory: usize,
}

fn best(mut measure: impl FnMut() -> Usage) -> Usage {
    (0..ROUNDS).map(|_| measure()).min_by_key(|usage| usage.cpu).unwrap()
}

fn run(command: &mut Command) -> Usage {
    let start = Instant::now();
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let result = child.wait4().unwrap();
    assert!(result.status.success(), "{command:?}: {}", result.status);
    let cpu = result.rusage.utime + result.rusage.stime;
    Usage { wall: start.elapsed(), cpu, memory: usize::try_from(result.rusage.maxrss).unwrap() }
}

fn events(text: &str) -> usize {
    let mut options = Options::default();
    options.emit_comments = false;
    Parser::new_from_str_with_options(text, options).inspect(|event| assert!(event.is_ok())).count()
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn amount(bytes: usize) -> f64 {
    bytes as f64
}

fn megabytes(bytes: usize) -> f64 {
    amount(bytes) / 1e6
}

/// Writes the files of a repository, a hundred in a folder.
fn write_repository(folder: &Path, count: usize) -> Vec<PathBuf> {
    let _ = fs::remove_dir_all(folder);
    let write = |number: usize| {
        let folder = folder.join(format!("{:03}", number / 100));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("app-{number}.yaml"));
        fs::write(&file, manifest(number)).unwrap();
        file
    };
    (0..count).map(write).collect()
}

/// Writes one file with many documents; its length.
fn write_file(path: &Path, count: usize) -> usize {
    let mut file = BufWriter::new(fs::File::create(path).unwrap());
    let mut bytes = 0;
    for number in 0..count {
        let text = [manifest(number).as_str(), "---\n"].concat();
        file.write_all(text.as_bytes()).unwrap();
        bytes += text.len();
    }
    file.flush().unwrap();
    bytes
}

/// Writes a schema that accepts everything for each kind in the repository; where kubeconform finds them.
fn write_schemas(folder: &Path) -> String {
    fs::create_dir_all(folder).unwrap();
    for kind in ["serviceaccount", "deployment", "service"] {
        fs::write(folder.join(kind).with_extension("json"), "{}").unwrap();
    }
    format!("{}/{{{{.ResourceKind}}}}.json", folder.display())
}

/// A service account, a Deployment with 40 commented variables, and a Service.
fn manifest(number: usize) -> String {
    let team = number % 100;
    let mut env = String::new();
    for variable in 0..40 {
        writeln!(env, "        # Variable {variable} of the application, which it reads at its start.").unwrap();
        writeln!(env, "        - name: SETTING_{variable}").unwrap();
        writeln!(env, "          value: \"value-{variable}-of-{number}\"").unwrap();
    }
    format!(
        "apiVersion: v1
kind: ServiceAccount
metadata:
  name: app-{number}
  namespace: team-{team}
  annotations:
    azure.workload.identity/client-id: \"{number:08x}-1111-4111-8111-111111111111\"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  namespace: team-{team}
spec:
  selector:
    matchLabels:
      app: app-{number}
  template:
    metadata:
      labels:
        app: app-{number}
        azure.workload.identity/use: \"true\"
    spec:
      serviceAccountName: app-{number}
      containers:
      - name: app
        image: registry.example.com/app-{number}:1.0.0
        env:
{env}---
apiVersion: v1
kind: Service
metadata:
  name: app-{number}
  namespace: team-{team}
spec:
  selector:
    app: app-{number}
  ports:
  - port: 80
    targetPort: 8080
"
    )
}
