//! What goes in and out. All offsets are in UTF-16 code units from the start of the text of a file, as JavaScript counts.

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
pub struct Input {
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

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Admission rejects the object.
    Deny,
    /// Admission warns the user who applies the object.
    Warn,
    /// Admission is silent.
    Note,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Only somebody else can tell whether it is right.
    Low,
    /// Only the running cluster tells.
    Medium,
    /// The files show it.
    High,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Place {
    /// The name of the file.
    pub file: String,
    /// Where the part starts.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// The line in which it starts, from 1.
    pub line: usize,
    /// The column in which it starts in characters, from 1.
    pub column: usize,
}

/// A place that has to do with a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Related {
    /// Where; it may be another file.
    pub place: Place,
    /// What it has to do with the finding.
    pub message: String,
}

/// A replacement in a text; an insertion if `from` is `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct TextEdit {
    /// Where the replaced part starts.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// The new text.
    pub text: String,
}

/// Whether a correction can be made unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// It has one sensible meaning, and nothing is lost.
    Safe,
    /// A person decides.
    Suggestion,
}

/// A finding of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Finding {
    /// The name of the rule.
    pub rule: String,
    /// The severity.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where.
    pub place: Place,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// What to do about it.
    pub fix: String,
    /// Why it is less severe than its rule: what the files do not show, in words. Absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub doubt: Option<String>,
    /// The object: `Deployment shop/web`. Empty if it has no kind.
    pub object: String,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
    /// Changes of the file of `place` that do what `fix` says: all of them together, in order, not overlapping. Absent if there are
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub edits: Option<Vec<TextEdit>>,
    /// Whether they can be made unasked. Absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub applicability: Option<Applicability>,
}

/// Something that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Problem {
    /// The name of the file; `settings` for the settings.
    pub file: String,
    /// The line, from 1; absent for a text of which nothing can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub line: Option<usize>,
    /// What is wrong with it.
    pub message: String,
}

/// A file that is not checked on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Skipped {
    /// The name of the file.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// How much was checked, and what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Tsify)]
pub struct Summary {
    /// Files.
    pub files: usize,
    /// Documents that are not empty.
    pub documents: usize,
    /// Kubernetes objects, those in lists counted one by one.
    pub objects: usize,
    /// Whether some object has to do with workload identity, or something was found.
    pub identity: bool,
    /// Findings of severity deny.
    pub deny: usize,
    /// Findings of severity warn.
    pub warn: usize,
    /// Findings of severity note.
    pub note: usize,
}

/// What the rules find.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Check {
    /// By file in the order of the input, then by position.
    pub findings: Vec<Finding>,
    /// What cannot be read. The rest is checked; if settings cannot be read, the defaults count.
    pub problems: Vec<Problem>,
    /// The files that are not checked on purpose.
    pub skipped: Vec<Skipped>,
    /// The counts.
    pub summary: Summary,
}

/// The answer to an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Answer {
    /// The object: `Deployment shop/web`.
    pub object: String,
    /// Where the object is.
    pub place: Place,
    /// Whether it is created.
    pub allowed: bool,
    /// What `kubectl apply` prints: the warnings, then the result. Several lines, without a line break at the end.
    pub text: String,
}

/// What admission would inject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Previews {
    /// Whether the settings inject. If they do not, the preview is made as if with `inject: {}`.
    pub injects: bool,
    /// The files with pods or pod templates.
    pub files: Vec<FilePreview>,
}

/// What admission would inject into the pods of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct FilePreview {
    /// The name of the file.
    pub name: String,
    /// Its text after the injection.
    pub text: String,
    /// Its pods and pod templates, in their order.
    pub pods: Vec<PodPreview>,
}

