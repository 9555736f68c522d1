//! Annotations of Azure Pipelines: logging commands in the log.
//!
//! Source: learn.microsoft.com, "Logging commands"; the escapes are those of `azure-pipelines-agent`, `Command.cs`.

use std::io::{self, Write};

use azure_workload_identity_lint::report::{FilePlace, Report};
use azure_workload_identity_lint::source::Source;
use azure_workload_identity_policy::rule::Severity;

use super::{sentence, word};
use crate::printable::{Prose, in_command, printable};

/// Writes a report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let FilePlace { source: Source { name: file, .. }, line: number, column, .. } = &finding.place;
        // There is no issue below a warning: notes are lines of the log.
        if finding.severity < Severity::Warn {
            let (rule, sentence) = (finding.rule, sentence(finding));
            line(&format!("{file}:{number}:{column}: note: {rule}: {sentence}"), out)?;
            continue;
        }
        writeln!(
            out,
            "##vso[task.logissue type={};sourcepath={};linenumber={number};columnnumber={column};code={};]{}",
            word(finding.severity, ["error", "warning", "warning"]),
            property(file),
            property(finding.rule.name()),
            data(&printable(&sentence(finding)))
        )?;
    }
    for error in &report.errors {
        write!(out, "##vso[task.logissue type=error;sourcepath={};", property(&error.file))?;
        if let Some(line) = error.line {
            write!(out, "linenumber={line};")?;
        }
        writeln!(out, "]{}", data(&error.message))?;
    }
    report.skipped_alike().iter().try_for_each(|alike| line(&format!("skipped: {alike}"), out))
}

/// Tells that there was nothing to check.
pub(super) fn write_nothing(sentence: &str, is_allowed: bool, out: &mut dyn Write) -> io::Result<()> {
    if is_allowed { line(sentence, out) } else { writeln!(out, "##vso[task.logissue type=error]{}", data(sentence)) }
}

/// Writes a line of the log that is no command.
fn line(text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(Prose::new(out, false), "{}", printable(text))
}

/// The text of a command, which may have several lines.
fn data(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(in_command).collect();
    lines.join("\n").replace('%', "%AZP25").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    in_command(text).replace('%', "%AZP25").replace(']', "%5D").replace(';', "%3B")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    #[test]
    fn a_report_is_an_issue_a_line_with_everything_escaped() {
        let mut out = Vec::new();
        write(&sample::report(), &mut out).unwrap();

        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\
##vso[task.logissue type=error;sourcepath=deploy/web, 100%AZP25.yaml;linenumber=6;columnnumber=34;code=label-value;]metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored; write \"true\"
##vso[task.logissue type=warning;sourcepath=deploy/web, 100%AZP25.yaml;linenumber=6;columnnumber=5;code=unknown-key;]metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored; write \"true\"
accounts.yaml:3:3: note: label-on-service-account: metadata.labels[\"azure.workload.identity/use\"] is \"True\", which is ignored; write \"true\"
##vso[task.logissue type=error;sourcepath=bad.yaml;linenumber=7;]a tab indents%0Athis line
skipped: 2 files are templates, to be rendered first: chart/a, b.yaml, chart/pod.yaml
"
        );
    }

    #[test]
    fn a_name_cannot_end_or_start_a_command() {
        assert_eq!(property("a];b"), "a%5D%3Bb");

        let mut report = sample::report();
        report.findings.drain(..2);
        report.findings[0].place.source.name = "##vso[task.complete]".into();
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        assert!(out.starts_with(b"##vso\\[task.complete]:3:3: note"));
    }
}
