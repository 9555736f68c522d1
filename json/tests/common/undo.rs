//! Takes additions out of a JSON text again, knowing nothing of how they were put in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use json::{Kind, Path, Segment, Value};

/// What was done to a text besides adding members and elements behind the last ones. Paths are those before it was done.
#[derive(Debug, Default)]
pub(crate) struct Undo {
    /// Values that may be others now.
    pub(crate) overwritten: BTreeSet<Path>,
    /// Arrays with this many new elements in front.
    pub(crate) prepended: BTreeMap<Path, usize>,
}

impl Undo {
    /// The text of `after` with the values of `before` put back and all that is new cut out, each with its comma. If
    /// `after` came from `before` by changes like these, it is the text of `before`.
    pub(crate) fn undo(&self, before: Value<'_>, after: Value<'_>) -> String {
        let mut cuts = Vec::new();
        self.collect(before, after, &Path::default(), &mut cuts);
        cuts.sort_by_key(|(range, _)| range.start);
        let mut text = after.raw().to_owned();
        for (range, old) in cuts.iter().rev() {
            let offset = after.span().start;
            text.replace_range(range.start - offset..range.end - offset, old);
        }
        text
    }

    fn collect<'a>(&self, before: Value<'a>, after: Value<'_>, path: &Path, cuts: &mut Vec<(Range<usize>, &'a str)>) {
        if self.overwritten.contains(path) {
            cuts.push((after.span(), before.raw()));
            return;
        }
        let (old, new) = (children(before), children(after));
        let begin = after.span().start + 1;
        let end_of = |index: usize| new.get(index).map_or(begin, |(_, value)| value.span().end);
        let last = new.len().saturating_sub(1);
        if old.is_empty() {
            cuts.push((begin..end_of(last), ""));
            return;
        }
        let first_old = self.prepended.get(path).copied().unwrap_or(0);
        if first_old > 0 {
            cuts.push((begin..end_of(first_old - 1) + 1, ""));
        }
        cuts.push((end_of(first_old + old.len() - 1)..end_of(last), ""));
        for ((segment, old), (_, new)) in old.into_iter().zip(new.into_iter().skip(first_old)) {
            let mut path = path.clone();
            path.push(segment);
            self.collect(old, new, &path, cuts);
        }
    }
}

fn children(value: Value<'_>) -> Vec<(Segment, Value<'_>)> {
    if value.kind() == Kind::Array {
        value.elements().enumerate().map(|(index, element)| (Segment::Index(index), element)).collect()
    } else {
        value.members().map(|(key, value)| (Segment::Key(key.into_owned()), value)).collect()
    }
}
