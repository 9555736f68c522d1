//! What a check of files reports, ready to be rendered.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use azure_workload_identity_policy::assumption::Assumption;
use azure_workload_identity_policy::finding::Applicability;
use azure_workload_identity_policy::rule::Severity;
use schemars::JsonSchema;
use serde::Serialize;

use crate::certainty::Certainty;
pub use crate::edit::TextEdit;
use crate::options::Options;
use crate::rule::Rule;
use crate::secrets::Secrets;
use crate::source::{Lines, Source};
use crate::v1;

/// The result of a check.
///
/// Lines and columns are counted from 1, columns in characters. Files are relative to the folder in which the program ran.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(hashmap_as_object))]
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
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Diagnostic {
    /// The name of the rule that is broken; `azwi-check explain` describes it.
    #[schemars(with = "String")]
    #[cfg_attr(feature = "typescript", tsify(type = "string"))]
    pub rule: Rule,
    /// The severity that counts. deny: admission rejects the object. warn: admission warns who applies it. note: admission is silent.
    #[schemars(with = "String", extend("enum" = ["deny", "warn", "note"]))]
    #[cfg_attr(feature = "typescript", tsify(type = "\"deny\" | \"warn\" | \"note\""))]
    pub severity: Severity,
    /// How sure it is.
    #[serde(flatten)]
    pub certainty: Certainty,
    /// Where.
    #[serde(flatten)]
    pub place: FilePlace,
    /// The path in the object, as messages write it: `metadata.labels["azure.workload.identity/use"]`. Empty for a finding about a
    /// comment.
    pub path: String,
    /// What is wrong, in a sentence that begins with the path.
    pub message: String,
    /// What to do about it.
    pub fix: String,
    /// The object.
    pub object: ObjectName,
    /// Other places that have to do with it.
    pub related: Vec<RelatedPlace>,
    /// The change of the file that does what `fix` says.
    #[serde(flatten, serialize_with = "v1::fixability")]
    #[schemars(with = "v1::Fixability<'_>")]
    #[cfg_attr(feature = "typescript", tsify(type = "Fixability"))]
    pub correction: Option<Correction>,
    /// Tells this finding from others, also after lines were added above it: sixteen hexadecimal digits.
    pub fingerprint: String,
}

impl Diagnostic {
    /// What one of the linter's own rules finds: what is wrong, and what to do.
    pub fn of_own_rule(rule: Rule, place: FilePlace, (message, fix): (String, String), options: &Options<'_>) -> Self {
        Self {
            rule,
            severity: options.severity_of(rule),
            certainty: Certainty::default(),
            place,
            path: String::new(),
            message,
            fix,
            object: ObjectName::default(),
            related: Vec::new(),
            correction: None,
            fingerprint: String::new(),
        }
    }

    /// The same at a path in the object, with which its message begins.
    #[must_use]
    pub fn at_path(self, path: String) -> Self {
        Self { message: [&path, " ", &self.message].concat(), path, ..self }
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
    pub edits: Vec<PlacedEdit>,
    /// What they change, as it is said when it is done: `"True" -> "true"`.
    pub done: String,
    /// Whether they write what may be a secret: then no report shows them.
    pub is_secret: bool,
}

impl Correction {
    /// The changes as reports show them: none if they write what may be a secret.
    pub fn shown(&self) -> &[PlacedEdit] {
        if self.is_secret { &[] } else { &self.edits }
    }
}

/// A replacement in a file; an insertion if the replaced part is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct PlacedEdit {
    /// What is replaced.
    #[serde(flatten)]
    pub place: FilePlace,
    /// The new text.
    pub text: String,
}

impl From<&PlacedEdit> for TextEdit {
    fn from(edit: &PlacedEdit) -> Self {
        Self { span: edit.place.span.clone(), text: edit.text.clone() }
    }
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct FilePlace {
    /// The file.
    #[serde(rename = "file", serialize_with = "v1::name")]
    #[schemars(with = "String")]
    #[cfg_attr(feature = "typescript", tsify(type = "string"))]
    pub source: Source,
    /// The part, in bytes.
    #[serde(skip)]
    pub span: Range<usize>,
    /// The line, from 1.
    #[schemars(range(min = 1))]
    pub line: usize,
    /// The column in characters, from 1.
    #[schemars(range(min = 1))]
    pub column: usize,
    /// The line of the end.
    #[schemars(range(min = 1))]
    pub end_line: usize,
    /// The column behind the last character.
    #[schemars(range(min = 1))]
    pub end_column: usize,
    /// The offset in UTF-16 code units, as JavaScript counts, from 0.
    pub offset: usize,
    /// The offset of the end.
    pub end_offset: usize,
    /// What of the file's text no report shows.
    #[serde(skip)]
    pub secrets: Secrets,
}

impl FilePlace {
    /// A part of a file, whose lines are at hand.
    pub fn new(source: &Source, lines: &Lines<'_>, span: Range<usize>) -> Self {
        let (start, end) = (lines.position(span.start), lines.position(span.end));
        Self {
            source: source.clone(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            offset: lines.utf16(span.start),
            end_offset: lines.utf16(span.end),
            span,
            secrets: Secrets::default(),
        }
    }
}

/// A place that has to do with a finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct RelatedPlace {
    /// Where; it may be another file.
    #[serde(flatten)]
    pub place: FilePlace,
    /// What it has to do with the finding.
    pub message: String,
}

/// An object, as it names itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct ObjectName {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`, or that of `--namespace`; `null` if there is neither.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Skipped {
    /// The file.
    pub file: Arc<str>,
    /// What kind of reason there is.
    pub kind: SkipKind,
    /// Why, as the end of a sentence that begins with the file.
    pub reason: String,
}

