//! The answer to Kubewarden's host.
//!
//! Source: kubewarden-policy-sdk 0.17, `response::ValidationResponse` and `settings::SettingsValidationResponse`. The SDK's
//! own types hold the mutated object as a tree of values; ours is text that was never taken apart.

use std::fmt::Write as _;

use serde::Serialize;
use serde::ser::Serializer;

use azure_workload_identity_policy::finding::{Finding, Severity};
use azure_workload_identity_policy::json::{self, Edits, Value};
use azure_workload_identity_policy::verdict::Verdict;

/// The most characters of a warning that the API server passes on. Source: `k8s.io/api/admission/v1`, `AdmissionResponse`.
const WARNING_LENGTH: usize = 256;

/// A validation response.
#[derive(Debug, Default, Serialize)]
pub struct Response<'a> {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_map")]
    audit_annotations: Vec<(&'static str, String)>,
    #[serde(skip)]
    mutation: Option<(Value<'a>, Edits)>,
}

impl<'a> Response<'a> {
    /// Says no to a request that cannot be read.
    pub fn unreadable(reason: &str) -> Self {
        let message = format!("the admission review cannot be read: {reason}");
        Self { message: Some(message), code: Some(400), ..Self::default() }
    }

    /// Says no because the settings make no sense; the host has asked before, so this is not met in a cluster.
    pub fn misconfigured(problems: &str) -> Self {
        let message = format!("the settings of the policy are not valid: {problems}");
        Self { message: Some(message), code: Some(500), ..Self::default() }
    }

    /// Says what the policy made of an object.
    pub fn of(verdict: &Verdict) -> Self {
        let denied = verdict.is_denied();
        let rules: Vec<_> = verdict.findings.iter().map(|(_, finding)| finding.rule).collect();
        let audit_annotations = [
            ("client-id", verdict.client_id.clone()),
            ("tenant-id", verdict.tenant_id.clone()),
            ("rules", (!rules.is_empty()).then(|| rules.join(","))),
        ];
        Self {
            accepted: !denied,
            message: denied.then(|| denial(verdict)),
            code: denied.then_some(403),
            warnings: with_severity(verdict, Severity::Warn).map(warning).collect(),
            audit_annotations: audit_annotations.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(),
            mutation: None,
        }
    }

    /// Adds the object with `edits` applied, if there are any.
    #[must_use]
    pub fn with_mutation(mut self, object: Option<Value<'a>>, edits: Edits) -> Self {
        self.mutation = object.filter(|_| !edits.is_empty()).map(|object| (object, edits));
        self
    }

    /// The response as the host reads it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = json::text(self).into_bytes();
        if let Some((object, edits)) = &self.mutation {
            // Written here, not by serde, so that the object goes straight from the request into the answer.
            out.reserve(object.span().len() + edits.added_length() + 32);
            out.pop();
            out.extend_from_slice(b",\"mutated_object\":");
            edits.write(*object, &mut out);
            out.push(b'}');
        }
        out
    }
}

/// A settings validation response.
pub(crate) fn settings_validation(problems: Option<&str>) -> Vec<u8> {
    #[derive(Serialize)]
    struct SettingsResponse<'a> {
        valid: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<&'a str>,
    }
    json::text(&SettingsResponse { valid: problems.is_none(), message: problems }).into_bytes()
}

fn with_severity(verdict: &Verdict, severity: Severity) -> impl Iterator<Item = &Finding> {
    verdict.findings.iter().filter(move |(of, _)| *of == severity).map(|(_, finding)| finding)
}

/// All reasons for a denial, so that nobody has to come back for the next one.
fn denial(verdict: &Verdict) -> String {
    let count = with_severity(verdict, Severity::Deny).count();
    let plural = if count == 1 { "" } else { "s" };
    let mut message = format!("{count} workload identity problem{plural} in {}:", verdict.subject);
    for finding in with_severity(verdict, Severity::Deny) {
        // Writing to a string cannot fail.
        let _ = write!(message, "\n- {finding}");
    }
    message
}

fn warning(finding: &Finding) -> String {
    let text = finding.to_string();
    match text.char_indices().nth(WARNING_LENGTH) {
        Some(_) => text.chars().take(WARNING_LENGTH - 1).chain(['…']).collect(),
        None => text,
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, clippy::ptr_arg)] // serde decides the signature
fn as_map<S: Serializer>(entries: &Vec<(&'static str, String)>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
}
