//! Comments that suppress findings: `# azwi-check: ignore[rule] reason`.
//!
//! A comment behind content is about its line, a comment on a line of its own about the next line, and a comment above a document about
//! the whole document.

use std::ops::Range;

use granit_parser::{Event, Options, Parser};

use crate::report::Correction;
use crate::rule::Rule;

/// What begins a comment for this program.
const MARKER: &str = "azwi-check:";

/// A comment that suppresses findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The comment, from its `#`.
    pub span: Range<usize>,
    /// The rules that it names, each with its place.
    pub rules: Vec<(Range<usize>, String)>,
    /// Whether it says why.
    pub has_reason: bool,
    /// Where it applies.
    scope: Scope,
}

/// Where a suppression applies: to findings that begin here. Scopes of a kind are equal or apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    Line(Range<usize>),
    Document(Range<usize>),
}

impl Scope {
    fn range(&self) -> &Range<usize> {
        let (Self::Line(range) | Self::Document(range)) = self;
        range
    }
}

/// The suppressions of a text.
#[derive(Debug, Default)]
pub struct Suppressions {
    all: Vec<Suppression>,
    /// The numbers of those about lines and of those about documents, by the start of their scope.
    by_start: [Vec<usize>; 2],
}

impl Suppressions {
    /// Finds the suppressions of a YAML text. What follows a syntax error has none.
    pub fn of(text: &str) -> Self {
        let all = find(text);
        let by_start = [false, true].map(|of_documents| {
            let is_one = |it: &Suppression| matches!(it.scope, Scope::Document(_)) == of_documents;
            let mut numbers: Vec<_> = all.iter().enumerate().filter(|(_, it)| is_one(it)).collect();
            numbers.sort_by_key(|(_, it)| it.scope.range().start);
            numbers.into_iter().map(|(number, _)| number).collect()
        });
        Self { all, by_start }
    }

    /// All of them.
    pub fn all(&self) -> &[Suppression] {
        &self.all
    }

    /// What suppresses findings of a rule at a position: the numbers of a suppression and of the rule in it.
    pub fn about(&self, rule: Rule, position: usize) -> impl Iterator<Item = (usize, usize)> {
        self.at(position).flat_map(move |number| {
            let rules = self.all.get(number).into_iter().flat_map(|it| &it.rules).enumerate();
            rules.filter(move |(_, (_, name))| name == rule.name()).map(move |(rule, _)| (number, rule))
        })
    }

    /// The numbers of those that apply at a position. Only those are looked at.
    fn at(&self, position: usize) -> impl Iterator<Item = usize> {
        self.by_start.iter().flat_map(move |numbers| {
            let end = numbers.partition_point(|number| self.range(*number).start <= position);
            let before = numbers.get(..end).unwrap_or_default().iter().rev().copied();
            let mut nearest = None;
            before.take_while(move |number| {
                let range = self.range(*number);
                *nearest.get_or_insert(range.start) == range.start && range.contains(&position)
            })
        })
    }

    fn range(&self, number: usize) -> Range<usize> {
        self.all.get(number).map_or(0..0, |it| it.scope.range().clone())
    }
}

impl Suppression {
    /// The comment as it is removed: with its line if nothing else is on it.
    pub fn removal(&self, text: &str) -> Range<usize> {
        let before = text.get(..self.span.start).unwrap_or_default();
        let content = before.trim_end_matches([' ', '\t']).len();
        let is_alone = content == 0 || before.get(..content).is_some_and(|before| before.ends_with('\n'));
        let end = match text.get(self.span.end..).and_then(|rest| rest.find('\n')) {
            Some(line_feed) if is_alone => self.span.end + line_feed + 1,
            _ => self.span.end,
        };
        content..end
    }
}

/// Something that is wrong with a suppression.
#[derive(Debug)]
pub struct Fault {
    /// The rule.
    pub rule: Rule,
    /// Where.
    pub span: Range<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
    /// What does it.
    pub correction: Option<Correction>,
}

fn find(text: &str) -> Vec<Suppression> {
    if !text.contains(MARKER) {
        return Vec::new();
    }
    let mut options = Options::default();
    options.set_emit_comments(true);
    options.max_buffered_comment_events = usize::MAX;
    let mut comments = Vec::<Range<usize>>::new();
    // Where the content of each document begins, and where it ends.
    let mut documents = Vec::<Range<usize>>::new();
    let mut is_begun = false;
    for event in Parser::new_from_str_with_options(text, options) {
        let Ok((event, span)) = event else { break };
        let Some(bytes) = span.byte_range() else { continue };
        match event {
            Event::Comment(comment, _) => comments.extend(comment.contains(MARKER).then_some(bytes)),
            Event::DocumentStart(..) => is_begun = false,
            Event::DocumentEnd => {
                if let Some(document) = documents.last_mut().filter(|_| is_begun) {
                    document.end = bytes.start.max(document.start);
                }
                is_begun = false;
            }
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(..) if !is_begun => {
                is_begun = true;
                documents.push(bytes.start..text.len());
            }
            _ => {}
        }
    }
    comments.into_iter().filter_map(|span| read(text, span, &documents)).collect()
}

