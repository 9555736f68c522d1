//! The host of `e2e-tests` behind HTTPS, started as policy-server is: with its environment variables and its `policies.yml`.

use anyhow::Result;

fn main() -> Result<()> {
    cluster_tests::admission::run()
}
