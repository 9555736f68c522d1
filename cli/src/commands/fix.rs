//! `fix`: makes the corrections that checks offer, in the files.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Write as _;
use std::sync::Arc;

use azure_workload_identity_lint::fix::round;
use azure_workload_identity_lint::report::{Diagnostic, Report};
use azure_workload_identity_lint::source::Source;
use azure_workload_identity_lint::{File, Options, check};

use crate::arguments::{FixArguments, Format, RenderArguments};
use crate::display::Display;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::nothing::{self, Looked};
use crate::output::{Look, counted};
use crate::patch;
use crate::policy::Policy;
use crate::printable::printable;
use crate::workers::Threads;

/// How often all files are checked. Behind the findings that a check shows more may come up, but not as often as this.
const ROUNDS: usize = 100;

/// Corrects the files, or shows how.
pub(crate) fn run(arguments: &FixArguments, display: &mut Display<'_>) -> Result<Exit, Failure> {
    if arguments.input.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Other("fix corrects files; standard input cannot be corrected".to_owned()));
    }
    let policy = Policy::read(&arguments.policy)?;
    let threads = Threads::new(arguments.input.threads, display.shows_progress)?;
    let inputs = policy.inputs(&arguments.input, &RenderArguments::default(), &threads);
    let (mut files, mut done) = (inputs.files, Vec::new());
    let original: Vec<_> = files.iter().map(|file| file.source.clone()).collect();
    let mut report = policy.with_options(|options| correct(&mut files, options, &threads, &mut done))?;
    drop(threads);
    report.errors.splice(..0, inputs.errors);
    report.skipped.splice(..0, inputs.skipped);

    let changed = original.iter().zip(&files).zip(&inputs.paths);
    let changed = changed.filter(|((old, new), _)| old.text != new.source.text);
    let (mut count, mut can_all_be_shown) = (0, true);
    for ((old, new), path) in changed {
        count += 1;
        let text = &new.source.text;
        if arguments.dry_run {
            can_all_be_shown &= patch::write(&old.name, &old.text, text, display)?;
        } else if let Some(path) = path {
            fs::write(path, text.as_bytes())
                .map_err(|cause| Failure::of_file(path, &format!("cannot be written: {cause}")))?;
        }
    }
    // The output of a dry run is for `patch`.
    if !arguments.dry_run {
        for Diagnostic { rule, place, fix, .. } in &done {
            let (file, start) = (&place.source.name, place.range.start);
            let (file, fix) = (printable(file), printable(fix));
            writeln!(display.out, "fixed[{rule}]: {file}:{}:{}: {fix}", start.line, start.column)?;
        }
        if !done.is_empty() {
            writeln!(display.out)?;
        }
        Format::Human.write(&report, Look::of(display), display.out.unfiltered()?)?;
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

/// Corrects files until nothing can be corrected any more; returns the report of what is left. All files are checked together, since
/// a correction in one of them may matter to another.
fn correct(files: &mut [File], options: &Options<'_>, threads: &Threads, done: &mut Vec<Diagnostic>) -> Report {
    let numbers: HashMap<_, _> =
        files.iter().enumerate().map(|(number, file)| (Arc::clone(&file.source.name), number)).collect();
    let mut seen: HashSet<_> = files.iter().map(|file| file.source.clone()).collect();
    for _ in 0..ROUNDS {
        let report = check(files, options, threads);
        let mut is_changed = false;
        for findings in report.findings.chunk_by(|one, other| one.place.source.name == other.place.source.name) {
            let Some(source) = findings.first().map(|finding| &finding.place.source) else { continue };
            let Some((text, fixed)) = round(&source.text, findings) else { continue };
            let changed = Source { name: Arc::clone(&source.name), text: text.into() };
            // Corrections that undo each other would go on forever.
            if !seen.insert(changed.clone()) {
                continue;
            }
            if let Some(file) = numbers.get(&source.name).and_then(|number| files.get_mut(*number)) {
                *file = File::read(changed.name, changed.text.as_bytes().to_vec());
                done.extend(fixed.into_iter().cloned());
                is_changed = true;
            }
        }
        if !is_changed {
            return report;
        }
    }
    check(files, options, threads)
}
