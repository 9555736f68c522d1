//! The host of `e2e-tests` behind HTTPS, started as policy-server is: with its environment variables and its `policies.yml`.

use std::process::ExitCode;

fn main() -> ExitCode {
    launcher::exit_code(cluster_tests::admission::run())
}
