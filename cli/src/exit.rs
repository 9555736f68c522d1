//! How the program ends, for scripts.

use std::process::ExitCode;

use azure_workload_identity_lint::report::Report;

/// The exit code. The numbers are part of the interface; `docs/cli.md` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done, and nothing denied: clean, or only warnings and notes.
    Success = 0,
    /// Something is denied, or something that was asked for could not be done.
    Failure = 1,
    /// The command line or the configuration is wrong, an input cannot be read, or a program that was needed failed.
    Error = 2,
    /// There is nothing to check: no files, or only empty ones. A pipeline that checks the wrong folder would otherwise pass.
    Nothing = 3,
}

impl Exit {
    /// The code after a check. It depends on the report alone, not on how the report is shown.
    pub(crate) fn after(report: &Report, deny_warnings: bool) -> Self {
        let summary = report.summary;
        if !report.errors.is_empty() {
            Self::Error
        } else if summary.documents == 0 && report.skipped.is_empty() {
            Self::Nothing
        } else if summary.deny > 0 || (deny_warnings && summary.warn > 0) {
            Self::Failure
        } else {
            Self::Success
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use azure_workload_identity_lint::report::{ReadError, Skipped, Summary};

    use super::*;

    #[test]
    fn a_code_tells_what_a_report_says() {
        let summary = |documents, deny, warn| Summary { files: 1, documents, deny, warn, ..Summary::default() };
        let error = ReadError { file: "a.yaml".into(), line: None, message: "is a folder".into() };
        let skipped = Skipped { file: "a.yaml".into(), reason: "it is a template".into() };
        let cases = [
            ("clean", summary(1, 0, 0), None, None, false, Exit::Success),
            ("warnings", summary(1, 0, 1), None, None, false, Exit::Success),
            ("denied warnings", summary(1, 0, 1), None, None, true, Exit::Failure),
            ("a denial", summary(1, 1, 0), None, None, false, Exit::Failure),
            ("a denial and an error", summary(1, 1, 0), Some(&error), None, false, Exit::Error),
            ("nothing", summary(0, 0, 0), None, None, true, Exit::Nothing),
            ("only templates", summary(0, 0, 0), None, Some(&skipped), false, Exit::Success),
            ("only an error", summary(0, 0, 0), Some(&error), None, false, Exit::Error),
        ];
        for (case, summary, error, skipped, deny_warnings, expected) in cases {
            let (errors, skipped) = (error.into_iter().cloned().collect(), skipped.into_iter().cloned().collect());
            let report = Report { summary, errors, skipped, ..Report::default() };
            assert_eq!(Exit::after(&report, deny_warnings), expected, "{case}");
        }
    }
}
