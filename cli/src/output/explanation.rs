//! Why a pod has its identity, as a tree for people, in a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use azure_workload_identity_trace::why::explanation::{Detail, Explanation, Step, StepState};

use super::Look;
use crate::printable::printable;

/// The width of the names of steps.
const WIDTH: usize = 21;

/// Writes the tree.
pub(crate) fn write(explanation: &Explanation, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let broken = explanation.first_broken();
    let (colour, words) = match broken.and_then(|at| explanation.steps.get(at)) {
        Some(step) => (AnsiColor::BrightRed, format!("broken at {}", step.link.name())),
        None if explanation.has_unknown() => {
            (AnsiColor::BrightYellow, "nothing broken, but not all is known".to_owned())
        }
        None => (AnsiColor::BrightGreen, "complete".to_owned()),
    };
    let mut tree = StepTree { is_coloured: look.is_coloured, out };
    let subject = tree.styled(&explanation.subject, Style::new().bold());
    let words = tree.styled(&words, colour.on_default().bold());
    writeln!(tree.out, "{subject}: {words}")?;
    for (position, step) in explanation.steps.iter().enumerate() {
        tree.step(step, broken == Some(position), position + 1 == explanation.steps.len())?;
    }
    Ok(())
}

struct StepTree<'w> {
    is_coloured: bool,
    out: &'w mut dyn Write,
}

impl StepTree<'_> {
    fn step(&mut self, step: &Step, is_first_broken: bool, is_last: bool) -> io::Result<()> {
        let (mark, style) = match step.state {
            StepState::Ok => ("✓", AnsiColor::Green.on_default()),
            StepState::Unknown => ("?", AnsiColor::Yellow.on_default()),
            StepState::Broken if is_first_broken => ("✗", AnsiColor::BrightRed.on_default().bold()),
            StepState::Broken => ("✗", AnsiColor::Red.on_default()),
        };
        let (corner, stem) = if is_last { ("└─", "  ") } else { ("├─", "│ ") };
        let name = self.styled(&format!("{mark} {}", step.link.name()), style);
        let padding = " ".repeat((WIDTH + 1).saturating_sub(step.link.name().len()));
        let here = if is_first_broken { self.styled("  <- the first broken link", style) } else { String::new() };
        writeln!(self.out, "{corner} {name}{padding}{}{here}", printable(&step.text))?;
        for detail in &step.details {
            let text = match detail {
                Detail::Fact(text) => format!("  {}", printable(text)),
                Detail::Problem(text) => self.styled(&format!("✗ {text}"), AnsiColor::Red.on_default()),
                Detail::Warning(text) => self.styled(&format!("! {text}"), AnsiColor::Yellow.on_default()),
                Detail::Unknown(text) => self.styled(&format!("? {text}"), AnsiColor::Yellow.on_default()),
                Detail::Fix(text) => self.styled(&format!("→ {text}"), AnsiColor::Cyan.on_default()),
                Detail::Command(text) => self.styled(&format!("$ {text}"), Style::new().bold()),
            };
            writeln!(self.out, "{stem}   {text}")?;
        }
        Ok(())
    }

    fn styled(&self, text: &str, style: Style) -> String {
        let text = printable(text);
        if self.is_coloured { format!("{style}{text}{style:#}") } else { text.into_owned() }
    }
}
