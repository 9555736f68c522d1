//! What a check of files reports, ready to be rendered.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use azure_workload_identity_policy::rule::Severity;

use crate::rule::Rule;
use crate::source::{Position, Source};

/// The result of a check.
#[derive(Debug, Default)]
pub struct Report {
    /// What was found: by file in the order of the input, then by position, then by rule.
    pub findings: Vec<Diagnostic>,
    /// The files that were not checked on purpose.
    pub skipped: Vec<Skipped>,
    /// What could not be read. The rest of the input was checked.
    pub errors: Vec<ReadError>,
    /// How much was checked, and what was found.
    pub summary: Summary,
}

/// A finding with its place in a file.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The rule that is broken.
    pub rule: Rule,
    /// The severity that counts: never [`Severity::Off`].
    pub severity: Severity,
    /// Where.
    pub place: FilePlace,
    /// The path in the object, as messages write it: `metadata.labels["azure.workload.identity/use"]`. Empty for a finding about a
    /// comment.
    pub path: String,
    /// What is wrong, as the end of a sentence that begins with the path.
    pub problem: String,
    /// What to do about it.
    pub fix: String,
    /// The object.
    pub object: ObjectName,
    /// Other places that have to do with it.
    pub related: Vec<RelatedPlace>,
    /// Changes of the text that do what `fix` says: all of them together, in the file of `place`, in order, not overlapping.
    pub edits: Option<Vec<TextEdit>>,
    /// Tells this finding from others, also after lines were added above it: sixteen hexadecimal digits.
    pub fingerprint: String,
}

impl Diagnostic {
    /// What is wrong, in a sentence that begins with the path.
    pub fn message(&self) -> String {
        format!("{}{}{}", self.path, if self.path.is_empty() { "" } else { " " }, self.problem)
    }
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePlace {
    /// The file.
    pub source: Source,
    /// The part, in bytes.
    pub span: Range<usize>,
    /// The part for people; its end is behind the last character.
    pub range: Range<Position>,
}

/// A place that has to do with a finding.
#[derive(Clone, Debug)]
pub struct RelatedPlace {
    /// Where; it may be another file.
    pub place: FilePlace,
    /// What it has to do with the finding.
    pub message: String,
}

/// An object, as it names itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectName {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`, or the namespace given for objects without one.
    pub namespace: Option<String>,
    /// `metadata.name`, or `metadata.generateName`; empty if there is neither.
    pub name: String,
}

/// As people name it: `Deployment shop/web`. Empty without a kind.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind.is_empty() {
            return Ok(());
        }
        f.write_str(&self.kind)?;
        match (&self.namespace, self.name.as_str()) {
            (Some(namespace), "") => write!(f, " {namespace}"),
            (Some(namespace), name) => write!(f, " {namespace}/{name}"),
            (None, "") => Ok(()),
            (None, name) => write!(f, " {name}"),
        }
    }
}

/// A replacement in a text; an insertion where the span is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// What is replaced, in bytes of the old text.
    pub span: Range<usize>,
    /// The new text.
    pub text: String,
}

/// A file that was not checked on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub file: Arc<str>,
    /// Why.
    pub reason: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1; `None` for a file of which nothing could be read.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub message: String,
}

/// How much was checked, and what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// YAML or JSON documents that are not empty.
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
