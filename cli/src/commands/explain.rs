//! `explain`: the page of a rule.

use std::io::{self, Write};

use crate::exit::Exit;
use crate::names;
use crate::pages::{Page, RULES_URL};

/// Prints the page of a rule, or which rule may be meant.
pub(crate) fn run(name: &str, out: &mut dyn Write, messages: &mut dyn Write) -> io::Result<Exit> {
    match names::rule(name) {
        Ok(rule) => {
            writeln!(out, "{name}\n\n{}\n\n{RULES_URL}#{name}", Page::of(rule).markdown)?;
            Ok(Exit::Success)
        }
        Err(message) => {
            writeln!(messages, "error: {message}")?;
            Ok(Exit::Error)
        }
    }
}
