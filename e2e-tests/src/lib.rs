//! A waPC host that treats guests as Kubewarden's policy-server 1.36 does: a fresh instance a request, two seconds' time, the
//! same checks, the same post-processing and the same words. What the policy is tested, measured and shown with.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use e2e_tests::{cluster::FakeCluster, policy::Policy, request::AdmissionRequest};
//! use serde_json::json;
//!
//! let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}});
//! let policy = Policy::new(e2e_tests::policy_module()?, json!({}))?.connected_to(FakeCluster::default());
//! let evaluation = policy.validate(&AdmissionRequest::create(pod)?)?;
//! assert!(evaluation.response.allowed);
//! # Ok(())
//! # }
//! ```

#![cfg(not(target_family = "wasm"))]

pub mod callback;
mod capabilities;
pub mod guests;
pub mod host;
pub mod hostile;
pub mod kubewarden;
pub mod module;
pub mod policy;
pub mod reports;
pub mod request;
pub mod response;
pub mod sized;
pub mod vectors;

/// The cluster behind the host: what answers a guest's lookups.
pub use fake_cluster as cluster;

use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Result, anyhow};

use crate::module::Module;

/// The directory of this package, with the cases.
pub fn directory() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The policy under test, once a process: see [`xtask::policy_under_test`].
///
/// # Errors
/// When the module does not build; the same error on every call.
pub fn policy_module() -> Result<&'static Module> {
    static MODULE: OnceLock<Result<Module, String>> = OnceLock::new();
    let build =
        || xtask::policy_under_test().and_then(|path| Module::from_file(&path)).map_err(|error| format!("{error:#}"));
    MODULE.get_or_init(build).as_ref().map_err(|error| anyhow!("{error}"))
}
