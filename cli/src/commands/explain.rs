//! `explain`: the page of a rule.

use std::io::Write as _;

use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::names::{self, RULES_URL};

/// Prints the page of a rule.
pub(crate) fn run(name: &str, display: &mut Display<'_>) -> Result<Exit, Failure> {
    let rule = names::rule(name)?;
    writeln!(display.out, "{name}: {}\n\n{}\n\n{RULES_URL}#{name}", rule.title(), rule.page())?;
    Ok(Exit::Success)
}
