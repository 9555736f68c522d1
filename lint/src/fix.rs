//! Applies the corrections that a check offers, until none is left.
//!
//! Each correction was made for the text as it is. Two of them are applied together only if neither can matter to the other: both may
//! remove an element of a list, and what is left of the list depends on both. What has to wait is offered again by the next check.

use std::collections::HashSet;
use std::ops::Range;

use azure_workload_identity_policy::json::{self, Kind, Value};

use crate::edit::{Target, apply};
use crate::report::{Diagnostic, TextEdit};
use crate::source::as_json;
use crate::yaml;

/// How often a text is checked. A check shows some dozen findings of an object at most, so more may come up behind them.
const ROUNDS: usize = 200;

/// A text after corrections.
#[derive(Debug, Default)]
pub struct Fixed {
    /// The text.
    pub text: String,
    /// What was corrected, in the order in which it was done. Places are those in the text as it was then.
    pub done: Vec<Diagnostic>,
    /// What a check still finds. What of it has edits comes back after every correction.
    pub left: Vec<Diagnostic>,
}

/// Corrects a text. `check` finds what is wrong with a text; findings in other texts count for nothing.
pub fn fix(text: &str, mut check: impl FnMut(&str) -> Vec<Diagnostic>) -> Fixed {
    let mut fixed = Fixed { text: text.to_owned(), done: Vec::new(), left: check(text) };
    let mut seen = HashSet::from([fixed.text.clone()]);
    for _ in 0..ROUNDS {
        let Some((next, chosen)) = round(&fixed.text, &fixed.left) else { break };
        // Corrections that undo each other would go on forever.
        if !seen.insert(next.clone()) {
            break;
        }
        fixed.done.extend(chosen.into_iter().cloned());
        fixed.left = check(&next);
        fixed.text = next;
    }
    fixed
}

/// The text with as many corrections as can be made at once, and what they correct; `None` if no diagnostic has a correction. All
/// diagnostics are of this text.
pub fn round<'d>(text: &str, diagnostics: &'d [Diagnostic]) -> Option<(String, Vec<&'d Diagnostic>)> {
    let chosen = choose(text, diagnostics);
    if chosen.is_empty() {
        return None;
    }
    let mut edits: Vec<TextEdit> =
        chosen.iter().flat_map(|diagnostic| diagnostic.edits.iter().flatten()).cloned().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    Some((apply(text, &edits), chosen))
}

/// The diagnostics whose edits can be applied together, the first ones first.
fn choose<'d>(text: &str, diagnostics: &'d [Diagnostic]) -> Vec<&'d Diagnostic> {
    let fixable =
        diagnostics.iter().filter(|diagnostic| diagnostic.edits.as_ref().is_some_and(|edits| !edits.is_empty()));
    let fixable: Vec<_> = fixable.collect();
    if fixable.len() < 2 {
        return fixable;
    }
    let nodes = Nodes::of(text);
    let (mut chosen, mut taken) = (Vec::new(), Vec::<Reach>::new());
    for diagnostic in fixable {
        let reach: Vec<_> = diagnostic.edits.iter().flatten().map(|edit| nodes.reach(&edit.span)).collect();
        if reach.iter().all(|own| taken.iter().all(|other| !own.concerns(other))) {
            chosen.push(diagnostic);
            taken.extend(reach);
        }
    }
    chosen
}

/// Where the nodes of all documents of a text are written.
#[derive(Debug, Default)]
struct Nodes {
    /// The collections, each before those in it, with the position of the next one that is not in it.
    collections: Vec<(Range<usize>, usize)>,
    scalars: HashSet<(usize, usize)>,
}

/// What an edit may matter to.
#[derive(Debug)]
struct Reach {
    edit: Range<usize>,
    /// The edit and the collections that it touches, together.
    touched: Range<usize>,
    /// The innermost collection that the edit is inside of.
    inside: Option<Range<usize>>,
    /// Whether it replaces a scalar, which matters to nothing beside it.
    is_scalar: bool,
}

impl Reach {
    fn concerns(&self, other: &Self) -> bool {
        let meets = |one: &Range<usize>, other: &Range<usize>| one.start <= other.end && other.start <= one.end;
        let are_beside = self.inside == other.inside && !(self.is_scalar && other.is_scalar);
        are_beside || meets(&self.touched, &other.edit) || meets(&other.touched, &self.edit)
    }
}

impl Nodes {
    fn of(text: &str) -> Self {
        let mut nodes = Self::default();
        if let Some(Ok(json)) = as_json(text) {
            nodes.add(&Target { text, root: json.root(), document: None, elements: &[] }, json.root());
            return nodes;
        }
        for document in yaml::documents(text, true).flatten() {
            if let Ok(json) = json::Document::parse(document.json.as_bytes()) {
                nodes.add(&Target { text, root: json.root(), document: Some(&document), elements: &[] }, json.root());
            }
        }
        nodes
    }

    fn add<'a>(&mut self, target: &Target<'a>, value: Value<'a>) {
        // What came through an alias is where its anchor is.
        let Some(origin) = target.origin(value).filter(|origin| origin.alias.is_none()) else { return };
        if matches!(value.kind(), Kind::Array | Kind::Object) {
            // What is added behind the last child is added behind the comment on its line.
            let start = origin.span.start;
            let end = target.content_end(value).unwrap_or(origin.span.end);
            let position = self.collections.len();
            self.collections.push((start..target.line_end(end), 0));
            value.elements().for_each(|element| self.add(target, element));
            value.members().for_each(|(_, member)| self.add(target, member));
            let next = self.collections.len();
            if let Some(collection) = self.collections.get_mut(position) {
                collection.1 = next;
            }
        } else {
            self.scalars.insert((origin.span.start, origin.span.end));
        }
    }

    fn reach(&self, edit: &Range<usize>) -> Reach {
        let mut touched = edit.clone();
        let mut inside = None::<Range<usize>>;
        let mut position = 0;
        while let Some((collection, next)) = self.collections.get(position) {
            if collection.end < edit.start || edit.end < collection.start {
                position = *next;
                continue;
            }
            position += 1;
            if collection.start < edit.start && edit.end < collection.end {
                if inside.as_ref().is_none_or(|inside| collection.len() < inside.len()) {
                    inside = Some(collection.clone());
                }
            } else {
                touched = touched.start.min(collection.start)..touched.end.max(collection.end);
            }
        }
        let is_scalar = !edit.is_empty() && self.scalars.contains(&(edit.start, edit.end));
        Reach { edit: edit.clone(), touched, inside, is_scalar }
    }
}
