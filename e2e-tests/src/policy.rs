//! A policy as policy-server has it: a module with settings, a mode and grants.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use serde_json::{Map, Value, json};

use crate::{
    callback::{HostCall, HostFunctions},
    capabilities::Grants,
    cluster::ClusterApi,
    host::{Instance, is_interruption},
    module::{DEADLINE, Module},
    request::AdmissionRequest,
    response::{AdmissionResponse, Answer, Mode},
};

/// The name of the policy where the host's texts have one.
const ID: &str = "azure-workload-identity";

/// A module with a configuration that it has accepted.
#[derive(Clone)]
pub struct Policy<'a> {
    module: &'a Module,
    settings: Map<String, Value>,
    mode: Mode,
    mutating: bool,
    deadline: u64,
    functions: Arc<HostFunctions>,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// What the API server gets.
    pub response: AdmissionResponse,
    /// What the guest answered; absent where it gave no answer.
    pub answer: Option<Answer>,
    /// What the guest asked the host, oldest first.
    pub host_calls: Vec<HostCall>,
}

impl<'a> Policy<'a> {
    /// Starts a policy as policy-server does when it boots. May mutate, look up and call what the module's metadata declares;
    /// has no cluster yet.
    ///
    /// # Errors
    /// With policy-server's words, when `settings` are no object or the module refuses them.
    pub fn new(module: &'a Module, settings: Value) -> Result<Self> {
        let settings = match settings {
            Value::Null => Map::new(),
            Value::Object(settings) => settings,
            _ => bail!("Invalid settings in CRD, not an object"),
        };
        let metadata = module.metadata();
        let capabilities = metadata.host_capabilities.clone().unwrap_or_default();
        let grants = Grants::new(capabilities, metadata.context_aware_resources.clone())?;
        let policy = Self {
            module,
            settings,
            mode: Mode::Protect,
            mutating: metadata.mutating,
            deadline: DEADLINE,
            functions: Arc::new(HostFunctions { grants, cluster: None }),
        };
        policy.validate_settings()?;
        Ok(policy)
    }

    /// Connects the host to a cluster.
    #[must_use]
    pub fn connected_to(mut self, cluster: impl ClusterApi + 'static) -> Self {
        Arc::make_mut(&mut self.functions).cluster = Some(Arc::new(cluster));
        self
    }

    /// Sets the mode.
    #[must_use]
    pub fn in_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// Lets the policy change objects, or forbids it.
    #[must_use]
    pub fn mutating(self, mutating: bool) -> Self {
        Self { mutating, ..self }
    }

    /// Sets how long a request may take, in seconds.
    #[must_use]
    pub fn within_seconds(self, deadline: u64) -> Self {
        Self { deadline, ..self }
    }

    /// Replaces what the policy may ask the host: host functions by name or pattern, and kinds as apiVersion and kind.
    ///
    /// # Errors
    /// When a name or pattern fits no function of the host.
    pub fn granted(mut self, capabilities: &[&str], resources: &[(&str, &str)]) -> Result<Self> {
        Arc::make_mut(&mut self.functions).grants = Grants::of(capabilities, resources)?;
        Ok(self)
    }

    /// What the guest's `validate` gets for a request.
    ///
    /// # Errors
    /// When the request cannot be written as JSON.
    pub fn payload(&self, request: &AdmissionRequest) -> Result<Vec<u8>> {
        let request = serde_json::to_value(request).context("cannot write the request as JSON")?;
        Ok(json!({"request": request, "settings": self.settings}).to_string().into_bytes())
    }

    /// A fresh instance of the module.
    ///
    /// # Errors
    /// When the guest's initialisation fails.
    pub fn instantiate(&self) -> Result<Instance, wapc::errors::Error> {
        Instance::new(self.module, Arc::clone(&self.functions), self.deadline)
    }

    /// Has the policy evaluate a request.
    ///
    /// # Errors
    /// Where policy-server answers with an HTTP error instead of an admission response: when the guest's initialisation fails
    /// other than by its deadline.
    pub fn validate(&self, request: &AdmissionRequest) -> Result<Evaluation> {
        let payload = self.payload(request)?;
        let (answer, host_calls) = match self.instantiate() {
            Ok(instance) => (instance.call("validate", &payload), instance.host_calls()),
            Err(error) if is_interruption(&error) => (Err(error), Vec::new()),
            Err(error) => return Err(error).context("cannot instantiate the module"),
        };
        let bytes = answer.as_ref().map(Vec::as_slice);
        let response = AdmissionResponse::of_answer(&request.uid, request.object.as_ref(), bytes);
        Ok(Evaluation {
            response: response.under(self.mode, self.mutating, ID),
            answer: answer.ok().map(Answer::new),
            host_calls,
        })
    }

    fn validate_settings(&self) -> Result<()> {
        let settings = serde_json::to_vec(&self.settings).context("cannot write the settings as JSON")?;
        let instance = self.instantiate().context("cannot instantiate the module")?;
        let message = match instance.call("validate_settings", &settings) {
            Ok(answer) => match serde_json::from_slice(&answer) {
                Ok(SettingsValidationResponse { valid: true, .. }) => return Ok(()),
                Ok(SettingsValidationResponse { message, .. }) => message.unwrap_or_else(|| "no message".to_owned()),
                Err(error) => format!("error: InvalidResponseWithError({error:?})"),
            },
            Err(error) => format!("Error invoking settings validation callback: {error:?}"),
        };
        bail!("Policy settings are invalid: {message}")
    }
}
