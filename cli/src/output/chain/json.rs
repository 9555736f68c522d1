//! JSON, as `docs/azwi-check-chain.schema.json` describes it: the chains themselves.

use std::io::{self, Write};

use azure_workload_identity_lint::v1::Versioned;
use azure_workload_identity_trace::chain::report::ChainReport;

use crate::json_text;

/// Writes chains.
pub(super) fn write(report: &ChainReport, out: &mut dyn Write) -> io::Result<()> {
    json_text::write(&Versioned::from(report), out)
}
