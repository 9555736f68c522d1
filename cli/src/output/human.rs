//! The text for people: for each finding an excerpt of the file, and one line at the end.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Patch, Renderer, Snippet};
use azure_workload_identity_lint::certainty::Certainty;
use azure_workload_identity_lint::report::{
    Diagnostic, FilePlace, ObjectName, PlacedEdit, RelatedPlace, Report, Summary,
};
use azure_workload_identity_lint::secrets::masked;
use azure_workload_identity_lint::source::Source;
use azure_workload_identity_policy::finding::Applicability;
use azure_workload_identity_policy::rule::Severity;

use super::{Corrections, Look, only};
use crate::printable::printable;

/// How many lines before the place are shown.
const LINES_BEFORE: usize = 1;

/// How many lines a place or a correction may have to be shown as a whole. Of a longer place the first line is shown.
const MOST_LINES: usize = 12;

/// The longest line that is drawn as a whole, in bytes. Of a longer one only the part around the place is drawn: drawing takes a
/// multiple of the length, and a minified file has all its findings in one line.
const LONG_LINE: usize = 1000;

/// How far the ends of a line are looked for, in bytes: to find them in a file of one line takes as long as the file for each finding.
const VERY_LONG_LINE: usize = 4 * LONG_LINE;

/// How much of a long line is shown before and behind the place, in bytes.
const AROUND: usize = 60;

/// Writes a report.
pub(super) fn write(report: &Report, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if look.is_coloured { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(look.width);
    // What nothing can judge before it is filled in would hide what can be judged.
    for finding in report.findings.iter().filter(|finding| !finding.is_filled_in_later()) {
        writeln!(out, "{}\n", renderer.render(&groups(&in_prose(finding))))?;
    }
    // Without anything that was checked, "no findings" would be misread.
    if look.has_summary && report.summary.objects > 0 {
        writeln!(out, "{}", summary(report, look))?;
    }
    Ok(())
}

/// The last line: what was found in how much, what was not checked, and what can be corrected.
fn summary(report: &Report, look: Look) -> String {
    let Summary { files, objects, deny, warn, note, .. } = report.summary;
    let filled_in_later = report.findings.iter().filter(|finding| finding.is_filled_in_later()).count();
    let note = note.saturating_sub(filled_in_later);
    // What cannot be read may ask for one.
    let may_concern = report.summary.concerns_identity() || look.in_baseline > 0 || !report.errors.is_empty();
    let found = [
        (deny > 0).then(|| format!("{deny} denied")),
        (warn > 0).then(|| counted(warn, "warning")),
        (note > 0).then(|| counted(note, "note")),
    ];
    let found = found.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let found = if found.is_empty() { "no findings" } else { &found };
    let rest = [
        (look.in_baseline > 0).then(|| format!("{} in the baseline", look.in_baseline)),
        (!report.skipped.is_empty()).then(|| format!("{} skipped", report.skipped.len())),
        (!report.errors.is_empty()).then(|| counted(report.errors.len(), "error")),
        match filled_in_later {
            0 => None,
            1 => Some("1 value is filled in later".to_owned()),
            count => Some(format!("{count} values are filled in later")),
        },
        match report.summary.uncorrected {
            0 => None,
            count => Some(format!("{} not looked for: that would take too long", counted(count, "correction"))),
        },
        (!may_concern).then(|| "nothing here asks for an identity".to_owned()),
        match look.corrections {
            Corrections { safe: 0, suggestions: 0 } => None,
            Corrections { safe: 0, suggestions } => {
                Some(format!("azwi-check fix --unsafe-fixes corrects {suggestions}"))
            }
            Corrections { safe, suggestions: 0 } => Some(format!("azwi-check fix corrects {safe}")),
            Corrections { safe, suggestions } => {
                Some(format!("azwi-check fix corrects {safe}, with --unsafe-fixes {suggestions} more"))
            }
        },
    ];
    let checked = format!("{found} in {} of {}", counted(objects, "object"), counted(files, "file"));
    [Some(checked)].into_iter().chain(rest).flatten().collect::<Vec<_>>().join("; ")
}

/// A number with its noun: `1 file`, `2 files`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A finding whose texts show what they hold, each in one line.
fn in_prose(finding: &Diagnostic) -> Diagnostic {
    let text = |text: &str| printable(text).into_owned();
    let named = |place: &FilePlace| {
        let source = Source { name: printable(&place.source.name).into(), text: Arc::clone(&place.source.text) };
        FilePlace { source, ..place.clone() }
    };
    let related = finding.related.iter();
    let ObjectName { api_version, kind, namespace, name } = &finding.object;
    Diagnostic {
        place: named(&finding.place),
        path: text(&finding.path),
        message: text(&finding.message),
        fix: text(&finding.fix),
        certainty: Certainty { doubt: finding.certainty.doubt.as_deref().map(text), ..finding.certainty.clone() },
        object: ObjectName {
            api_version: text(api_version),
            kind: text(kind),
            namespace: namespace.as_deref().map(text),
            name: text(name),
        },
        related: related.map(|it| RelatedPlace { place: named(&it.place), message: text(&it.message) }).collect(),
        ..finding.clone()
    }
}

fn groups(finding: &Diagnostic) -> Vec<Group<'_>> {
    let level = match finding.severity {
        Severity::Deny => Level::ERROR.with_name("denied"),
        Severity::Warn => Level::WARNING,
        Severity::Note | Severity::Off => Level::NOTE,
    };
    let title = level.primary_title(finding.message.as_str()).id(finding.rule.name());
    let mut group = title.elements(excerpts(finding));
    let object = finding.object.to_string();
    if !object.is_empty() {
        group = group.element(Level::INFO.with_name("object").message(object));
    }
    if let Some(doubt) = &finding.certainty.doubt {
        group = group.element(Level::INFO.with_name(only(finding.severity)).message(doubt));
    }
    let advice = finding.fix.as_str();
    let Some(correction) = &finding.correction else { return vec![group.element(Level::HELP.message(advice))] };
    let help = match correction.applicability {
        Applicability::Safe => Level::HELP,
        Applicability::Suggestion => Level::HELP.with_name("suggestion"),
    };
    match patch(&finding.place, correction.shown()) {
        Some(patch) => vec![group, help.secondary_title(advice).element(patch)],
        None => vec![group.element(help.message(advice))],
    }
}

