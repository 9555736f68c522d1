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
    title: &'static str,
    group: &'static str,
    severity: &'static str,
    subjects: &'static str,
    url: String,
}

/// Prints the rules with their recommended severities.
pub(crate) fn run(format: ListFormat, display: &mut Display<'_>) -> Result<Exit, Failure> {
    match format {
        ListFormat::Json => {
            let groups = Rule::groups().flat_map(|(group, rules)| rules.into_iter().map(move |rule| row(group, rule)));
            json_text::write(&groups.collect::<Vec<_>>(), display.out.unfiltered()?)?;
        }
        ListFormat::Human => table(display.width, &mut display.out)?,
    }
    Ok(Exit::Success)
}

fn row(group: &'static str, rule: Rule) -> Row {
    Row {
        name: rule.name(),
        title: rule.title(),
        group,
        severity: rule.severity().name(),
        subjects: rule.subjects(),
        url: format!("{RULES_URL}#{}", rule.name()),
    }
}

/// Where a row does not fit, the title has a line of its own.
fn table(width: usize, out: &mut dyn Write) -> io::Result<()> {
    let longest = |part: fn(Rule) -> &'static str| Rule::all().map(|rule| part(rule).len()).max().unwrap_or_default();
    let (names, titles) = (longest(Rule::name), longest(Rule::title));
    let before_title = if "  ".len() + names + "  deny  ".len() + titles > width { "\n      " } else { "  " };
    for (position, (group, rules)) in Rule::groups().enumerate() {
        writeln!(out, "{}{group}", if position == 0 { "" } else { "\n" })?;
        for rule in rules {
            let (name, severity, title) = (rule.name(), rule.severity().name(), rule.title());
            writeln!(out, "  {name:names$}  {severity:4}{before_title}{title}")?;
        }
    }
    Ok(())
}
