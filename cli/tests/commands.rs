//! The program as people use it: the files in `tests/cmd` are read as documentation and run as tests.
//!
//! `TRYCMD=overwrite cargo test -p azwi-check` writes the outputs; review the diff.

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::{self, Write as _};
use std::process::ExitCode;

/// Runs the cases. Called as helm or kustomize, this program prints what they would print for small inputs.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let text = match arguments.as_slice() {
        ["template", "charts/shop"] => chart("web"),
        ["template", "charts/shop", "--set", name] => chart(name.trim_start_matches("name=")),
        ["build", "overlays/prod"] => pod("web"),
        ["template" | "build", ..] => {
            io::stderr().write_all(format!("Error: cannot {}\n", arguments.join(" ")).as_bytes()).unwrap();
            return ExitCode::FAILURE;
        }
        _ => {
            run_cases();
            return ExitCode::SUCCESS;
        }
    };
    io::stdout().write_all(text.as_bytes()).unwrap();
    ExitCode::SUCCESS
}

fn run_cases() {
    let this_program = std::env::current_exe().unwrap().into_os_string().into_string().expect("a path in UTF-8");
    let cases = trycmd::TestCases::new();
    cases.env("HELM", &this_program).env("KUSTOMIZE", &this_program);
    cases.case("tests/cmd/*.md").case("tests/cmd/*.toml");
}

fn chart(name: &str) -> String {
    format!("---\n# Source: shop/templates/pod.yaml\n{}---\n# Source: shop/templates/none.yaml\n# empty\n", pod(name))
}

fn pod(name: &str) -> String {
    let label = "  labels:\n    azure.workload.identity/use: \"yes\"\n";
    format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n{label}spec:\n  containers: []\n")
}
