//! The policy as a WebAssembly module for Kubewarden.
//!
//! Thin on purpose: it reads a request, asks the library, and writes the answer in Kubewarden's JSON. Everything but the waPC glue
//! (`wapc`, `arena`) also compiles natively, for tests.

#[cfg(target_family = "wasm")]
mod arena;
mod host;
mod response;
#[cfg(target_family = "wasm")]
mod wapc;

use std::mem::ManuallyDrop;

use azure_workload_identity_policy::cluster::Cluster;
use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::settings::{Problem, Settings};
use azure_workload_identity_policy::{decide, examine};

pub use host::{HostCluster, HostFailure};
pub use response::Response;

/// Answers the host's call `validate`: takes `{"request": …, "settings": …}`, gives a validation response.
pub fn validate(payload: &[u8], cluster: &dyn Cluster) -> Vec<u8> {
    let document = match Document::parse(payload) {
        Ok(document) => kept(document),
        Err(error) => return Response::unreadable(&error.to_string()).to_json(),
    };
    let root = document.root();
    let Some(request) = root.field("request") else {
        return Response::unreadable("it has no request").to_json();
    };
    let settings = root.field("settings");
    let settings = match settings.map_or_else(|| Ok(Settings::default()), Settings::read) {
        Ok(settings) => kept(settings),
        Err(problems) => return Response::misconfigured(&describe(&problems)).to_json(),
    };
    let inquiry = kept(Inquiry::of_review(request));
    let examination = examine(&inquiry, &settings, cluster);
    if let Some(mismatch) = examination.mismatches.first() {
        return Response::unreadable(&mismatch.describe(request)).to_json();
    }
    let mut verdict = kept(decide(examination, &settings));
    let changes = std::mem::take(&mut verdict.changes);
    kept(Response::of(&verdict).with_mutation(inquiry.object, changes)).to_json()
}

/// Does not free a value: the host drops the whole instance after its answer, so code that frees would only make the module larger.
fn kept<T>(value: T) -> ManuallyDrop<T> {
    ManuallyDrop::new(value)
}

/// Answers the host's call `validate_settings`: takes the settings, gives a settings validation response.
pub fn validate_settings(payload: &[u8]) -> Vec<u8> {
    let problems = match Document::parse(payload) {
        Ok(document) => Settings::read(document.root()).err().map(|problems| describe(&problems)),
        Err(error) => Some(format!("the settings cannot be read: {error}")),
    };
    response::settings_validation(problems.as_deref())
}

fn describe(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
