//! The words of kubectl.
//!
//! Source: `k8s.io/kubectl` v0.36, `pkg/cmd/apply/apply.go`, `pkg/cmd/util/helpers.go`; `k8s.io/cli-runtime`, `pkg/printers/name.go`;
//! `k8s.io/apiserver` v0.36, `pkg/admission/plugin/webhook/errors/statuserror.go`, `pkg/endpoints/filters/warning.go`.

use azure_workload_identity_policy::json::{Kind, Value};

use crate::members::text;
use crate::report::ObjectName;

/// How many characters of warnings the API server passes on for one request. The one that exceeds the limit is the last.
const WARNINGS_LENGTH: usize = 4096;

/// What is printed for an object that kubectl does not send to the cluster.
pub(super) fn not_sent(object: Value<'_>, name: &ObjectName, namespace: &str, file: &str) -> Option<String> {
    let ObjectName { api_version, kind, .. } = name;
    let metadata = object.field("metadata");
    let (own_name, generate_name) = (text(metadata, "name"), text(metadata, "generateName"));
    if api_version.starts_with("kustomize.config.k8s.io/") {
        let own_namespace = text(metadata, "namespace");
        return Some(format!(
            "error: resource mapping not found for name: \"{own_name}\" namespace: \"{own_namespace}\" from {file:?}: no matches for \
             kind {kind:?} in version {api_version:?}\nensure CRDs are installed first"
        ));
    }
    // A value of the wrong type is for the decoder.
    let is_decoded = metadata.is_none_or(|it| it.kind() == Kind::Object && it.field("name").is_none());
    if !own_name.is_empty() || !is_decoded {
        return None;
    }
    if !generate_name.is_empty() {
        return Some(format!("error: from {generate_name}: cannot use generate name with apply"));
    }
    let (group_version, resource) = (group_version(api_version), plural(kind));
    Some(format!(
        "error: error when retrieving current configuration of:\nResource: \"{group_version}, Resource={resource}\", \
         GroupVersionKind: \"{group_version}, Kind={kind}\"\nName: \"\", Namespace: \"{namespace}\"\nfrom server for: {file:?}: \
         resource name may not be empty"
    ))
}

/// What is printed for an object that is created: `deployment.apps/web created`.
pub(super) fn created(name: &ObjectName) -> String {
    // A kind is ASCII. The table of all other letters would be 3 KB of the page.
    let kind = name.kind.to_ascii_lowercase();
    match name.api_version.split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{} created", name.name),
        None => format!("{kind}/{} created", name.name),
    }
}

/// What is printed for an object that a policy denies.
pub(super) fn denied(file: &str, policy: &str, message: &str) -> String {
    format!(
        "Error from server: error when creating {file:?}: admission webhook \"kw.cap.{policy}.kubewarden.admission\" denied the \
         request: {message}"
    )
}

/// The line that is printed for a warning.
pub(super) fn warning(text: &str) -> String {
    format!("Warning: {text}\n")
}

/// The warnings about one object that the API server passes on.
pub(super) fn passed_on(warnings: Vec<String>) -> impl Iterator<Item = String> {
    let mut length = 0;
    warnings.into_iter().take_while(move |warning| {
        let is_passed_on = length < WARNINGS_LENGTH;
        length += warning.chars().count();
        is_passed_on
    })
}

/// `apps/v1`, and `/v1` for the core group.
fn group_version(api_version: &str) -> String {
    if api_version.contains('/') { api_version.to_owned() } else { format!("/{api_version}") }
}

/// The resource of a kind. Source: `k8s.io/apimachinery`, `UnsafeGuessKindToResource`.
fn plural(kind: &str) -> String {
    let singular = kind.to_ascii_lowercase();
    match singular.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if singular.ends_with('s') => format!("{singular}es"),
        None => format!("{singular}s"),
    }
}
