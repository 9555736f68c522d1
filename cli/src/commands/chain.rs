//! `chain`: follows what runs to the federated credential that Entra ID compares its token with.

use std::io::Write as _;

use azure_workload_identity_trace::azure::AzureFile;
use azure_workload_identity_trace::chain::report::ChainReport;
use azure_workload_identity_trace::chain::{Azure, chains};

use crate::arguments::ChainArguments;
use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::inputs::read_azure;
use crate::nothing::{self, Looked};
use crate::output::Look;
use crate::policy::Policy;
use crate::printable::printable;
use crate::workers::Threads;

const NO_USE: &str =
    "nothing in the input asks for an identity: no pod with the label, and no other object that uses one";

/// Prints the chains.
pub(crate) fn run(arguments: &ChainArguments, display: &mut Display<'_>) -> Result<Exit, Failure> {
    let mut policy = Policy::read(&arguments.policy)?;
    let threads = Threads::new(arguments.input.threads, display.shows_progress)?;
    let inputs = policy.inputs(&arguments.input, &arguments.render, &threads);
    let read: Vec<_> = arguments.azure.files().map(|file| read_azure(file, &policy.current)).collect();
    let (mut files, mut errors) = (Vec::new(), inputs.errors);
    for result in read {
        match result {
            Ok(read) => files.push(read),
            Err(error) => errors.push(error),
        }
    }
    let azure = Azure { issuer: arguments.issuer.as_deref(), files: &files };
    let mut report = policy.with_options(|options| chains(&inputs.files, options, azure, &threads))?;
    // The bar is removed before anything is written.
    drop(threads);
    report.report.errors.splice(..0, errors);
    report.report.skipped.splice(..0, inputs.skipped);
    arguments.format.write(&report, Look::of(display), display.out.unfiltered()?)?;
    display.out.flush()?;
    display.skipped(&report.report)?;
    for note in files.iter().flat_map(AzureFile::notes) {
        display.hint(&printable(&note))?;
    }
    display.errors(&report.report.errors)?;
    let looked = Looked {
        paths: &arguments.input,
        render: Some(&arguments.render),
        files: &inputs.files,
        current: &policy.current,
    };
    match exit_after(&report) {
        Exit::Nothing => {
            let sentence = if report.report.summary.objects == 0 { looked.sentence() } else { NO_USE.to_owned() };
            Ok(nothing::tell(&sentence, arguments.input.allow_empty, display)?)
        }
        exit => {
            if let Some(hint) = looked.hint() {
                display.hint(&hint)?;
            }
            Ok(exit)
        }
    }
}

fn exit_after(report: &ChainReport) -> Exit {
    if !report.report.errors.is_empty() {
        Exit::Error
    } else if report.chains.is_empty() {
        Exit::Nothing
    } else if report.has_broken() {
        Exit::Failure
    } else {
        Exit::Success
    }
}