/// What kind of reason there is that a file is not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub enum SkipKind {
    /// It is a template, and no YAML or JSON before it is rendered.
    Template,
    /// It cannot be read, and nothing in it looks like `apiVersion` and `kind`.
    NoManifest,
    /// It is not opened, or not read to its end: a link that leads out of the repository, a device, a file of more than 100 MB.
    NotRead,
}

impl Skipped {
    /// A template, by the line of its first `{{`, and why it cannot be read.
    pub(crate) fn template(file: Arc<str>, line: usize, error: &str) -> Self {
        let reason =
            format!("is a template ({{{{ in line {line}) and no YAML: {error}; render it and check the result");
        Self { file, kind: SkipKind::Template, reason }
    }

    /// A file that cannot be read, why, and in which line if it is a text.
    pub(crate) fn no_manifest(file: Arc<str>, line: Option<usize>, error: &str) -> Self {
        let why = match line {
            Some(line) => format!("cannot be read (line {line}: {error})"),
            None => error.to_owned(),
        };
        Self {
            file,
            kind: SkipKind::NoManifest,
            reason: format!("is no manifest: it has no apiVersion and kind, and {why}"),
        }
    }

    /// A file that is not read, whatever its content. The reason is the end of a sentence about one file.
    pub fn not_read(file: Arc<str>, reason: String) -> Self {
        Self { file, kind: SkipKind::NotRead, reason }
    }

    /// Whether two files are skipped for the same reason, details aside.
    fn is_alike(&self, other: &Self) -> bool {
        self.kind == other.kind && (self.kind != SkipKind::NotRead || self.reason == other.reason)
    }
}

/// Files that were skipped for the same reason, in the order of the input.
#[derive(Clone, Debug)]
pub struct SkippedAlike<'r> {
    /// The first file.
    first: &'r Skipped,
    /// All files.
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
        match (self.first.kind, count) {
            (SkipKind::Template, 1) => f.write_str("1 file is a template, to be rendered first: "),
            (SkipKind::Template, _) => write!(f, "{count} files are templates, to be rendered first: "),
            (SkipKind::NoManifest, 1) => f.write_str("1 file is no manifest: "),
            (SkipKind::NoManifest, _) => write!(f, "{count} files are no manifests: "),
            (SkipKind::NotRead, 1) => write!(f, "1 file {}: ", self.first.reason),
            (SkipKind::NotRead, _) => write!(f, "{count} files, each of which {}: ", self.first.reason),
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
            match all.iter_mut().find(|alike| alike.first.is_alike(file)) {
                Some(alike) => alike.files.push(file),
                None => all.push(SkippedAlike { first: file, files: vec![file] }),
            }
        }
        all
    }
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct ReadError {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1; `null` if nothing of the file could be read.
    #[schemars(range(min = 1))]
    pub line: Option<usize>,
    /// What is wrong with it.
    pub message: String,
}

/// How much was checked, and what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// YAML or JSON documents that are not empty.
    pub documents: usize,
    /// Kubernetes objects, those in lists counted one by one.
    pub objects: usize,
    /// Objects that have to do with workload identity, kustomizations included. Only a check counts them.
    pub identity: usize,
    /// Findings whose correction was not looked for, since that takes as long as reading the document for each; absent if there are none.
    #[serde(skip_serializing_if = "v1::is_zero")]
    #[schemars(with = "Option<usize>")]
    #[cfg_attr(feature = "typescript", tsify(optional))]
    pub uncorrected: usize,
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
        let template = |file: &str, line| Skipped::template(file.into(), line, "a tab");
        let not_read = |file: &str, reason: &str| Skipped::not_read(file.into(), reason.into());
        let mut report = Report {
            skipped: vec![
                template("a.yaml", 1),
                Skipped::no_manifest("b.json".into(), Some(2), "no value"),
                template("c.yaml", 7),
                not_read("d.yaml", "is no regular file"),
                not_read("e.yaml", "is a link that leads out of shop"),
                not_read("f.yaml", "is no regular file"),
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

        report.skipped = (1..=8).map(|number| template(&format!("{number}.yaml"), number)).collect();
        let expected = "8 files are templates, to be rendered first: 1.yaml, 2.yaml, 3.yaml, 4.yaml, 5.yaml and 3 more";
        assert_eq!(lines(&report), [expected]);
        assert_eq!(report.skipped_alike()[0].unnamed(), 3);
    }
}