/// The place of a finding and those related to it. Places that are near each other are in one excerpt.
fn excerpts(finding: &Diagnostic) -> Vec<Element<'_>> {
    let mut windows = vec![Window::around(&finding.place, AnnotationKind::Primary, "")];
    for related in &finding.related {
        let is_joined = windows.iter_mut().any(|window| window.join(&related.place, &related.message));
        if !is_joined {
            windows.push(Window::around(&related.place, AnnotationKind::Context, &related.message));
        }
    }
    windows.into_iter().flat_map(Window::elements).collect()
}

/// A part of a text to be shown, with marks.
struct Window<'r> {
    place: &'r FilePlace,
    /// The lines that are shown, in bytes of the text.
    span: Range<usize>,
    /// The number of the first one.
    line: usize,
    marks: Vec<(AnnotationKind, Range<usize>, &'r str)>,
}

impl<'r> Window<'r> {
    fn around(place: &'r FilePlace, kind: AnnotationKind, label: &'r str) -> Self {
        let text = &place.source.text;
        let mark = mark(place);
        let mut start = line_start(text, mark.start);
        let mut line = place.line;
        for _ in 0..LINES_BEFORE.min(line.saturating_sub(1)) {
            let before = line_start(text, start.saturating_sub(1));
            if !is_structure(text.get(before..start).unwrap_or_default()) {
                break;
            }
            start = before;
            line -= 1;
        }
        let span = start..line_end(text, mark.end);
        Self { place, span, line, marks: vec![(kind, mark, label)] }
    }

    /// Adds a mark, if it is near enough. Whether it is.
    fn join(&mut self, place: &'r FilePlace, label: &'r str) -> bool {
        let text = &self.place.source.text;
        let first = self.place.line;
        if place.source != self.place.source || place.line.abs_diff(first) > MOST_LINES {
            return false;
        }
        let mark = mark(place);
        if mark.start < self.span.start {
            self.span.start = line_start(text, mark.start);
            self.line = place.line;
        }
        self.span.end = self.span.end.max(line_end(text, mark.end));
        self.marks.push((AnnotationKind::Context, mark, label));
        true
    }

