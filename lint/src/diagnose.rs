//! From findings in objects to diagnostics in files.
//!
//! Texts are read again with the origins of their nodes, but only those in which something was found: most files are right, and origins
//! take more memory than the text.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::ops::Range;

use azure_workload_identity_policy::json;
use azure_workload_identity_policy::rule::Severity;
use sha2::{Digest, Sha256};

use crate::correction::{PlaceOf, correction};
use crate::draft::{Draft, DraftSubject, Request, Words};
use crate::file::{File, Part};
use crate::opened::{Opened, elements};
use crate::options::Options;
use crate::place::Located;
use crate::report::{Diagnostic, FilePlace, ObjectName, RelatedPlace, Report, Summary};
use crate::rule::Rule;
use crate::rules::{repeated_key, suppression_reason, unused_suppression, wrong_type};
use crate::secrets;
use crate::set::Set;
use crate::source::Lines;
use crate::suppressions::Suppressions;
use crate::workers::Workers;
use crate::yaml::Repeated;

/// Makes the report of drafts.
pub(crate) fn report(set: &Set<'_>, drafts: &[Draft], options: &Options<'_>, workers: &impl Workers) -> Report {
    let asked = asked(set, drafts);
    let answers = workers.map(set.files.len(), |number| match (set.files.get(number), asked.get(number)) {
        (Some(file), Some(asked)) => answers(set, file, asked),
        _ => Default::default(),
    });
    let (answers, suppressions): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    let mut answers: Answers = answers.into_iter().flatten().collect();
    let uncorrected = answers.values().filter(|answer| answer.is_left_out).count();
    let mut diagnostics = Vec::with_capacity(drafts.len());
    for (number, draft) in drafts.iter().enumerate() {
        if let Some(at) = set.objects.get(draft.place.object) {
            let diagnostic = diagnostic(number, draft, &at.object.name, &mut answers);
            diagnostics.extend(diagnostic.map(|diagnostic| (at.file, diagnostic)));
        }
    }
    diagnostics.extend(set.files.iter().enumerate().flat_map(|(number, file)| {
        repeated_keys(file, options).into_iter().map(move |diagnostic| (number, diagnostic))
    }));
    let mut diagnostics = suppressed(set, diagnostics, &suppressions, options);
    diagnostics.retain(|(_, it)| it.severity != Severity::Off && !(options.is_ignored)(it.rule, &it.place.source.name));
    diagnostics.sort_by(|(file, one), (other_file, other)| (file, key(one)).cmp(&(other_file, key(other))));
    let mut report = Report::of_reading(set.files);
    report.set_findings(diagnostics.into_iter().map(|(_, diagnostic)| diagnostic).collect(), options);
    report.summary.uncorrected = uncorrected;
    secrets::hide(&mut report.findings, set.files);
    report
}

/// What findings in one file are sorted by.
pub fn key(it: &Diagnostic) -> (usize, usize, Rule, &str, &str) {
    (it.place.span.start, it.place.span.end, it.rule, &it.path, &it.message)
}

/// The number of a draft, and 0 for its own place, or the number of a related one from 1.
type PlaceId = (usize, usize);

/// A place that a file is asked for.
struct Asked<'d> {
    id: PlaceId,
    request: &'d Request,
    /// The draft whose place it is: what it says is asked for too.
    draft: Option<&'d Draft>,
}

/// What a file says about a place.
struct PlaceAnswer {
    place: FilePlace,
    /// The aliases through which what is there came.
    aliases: Vec<FilePlace>,
    words: Option<Words>,
    /// Whether its correction was not looked for.
    is_left_out: bool,
}

type Answers = HashMap<PlaceId, PlaceAnswer>;

/// How many bytes of one document are read again for corrections. Mostly an object is read for each; with aliases, all of the document
/// is. Findings beyond have no correction in a report; `fix` comes to them in later rounds.
const READING: usize = 2_000_000;

/// What is asked of each file, by the number of the document.
fn asked<'d>(set: &Set<'_>, drafts: &'d [Draft]) -> Vec<HashMap<usize, Vec<Asked<'d>>>> {
    let mut files = Vec::new();
    files.resize_with(set.files.len(), HashMap::<usize, Vec<_>>::new);
    for (number, draft) in drafts.iter().enumerate() {
        for (place, request) in draft.requests().enumerate() {
            let Some(at) = set.objects.get(request.object) else { continue };
            if let Some(file) = files.get_mut(at.file) {
                let asked = Asked { id: (number, place), request, draft: (place == 0).then_some(draft) };
                file.entry(at.part.number).or_default().push(asked);
            }
        }
    }
    files
}

