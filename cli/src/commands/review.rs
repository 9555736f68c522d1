//! `review`: answers an admission review as policy-server does, to be seen without a cluster.
//!
//! The answer is that of the module's own code, `guest`. What policy-server makes of it is in `policy-evaluator`, version 1.36,
//! `admission_response.rs`: the difference of the objects as a JSON patch.

use std::path::{Path, PathBuf};

use azure_workload_identity_guest::validate;
use azure_workload_identity_lint::ClusterState;
use azure_workload_identity_policy::cluster::{Cluster, Nothing};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::arguments::PolicyArguments;
use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json_text;
use crate::policy::Policy;
use crate::printable::printable;
use crate::read;

/// What the module answers.
#[derive(Debug, Deserialize)]
struct Validation {
    accepted: bool,
    message: Option<String>,
    code: Option<u16>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    audit_annotations: Value,
    mutated_object: Option<Value>,
}

/// What the API server is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    uid: Value,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Value::is_null")]
    audit_annotations: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Status {
    message: Option<String>,
    code: Option<u16>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Review {
    api_version: &'static str,
    kind: &'static str,
    response: Response,
}

/// Answers the review in a file, or on standard input.
pub(crate) fn run(
    file: Option<&PathBuf>,
    arguments: &PolicyArguments,
    display: &mut Display<'_>,
) -> Result<Exit, Failure> {
    let policy = Policy::read(arguments)?;
    let settings = policy.only_settings()?;
    let file = file.map_or(Path::new(read::STDIN), PathBuf::as_path);
    let name = read::name(file, &policy.current);
    let name = printable(&name);
    let text = read::named(file).map_err(|cause| format!("{name}: {cause}"))?;
    let review: Value = serde_json::from_slice(&text).map_err(|cause| format!("{name}: is no JSON: {cause}"))?;
    let request = review.get("request").filter(|request| request.is_object());
    let request = request.ok_or_else(|| format!("{name}: is no AdmissionReview: it has no request"))?;
    let state = ClusterState::new(policy.cluster_state());
    let cluster: &dyn Cluster = if policy.cluster_state().is_empty() { &Nothing } else { &state };
    let response = answer(request, &settings, cluster).map_err(|cause| format!("{name}: {cause}"))?;

    let exit = if response.allowed { Exit::Success } else { Exit::Failure };
    let review = Review { api_version: "admission.k8s.io/v1", kind: "AdmissionReview", response };
    json_text::write(&review, display.out.unfiltered()?)?;
    Ok(exit)
}

fn answer(request: &Value, settings: &Value, cluster: &dyn Cluster) -> Result<Response, serde_json::Error> {
    let payload = json!({"request": request, "settings": settings}).to_string();
    let validation: Validation = serde_json::from_slice(&validate(payload.as_bytes(), cluster))?;
    let object = request.get("object").unwrap_or(&Value::Null);
    let patch = validation.mutated_object.map(|mutated| json_patch::diff(object, &mutated));
    let patch = patch.filter(|patch| !patch.0.is_empty()).map(|patch| json!(patch).to_string());
    let has_status = validation.message.is_some() || validation.code.is_some();
    Ok(Response {
        uid: request.get("uid").cloned().unwrap_or_default(),
        allowed: validation.accepted,
        patch_type: patch.as_ref().map(|_| "JSONPatch"),
        patch: patch.map(|patch| BASE64_STANDARD.encode(patch)),
        status: has_status.then_some(Status { message: validation.message, code: validation.code }),
        audit_annotations: validation.audit_annotations,
        warnings: validation.warnings,
    })
}
