//! What a check of files reports, ready to be rendered.

use std::fmt;
use std::mem::discriminant;
use std::ops::Range;
use std::sync::Arc;

use azure_workload_identity_policy::assumption::Assumption;
use azure_workload_identity_policy::finding::Applicability;
use azure_workload_identity_policy::rule::Severity;

use crate::certainty::Certainty;
pub use crate::edit::TextEdit;
use crate::options::Options;
use crate::rule::Rule;
use crate::source::{Lines, Position, Source};

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
    /// How sure it is.
    pub certainty: Certainty,
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
    /// The change of the file that does what `fix` says.
    pub correction: Option<Correction>,
    /// Tells this finding from others, also after lines were added above it: sixteen hexadecimal digits.
    pub fingerprint: String,
}

impl Diagnostic {
    /// What one of the linter's own rules finds: what is wrong, and what to do.
    pub fn of_own_rule(rule: Rule, place: FilePlace, (problem, fix): (String, String), options: &Options<'_>) -> Self {
        Self {
            rule,
            severity: options.severity_of(rule),
            certainty: Certainty::default(),
            place,
            path: String::new(),
            problem,
            fix,
            object: ObjectName::default(),
            related: Vec::new(),
            correction: None,
            fingerprint: String::new(),
        }
    }

    /// What is wrong, in a sentence that begins with the path.
    pub fn message(&self) -> String {
        format!("{}{}{}", self.path, if self.path.is_empty() { "" } else { " " }, self.problem)
    }

    /// Why it is less severe than its rule, in words; `None` if it is not.
    pub fn doubt(&self) -> Option<&str> {
        Some(self.certainty.reason.as_str()).filter(|reason| !reason.is_empty())
    }

    /// Whether nothing but a value that is filled in later makes it less severe than its rule.
    pub fn is_filled_in_later(&self) -> bool {
        self.certainty.lowered_by == Assumption::FinalValue.into()
    }
}

/// What corrects a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Whether it can be made unasked.
    pub applicability: Applicability,
    /// Changes of the text of the file: all of them together, in order, not overlapping.
    pub edits: Vec<TextEdit>,
    /// What they change, as it is said when it is done: `"True" -> "true"`.
    pub done: String,
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

impl FilePlace {
    /// A part of a file, whose lines are at hand.
    pub fn new(source: &Source, lines: &Lines<'_>, span: Range<usize>) -> Self {
        Self { source: source.clone(), range: lines.range(&span), span }
    }
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

/// A file that was not checked on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub file: Arc<str>,
    /// Why.
    pub reason: SkipReason,
}

/// Why a file is not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// It is a template, and no YAML or JSON before it is rendered.
    Template {
        /// The line of the first `{{`.
        line: usize,
        /// Why it cannot be read.
        error: String,
    },
    /// It cannot be read, and nothing in it looks like a Kubernetes object.
    NoManifest {
        /// The line that cannot be read; `None` if it is no text.
        line: Option<usize>,
        /// Why it cannot be read.
        error: String,
    },
    /// It is not read, whatever its content: a link that leads elsewhere, a device. The end of a sentence about one file.
    NotRead(String),
}

impl SkipReason {
    /// The name of the kind of reason, for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Template { .. } => "template",
            Self::NoManifest { .. } => "no-manifest",
            Self::NotRead(_) => "not-read",
        }
    }

    /// Whether two files are skipped for the same reason, details aside.
    fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NotRead(one), Self::NotRead(other)) => one == other,
            (one, other) => discriminant(one) == discriminant(other),
        }
    }
}

/// The end of a sentence that begins with the file, with every detail.
impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template { line, error } => {
                write!(f, "is a template ({{{{ in line {line}) and no YAML: {error}; render it and check the result")
            }
            Self::NoManifest { line: Some(line), error } => {
                write!(f, "is no manifest: it has no apiVersion and kind, and cannot be read (line {line}: {error})")
            }
            Self::NoManifest { line: None, error } => {
                write!(f, "is no manifest: it has no apiVersion and kind, and {error}")
            }
            Self::NotRead(reason) => f.write_str(reason),
        }
    }
}

