//! `diff`: what admission would inject into each pod and pod template, as a change of the file.

use std::io::{self, Write as _};

use azure_workload_identity_lint::preview::{Cause, Outcome, Unchanged};
use azure_workload_identity_lint::report::Report;
use azure_workload_identity_lint::{FilePreview, NamedPod, edit, previews};

use crate::arguments::DiffArguments;
use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::nothing::{self, Looked};
use crate::patch;
use crate::policy::Policy;
use crate::printable::printable;
use crate::workers::Threads;

/// Prints the changes.
pub(crate) fn run(arguments: &DiffArguments, display: &mut Display<'_>) -> Result<Exit, Failure> {
    let mut policy = Policy::read(&arguments.policy)?;
    policy.inject();
    let threads = Threads::new(arguments.input.threads, display.shows_progress)?;
    let inputs = policy.inputs(&arguments.input, &arguments.render, &threads);
    let previews = policy.with_options(|options| previews(&inputs.files, options, &threads))?;
    drop(threads);
    let mut report = Report::of_reading(&inputs.files);
    report.errors.splice(..0, inputs.errors);
    report.skipped.splice(..0, inputs.skipped);
    let mut can_all_be_shown = true;
    for preview in &previews {
        can_all_be_shown &= write(preview, display)?;
    }
    display.out.flush()?;
    let mut others = 0;
    for preview in &previews {
        for pod in &preview.pods {
            match &pod.outcome {
                Outcome::Unchanged(Unchanged { cause: Cause::NoIdentity, .. }) => others += 1,
                Outcome::Unchanged(Unchanged { reason, cause: Cause::Rejected | Cause::Other }) => {
                    display.status("unchanged", &format!("{}: {reason}", name(preview, pod)))?;
                }
                Outcome::Injected { .. } | Outcome::Unwritable { .. } => {}
            }
        }
    }
    if others > 0 {
        let (subject, verb) = if others == 1 {
            ("1 pod or pod template", "asks")
        } else {
            (&*format!("{others} pods and pod templates"), "ask")
        };
        display.status("unchanged", &format!("{subject} {verb} for no identity"))?;
    }
    display.skipped(&report)?;
    display.errors(&report.errors)?;
    match Exit::after(&report, false) {
        Exit::Nothing => {
            let looked = Looked {
                paths: &arguments.input,
                render: Some(&arguments.render),
                files: &inputs.files,
                current: &policy.current,
            };
            Ok(nothing::tell(&looked.sentence(), arguments.input.allow_empty, display)?)
        }
        Exit::Success if !can_all_be_shown => Ok(Exit::Failure),
        exit => Ok(exit),
    }
}

/// Writes the change of a file, with what it does not tell as comments. Whether it shows all that would be injected.
fn write(preview: &FilePreview, display: &mut Display<'_>) -> io::Result<bool> {
    let FilePreview { source, edits, pods } = preview;
    let mut is_all = true;
    for pod in pods {
        let name = name(preview, pod);
        match &pod.outcome {
            Outcome::Unchanged(_) => {}
            Outcome::Injected { note } => {
                if let Some(note) = note {
                    writeln!(display.out, "# {name}: {}", printable(note))?;
                }
            }
            Outcome::Unwritable { before, after, note } => {
                is_all = false;
                writeln!(display.out, "# {name}: no change of the text does this; the change of the object as JSON:")?;
                patch::write_as_comment(before, after, &mut display.out)?;
                if let Some(note) = note {
                    writeln!(display.out, "# {name}: {}", printable(note))?;
                }
            }
        }
    }
    let changed = edit::apply(&source.text, edits);
    let is_written = patch::write(&source.name, &source.text, &changed, display)?;
    Ok(is_all && is_written)
}

/// The place of a pod and its name: `deploy/web.yaml: Deployment shop/web spec.template`.
fn name(preview: &FilePreview, pod: &NamedPod) -> String {
    printable(format!("{}: {} {}", preview.source.name, pod.object, pod.path).trim_end()).into_owned()
}
