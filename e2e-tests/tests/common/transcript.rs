//! What people read, case by case: the texts of a file of cases as its snapshot holds them.

use std::fmt::Write as _;

use azure_workload_identity_policy::Verdict;
use azure_workload_identity_policy::rule::Severity;
use e2e_tests::response::AdmissionResponse;

/// What is said about a case: its note, then the admission response, then the notes, which only tools that run over files show.
/// An object in a file has no `response`; of it all findings are shown.
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
