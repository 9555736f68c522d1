//! `check`: reads the input, checks it, writes the reports.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;

use azure_workload_identity_lint::check;
use azure_workload_identity_lint::report::Report;
use azure_workload_identity_policy::rule::Severity;

use crate::arguments::{CheckArguments, Format, OutputArguments, ReportFile};
use crate::baseline::{self, Baseline};
use crate::display::{DEFAULT_WIDTH, Display};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::nothing::{self, Looked};
use crate::output::{Corrections, Look, counted};
use crate::policy::Policy;
use crate::workers::Threads;

/// Checks.
pub(crate) fn run(arguments: &CheckArguments, display: &mut Display<'_>) -> Result<Exit, Failure> {
    let baseline = match &arguments.output.baseline {
        Some(file) => Some(Baseline::read(file).map_err(|message| Failure::of_file(file, &message))?),
        None => None,
    };
    let mut policy = Policy::read(&arguments.policy)?;
    let threads = Threads::new(arguments.input.threads, display.shows_progress)?;
    let inputs = policy.inputs(&arguments.input, &arguments.render, &threads);
    let mut report = policy.with_options(|options| check(&inputs.files, options, &threads))?;
    // What a program prints is in no file that could be corrected.
    let on_disk = inputs.files.iter().zip(&inputs.paths).filter(|(_, path)| path.is_some());
    let on_disk: HashSet<_> = on_disk.map(|(file, _)| Arc::clone(&file.source.name)).collect();
    // The bar is removed before anything is written.
    drop(threads);
    report.errors.splice(..0, inputs.errors);
    report.skipped.splice(..0, inputs.skipped);
    let looked = Looked {
        paths: &arguments.input,
        render: Some(&arguments.render),
        files: &inputs.files,
        current: &policy.current,
    };
    finish(report, &on_disk, &arguments.output, baseline, &looked, display)
}

/// Writes a report in all its formats, without what is to be left out. The files `on_disk` can be corrected.
fn finish(
    mut report: Report,
    on_disk: &HashSet<Arc<str>>,
    arguments: &OutputArguments,
    baseline: Option<Baseline>,
    looked: &Looked<'_>,
    display: &mut Display<'_>,
) -> Result<Exit, Failure> {
    let mut in_baseline = 0;
    if let Some(file) = &arguments.write_baseline {
        baseline::write(&report, file).map_err(|message| Failure::of_file(file, &message))?;
        in_baseline = report.findings.len();
        report.retain(|_| false);
    } else if let Some(baseline) = baseline {
        let (resting, gone) = baseline.apply(&mut report);
        in_baseline = resting;
        if gone > 0 {
            let findings = counted(gone, "finding");
            display
                .hint(&format!("the baseline is out of date by {findings}; write it again with --write-baseline"))?;
        }
    }
    let corrections = Corrections::of(&report, |file| on_disk.contains(file));
    let mut exit = Exit::after(&report, arguments.deny_warnings);
    // A warning that fails the check is shown.
    let most = if arguments.deny_warnings { Severity::Warn } else { Severity::Deny };
    let least = Severity::from(arguments.severity).min(most);
    report.findings.retain(|finding| finding.severity >= least);

    let look = Look { deny_warnings: arguments.deny_warnings, in_baseline, corrections, ..Look::of(display) };
    // First, since whoever reads the output may close it early.
    for ReportFile { format, file } in &arguments.report {
        write_file(*format, &report, look, file)
            .map_err(|cause| Failure::of_file(file, &format!("the report cannot be written: {cause}")))?;
    }
    arguments.format.write(&report, look, display.out.unfiltered()?)?;
    let nothing = (exit == Exit::Nothing).then(|| looked.sentence());
    let is_allowed = looked.paths.allow_empty;
    if let Some(sentence) = &nothing {
        arguments.format.write_nothing(sentence, is_allowed, display.out.unfiltered()?)?;
    }
    display.out.flush()?;
    display.skipped(&report)?;
    display.errors(&report.errors)?;
    if let (None, Some(hint)) = (&nothing, looked.hint()) {
        display.hint(&hint)?;
    }
    if let Some(sentence) = nothing {
        exit = nothing::tell(&sentence, is_allowed, display)?;
    }
    if arguments.exit_zero && exit == Exit::Failure {
        exit = Exit::Success;
    }
    Ok(exit)
}

fn write_file(format: Format, report: &Report, look: Look, file: &std::path::Path) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    format.write(report, Look { is_coloured: false, width: DEFAULT_WIDTH, ..look }, &mut out)?;
    out.flush()
}
