//! `rules`: the table of rules.

use std::io::{self, Write};

use azure_workload_identity_lint::rule::Rule;
use serde::Serialize;

use crate::arguments::ListFormat;
use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::json_text;
use crate::names::RULES_URL;

#[derive(Serialize)]
struct Row {
    name: &'static str,
    severity: &'static str,
    subjects: &'static str,
    summary: &'static str,
    url: String,
}

/// Prints the rules with their recommended severities.
pub(crate) fn run(format: ListFormat, display: &mut Display<'_>) -> Result<Exit, Failure> {
    let rows = Rule::all().map(|rule| Row {
        name: rule.name(),
        severity: rule.severity().name(),
        subjects: rule.subjects(),
        summary: rule.summary(),
        url: format!("{RULES_URL}#{}", rule.name()),
    });
    let rows: Vec<_> = rows.collect();
    match format {
        ListFormat::Json => json_text::write(&rows, display.out.unfiltered()?)?,
        ListFormat::Human => table(&rows, &mut display.out)?,
    }
    Ok(Exit::Success)
}

fn table(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    let width = |column: fn(&Row) -> &str| rows.iter().map(|row| column(row).len()).max().unwrap_or_default();
    let (names, severities, all_subjects) =
        (width(|row| row.name), width(|row| row.severity), width(|row| row.subjects));
    rows.iter().try_for_each(|Row { name, severity, subjects, summary, .. }| {
        writeln!(out, "{name:names$}  {severity:severities$}  {subjects:all_subjects$}  {summary}")
    })
}