/// Reads a file again for what is asked, and for its suppressions.
fn answers(set: &Set<'_>, file: &File, asked: &HashMap<usize, Vec<Asked<'_>>>) -> (Answers, Suppressions) {
    let text = &*file.source.text;
    let (mut answers, suppressions) = (Answers::new(), Suppressions::of(text));
    if asked.is_empty() {
        return (answers, suppressions);
    }
    let lines = Lines::new(text);
    let place = |span| FilePlace::new(&file.source, &lines, span);
    let mut reread = file.reread();
    for part in &file.parts {
        let Some(asked) = asked.get(&part.number) else { continue };
        let document = reread.document(part);
        let Ok(json) = json::Document::parse(part.json(file).as_bytes()) else { continue };
        let (elements, reading) = (elements(json.root()), Cell::new(READING));
        let opened = Opened {
            elements: &elements,
            reading: Some(&reading),
            ..Opened::new(text, json.root(), document.as_ref())
        };
        for Asked { id, request, draft } in asked {
            let Some(at) = set.objects.get(request.object) else { continue };
            let object = json.root().at(at.object.node);
            let Located { span, aliases } = opened.locate(object, &request.path, request.part);
            let words = draft.map(|draft| words(draft, object, &opened, &place));
            let aliases = aliases.into_iter().map(place).collect();
            let is_left_out = reading.get() == 0 && words.as_ref().is_some_and(|words| words.correction.is_none());
            answers.insert(*id, PlaceAnswer { place: place(span), aliases, words, is_left_out });
        }
    }
    (answers, suppressions)
}

/// The diagnostic of a draft, whose number is `number`.
fn diagnostic(number: usize, draft: &Draft, object: &ObjectName, answers: &mut Answers) -> Option<Diagnostic> {
    let PlaceAnswer { place, aliases, words, .. } = answers.remove(&(number, 0))?;
    let words = words?;
    let aliases = aliases.into_iter().map(|place| (place, "the value comes from here through an alias"));
    let related = draft.related.iter().zip(1..);
    let related = related.filter_map(|((_, message), id)| Some((answers.remove(&(number, id))?.place, *message)));
    let related = aliases.chain(related).map(|(place, message)| RelatedPlace { place, message: message.to_owned() });
    let path = draft.place.path.to_string();
    Some(Diagnostic {
        rule: draft.rule,
        severity: draft.severity,
        certainty: draft.certainty.clone(),
        place,
        message: format!("{path}{}{}", if path.is_empty() { "" } else { " " }, words.problem),
        path,
        fix: words.fix,
        object: object.clone(),
        related: related.collect(),
        correction: words.correction,
        fingerprint: String::new(),
    })
}

/// The words of a draft about an object, and its correction.
fn words(draft: &Draft, object: json::Value<'_>, opened: &Opened<'_>, place: &PlaceOf<'_>) -> Words {
    match &draft.subject {
        DraftSubject::Finding { problem, fix, repair } => Words {
            problem: problem.clone(),
            fix: fix.clone(),
            correction: repair.as_ref().and_then(|repair| correction(repair, object, opened, place)),
        },
        DraftSubject::WrongType { node, expected } => {
            wrong_type::words(object.at(*node), *expected, draft, object, opened, place)
        }
        DraftSubject::More(count) => {
            let problem = format!("breaks this rule in {count} more places");
            Words { problem, fix: "correct the places that are shown first".to_owned(), correction: None }
        }
    }
}

/// The keys of a file that are set more than once. A document that is one object is named.
fn repeated_keys(file: &File, options: &Options<'_>) -> Vec<Diagnostic> {
    let mut repeated = file.parts.iter().flat_map(|part| part.repeated.iter().map(move |it| (part, it))).peekable();
    if repeated.peek().is_none() {
        return Vec::new();
    }
    let lines = Lines::new(&file.source.text);
    let place = |span: &Range<usize>| FilePlace::new(&file.source, &lines, span.clone());
    let diagnostic = |(part, repeated): (&Part, &Repeated)| {
        let (problem, fix, first) = repeated_key::words(repeated);
        let object = match part.objects.as_slice() {
            [object] => object.name.clone(),
            _ => ObjectName::default(),
        };
        let related = vec![RelatedPlace { place: place(&repeated.first), message: first.to_owned() }];
        let place = place(&repeated.again);
        Diagnostic { object, related, ..Diagnostic::of_own_rule(Rule::RepeatedKey, place, (problem, fix), options) }
    };
    repeated.map(diagnostic).collect()
}

