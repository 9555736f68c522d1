//! The admission response that the host makes of a guest's answer.

use std::{collections::BTreeMap, fmt::Display};

use anyhow::{Context as _, Result};
use json_patch::Patch;
use kubewarden_policy_sdk::response::ValidationResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::host::is_interruption;

/// What happens to a policy's rejections and changes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// They take effect.
    #[default]
    Protect,
    /// They are only logged.
    Monitor,
}

/// An `admission.k8s.io/v1` `AdmissionResponse`, with the patch decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdmissionResponse {
    /// The request's uid.
    pub uid: String,
    /// The decision.
    pub allowed: bool,
    /// The JSON patch that makes the guest's object of the request's; absent where they are equal.
    pub patch: Option<Patch>,
    /// The text for whoever sent the request.
    pub message: Option<String>,
    /// The HTTP status code.
    pub code: Option<u16>,
    /// Warnings for whoever sent the request.
    pub warnings: Option<Vec<String>>,
    /// What is added to the audit event, in order of the keys.
    pub audit_annotations: Option<BTreeMap<String, String>>,
}

impl AdmissionResponse {
    /// What the host makes of the guest's bytes, or of their absence. `object` is the request's.
    pub(crate) fn of_answer(uid: &str, object: Option<&Value>, answer: Result<&[u8], &wapc::errors::Error>) -> Self {
        match answer.map(serde_json::from_slice) {
            Ok(Ok(response)) => Self::of_response(uid, object, response),
            Ok(Err(error)) => Self::internal_error(uid, format_args!("invalid response from policy: {error}")),
            Err(error) if is_interruption(error) => Self::rejection(
                uid,
                "Policy execution interrupted because it exceeded the allowed execution time".to_owned(),
                Some(500),
            ),
            Err(error) => Self::internal_error(uid, error),
        }
    }

    fn of_response(uid: &str, object: Option<&Value>, response: ValidationResponse) -> Self {
        let patch = match (object, &response.mutated_object) {
            (None, Some(_)) => {
                return Self::rejection(
                    uid,
                    "Incoming object is null, which happens only with DELETE operations, but the policy is attempting a \
                     mutation. This is not allowed"
                        .to_owned(),
                    None,
                );
            }
            (Some(object), Some(mutated)) => Some(json_patch::diff(object, mutated)),
            (_, None) => None,
        };
        Self {
            uid: uid.to_owned(),
            allowed: response.accepted,
            patch: patch.filter(|patch| !patch.is_empty()),
            message: response.message,
            code: response.code,
            warnings: response.warnings,
            audit_annotations: response.audit_annotations.map(|annotations| annotations.into_iter().collect()),
        }
    }

    fn internal_error(uid: &str, error: impl Display) -> Self {
        Self::rejection(uid, format!("internal server error: {error}"), Some(500))
    }

    fn rejection(uid: &str, message: String, code: Option<u16>) -> Self {
        Self { uid: uid.to_owned(), message: Some(message), code, ..Self::default() }
    }

    /// What a policy's configuration makes of the response.
    pub(crate) fn under(self, mode: Mode, mutating: bool, policy: &str) -> Self {
        match mode {
            Mode::Monitor => Self { allowed: true, patch: None, message: None, code: None, ..self },
            Mode::Protect if self.patch.is_some() && !mutating => Self {
                allowed: false,
                patch: None,
                message: Some(format!(
                    "Request rejected by policy {policy}. The policy attempted to mutate the request, but it is currently \
                     configured to not allow mutations."
                )),
                code: None,
                ..self
            },
            Mode::Protect => self,
        }
    }

    /// The object as the API server goes on with it.
    ///
    /// # Errors
    /// When the patch does not fit `object`, which is to be the request's.
    pub fn patched(&self, object: &Value) -> Result<Value> {
        let mut object = object.clone();
        if let Some(patch) = &self.patch {
            json_patch::patch(&mut object, patch).context("the patch does not fit the object")?;
        }
        Ok(object)
    }
}

/// A guest's answer to `validate`, byte for byte.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer(Vec<u8>);

impl Answer {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The whole answer.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text of the changed object, as the guest wrote it; nothing where it sent none.
    ///
    /// # Errors
    /// When the answer is not a validation response.
    pub fn mutated_object(&self) -> Result<Option<&str>> {
        #[derive(Deserialize)]
        struct Response<'a> {
            #[serde(borrow)]
            mutated_object: Option<&'a RawValue>,
        }
        let response: Response<'_> = serde_json::from_slice(&self.0).context("cannot read the guest's answer")?;
        Ok(response.mutated_object.map(RawValue::get))
    }
}
