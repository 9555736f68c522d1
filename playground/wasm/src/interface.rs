//! What goes in, and what comes out besides the reports of the libraries. All offsets are in UTF-16 code units from the start of the
//! text of a file, as JavaScript counts.

use azure_workload_identity_lint::NamedPod;
use azure_workload_identity_lint::report::{Diagnostic, ReadError};
use azure_workload_identity_trace::chain::graph::Group;
use azure_workload_identity_trace::chain::report::Chain;
use serde::{Deserialize, Serialize};
use tsify::Tsify;

/// A named text.
#[derive(Clone, Debug, Default, Deserialize, Tsify)]
pub struct TextFile {
    /// The name, or the path in a folder.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// What is asked about.
#[derive(Clone, Debug, Default, Deserialize, Tsify)]
pub struct PageInput {
    /// The manifests.
    pub files: Vec<TextFile>,
    /// The settings of the policy, or manifests of policies, as YAML or JSON; empty for the defaults.
    pub settings: String,
    /// The namespace of objects that name none.
    #[serde(default)]
    #[tsify(optional)]
    pub namespace: Option<String>,
    /// The issuer of the cluster's tokens; if it is absent, that of the settings.
    #[serde(default)]
    #[tsify(optional)]
    pub issuer: Option<String>,
    /// Federated credentials and identities, as `az` or Terraform prints them.
    pub credentials: Vec<TextFile>,
}

/// What admission would inject.
#[derive(Debug, Serialize, Tsify)]
pub struct Previews {
    /// Whether the settings inject. If they do not, the preview is made as if with `inject: {}`.
    pub injects: bool,
    /// The files with pods or pod templates.
    pub files: Vec<InjectedFile>,
}

/// A file after the injection.
#[derive(Debug, Serialize, Tsify)]
pub struct InjectedFile {
    /// The name of the file.
    pub name: String,
    /// Its text after the injection.
    pub text: String,
    /// Its pods and pod templates, in their order.
    pub pods: Vec<NamedPod>,
}

/// The chains from what runs to the federated credential that Entra ID compares its token with.
#[derive(Debug, Serialize, Tsify)]
#[tsify(hashmap_as_object)]
pub struct Chains {
    /// One for each service account that something uses, and one more for each further identity.
    pub chains: Vec<DrawnChain>,
    /// What is wrong with the credentials and service accounts as a set. None of them is a finding of a check.
    pub findings: Vec<Diagnostic>,
    /// What cannot be read.
    pub errors: Vec<ReadError>,
}

/// A chain with the nodes and edges of a drawing.
#[derive(Debug, Serialize, Tsify)]
pub struct DrawnChain {
    /// The chain.
    #[serde(flatten)]
    pub chain: Chain,
    /// The drawing.
    #[serde(flatten)]
    pub drawing: Group,
}
