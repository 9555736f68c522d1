//! How the program ends, for scripts.

use std::process::ExitCode;

use azure_workload_identity_lint::report::Report;
use clap::Command;

/// The exit code. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done, and nothing denied: clean, or only warnings and notes.
    Success = 0,
    /// Something is denied, or something that was asked for could not be done.
    Failure = 1,
    /// The command line or the configuration is wrong, an input cannot be read, or a program that was needed failed.
    Error = 2,
    /// There is nothing to check. A pipeline that checks the wrong folder would otherwise pass.
    Nothing = 3,
}

/// What the codes mean after a command.
struct Meanings {
    commands: &'static [&'static str],
    /// By the number of the code; empty for one that the commands never end with.
    codes: [&'static str; 4],
}

const ERROR: &str = "an error";

const NO_OBJECT: &str = "no Kubernetes object is in the input";

/// The table of exit codes in `docs/cli.md`, and what `--help` says about them.
const MEANINGS: &[Meanings] = &[
    Meanings {
        commands: &["check"],
        codes: [
            "nothing is denied: no findings, or only warnings and notes",
            "a denial, or with `--deny-warnings` a warning",
            ERROR,
            NO_OBJECT,
        ],
    },
    Meanings { commands: &["fix"], codes: ["no denial is left", "a denial is left", ERROR, NO_OBJECT] },
    Meanings {
        commands: &["diff"],
        codes: [
            "each injection is shown as a change of the text",
            "an injection that no change of the text shows",
            ERROR,
            NO_OBJECT,
        ],
    },
    Meanings {
        commands: &["chain"],
        codes: ["no chain is broken", "a chain is broken", ERROR, "nothing in the input asks for an identity"],
    },
    Meanings {
        commands: &["why"],
        codes: ["no step is broken, as far as is known", "a step is broken", "an error, or there is no such pod", ""],
    },
    Meanings { commands: &["review"], codes: ["the request is allowed", "the request is denied", ERROR, ""] },
    Meanings { commands: &["explain", "rules", "completions", "man"], codes: ["done", "", ERROR, ""] },
];

/// Adds the exit codes to the help of each command.
pub(crate) fn documented(mut command: Command) -> Command {
    for Meanings { commands, codes } in MEANINGS {
        let codes = codes.iter().enumerate().filter(|(_, meaning)| !meaning.is_empty());
        let codes: Vec<_> = codes.map(|(code, meaning)| format!("{code} {}", meaning.replace('`', ""))).collect();
        let help = format!("Exit codes: {}.", codes.join("; "));
        for name in *commands {
            if *name == "check" {
                command = command.after_help(help.clone());
            }
            command = command.mut_subcommand(name, |command| command.after_help(help.clone()));
        }
    }
    command
}

impl Exit {
    /// The code after a check. It depends on the report alone, not on how the report is shown.
    pub(crate) fn after(report: &Report, deny_warnings: bool) -> Self {
        let summary = report.summary;
        if !report.errors.is_empty() {
            Self::Error
        } else if summary.deny > 0 || (deny_warnings && summary.warn > 0) {
            Self::Failure
        } else if summary.objects == 0 {
            Self::Nothing
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
    use crate::arguments::COMMANDS;

    #[test]
    fn a_code_tells_what_a_report_says() {
        let summary = |objects, deny, warn| Summary { files: 1, objects, deny, warn, ..Summary::default() };
        let error = ReadError { file: "a.yaml".into(), line: None, message: "is a folder".into() };
        let skipped = Skipped::not_read("a.yaml".into(), "is a device".into());
        let cases = [
            ("clean", summary(1, 0, 0), None, None, false, Exit::Success),
            ("warnings", summary(1, 0, 1), None, None, false, Exit::Success),
            ("denied warnings", summary(1, 0, 1), None, None, true, Exit::Failure),
            ("a denial", summary(1, 1, 0), None, None, false, Exit::Failure),
            ("a denial and an error", summary(1, 1, 0), Some(&error), None, false, Exit::Error),
            ("a template beside objects", summary(1, 0, 0), None, Some(&skipped), false, Exit::Success),
            ("nothing", summary(0, 0, 0), None, None, true, Exit::Nothing),
            ("only templates", summary(0, 0, 0), None, Some(&skipped), false, Exit::Nothing),
            ("a denial without objects", summary(0, 1, 0), None, None, false, Exit::Failure),
            ("only an error", summary(0, 0, 0), Some(&error), None, false, Exit::Error),
        ];
        for (case, summary, error, skipped, deny_warnings, expected) in cases {
            let (errors, skipped) = (error.into_iter().cloned().collect(), skipped.into_iter().cloned().collect());
            let report = Report { summary, errors, skipped, ..Report::default() };
            assert_eq!(Exit::after(&report, deny_warnings), expected, "{case}");
        }
    }

    #[test]
    fn the_documentation_has_the_same_table() {
        let rows = MEANINGS.iter().map(|Meanings { commands, codes }| {
            let commands: Vec<_> = commands.iter().map(|name| format!("`{name}`")).collect();
            format!("| {} | {} |\n", commands.join(", "), codes.join(" | "))
        });
        let table = format!("| command | 0 | 1 | 2 | 3 |\n|---|---|---|---|---|\n{}", rows.collect::<String>());
        assert!(include_str!("../../docs/cli.md").contains(&format!("\n{table}\n")), "docs/cli.md needs\n{table}");
    }

    #[test]
    fn the_table_has_each_command_once() {
        let (mut in_table, mut all) =
            (MEANINGS.iter().flat_map(|row| row.commands).collect::<Vec<_>>(), COMMANDS.to_vec());
        in_table.sort_unstable();
        all.sort_unstable();
        assert_eq!(in_table, all.iter().collect::<Vec<_>>());
    }
}