    fn elements(self) -> Vec<Element<'r>> {
        let Self { place, span, line, marks } = self;
        let name = place.source.name.as_ref();
        let lines = place.source.text.get(span.clone()).unwrap_or_default();
        if lines.lines().all(|line| line.len() <= LONG_LINE) {
            let lines = masked(lines, span.start, &place.secrets);
            let annotations = marks.into_iter().map(|(kind, mark, label)| annotation(kind, &mark, span.start, label));
            return vec![Snippet::source(lines).line_start(line).path(name).annotations(annotations).into()];
        }
        let parts = marks.into_iter().flat_map(|(_, mark, label)| {
            let origin = Origin::path(name).line(place.line).char_column(place.column);
            let label = if label.is_empty() { "text" } else { label };
            let part = Level::INFO.with_name(label).message(part_of_long_line(place, &mark));
            [origin.into(), part.into()]
        });
        parts.collect()
    }
}

fn annotation<'r>(kind: AnnotationKind, mark: &Range<usize>, start: usize, label: &'r str) -> Annotation<'r> {
    kind.span(relative(mark, start)).label(Some(label).filter(|label| !label.is_empty()))
}

/// A part of a text as a part of what begins at `start`.
fn relative(part: &Range<usize>, start: usize) -> Range<usize> {
    part.start.saturating_sub(start)..part.end.saturating_sub(start)
}

/// What is underlined: the place, or its first line if it has many. At least one character, unless it is at the end of a line.
fn mark(place: &FilePlace) -> Range<usize> {
    let (text, span) = (&place.source.text, &place.span);
    let lines = place.end_line.saturating_sub(place.line);
    if lines == 0 { span.clone() } else { span.start..line_end(text, span.start).min(span.end).max(span.start) }
}

/// The part of the line around a mark.
fn part_of_long_line(place: &FilePlace, mark: &Range<usize>) -> String {
    let text = &place.source.text;
    let (first, last) = (line_start(text, mark.start), line_end(text, mark.start));
    let start = text.floor_char_boundary(first.max(mark.start.saturating_sub(AROUND)));
    let end =
        text.ceil_char_boundary(last.min(mark.start.saturating_add(mark.len().min(AROUND)).saturating_add(AROUND)));
    let part = masked(text.get(start..end).unwrap_or_default(), start, &place.secrets);
    format!("{}{part}{}", if start > first { "…" } else { "" }, if end < last { "…" } else { "" })
}

/// A correction as changed lines; `None` if it is too large to be shown.
fn patch<'r>(place: &'r FilePlace, edits: &'r [PlacedEdit]) -> Option<Snippet<'r, Patch<'r>>> {
    let (first, last) = (edits.first()?, edits.last()?);
    let text = &place.source.text;
    let start = line_start(text, first.place.span.start);
    let end = line_end(text, last.place.span.end);
    let lines = text.get(start..end)?;
    let added = edits.iter().map(|edit| edit.text.matches('\n').count()).sum::<usize>();
    if lines.len() > LONG_LINE || added + lines.matches('\n').count() > MOST_LINES {
        return None;
    }
    // Counted from the place, which is near.
    let lines_between = |part: Range<usize>| text.get(part).unwrap_or_default().matches('\n').count();
    let line = place.line + lines_between(place.span.start..start);
    let line = line.saturating_sub(lines_between(start..place.span.start));
    let lines = masked(lines, start, &place.secrets);
    let patches = edits.iter().map(|edit| Patch::new(relative(&whole_lines(text, edit), start), edit.text.as_str()));
    Some(Snippet::source(lines).line_start(line).path(place.source.name.as_ref()).patches(patches))
}

/// The place of an edit; of one that removes lines, so that the line above them does not count as changed.
fn whole_lines(text: &str, edit: &PlacedEdit) -> Range<usize> {
    let PlacedEdit { place: FilePlace { span, .. }, text: new } = edit;
    let rest = text.get(span.start..).unwrap_or_default();
    let behind = text.get(span.end..).unwrap_or_default();
    if new.is_empty() && !span.is_empty() && rest.starts_with('\n') && behind.starts_with('\n') {
        span.start + 1..span.end + 1
    } else {
        span.clone()
    }
}

