//! Answers of the library as answers of the interface.

use std::collections::HashMap;
use std::sync::Arc;

use azure_workload_identity_lint::report::{self, Diagnostic, FilePlace, ReadError, Report};
use azure_workload_identity_lint::source::{Source, Utf16};
use azure_workload_identity_policy::rule;

use crate::interface::{Check, Edit, Finding, Place, Problem, Related, Severity, Skipped, Summary};

/// Converts answers; knows the offsets of the texts that it has met.
#[derive(Default)]
pub(crate) struct Convert<'s> {
    /// By the address of the text: names may occur twice.
    offsets: HashMap<*const u8, Utf16<'s>>,
}

impl<'s> Convert<'s> {
    pub(crate) fn check(&mut self, report: &'s Report) -> Check {
        let report::Summary { files, documents, objects, deny, warn, note } = report.summary;
        let skipped = report.skipped.iter();
        Check {
            findings: self.findings(report),
            problems: problems(&report.errors),
            skipped: skipped.map(|it| Skipped { file: it.file.to_string(), reason: it.reason.clone() }).collect(),
            summary: Summary { files, documents, objects, deny, warn, note },
        }
    }

    fn findings(&mut self, report: &'s Report) -> Vec<Finding> {
        report.findings.iter().map(|finding| self.finding(finding)).collect()
    }

    fn finding(&mut self, finding: &'s Diagnostic) -> Finding {
        let related = finding.related.iter();
        let related = related.map(|it| Related { place: self.place(&it.place), message: it.message.clone() }).collect();
        let edits = finding.edits.as_ref().map(|edits| {
            let offsets = self.offsets(&finding.place.source);
            let edit = |edit: &report::TextEdit| {
                let span = offsets.span(&edit.span);
                Edit { from: span.start, to: span.end, text: edit.text.clone() }
            };
            edits.iter().map(edit).collect()
        });
        Finding {
            rule: finding.rule.name().to_owned(),
            severity: severity(finding.severity),
            place: self.place(&finding.place),
            message: finding.message(),
            fix: finding.fix.clone(),
            object: finding.object.to_string(),
            related,
            edits,
        }
    }

    fn place(&mut self, place: &'s FilePlace) -> Place {
        let span = self.offsets(&place.source).span(&place.span);
        let start = place.range.start;
        Place {
            file: place.source.name.to_string(),
            from: span.start,
            to: span.end,
            line: start.line,
            column: start.column,
        }
    }

    fn offsets(&mut self, source: &'s Source) -> &Utf16<'s> {
        self.offsets.entry(Arc::as_ptr(&source.text).cast()).or_insert_with(|| Utf16::new(&source.text))
    }
}

fn severity(severity: rule::Severity) -> Severity {
    match severity {
        rule::Severity::Deny => Severity::Deny,
        rule::Severity::Warn => Severity::Warn,
        // Nothing that is off is found.
        rule::Severity::Note | rule::Severity::Off => Severity::Note,
    }
}

fn problems(errors: &[ReadError]) -> Vec<Problem> {
    let problem =
        |error: &ReadError| Problem { file: error.file.to_string(), line: error.line, message: error.message.clone() };
    errors.iter().map(problem).collect()
}
