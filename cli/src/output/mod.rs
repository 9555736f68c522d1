//! The formats of a report, one module each: a function from the report to a writer. Nothing is decided here.

mod azure_pipelines;
mod chain;
pub(crate) mod explanation;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
#[cfg(test)]
mod sample;
mod sarif;

use std::io::{self, Write};

use azure_workload_identity_lint::report::{Diagnostic, Report};
use azure_workload_identity_policy::finding::Applicability;
use azure_workload_identity_policy::rule::Severity;

use crate::arguments::Format;
use crate::display::Display;
use crate::printable::Prose;

pub(crate) use human::counted;

/// How many findings `azwi-check fix` corrects.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Corrections {
    /// Those with a safe correction.
    pub(crate) safe: usize,
    /// Those that it corrects with `--unsafe-fixes` only.
    pub(crate) suggestions: usize,
}

impl Corrections {
    /// Counts the findings of a report in the files that can be corrected.
    pub(crate) fn of(report: &Report, can_be_corrected: impl Fn(&str) -> bool) -> Self {
        let corrections = report.findings.iter().filter(|finding| can_be_corrected(&finding.place.source.name));
        let corrections = corrections.filter_map(|finding| finding.correction.as_ref());
        corrections.fold(Self::default(), |counts, correction| match correction.applicability {
            Applicability::Safe => Self { safe: counts.safe + 1, ..counts },
            Applicability::Suggestion => Self { suggestions: counts.suggestions + 1, ..counts },
        })
    }
}

/// How a report is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Whether the text for people is coloured.
    pub(crate) is_coloured: bool,
    /// The width of the terminal in columns.
    pub(crate) width: usize,
    /// Whether a warning counts as a failure.
    pub(crate) deny_warnings: bool,
    /// Whether the text for people ends with a line that counts.
    pub(crate) has_summary: bool,
    /// How many findings are left out because they are in the baseline.
    pub(crate) in_baseline: usize,
    /// How many findings can be corrected by the program.
    pub(crate) corrections: Corrections,
}

impl Look {
    /// How a display shows a report.
    pub(crate) fn of(display: &Display<'_>) -> Self {
        Self {
            is_coloured: display.is_coloured,
            width: display.width,
            deny_warnings: false,
            has_summary: !display.is_quiet(),
            in_baseline: 0,
            corrections: Corrections::default(),
        }
    }
}

impl Format {
    /// Writes a report.
    pub(crate) fn write(self, report: &Report, look: Look, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Human => as_prose(out, look, |out| human::write(report, look, out)),
            Self::Json => json::write(report, out),
            Self::Sarif => sarif::write(report, out),
            Self::Junit => junit::write(report, look.deny_warnings, out),
            Self::Github => github::write(report, out),
            Self::AzurePipelines => azure_pipelines::write(report, out),
            Self::Gitlab => gitlab::write(report, out),
        }
    }

    /// Tells that there was nothing to check, where a format has lines for people who read no log.
    pub(crate) fn write_nothing(self, sentence: &str, is_allowed: bool, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Github => github::write_nothing(sentence, is_allowed, out),
            Self::AzurePipelines => azure_pipelines::write_nothing(sentence, is_allowed, out),
            Self::Human | Self::Json | Self::Sarif | Self::Junit | Self::Gitlab => Ok(()),
        }
    }
}

/// Writes prose, of which no terminal and no runner obeys a line.
fn as_prose(out: &mut dyn Write, look: Look, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut prose = Prose::new(out, look.is_coloured);
    write(&mut prose)?;
    prose.unfiltered().map(|_| ())
}

/// A finding in one line: what is wrong, what to do about it, and why it is not severer.
fn sentence(finding: &Diagnostic) -> String {
    match &finding.certainty.doubt {
        Some(doubt) => format!("{}; {} ({}: {doubt})", finding.message, finding.fix, only(finding.severity)),
        None => format!("{}; {}", finding.message, finding.fix),
    }
}

/// What a finding is that is less severe than its rule.
fn only(severity: Severity) -> &'static str {
    word(severity, ["denied", "only a warning", "only a note"])
}

/// The three words that a format has for severities. No finding is off.
fn word(severity: Severity, [deny, warn, note]: [&'static str; 3]) -> &'static str {
    match severity {
        Severity::Deny => deny,
        Severity::Warn => warn,
        Severity::Note | Severity::Off => note,
    }
}