/// Reads a comment; `None` if it is none for this program.
fn read(text: &str, span: Range<usize>, documents: &[Range<usize>]) -> Option<Suppression> {
    let comment = text.get(span.clone())?;
    let rest =
        comment.trim_start_matches('#').trim_start().strip_prefix(MARKER)?.trim_start().strip_prefix("ignore")?;
    let list = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (names, reason) = list.unwrap_or(("", rest));
    let list_start = span.end - rest.len() + (rest.len() - rest.trim_start().len()) + 1;
    let mut at = list_start;
    let mut rules = Vec::new();
    for name in names.split(',') {
        let start = at + (name.len() - name.trim_start().len());
        if !name.trim().is_empty() {
            rules.push((start..start + name.trim().len(), name.trim().to_owned()));
        }
        at += name.len() + 1;
    }
    let has_reason = !reason.trim_matches(|it: char| it.is_whitespace() || matches!(it, ':' | '-' | '—')).is_empty();
    Some(Suppression { scope: scope(text, &span, documents), span, rules, has_reason })
}

/// Where a comment applies.
fn scope(text: &str, span: &Range<usize>, documents: &[Range<usize>]) -> Scope {
    let next = documents.partition_point(|document| document.start < span.start);
    let is_inside = next.checked_sub(1).and_then(|it| documents.get(it)).is_some_and(|it| span.start < it.end);
    if let (false, Some(document)) = (is_inside, documents.get(next)) {
        return Scope::Document(document.clone());
    }
    let before = text.get(..span.start).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let is_alone = before.get(line..).unwrap_or_default().trim().is_empty();
    let line_end =
        |from: usize| text.get(from..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| from + at + 1);
    if !is_alone {
        return Scope::Line(line..line_end(line));
    }
    // Other comments may stand between it and the line that it is about.
    let mut start = line_end(span.end);
    while text.get(start..line_end(start)).is_some_and(|line| line.trim_start().starts_with('#')) && start < text.len()
    {
        start = line_end(start);
    }
    Scope::Line(start..line_end(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Vec<&str> {
        find(text).iter().map(|it| text.get(it.scope.range().clone()).unwrap_or_default()).collect()
    }

    #[test]
    fn a_comment_applies_to_its_line_the_next_line_or_the_document() {
        let text = "a: 1 # azwi-check: ignore[label-value] why\nb: 2\n# azwi-check: ignore[label-value] why\n# more\nc: 3\nd: 4\n";
        assert_eq!(scopes(text), ["a: 1 # azwi-check: ignore[label-value] why\n", "c: 3\n"]);
        let text = "# azwi-check: ignore[label-value] why\n---\na: 1\n---\n# azwi-check: ignore[label-value] why\n\nb: 2\nc: 3\n";
        assert_eq!(scopes(text), ["a: 1\n", "b: 2\nc: 3\n"]);
    }

    #[test]
    fn the_suppressions_at_a_position_are_found() {
        let text = "# azwi-check: ignore[a] why\n# azwi-check: ignore[b] why\n---\n# azwi-check: ignore[c] why\nx: 1 \
                    # azwi-check: ignore[d] why\ny: 2\n---\nz: 3\n";
        let suppressions = Suppressions::of(text);
        let at = |part: &str| {
            let numbers = suppressions.at(text.find(part).unwrap_or_default());
            let mut names: Vec<_> = numbers.map(|number| suppressions.all[number].rules[0].1.clone()).collect();
            names.sort();
            names.concat()
        };
        assert_eq!(["x: 1", "y: 2", "z: 3", "---"].map(at), ["abcd", "abc", "", ""]);
    }

    #[test]
    fn a_comment_names_rules_and_a_reason() {
        let read = |comment: &str| {
            let text = format!("a: 1 {comment}\n");
            let found = find(&text);
            found.first().map(|it| {
                (
                    it.rules
                        .iter()
                        .map(|(span, name)| (text.get(span.clone()) == Some(name), name.clone()))
                        .collect::<Vec<_>>(),
                    it.has_reason,
                )
            })
        };
        let named = |names: &[&str]| names.iter().map(|name| (true, (*name).to_owned())).collect::<Vec<_>>();
        assert_eq!(read("# azwi-check: ignore[label-value] set by Flux"), Some((named(&["label-value"]), true)));
        assert_eq!(read("#azwi-check:ignore [a, b ]: x"), Some((named(&["a", "b"]), true)));
        assert_eq!(read("# azwi-check: ignore[label-value]"), Some((named(&["label-value"]), false)));
        assert_eq!(read("# azwi-check: ignore[label-value] -"), Some((named(&["label-value"]), false)));
        assert_eq!(read("# azwi-check: ignore"), Some((vec![], false)));
        assert_eq!(read("# azwi-check is good"), None);
        assert_eq!(
            find("a: \"# azwi-check: ignore[label-value] no comment\"\nb: |\n  # azwi-check: ignore[x] y\n"),
            []
        );
    }
}
