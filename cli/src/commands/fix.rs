//! `fix`: makes the corrections that checks offer, in the files.

use std::io::Write as _;

use azure_workload_identity_lint::check;
use azure_workload_identity_lint::fix::{Fixed, fix};
use azure_workload_identity_lint::report::{Diagnostic, FilePlace, ReadError};
use azure_workload_identity_lint::source::Encoding;
use azure_workload_identity_policy::finding::Applicability;

use crate::arguments::{FixArguments, Format, RenderArguments};
use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::nothing::{self, Looked};
use crate::output::{Corrections, Look, counted};
use crate::patch;
use crate::policy::Policy;
use crate::printable::printable;
use crate::replace::replace;
use crate::workers::Threads;

/// Corrects the files, or shows how.
pub(crate) fn run(arguments: &FixArguments, display: &mut Display<'_>) -> Result<Exit, Failure> {
    if arguments.input.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Other("fix corrects files; standard input cannot be corrected".to_owned()));
    }
    let up_to = if arguments.unsafe_fixes { Applicability::Suggestion } else { Applicability::Safe };
    let mut policy = Policy::read(&arguments.policy)?;
    let threads = Threads::new(arguments.input.threads, display.shows_progress)?;
    let inputs = policy.inputs(&arguments.input, &RenderArguments::default(), &threads);
    let mut files = inputs.files;
    let original: Vec<_> = files.iter().map(|file| (file.source.clone(), file.encoding)).collect();
    let Fixed { mut done, left: mut report } =
        policy.with_options(|options| fix(&mut files, up_to, |files| check(files, options, &threads)))?;
    drop(threads);
    report.errors.splice(..0, inputs.errors);
    report.skipped.splice(..0, inputs.skipped);

    let changed = original.iter().zip(&files).zip(&inputs.paths);
    let changed = changed.filter(|(((old, _), new), _)| old.text != new.source.text);
    let (mut count, mut can_all_be_shown) = (0, true);
    for (((old, encoding), new), path) in changed {
        let text = &new.source.text;
        if arguments.dry_run && *encoding != Encoding::Utf8 && !display.is_read_by_person() {
            let name = printable(&old.name);
            display.error(&format!(
                "{name}: no diff is written: it is UTF-16, which patch cannot read; fix itself keeps the encoding"
            ))?;
            can_all_be_shown = false;
        } else if arguments.dry_run {
            can_all_be_shown &= patch::write(&old.name, &old.text, text, display)?;
        } else if let Some(path) = path
            && let Err(cause) = replace(path, &encoding.encode(text))
        {
            done.retain(|finding| finding.place.source.name != old.name);
            let message = format!("it cannot be written and is not corrected: {cause}");
            report.errors.push(ReadError { file: old.name.clone(), line: None, message });
            continue;
        }
        count += 1;
    }
    // The output of a dry run is for `patch`.
    if !arguments.dry_run {
        for Diagnostic { rule, place, correction, .. } in &done {
            let FilePlace { source, line, column, .. } = place;
            let done = correction.as_ref().map(|correction| correction.done.as_str()).unwrap_or_default();
            let (file, done) = (printable(&source.name), printable(done));
            writeln!(display.out, "{file}:{line}:{column}: fixed {rule}: {done}")?;
        }
        if !done.is_empty() {
            writeln!(display.out)?;
        }
        let corrections = Corrections { safe: 0, ..Corrections::of(&report, |_| true) };
        Format::Human.write(&report, Look { corrections, ..Look::of(display) }, display.out.unfiltered()?)?;
    }
    display.out.flush()?;
    if !done.is_empty() {
        let word = if arguments.dry_run { "would fix" } else { "fixed" };
        display.status(word, &format!("{} in {}", counted(done.len(), "finding"), counted(count, "file")))?;
    }
    display.skipped(&report)?;
    display.errors(&report.errors)?;
    match Exit::after(&report, false) {
        Exit::Nothing => {
            let looked = Looked { paths: &arguments.input, render: None, files: &files, current: &policy.current };
            Ok(nothing::tell(&looked.sentence(), arguments.input.allow_empty, display)?)
        }
        Exit::Success if !can_all_be_shown => Ok(Exit::Failure),
        exit => Ok(exit),
    }
}
