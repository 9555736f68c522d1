//! The class for JavaScript.

use azure_workload_identity_lint::answers::Answer;
use azure_workload_identity_lint::report::Report;
use tsify::{Ts, Tsify as _};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::interface::{Chains, PageInput, Previews};
use crate::workspace::Workspace;

/// An input that was read. Nothing that users write makes a call throw: what is wrong comes as `errors`.
///
/// A workspace holds memory until `free` is called.
#[wasm_bindgen(js_name = "Workspace")]
#[derive(Debug)]
pub struct JsWorkspace(Workspace);

/// Makes a panic an error with its message and place, instead of an `unreachable` that says nothing. Called when the module is loaded.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|panic| wasm_bindgen::throw_str(&panic.to_string())));
}

#[wasm_bindgen(js_class = "Workspace")]
impl JsWorkspace {
    /// Reads an input once; the questions come after.
    #[wasm_bindgen(constructor)]
    pub fn new(input: &Ts<PageInput>) -> Result<Self, JsError> {
        Ok(Self(Workspace::new(input.to_rust()?)))
    }

    /// What the rules find.
    pub fn check(&self) -> Result<Ts<Report>, JsError> {
        Ok(self.0.check().into_ts()?)
    }

    /// What `kubectl apply` prints for each object, as if one command applied all files in a cluster with the recipe guard-aks, or
    /// replace-webhook if the settings inject.
    pub fn answers(&self) -> Result<Vec<Ts<Answer>>, JsError> {
        self.0.answers().iter().map(|answer| Ok(answer.into_ts()?)).collect()
    }

    /// What admission would inject into the pods.
    pub fn previews(&self) -> Result<Ts<Previews>, JsError> {
        Ok(self.0.previews().into_ts()?)
    }

    /// The chains from what runs to the federated credential that Entra ID compares its token with.
    pub fn chains(&self) -> Result<Ts<Chains>, JsError> {
        Ok(self.0.chains().into_ts()?)
    }
}
