//! `diff` writes what `patch -p1` takes. Skipped where there is no program `patch`.

#![cfg(not(target_family = "wasm"))]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A Deployment in several styles.
const STYLES: [&str; 4] = [
    "spec:\n  serviceAccountName: web\n  containers:\n  - name: web # comment\n    image: web\n",
    "spec:\n    serviceAccountName: web\n    containers:\n        - name: web\n          image: web\n          env: []\n    # end",
    "spec: {serviceAccountName: web, containers: [{name: web, image: web}]}\n",
    "spec:\r\n  serviceAccountName: web\r\n  containers:\r\n  - name: web\r\n    image: web\r\n",
];

const ACCOUNT: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n  annotations:\n    \
                       azure.workload.identity/client-id: 11111111-2222-3333-4444-555555555555\n";

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels:\n    azure.workload.identity/use: \"true\"\n";

#[test]
fn patch_takes_the_output_of_diff_in_any_style() {
    if Command::new("patch").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no program `patch`");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("patches");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("a b")).unwrap();
    fs::write(folder.join("account.yaml"), ACCOUNT).unwrap();
    for (number, spec) in STYLES.iter().enumerate() {
        let head = if spec.contains('\r') { POD.replace('\n', "\r\n") } else { POD.to_owned() };
        fs::write(folder.join(format!("a b/{number}.yaml")), head + spec).unwrap();
    }
    let azwi_check = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_azwi-check")).args(arguments).current_dir(&folder).output().unwrap()
    };

    let diff = azwi_check(&["diff", "--quiet"]);
    assert_eq!(diff.status.code(), Some(0), "{}", String::from_utf8_lossy(&diff.stderr));
    let patch = Command::new("patch").args(["-p1", "--batch"]).current_dir(&folder).stdin(Stdio::piped()).spawn();
    let mut patch = patch.unwrap();
    patch.stdin.take().unwrap().write_all(&diff.stdout).unwrap();
    assert!(patch.wait().unwrap().success(), "{}", String::from_utf8_lossy(&diff.stdout));

    for number in 0..STYLES.len() {
        let text = fs::read_to_string(folder.join(format!("a b/{number}.yaml"))).unwrap();
        assert!(text.contains("AZURE_FEDERATED_TOKEN_FILE"), "{text}");
        assert_eq!(text.matches('\n').count() == text.matches("\r\n").count(), text.contains('\r'), "{text:?}");
    }
    let again = azwi_check(&["diff", "--quiet"]);
    assert_eq!(String::from_utf8_lossy(&again.stdout), "", "what is injected is injected once");
}
