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
pub struct Edit {
    /// Where the replaced part starts.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// The new text.
    pub text: String,
}

/// A finding of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Finding {
    /// The name of the rule.
    pub rule: String,
    /// The severity.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// What to do about it.
    pub fix: String,
    /// The object: `Deployment shop/web`. Empty if it has no kind.
    pub object: String,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
    /// Changes of the file of `place` that do what `fix` says: all of them together, in order, not overlapping. Absent if no change is
    /// safe.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub edits: Option<Vec<Edit>>,
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
