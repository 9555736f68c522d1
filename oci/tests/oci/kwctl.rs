//! The real `kwctl` with what `cargo oci` has pushed. It is named by `KWCTL`, or on the path; without it these tests are skipped.

use std::{env, fs, path::PathBuf, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Ran, Server, Setup, artefact, layout, module, oci, tag, version};

#[test]
fn kwctl_pulls_inspects_and_runs_what_was_pushed() {
    let Some(kwctl) = Kwctl::find() else { return };
    let server = Server::open();
    let (layout, _) = layout();
    // kwctl takes hosts by name.
    let host = format!("localhost:{}", server.address.port());
    let name = format!("{host}/policy:{}", tag());
    oci(&format!("push {name} --layout {layout} --plain-http")).output();
    let sources = kwctl.file("sources.yml", &format!("insecure_sources: [\"{host}\"]\n"));
    let uri = format!("registry://{name}");

    kwctl.run(&["pull", "--sources-path", &sources, &uri]).output();

    let inspected = kwctl.run(&["inspect", "--output", "yaml", "--sources-path", &sources, &uri]);
    // Behind the metadata, kwctl says that there are no signatures.
    for line in [
        "io.kubewarden.policy.title: azure-workload-identity-policy".to_owned(),
        format!("io.kubewarden.policy.version: {}", version()),
        "protocolVersion: v1".to_owned(),
    ] {
        assert!(inspected.stdout.lines().any(|found| found.trim() == line), "{line} is not in {inspected:?}");
    }

    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop",
        "labels": {"azure.workload.identity/use": "True"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}});
    let request = kwctl.file("request.json", &admission_request(&pod).to_string());
    let answer =
        kwctl.run(&["run", "--sources-path", &sources, "--request-path", &request, "--settings-json", "{}", &uri]);
    let answer: Value = serde_json::from_str(&answer.output()).unwrap();
    assert_eq!(answer["allowed"], false, "{answer}");
    assert!(answer["status"]["message"].as_str().unwrap().contains("label-value"), "{answer}");
}

#[test]
fn kwctl_trusts_the_ca_that_its_sources_name() {
    let Some(kwctl) = Kwctl::find() else { return };
    let server = Server::start(&Setup { tls: true, ..Setup::default() });
    let (layout, _) = layout();
    let host = format!("localhost:{}", server.address.port());
    let name = format!("{host}/policy:{}", tag());
    oci(&format!("push {name} --layout {layout} --ca {}", server.ca().display())).output();
    let uri = format!("registry://{name}");
    let pulled = kwctl.directory.path().join("policy.wasm").display().to_string();

    let without = kwctl.file("without.yml", "{}\n");
    assert!(!kwctl.run(&["pull", "--sources-path", &without, "--output-path", &pulled, &uri]).success);

    let authority = format!("source_authorities: {{\"{host}\": [{{type: Path, path: {}}}]}}\n", server.ca().display());
    let sources = kwctl.file("sources.yml", &authority);
    kwctl.run(&["pull", "--sources-path", &sources, "--output-path", &pulled, &uri]).output();
    assert!(fs::read(pulled).unwrap() == module());
}

#[test]
fn kwctl_push_makes_the_same_manifest() {
    let Some(kwctl) = Kwctl::find() else { return };
    let server = Server::open();
    let host = format!("localhost:{}", server.address.port());
    let name = format!("{host}/policy:{}", tag());
    let sources = kwctl.file("sources.yml", &format!("insecure_sources: [\"{host}\"]\n"));
    let policy = kwctl.directory.path().join("policy.wasm");
    fs::write(&policy, module()).unwrap();

    let uri = format!("registry://{name}");
    kwctl.run(&["push", "--sources-path", &sources, &policy.display().to_string(), &uri]).output();

    let digest = server.tagged("policy", &tag());
    let theirs: Value = serde_json::from_slice(&fs::read(server.blob(&digest)).unwrap()).unwrap();
    let ours: Value = serde_json::from_slice(&artefact().policy.manifest).unwrap();
    for field in ["schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations"] {
        assert_eq!(theirs[field], ours[field], "{field}");
    }
    assert_eq!(digest, artefact().policy.digest());
}

struct Kwctl {
    program: PathBuf,
    /// Its home, for its store and for files of the test.
    directory: TempDir,
}

impl Kwctl {
    fn find() -> Option<Self> {
        let on_path = || {
            let path = env::var_os("PATH")?;
            env::split_paths(&path).map(|directory| directory.join("kwctl")).find(|program| program.is_file())
        };
        let Some(program) = env::var_os("KWCTL").map(PathBuf::from).or_else(on_path) else {
            eprintln!("skipped: kwctl is neither named by KWCTL nor on the path");
            return None;
        };
        Some(Self { program, directory: TempDir::new().unwrap() })
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let home = self.directory.path();
        let mut command = Command::new(&self.program);
        command.args(arguments).env("HOME", home).env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        Ran::of(command.env("NO_PROXY", "127.0.0.1,localhost"))
    }
}

fn admission_request(pod: &Value) -> Value {
    json!({
        "uid": "1", "operation": "CREATE", "name": "web", "namespace": "shop", "userInfo": {"username": "alice"},
        "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"}, "object": pod,
    })
}
