//! Makes the corrections that a check offers, until none is left.
//!
//! Each correction was made for the text as it is. Two of them are made together only if neither can matter to the other: both may
//! remove an element of a list, and what is left of the list depends on both. What has to wait is offered again by the next check.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::sync::Arc;

use azure_workload_identity_policy::finding::Applicability;
use azure_workload_identity_policy::json::{self, Kind, Value};

use crate::edit::apply;
use crate::file::File;
use crate::objects::objects;
use crate::opened::Opened;
use crate::report::{Correction, Diagnostic, Report, TextEdit};
use crate::source::as_json;
use crate::yaml;

/// What was corrected in files, and what was not.
#[derive(Debug, Default)]
pub struct Fixed {
    /// What was corrected, in the order in which it was done. Places are those in the text as it was then.
    pub done: Vec<Diagnostic>,
    /// What a check still finds. What of it has a correction that may be made comes back after every correction.
    pub left: Report,
}

/// Corrects files. `check` finds what is wrong with all of them, since a correction in one may matter to another. Corrections are
/// made up to the given applicability: only safe ones, or suggestions too.
pub fn fix(files: &mut [File], up_to: Applicability, mut check: impl FnMut(&[File]) -> Report) -> Fixed {
    let numbers: HashMap<_, _> =
        files.iter().enumerate().map(|(number, file)| (Arc::clone(&file.source.name), number)).collect();
    let hasher = RandomState::new();
    let mut seen: HashSet<u64> = files.iter().map(|file| hasher.hash_one(&file.source)).collect();
    // It ends: no file gets a text that it had before, so corrections that undo each other stop. And each round corrects a mistake at
    // least, of which there are fewer than bytes: after more rounds than that, corrections would make what they correct.
    let rounds: usize = files.iter().map(|file| file.source.text.len()).sum();
    let mut done = Vec::new();
    for _ in 0..rounds {
        let report = check(files);
        let mut is_changed = false;
        for findings in report.findings.chunk_by(|one, other| one.place.source.name == other.place.source.name) {
            let Some(source) = findings.first().map(|finding| &finding.place.source) else { continue };
            let Some(file) = numbers.get(&source.name).and_then(|number| files.get_mut(*number)) else { continue };
            let Some((text, corrected)) = round(&source.text, findings, up_to) else { continue };
            let changed = File::read(Arc::clone(&source.name), text.into_bytes());
            if seen.insert(hasher.hash_one(&changed.source)) {
                *file = changed;
                done.extend(corrected.into_iter().cloned());
                is_changed = true;
            }
        }
        if !is_changed {
            return Fixed { done, left: report };
        }
    }
    Fixed { done, left: check(files) }
}

/// The text with as many corrections as can be made at once, and what they correct; `None` if there are none up to the given
/// applicability. All diagnostics are of this text.
fn round<'d>(text: &str, diagnostics: &'d [Diagnostic], up_to: Applicability) -> Option<(String, Vec<&'d Diagnostic>)> {
    let chosen = choose(text, diagnostics, up_to);
    if chosen.is_empty() {
        return None;
    }
    let mut edits: Vec<TextEdit> =
        chosen.iter().flat_map(|(_, correction)| &correction.edits).map(TextEdit::from).collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    Some((apply(text, &edits), chosen.into_iter().map(|(diagnostic, _)| diagnostic).collect()))
}

/// The diagnostics whose corrections can be made together, the first ones first.
fn choose<'d>(
    text: &str,
    diagnostics: &'d [Diagnostic],
    up_to: Applicability,
) -> Vec<(&'d Diagnostic, &'d Correction)> {
    let fixable = diagnostics.iter().filter_map(|diagnostic| Some((diagnostic, diagnostic.correction.as_ref()?)));
    let fixable: Vec<_> = fixable.filter(|(_, it)| it.applicability <= up_to && !it.edits.is_empty()).collect();
    if fixable.len() < 2 {
        return fixable;
    }
    let nodes = Nodes::of(text);
    let (mut chosen, mut taken) = (Vec::new(), Vec::<Reach>::new());
    for (diagnostic, correction) in fixable {
        let reach: Vec<_> = correction.edits.iter().map(|edit| nodes.reach(&edit.place.span)).collect();
        if reach.iter().all(|own| taken.iter().all(|other| !own.concerns(other))) {
            chosen.push((diagnostic, correction));
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
    /// What is independent of everything around it, in order.
    units: Vec<Unit>,
}

/// A document, or an object in a list of them. A correction changes what is in one, never its place among others.
#[derive(Debug)]
struct Unit {
    start: usize,
    /// Whether a change at one place in it may be one at another place, through an alias.
    has_aliases: bool,
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
    /// The number of the unit that it is in, if it is in one.
    unit: Option<usize>,
    /// Whether everything in its unit concerns it.
    has_aliases: bool,
}

impl Reach {
    fn concerns(&self, other: &Self) -> bool {
        if let (Some(own), Some(other_unit)) = (self.unit, other.unit) {
            if own != other_unit {
                return false;
            }
            if self.has_aliases {
                return true;
            }
        }
        let meets = |one: &Range<usize>, other: &Range<usize>| one.start <= other.end && other.start <= one.end;
        let are_beside = self.inside.is_some() && self.inside == other.inside && !(self.is_scalar && other.is_scalar);
        are_beside || meets(&self.touched, &other.edit) || meets(&other.touched, &self.edit)
    }
}

impl Nodes {
    fn of(text: &str) -> Self {
        let mut nodes = Self::default();
        if let Some(Ok(json)) = as_json(text) {
            nodes.add_document(&Opened::new(text, json.root(), None));
            return nodes;
        }
        for document in yaml::documents(text, true).flatten() {
            if let Ok(json) = json::Document::parse(document.json.as_bytes()) {
                nodes.add_document(&Opened::new(text, json.root(), Some(&document)));
            }
        }
        nodes
    }

    fn add_document(&mut self, opened: &Opened<'_>) {
        let start = opened.document.map_or(0, |document| document.span.start);
        let has_aliases = opened.document.is_some_and(|document| document.origins.alias(0).is_some());
        self.units.push(Unit { start, has_aliases });
        if !has_aliases {
            let in_lists = objects(opened.root).filter(|object| object.value != opened.root);
            let starts = in_lists.filter_map(|object| Some(opened.origin(object.value)?.span.start));
            self.units.extend(starts.map(|start| Unit { start, has_aliases }));
        }
        self.add(opened, opened.root);
    }

    fn add<'a>(&mut self, opened: &Opened<'a>, value: Value<'a>) {
        // What came through an alias is where its anchor is.
        let Some(origin) = opened.origin(value).filter(|origin| origin.alias.is_none()) else { return };
        if matches!(value.kind(), Kind::Array | Kind::Object) {
            // What is added behind the last child is added behind the comment on its line.
            let start = origin.span.start;
            let end = opened.content_end(value).unwrap_or(origin.span.end);
            let position = self.collections.len();
            self.collections.push((start..opened.line_end(end), 0));
            value.elements().for_each(|element| self.add(opened, element));
            value.members().for_each(|(_, member)| self.add(opened, member));
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
        // What goes up to the next unit may touch it.
        let next = self.units.partition_point(|unit| unit.start <= edit.start);
        let unit = next.checked_sub(1).filter(|_| self.units.get(next).is_none_or(|next| edit.end < next.start));
        let has_aliases = unit.and_then(|unit| self.units.get(unit)).is_some_and(|unit| unit.has_aliases);
        Reach { edit: edit.clone(), touched, inside, is_scalar, unit, has_aliases }
    }
}
