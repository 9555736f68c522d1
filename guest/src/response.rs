//! The answer to Kubewarden's host.
//!
//! Source: kubewarden-policy-sdk 0.17, `response::ValidationResponse` and `settings::SettingsValidationResponse`. The SDK's
//! own types hold the mutated object as a tree of values; ours is text that was never taken apart.

use azure_workload_identity_policy::Verdict;
use azure_workload_identity_policy::json::{self, Changes, Value};
use azure_workload_identity_policy::rule::RuleId;
use serde::Serialize;
use serde::ser::Serializer;

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
    mutation: Option<(Value<'a>, Changes)>,
}

impl<'a> Response<'a> {
    /// Rejects a request that cannot be read.
    pub fn unreadable(reason: &str) -> Self {
        let message = format!("the admission review cannot be read: {reason}");
        Self { message: Some(message), code: Some(400), ..Self::default() }
    }

    /// Rejects the request because the settings are invalid. The host validates settings before, so this does not happen in a
    /// cluster.
    pub fn misconfigured(problems: &str) -> Self {
        let message = format!("the settings of the policy are not valid: {problems}");
        Self { message: Some(message), code: Some(500), ..Self::default() }
    }

    /// The answer with this verdict.
    pub fn of(verdict: &Verdict) -> Self {
        let message = verdict.message();
        let rules: Vec<_> = verdict.rules().into_iter().map(RuleId::name).collect();
        let audit_annotations = [
            ("client-id", verdict.client_id.clone()),
            ("tenant-id", verdict.tenant_id.clone()),
            ("rules", (!rules.is_empty()).then(|| rules.join(","))),
        ];
        Self {
            accepted: message.is_none(),
            code: message.is_some().then_some(403),
            message,
            warnings: verdict.warnings(),
            audit_annotations: audit_annotations.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(),
            mutation: None,
        }
    }

    /// Adds the object with its changes applied, if there are any.
    #[must_use]
    pub fn with_mutation(mut self, object: Option<Value<'a>>, changes: Changes) -> Self {
        self.mutation = object.filter(|_| !changes.is_empty()).map(|object| (object, changes));
        self
    }

    /// The response as the host reads it.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = json::text(self).into_bytes();
        if let Some((object, changes)) = &self.mutation {
            // Written here, not by serde, so that the object goes straight from the request into the answer.
            out.reserve(object.span().len() + changes.added_length() + 32);
            out.pop();
            out.extend_from_slice(b",\"mutated_object\":");
            changes.write(*object, &mut out);
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

#[allow(clippy::trivially_copy_pass_by_ref, clippy::ptr_arg)] // serde decides the signature
fn as_map<S: Serializer>(entries: &Vec<(&'static str, String)>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
}
