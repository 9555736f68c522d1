//! Transcripts of case files: the texts that users read, as the snapshots hold them.

use std::fmt::Write as _;

use azure_workload_identity_policy::Verdict;
use azure_workload_identity_policy::rule::Severity;
use e2e_tests::response::AdmissionResponse;

/// Renders a case: its note, the admission response, and the findings that admission does not show. An object in a file has no
/// `response`, so all its findings are rendered.
pub(crate) fn entry(note: &str, response: Option<&AdmissionResponse>, verdict: &Verdict) -> String {
    let mut text = format!("# {note}\n");
    match response {
        Some(response) => add_response(&mut text, response),
        None => text.push_str("in a file\n"),
    }
    for (severity, finding) in &verdict.findings {
        if response.is_none() || *severity == Severity::Note {
            writeln!(text, "{}: {finding}", severity.name()).unwrap();
        }
    }
    text
}

fn add_response(text: &mut String, response: &AdmissionResponse) {
    let decision = if response.allowed { "admitted" } else { "denied" };
    match response.code {
        Some(code) => writeln!(text, "{decision} ({code})").unwrap(),
        None => writeln!(text, "{decision}").unwrap(),
    }
    if let Some(message) = &response.message {
        writeln!(text, "{message}").unwrap();
    }
    for warning in response.warnings.iter().flatten() {
        writeln!(text, "warning: {warning}").unwrap();
    }
}
