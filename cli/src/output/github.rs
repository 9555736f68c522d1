//! Annotations of GitHub Actions: workflow commands in the log.
//!
//! Source: docs.github.com, "Workflow commands for GitHub Actions"; the escapes are those of `@actions/core`, `command.ts`.

use std::io::{self, Write};

use azure_workload_identity_lint::report::{FilePlace, Report};

use super::{sentence, word};
use crate::printable::{in_command, printable};

/// Writes a report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let command = word(finding.severity, ["error", "warning", "notice"]);
        let FilePlace { source, line, column, end_line, end_column, .. } = &finding.place;
        write!(out, "::{command} file={},line={line}", property(&source.name))?;
        // Columns of an annotation over several lines are rejected.
        if line == end_line {
            write!(out, ",col={column},endLine={end_line},endColumn={end_column}")?;
        } else {
            write!(out, ",endLine={end_line}")?;
        }
        writeln!(out, ",title={}::{}", property(finding.rule.name()), data(&printable(&sentence(finding))))?;
    }
    for error in &report.errors {
        write!(out, "::error file={}", property(&error.file))?;
        if let Some(line) = error.line {
            write!(out, ",line={line}")?;
        }
        writeln!(out, ",title=cannot be read::{}", data(&error.message))?;
    }
    for alike in report.skipped_alike() {
        writeln!(out, "::notice title=skipped::{}", data(&printable(&alike.to_string())))?;
    }
    Ok(())
}

/// Tells that there was nothing to check.
pub(super) fn write_nothing(sentence: &str, is_allowed: bool, out: &mut dyn Write) -> io::Result<()> {
    let command = if is_allowed { "notice" } else { "error" };
    writeln!(out, "::{command} title=nothing to check::{}", data(sentence))
}

/// The text of a command, which may have several lines.
fn data(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(in_command).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    in_command(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    #[test]
    fn a_report_is_a_command_a_line_with_everything_escaped() {
        let mut out = Vec::new();
        write(&sample::report(), &mut out).unwrap();

        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\
::error file=deploy/web%2C 100%25.yaml,line=6,col=34,endLine=6,endColumn=40,title=label-value::metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored; write \"true\"
::warning file=deploy/web%2C 100%25.yaml,line=6,col=5,endLine=6,endColumn=32,title=unknown-key::metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored; write \"true\"
::notice file=accounts.yaml,line=3,col=3,endLine=3,endColumn=7,title=label-on-service-account::metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored; write \"true\"
::error file=bad.yaml,line=7,title=cannot be read::a tab indents%0Athis line
::notice title=skipped::2 files are templates, to be rendered first: chart/a, b.yaml, chart/pod.yaml
"
        );
    }
}
