//! Order and search in lists that a request can make long.
//!
//! The standard library compiles its sort anew for each type and closure, about 6 KB of the module each time; this one is compiled
//! once.

/// The positions of a list of `count` items in such an order that no item is after a later one. Items of which neither is after the
/// other keep their order.
#[inline(never)]
pub(crate) fn sorted_positions(count: usize, is_after: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..count).collect();
    let mut merged = sorted.clone();
    let mut run = 1;
    // A merge sort from the bottom up: after each step runs of this length are in order.
    while run < count {
        for (chunk, merged) in sorted.chunks(2 * run).zip(merged.chunks_mut(2 * run)) {
            let (left, right) = chunk.split_at(run.min(chunk.len()));
            let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
            for slot in merged {
                let takes_right = match (left.peek(), right.peek()) {
                    (Some(left), Some(right)) => is_after(**left, **right),
                    (left, _) => left.is_none(),
                };
                let next = if takes_right { right.next() } else { left.next() };
                *slot = next.copied().unwrap_or_default();
            }
        }
        std::mem::swap(&mut sorted, &mut merged);
        run *= 2;
    }
    sorted
}

/// The items of a list in such an order that none is after a later one.
pub(crate) fn sorted<T>(items: Vec<T>, is_after: &dyn Fn(&T, &T) -> bool) -> Vec<T> {
    // As most lists are.
    if items.iter().zip(items.iter().skip(1)).all(|(one, next)| !is_after(one, next)) {
        return items;
    }
    let compare = |one: usize, other: usize| match (items.get(one), items.get(other)) {
        (Some(one), Some(other)) => is_after(one, other),
        _ => false,
    };
    let positions = sorted_positions(items.len(), &compare);
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    positions.into_iter().filter_map(|position| items.get_mut(position)?.take()).collect()
}

/// The items of a list by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByName(Vec<usize>);

impl ByName {
    /// The items of a list of `count`, whose names `name` gives by position.
    pub(crate) fn new<'n>(count: usize, name: &dyn Fn(usize) -> &'n str) -> Self {
        Self(sorted_positions(count, &|one, other| name(one) > name(other)))
    }

    /// The position of the first item of this name.
    pub(crate) fn find<'n>(&self, wanted: &str, name: &dyn Fn(usize) -> &'n str) -> Option<usize> {
        let position = *self.0.get(self.0.partition_point(|position| name(*position) < wanted))?;
        (name(position) == wanted).then_some(position)
    }
}

/// A set of names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names<T> {
    names: Vec<T>,
    by_name: ByName,
}

impl<T: AsRef<str>> Names<T> {
    /// The set of these names.
    pub(crate) fn new(names: Vec<T>) -> Self {
        let by_name = ByName::new(names.len(), &|position| names.get(position).map_or("", AsRef::as_ref));
        Self { names, by_name }
    }

    /// Whether a name is in the set.
    pub(crate) fn contains(&self, wanted: &str) -> bool {
        self.by_name.find(wanted, &|position| self.names.get(position).map_or("", AsRef::as_ref)).is_some()
    }

    /// The names, in the order in which they were given, each as often.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_sorted_and_equals_keep_their_order() {
        for count in 0..70_usize {
            // Any order will do; this one repeats each key a few times.
            let keys: Vec<usize> = (0..count).map(|i| i * 7919 % 11).collect();
            let mut expected: Vec<usize> = (0..count).collect();
            expected.sort_by_key(|position| keys[*position]);
            assert_eq!(sorted_positions(count, &|one, other| keys[one] > keys[other]), expected);
        }
    }

    #[test]
    fn a_name_is_found_at_its_first_place() {
        let names = ["b", "a", "", "b"];
        let name = |position: usize| names[position];
        let by_name = ByName::new(names.len(), &name);
        let found = ["a", "b", "", "c", "ab"].map(|wanted| by_name.find(wanted, &name));
        assert_eq!(found, [Some(1), Some(0), Some(2), None, None]);
        assert_eq!(ByName::default().find("", &name), None);
    }

    #[test]
    fn a_set_knows_its_names() {
        let names = Names::new(vec!["b", "a", "b"]);
        assert!(names.contains("a") && names.contains("b") && !names.contains(""));
        assert_eq!(names.iter().collect::<Vec<_>>(), ["b", "a", "b"]);
    }
}