/// Whether a line is a member or an element, and not a part of a text of several lines.
fn is_structure(line: &str) -> bool {
    let line = line.trim();
    line.contains(": ") || line.ends_with(':') || line.starts_with("- ") || line.contains('{') || line.starts_with('#')
}

/// Where the line starts that a position is in; of a very long line, a place in it.
fn line_start(text: &str, position: usize) -> usize {
    let end = position.min(text.len());
    let start = text.floor_char_boundary(end.saturating_sub(VERY_LONG_LINE));
    text.get(start..end).and_then(|before| before.rfind('\n')).map_or(start, |at| start + at + 1)
}

/// Where the line ends that a position is in, without what separates it from the next one; of a very long line, a place in it.
fn line_end(text: &str, position: usize) -> usize {
    let start = position.min(text.len());
    let end = text.ceil_char_boundary(start.saturating_add(VERY_LONG_LINE).min(text.len()));
    let rest = text.get(start..end).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    start + line.strip_suffix('\r').unwrap_or(line).len()
}

#[cfg(test)]
mod tests {
    use azure_workload_identity_lint::source::Lines;
    use azure_workload_identity_policy::rule::RuleId;
    use proptest::prelude::*;

    use super::*;
    use crate::output::sample;

    fn look() -> Look {
        Look {
            is_coloured: false,
            width: 100,
            deny_warnings: false,
            has_summary: true,
            in_baseline: 0,
            corrections: Corrections::default(),
        }
    }

