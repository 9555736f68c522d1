//! JUnit XML: a suite a file, a case a finding.
//!
//! XML 1.0 has no form for most control characters. They are shown as in prose; every other value is kept.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use azure_workload_identity_lint::report::{Diagnostic, FilePlace, ReadError, Report, SkippedAlike};
use azure_workload_identity_lint::source::Source;
use azure_workload_identity_policy::rule::Severity;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{counted, sentence};
use crate::printable::{brackets, is_obeyed, shown};

/// Writes a report. What does not fail the check is a case that passes and says what was found.
pub(super) fn write(report: &Report, deny_warnings: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut document = quick_junit::Report::new("azwi-check");
    for findings in report.findings.chunk_by(|one, other| one.place.source.name == other.place.source.name) {
        let cases = findings.iter().map(|finding| found(finding, deny_warnings));
        document.add_test_suite(suite(findings.first().map(|first| &first.place.source.name), cases));
    }
    document.add_test_suites(report.errors.iter().map(|error| suite(Some(&error.file), [unreadable(error)])));
    let skipped: Vec<_> = report.skipped_alike().iter().map(skipped).collect();
    if !skipped.is_empty() {
        document.add_test_suite(suite(None, skipped));
    }
    if document.test_suites.is_empty() {
        // Servers reject a report without a case.
        let name = format!("no findings in {}", counted(report.summary.objects, "object"));
        document.add_test_suite(suite(None, [TestCase::new(name, TestCaseStatus::success())]));
    }
    let document = document.to_string().map_err(io::Error::other)?;
    out.write_all(escaped(&document).as_bytes())
}

/// The document with references to the characters in texts that a terminal or a runner would obey. A text does not begin a line either:
/// in attributes, a reader would take the end of a line for a space.
fn escaped(document: &str) -> String {
    let mut brackets = brackets(document).into_iter().peekable();
    let mut escaped = String::with_capacity(document.len());
    for (at, character) in document.char_indices() {
        // Texts hold no `>`, and behind tags the lines are those of the document.
        let is_end_of_tag = character == '\n' && escaped.ends_with('>');
        if brackets.next_if_eq(&at).is_some() || (is_obeyed(character) && !is_end_of_tag) {
            let _ = write!(escaped, "&#{};", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// A text for the document: the library would leave out control characters, and with them what looks like an escape sequence.
fn text(text: &str) -> String {
    let characters = text.chars().map(|it| match it {
        '\u{fffe}' | '\u{ffff}' => char::REPLACEMENT_CHARACTER,
        it if it.is_control() && it != '\n' => shown(it),
        it => it,
    });
    characters.collect()
}

fn suite(file: Option<&Arc<str>>, cases: impl IntoIterator<Item = TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(file.map_or_else(|| "azwi-check".to_owned(), |file| text(file)));
    suite.add_test_cases(cases);
    suite
}

fn found(finding: &Diagnostic, deny_warnings: bool) -> TestCase {
    let FilePlace { source: Source { name: file, .. }, line, column, .. } = &finding.place;
    let message = text(&sentence(finding));
    let place_and_message = format!("{}:{line}:{column}: {message}", text(file));
    let fails = finding.severity == Severity::Deny || (deny_warnings && finding.severity == Severity::Warn);
    let mut status = TestCaseStatus::success();
    if fails {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(finding.severity.name()).set_message(message).set_description(place_and_message.as_str());
    }
    let mut case = TestCase::new(format!("{} at {line}:{column}", finding.rule), status);
    case.set_classname(text(file));
    if !fails {
        case.set_system_out(format!("{}: {place_and_message}", finding.severity.name()));
    }
    case
}

fn unreadable(error: &ReadError) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("unreadable").set_message(text(&error.message));
    let line = error.line.map(|line| format!(" at line {line}")).unwrap_or_default();
    let mut case = TestCase::new(format!("cannot be read{line}"), status);
    case.set_classname(text(&error.file));
    case
}

fn skipped(alike: &SkippedAlike<'_>) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(text(&alike.to_string()));
    TestCase::new("skipped", status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::sample;

    fn read_back(report: &Report, deny_warnings: bool) -> quick_junit::Report {
        let mut out = Vec::new();
        write(report, deny_warnings, &mut out).unwrap();
        quick_junit::Report::deserialize_from_str(std::str::from_utf8(&out).unwrap()).unwrap()
    }

    #[test]
    fn a_report_can_be_read_back() {
        for (deny_warnings, failures) in [(false, 1), (true, 2)] {
            let document = read_back(&sample::report(), deny_warnings);
            let suites: Vec<_> = document.test_suites.iter().map(|suite| suite.name.as_str()).collect();

            assert_eq!(suites, ["deploy/web, 100%.yaml", "accounts.yaml", "bad.yaml", "azwi-check"]);
            assert_eq!((document.tests, document.failures, document.errors), (5, failures, 1));
        }
    }

    #[test]
    fn a_failure_says_where_it_is_and_what_to_do() {
        let document = read_back(&sample::report(), false);
        let case = &document.test_suites[0].test_cases[0];
        let TestCaseStatus::NonSuccess { message, description, .. } = &case.status else { panic!("{case:?}") };

        assert_eq!(case.name.as_str(), "label-value at 6:34");
        assert!(message.as_ref().unwrap().as_str().ends_with("which is ignored; write \"true\""), "{message:?}");
        assert!(description.as_ref().unwrap().as_str().starts_with("deploy/web, 100%.yaml:6:34: metadata.labels"));
    }

    #[test]
    fn values_are_kept_as_far_as_xml_can_hold_them() {
        let mut report = sample::report();
        report.errors[0].file = "a\u{202e}\u{2028}##[x]\n::é".into();
        report.errors[0].message = "a\n::error::b ##vso[x] \u{1b}[1mc\t\u{9b}d\u{ffff}".into();
        let mut out = Vec::new();
        write(&report, false, &mut out).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert!(!written.lines().any(crate::printable::is_command), "{written}");
        assert!(!written.contains(|it| is_obeyed(it) && it != '\n'), "{written}");

        let document = quick_junit::Report::deserialize_from_str(&written).unwrap();
        let suite = document.test_suites.iter().find(|suite| suite.name.as_str() == "a\u{202e}\u{2028}##[x]\n::é");
        let TestCaseStatus::NonSuccess { message, .. } = &suite.unwrap().test_cases[0].status else { panic!() };
        assert_eq!(message.as_ref().unwrap().as_str(), "a\n::error::b ##vso[x] ␛[1mc␉\u{fffd}d\u{fffd}");
    }

    #[test]
    fn a_clean_report_has_a_case() {
        assert_eq!(read_back(&Report::default(), false).tests, 1);
    }
}
