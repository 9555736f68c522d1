//! The form in which programs get a report, version 1: JSON of the command line, objects of JavaScript on the page.
//!
//! The types of a report are this form: they derive it, and a schema and types of TypeScript with the same words. Here is what the
//! derives cannot say. Members are only ever added to a version.

#![expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde passes members by reference")]

use azure_workload_identity_policy::assumption::{Assumption, Assumptions};
use azure_workload_identity_policy::finding::Applicability;
use schemars::{JsonSchema, Schema, json_schema};
use serde::{Serialize, Serializer};

use crate::report::{Correction, FilePlace, PlacedEdit};
use crate::rule::Rule;
use crate::source::Source;

/// A report and the version of its form.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Versioned<R> {
    /// The version of this format.
    #[schemars(schema_with = "one")]
    version: u32,
    #[serde(flatten)]
    report: R,
}

impl<R> From<R> for Versioned<R> {
    fn from(report: R) -> Self {
        Self { version: 1, report }
    }
}

fn one(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({"const": 1})
}

/// What can be done about a finding.
#[derive(Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub(crate) struct Fixability<'c> {
    /// Whether `azwi-check fix` can correct it, with `--unsafe-fixes` if `applicability` is `suggestion`.
    fixable: bool,
    /// Of a correction: `safe` if it has one sensible meaning and nothing is lost, `suggestion` if a person has to decide. `null` if
    /// there is none.
    #[schemars(with = "Option<String>", extend("enum" = ["safe", "suggestion", null]))]
    #[cfg_attr(feature = "typescript", tsify(type = "\"safe\" | \"suggestion\" | undefined"))]
    applicability: Option<Applicability>,
    /// The correction: changes of the text of the file, all of them together, in order and not overlapping. Empty if there is none, or
    /// if it writes what may be a secret.
    edits: &'c [PlacedEdit],
}

pub(crate) fn fixability<S: Serializer>(correction: &Option<Correction>, serializer: S) -> Result<S::Ok, S::Error> {
    let correction = correction.as_ref();
    let members = Fixability {
        fixable: correction.is_some(),
        applicability: correction.map(|it| it.applicability),
        edits: correction.map(Correction::shown).unwrap_or_default(),
    };
    members.serialize(serializer)
}

/// A part of a file, if it is known.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify), tsify(type = "FilePlace | { file?: undefined }"))]
pub struct AnyPlace<'p> {
    /// The file; `null` if the place is not in a file.
    file: Option<&'p str>,
    /// The line, from 1.
    #[schemars(range(min = 1))]
    line: Option<usize>,
    /// The column in characters, from 1.
    #[schemars(range(min = 1))]
    column: Option<usize>,
    /// The line of the end.
    #[schemars(range(min = 1))]
    end_line: Option<usize>,
    /// The column behind the last character.
    #[schemars(range(min = 1))]
    end_column: Option<usize>,
    /// The offset in UTF-16 code units, as JavaScript counts, from 0.
    offset: Option<usize>,
    /// The offset of the end.
    end_offset: Option<usize>,
}

impl AnyPlace<'_> {
    /// Writes a place, with `null` for each member if there is none.
    pub fn serialize<S: Serializer>(place: &Option<FilePlace>, serializer: S) -> Result<S::Ok, S::Error> {
        match place {
            Some(place) => place.serialize(serializer),
            None => AnyPlace::default().serialize(serializer),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
pub(crate) const fn is_zero(count: &usize) -> bool {
    *count == 0
}

pub(crate) fn name<S: Serializer>(source: &Source, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&source.name)
}

pub(crate) fn names<S: Serializer>(assumptions: &Assumptions, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(assumptions.iter().map(Assumption::name))
}

/// By its name.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