    fn render(findings: Vec<Diagnostic>) -> String {
        let report = Report { findings, ..Report::default() };
        let look = look();
        let mut out = Vec::new();
        write(&report, look, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn finding(text: &str, part: &str) -> Diagnostic {
        sample::finding(RuleId::LabelValue, Severity::Deny, sample::place("a.yaml", text, part))
    }

    #[test]
    fn a_finding_is_shown_with_its_places_and_its_correction() {
        let findings = sample::report().findings.into_iter().take(1).collect();

        assert_eq!(
            render(findings),
            r#"denied[label-value]: metadata.labels["azure.workload.identity/use"] is "True", which is ignored
 --> deploy/web, 100%.yaml:6:34
  |
6 |     azure.workload.identity/use: "True"
  |                                  ^^^^^^
  |
 ::: accounts.yaml:3:9
  |
3 |   name: web
  |         --- the service account is here
  |
  = object: Pod shop/web
help: write "true"
  |
6 -     azure.workload.identity/use: "True"
6 +     azure.workload.identity/use: "true"
  |

"#
        );
    }

    #[test]
    fn places_near_each_other_are_in_one_excerpt_whatever_the_characters() {
        let text = "a: b\r\nlabels: {\tx: \"日本語\"}\r\n";
        let mut finding = finding(text, "\"日本語\"");
        let place = sample::place("a.yaml", text, "labels");
        finding.related.push(RelatedPlace { place, message: "here".into() });
        let edit = PlacedEdit { place: finding.place.clone(), text: "1".into() };
        finding.correction = Some(sample::correction(Applicability::Safe, edit));

        let text = render(vec![finding]);
        assert!(
            text.contains(
                r#" --> a.yaml:2:14
  |
2 | labels: {    x: "日本語"}
  | ------ here     ^^^^^^^^
  |
"#
            ),
            "{text}"
        );
        assert!(text.contains("2 - labels: {    x: \"日本語\"}\n2 + labels: {    x: 1}\n"), "{text}");
    }

    #[test]
    fn of_a_long_place_the_first_line_is_shown() {
        let text = render(vec![finding("a:\n  b:\n  - c\n  - d\ne: f\n", "b:\n  - c\n  - d")]);
        assert!(text.contains("2 |   b:\n  |   ^^\n  |\n"), "{text}");
    }

    #[test]
    fn of_a_long_line_only_a_part_is_shown() {
        for length in [1000, 3000, 30_000] {
            let long = "é".repeat(length);
            let text = render(vec![finding(&format!("{{\"{long}\": {{\"bad\": 1}}, \"{long}\": 2}}"), "\"bad\"")]);
            assert!(text.contains(&format!("--> a.yaml:1:{}\n", length + 7)), "{text}");
            assert!(
                text.contains("= text: …é") && text.contains("é\": {\"bad\": 1}, \"é") && text.len() < 500,
                "{text}"
            );
        }
    }

    proptest! {
        // The renderer indexes into lines; whatever is in a file, it is drawn.
        #[test]
        fn any_text_can_be_shown(
            text in "[ab:é日\u{301}\u{200b}\u{1f600}\t\r\n\u{0}\u{1b}\u{feff} ]{0,60}",
            places in proptest::collection::vec((0..70_usize, 0..70_usize), 3),
            replacement in "[aé\n\r\t]{0,6}",
            width in 1..100_usize,
        ) {
            let place = |(start, end): (usize, usize)| {
                let position = |at: usize| text.floor_char_boundary(at.min(text.len()));
                let span = position(start.min(end))..position(start.max(end));
                let source = Source { name: "a.yaml".into(), text: text.as_str().into() };
                FilePlace::new(&source, &Lines::new(&text), span)
            };
            let mut finding = sample::finding(RuleId::LabelValue, Severity::Warn, place(places[0]));
            finding.related.push(RelatedPlace { place: place(places[1]), message: "here".into() });
            let edit = PlacedEdit { place: place(places[2]), text: replacement };
            finding.correction = Some(sample::correction(Applicability::Suggestion, edit));
            let report = Report { findings: vec![finding], ..Report::default() };
            for is_coloured in [false, true] {
                let look = Look { is_coloured, width, ..look() };
                write(&report, look, &mut Vec::new()).unwrap();
            }
        }
    }

    #[test]
    fn parts_of_long_texts_are_no_structure() {
        for line in ["  eyJhbGciOiJSUzI1NiJ9.eyJ", "-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQ", ""] {
            assert!(!is_structure(line), "{line}");
        }
        for line in ["  env:", "- name: A", "- a", "  name: web", "{name: a}", "# comment"] {
            assert!(is_structure(line), "{line}");
        }
    }

    #[test]
    fn control_characters_of_a_file_do_not_reach_the_terminal() {
        let mut finding = finding("a: \u{1b}[2Jx\n", "x");
        finding.message = "is \u{1b}[2J".into();
        assert!(!render(vec![finding]).contains('\u{1b}'));
    }

    #[test]
    fn the_last_line_counts() {
        for (identity, deny, warn, note, in_baseline, expected) in [
            (1, 0, 0, 0, 0, "no findings in 14 objects of 1 file"),
            (0, 0, 0, 0, 0, "no findings in 14 objects of 1 file; nothing here asks for an identity"),
            (0, 0, 0, 0, 2, "no findings in 14 objects of 1 file; 2 in the baseline"),
            (0, 1, 0, 0, 0, "1 denied in 14 objects of 1 file"),
            (9, 2, 1, 3, 0, "2 denied, 1 warning, 3 notes in 14 objects of 1 file"),
            (9, 0, 0, 1, 4, "1 note in 14 objects of 1 file; 4 in the baseline"),
        ] {
            let counts = Summary { files: 1, documents: 9, objects: 14, identity, uncorrected: 0, deny, warn, note };
            let look = Look { in_baseline, ..look() };
            assert_eq!(summary(&Report { summary: counts, ..Report::default() }, look), expected);
        }
        let expected = "1 denied, 1 warning, 1 note in 3 objects of 4 files; 2 skipped; 1 error";
        assert_eq!(summary(&sample::report(), look()), expected);
    }

    #[test]
    fn the_last_line_says_how_many_findings_can_be_corrected() {
        let counts = summary(&sample::report(), look());
        for (safe, suggestions, expected) in [
            (2, 0, "; azwi-check fix corrects 2"),
            (2, 1, "; azwi-check fix corrects 2, with --unsafe-fixes 1 more"),
            (0, 1, "; azwi-check fix --unsafe-fixes corrects 1"),
        ] {
            let look = Look { corrections: Corrections { safe, suggestions }, ..look() };
            assert_eq!(summary(&sample::report(), look), [&counts, expected].concat());
        }
    }

    #[test]
    fn a_suggestion_is_named_as_one() {
        let mut finding = finding("a: b\n", "b");
        let edit = PlacedEdit { place: finding.place.clone(), text: "c".into() };
        finding.correction = Some(sample::correction(Applicability::Suggestion, edit));
        let text = render(vec![finding]);
        assert!(text.contains("\nsuggestion: write \"true\"\n"), "{text}");
    }
}