/// What happens to a pod, or to the pods of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct PodPreview {
    /// The pod, or the object with the template: `Deployment shop/web`.
    pub object: String,
    /// The path from the object to the template; empty for a pod.
    pub path: String,
    /// What happens.
    pub outcome: Outcome,
    /// Why the pod is not changed, or what the text does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub note: Option<String>,
    /// The object as JSON before and after, if the outcome is `unwritable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub json: Option<Json>,
}

/// What happens to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is injected, and the text shows how.
    Injected,
    /// It is injected, but no change of the text shows that.
    Unwritable,
    /// It asks for no identity.
    NoIdentity,
    /// It is rejected.
    Rejected,
    /// It has everything already, or what it gets is not known.
    Unchanged,
}

/// An object as indented JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Json {
    /// As it is written.
    pub before: String,
    /// With what is injected.
    pub after: String,
}

/// The chains from what runs to the federated credential that Entra ID compares its token with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Chains {
    /// One for each service account that something uses, and one more for each further identity.
    pub chains: Vec<Chain>,
    /// What is wrong with the credentials and service accounts as a set. None of them is a finding of a check.
    pub findings: Vec<Finding>,
    /// What cannot be read.
    pub problems: Vec<Problem>,
}

/// A chain, as the nodes and edges of a drawing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Chain {
    /// The service account and the verdict: `shop/web: broken at subject`.
    pub title: String,
    /// `shop/web`.
    pub service_account: String,
    /// Where the service account is, if it is among the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub place: Option<Place>,
    /// What is known of it.
    pub verdict: Verdict,
    /// The first broken link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub broken_at: Option<Link>,
    /// From the pods to Entra ID.
    pub nodes: Vec<ChainNode>,
    /// Each from a node to a node.
    pub edges: Vec<ChainEdge>,
    /// What is broken, in the order of the links.
    pub breaks: Vec<Break>,
    /// What cannot be known, in the order of the links.
    pub unknown: Vec<Unknown>,
}

/// What is known of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Entra ID will accept the token.
    Complete,
    /// It will not.
    Broken,
    /// It cannot be told.
    Unknown,
}

/// A link of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum Link {
    /// The label on the pod.
    Label,
    /// The service account.
    ServiceAccount,
    /// The client id.
    ClientId,
    /// The tenant.
    TenantId,
    /// The audience of the token.
    Audience,
    /// The issuer of the token.
    Issuer,
    /// The subject of the token.
    Subject,
    /// The federated credential.
    FederatedCredential,
}

/// A node of a drawing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct ChainNode {
    /// Unique among all chains.
    pub id: String,
    /// What it stands for.
    pub kind: NodeKind,
    /// Its lines.
    pub lines: Vec<String>,
    /// Where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub place: Option<Place>,
}

/// What a node stands for, in the order of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// A pod, a workload, or another object that uses the service account.
    Workload,
    /// The number of those that are not drawn.
    More,
    /// The service account.
    ServiceAccount,
    /// The client, and the tenant if it is known.
    Client,
    /// The token of the service account.
    Token,
    /// The federated credential.
    Credential,
    /// Microsoft Entra ID.
    Entra,
}

/// An edge of a drawing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct ChainEdge {
    /// The id of a node.
    pub from: String,
    /// The id of a node.
    pub to: String,
    /// The links that it stands for, the broken one alone if one is.
    pub label: String,
    /// How they are.
    pub state: LinkState,
}

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// Nothing speaks against it.
    Whole,
    /// It cannot be compared, since an earlier or later link is broken or not known.
    Open,
    /// It cannot be known.
    Unknown,
    /// It is broken.
    Broken,
}

/// A broken link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Break {
    /// The link.
    pub link: Link,
    /// What is wrong, and what to do about it.
    pub message: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub place: Option<Place>,
    /// A command for a shell that creates what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub command: Option<String>,
}

/// Something that cannot be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Unknown {
    /// The link.
    pub link: Link,
    /// What is not known, and what would tell it.
    pub message: String,
    /// Where it is left open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub place: Option<Place>,
    /// Whether the verdict depends on it.
    pub decides: bool,
}
