//! The formats of chains, one module each: a function from the chains to a writer.

mod dot;
mod json;
mod mermaid;
mod tree;

use std::io::{self, Write};

use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_trace::chain::report::ChainReport;

use super::{Look, as_prose};
use crate::arguments::ChainFormat;

impl ChainFormat {
    /// Writes chains.
    pub(crate) fn write(self, report: &ChainReport, look: Look, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Tree => as_prose(out, look, |out| tree::write(report, look, out)),
            Self::Mermaid => as_prose(out, look, |out| mermaid::write(report, out)),
            Self::Dot => as_prose(out, look, |out| dot::write(report, out)),
            Self::Json => json::write(report, out),
        }
    }
}

/// `deploy/web.yaml:12`.
fn at(place: &FilePlace) -> String {
    format!("{}:{}", place.source.name, place.line)
}