/// Files that were skipped for the same reason.
#[derive(Clone, Debug)]
pub struct SkippedAlike<'r> {
    /// The reason, with the details of the first file.
    reason: &'r SkipReason,
    /// The files, in the order of the input.
    pub files: Vec<&'r Skipped>,
}

/// How many files of a reason are named in a sentence.
const NAMED: usize = 5;

impl SkippedAlike<'_> {
    /// How many files the sentence does not name.
    pub fn unnamed(&self) -> usize {
        self.files.len().saturating_sub(NAMED)
    }
}

/// A sentence that names the first files: `2 files are no manifests: mkdocs.yml, tsconfig.json`.
impl fmt::Display for SkippedAlike<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.files.len();
        match (self.reason, count) {
            (SkipReason::Template { .. }, 1) => f.write_str("1 file is a template, to be rendered first: "),
            (SkipReason::Template { .. }, _) => write!(f, "{count} files are templates, to be rendered first: "),
            (SkipReason::NoManifest { .. }, 1) => f.write_str("1 file is no manifest: "),
            (SkipReason::NoManifest { .. }, _) => write!(f, "{count} files are no manifests: "),
            (SkipReason::NotRead(reason), 1) => write!(f, "1 file {reason}: "),
            (SkipReason::NotRead(reason), _) => write!(f, "{count} files, each of which {reason}: "),
        }?;
        for (number, file) in self.files.iter().take(NAMED).enumerate() {
            write!(f, "{}{}", if number == 0 { "" } else { ", " }, file.file)?;
        }
        if self.unnamed() > 0 { write!(f, " and {} more", self.unnamed()) } else { Ok(()) }
    }
}

impl Report {
    /// The skipped files by the reason for which they were skipped, in the order in which the reasons first occur.
    pub fn skipped_alike(&self) -> Vec<SkippedAlike<'_>> {
        let mut all = Vec::<SkippedAlike<'_>>::new();
        for file in &self.skipped {
            match all.iter_mut().find(|alike| alike.reason.is_alike(&file.reason)) {
                Some(alike) => alike.files.push(file),
                None => all.push(SkippedAlike { reason: &file.reason, files: vec![file] }),
            }
        }
        all
    }
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
    /// Objects that have to do with workload identity, kustomizations included. Only a check counts them.
    pub identity: usize,
    /// Findings of severity deny.
    pub deny: usize,
    /// Findings of severity warn.
    pub warn: usize,
    /// Findings of severity note.
    pub note: usize,
}

impl Summary {
    /// Whether some object has to do with workload identity, or something was found: without either, a check of the wrong files looks
    /// like one of files without mistakes.
    pub const fn concerns_identity(&self) -> bool {
        self.identity > 0 || self.deny + self.warn + self.note > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_files_are_named_by_reason() {
        let skipped = |file: &str, reason| Skipped { file: file.into(), reason };
        let template = |line| SkipReason::Template { line, error: "a tab".into() };
        let mut report = Report {
            skipped: vec![
                skipped("a.yaml", template(1)),
                skipped("b.json", SkipReason::NoManifest { line: Some(2), error: "no value".into() }),
                skipped("c.yaml", template(7)),
                skipped("d.yaml", SkipReason::NotRead("is no regular file".into())),
                skipped("e.yaml", SkipReason::NotRead("is a link that leads out of shop".into())),
                skipped("f.yaml", SkipReason::NotRead("is no regular file".into())),
            ],
            ..Report::default()
        };
        let lines = |report: &Report| report.skipped_alike().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            lines(&report),
            [
                "2 files are templates, to be rendered first: a.yaml, c.yaml",
                "1 file is no manifest: b.json",
                "2 files, each of which is no regular file: d.yaml, f.yaml",
                "1 file is a link that leads out of shop: e.yaml",
            ]
        );

        report.skipped = (1..=8).map(|number| skipped(&format!("{number}.yaml"), template(number))).collect();
        let expected = "8 files are templates, to be rendered first: 1.yaml, 2.yaml, 3.yaml, 4.yaml, 5.yaml and 3 more";
        assert_eq!(lines(&report), [expected]);
        assert_eq!(report.skipped_alike()[0].unnamed(), 3);
    }
}
