//! `rules`: the table of rules.

use std::io::{self, Write};

use azure_workload_identity_lint::rule::Rule;
use serde::Serialize;

use crate::arguments::ListFormat;
use crate::pages::{Page, RULES_URL};

#[derive(Serialize)]
struct Row {
    name: &'static str,
    severity: &'static str,
    subjects: &'static str,
    summary: String,
    url: String,
}

/// Prints the rules with their recommended severities.
pub(crate) fn run(format: ListFormat, out: &mut dyn Write) -> io::Result<()> {
    let rows = Rule::all().map(|rule| {
        let page = Page::of(rule);
        let url = format!("{RULES_URL}#{}", rule.name());
        let (name, severity) = (rule.name(), rule.severity().name());
        Row { name, severity, subjects: page.subjects, summary: page.summary(), url }
    });
    match format {
        ListFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &rows.collect::<Vec<_>>())?;
            writeln!(out)
        }
        ListFormat::Human => table(&rows.collect::<Vec<_>>(), out),
    }
}

fn table(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let width = |column: fn(&Row) -> &str| rows.iter().map(|row| column(row).len()).max().unwrap_or_default();
    let (name, severity) = (width(|row| row.name), width(|row| row.severity));
    let subjects = width(|row| row.subjects);
    rows.iter().try_for_each(|row| {
        let Row { name: its_name, severity: its_severity, subjects: its_subjects, summary, .. } = row;
        writeln!(out, "{its_name:name$}  {its_severity:severity$}  {its_subjects:subjects$}  {summary}")
    })
}