/// Leaves out what comments suppress, and adds what is wrong with these comments.
fn suppressed(
    set: &Set<'_>,
    mut diagnostics: Vec<(usize, Diagnostic)>,
    of_files: &[Suppressions],
    options: &Options<'_>,
) -> Vec<(usize, Diagnostic)> {
    // For each suppression, which of its rules suppressed something.
    let unused = |it: &Suppressions| it.all().iter().map(|it| vec![false; it.rules.len()]).collect::<Vec<_>>();
    let mut used: Vec<_> = of_files.iter().map(unused).collect();
    diagnostics.retain(|(file, diagnostic)| {
        let (Some(suppressions), Some(used)) = (of_files.get(*file), used.get_mut(*file)) else { return true };
        let mut is_kept = true;
        for (number, rule) in suppressions.about(diagnostic.rule, diagnostic.place.span.start) {
            if let Some(used) = used.get_mut(number).and_then(|used| used.get_mut(rule)) {
                *used = true;
            }
            is_kept = false;
        }
        is_kept
    });
    for (number, (suppressions, used)) in of_files.iter().zip(used).enumerate() {
        let suppressions = suppressions.all();
        let Some(file) = set.files.get(number).filter(|_| !suppressions.is_empty()) else { continue };
        let lines = Lines::new(&file.source.text);
        let place = |span| FilePlace::new(&file.source, &lines, span);
        for (suppression, used) in suppressions.iter().zip(used) {
            let found = suppression_reason::check(suppression).into_iter();
            let found = found.chain(unused_suppression::check(suppression, &used, &file.source.text, &place));
            diagnostics.extend(found.map(|problem| {
                let words = (problem.problem, problem.fix);
                let diagnostic = Diagnostic::of_own_rule(problem.rule, place(problem.span), words, options);
                let diagnostic = Diagnostic { correction: problem.correction, ..diagnostic };
                (number, diagnostic)
            }));
        }
    }
    diagnostics
}

/// Gives each finding its fingerprint: the rule, the file, the object and the path, and a number where all these are the same.
fn number(diagnostics: &mut [Diagnostic]) {
    let mut seen = BTreeMap::<[u8; 8], u64>::new();
    for diagnostic in diagnostics {
        let object = &diagnostic.object;
        let parts = [
            diagnostic.rule.name(),
            &diagnostic.place.source.name,
            &object.api_version,
            &object.kind,
            object.namespace.as_deref().unwrap_or_default(),
            &object.name,
            &diagnostic.path,
        ];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let first = |hash: Sha256| hash.finalize().first_chunk::<8>().copied().unwrap_or_default();
        let count = seen.entry(first(hash.clone())).or_default();
        hash.update(count.to_le_bytes());
        *count += 1;
        diagnostic.fingerprint = format!("{:016x}", u64::from_be_bytes(first(hash)));
    }
}

impl Report {
    /// What reading the files gave, without findings.
    pub fn of_reading(files: &[File]) -> Self {
        let mut report = Self::default();
        for file in files {
            report.summary.files += 1;
            report.summary.documents += file.documents;
            report.summary.objects += file.objects;
            report.skipped.extend(file.skipped.clone());
            report.errors.extend(file.errors());
        }
        report
    }

    /// Reports findings, in the order in which they are given.
    pub fn set_findings(&mut self, findings: Vec<Diagnostic>, options: &Options<'_>) {
        self.findings = findings;
        number(&mut self.findings);
        // Not before they are numbered: a fingerprint is that of a finding in a file, whoever checks it.
        for object in self.findings.iter_mut().map(|finding| &mut finding.object) {
            if !object.kind.is_empty() && object.namespace.is_none() {
                object.namespace.clone_from(&options.namespace);
            }
        }
        self.count();
    }

    /// Keeps the findings that a condition is true for.
    pub fn retain(&mut self, condition: impl FnMut(&Diagnostic) -> bool) {
        self.findings.retain(condition);
        self.count();
    }

    /// Counts the findings.
    fn count(&mut self) {
        let count = |severity| self.findings.iter().filter(|it| it.severity == severity).count();
        let Summary { files, documents, objects, identity, uncorrected, .. } = mem::take(&mut self.summary);
        let (deny, warn, note) = (count(Severity::Deny), count(Severity::Warn), count(Severity::Note));
        self.summary = Summary { files, documents, objects, identity, uncorrected, deny, warn, note };
    }
}
