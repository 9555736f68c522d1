//! Order and search in lists that a request can make long.
//!
//! The standard library compiles its sort anew for each type and closure, about 6 KB of the module each time; this one is compiled
//! once.

/// The positions of a list of `count` items in such an order that no item is after a later one. Items of which neither is after the
/// other keep their order.
#[inline(never)]
pub fn sorted_positions(count: usize, is_after: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let items = sort((0..count).map(|position| (0, position)).collect(), is_after);
    items.into_iter().map(|(_, position)| position).collect()
}

/// Sorts pairs of a number and a position: by the number, then by what `is_after` says of the positions. Equal items keep their order.
#[inline(never)]
fn sort(mut items: Vec<(u32, usize)>, is_after: &dyn Fn(usize, usize) -> bool) -> Vec<(u32, usize)> {
    let is_after =
        |one: &(u32, usize), other: &(u32, usize)| one.0 > other.0 || (one.0 == other.0 && is_after(one.1, other.1));
    // As most lists are.
    if items.iter().zip(items.iter().skip(1)).all(|(one, next)| !is_after(one, next)) {
        return items;
    }
    let mut merged = items.clone();
    let mut run = 1;
    // A merge sort from the bottom up: after each step runs of this length are in order.
    while run < items.len() {
        for (chunk, merged) in items.chunks(2 * run).zip(merged.chunks_mut(2 * run)) {
            let (left, right) = chunk.split_at(run.min(chunk.len()));
            let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
            for slot in merged {
                let takes_right = match (left.peek(), right.peek()) {
                    (Some(left), Some(right)) => is_after(left, right),
                    (left, _) => left.is_none(),
                };
                let next = if takes_right { right.next() } else { left.next() };
                *slot = next.copied().unwrap_or_default();
            }
        }
        std::mem::swap(&mut items, &mut merged);
        run *= 2;
    }
    items
}

/// Sorts pairs by their number, in a time that does not depend on their order: bits from the lowest on, some at a time.
#[inline(never)]
fn sort_by_number(mut items: Vec<(u32, usize)>) -> Vec<(u32, usize)> {
    const BITS: u32 = 11;
    let mut sorted = items.clone();
    for shift in (0..u32::BITS).step_by(BITS as usize) {
        let digit = |item: &(u32, usize)| (item.0 >> shift) as usize & ((1 << BITS) - 1);
        let mut starts = [0_usize; 1 << BITS];
        for item in &items {
            if let Some(count) = starts.get_mut(digit(item)) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        for item in &items {
            if let Some(start) = starts.get_mut(digit(item))
                && let Some(slot) = sorted.get_mut(*start)
            {
                *slot = *item;
                *start += 1;
            }
        }
        std::mem::swap(&mut items, &mut sorted);
    }
    items
}

/// The items of a list in such an order that none is after a later one.
pub fn sorted<T>(items: Vec<T>, is_after: &dyn Fn(&T, &T) -> bool) -> Vec<T> {
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

/// The items of a list by name, in the order of a hash of the names and then of the names: most comparisons are of two numbers. Not a
/// hash table: without random seeds, which the guest has not, an adversary could make it slow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByName(Vec<(u32, usize)>);

impl ByName {
    /// Up to this many are sorted by comparisons.
    const FEW: usize = 200;

    /// The items of a list of `count`, whose names `name` gives by position.
    #[inline(never)]
    pub fn new<'n>(count: usize, name: &dyn Fn(usize) -> &'n [u8]) -> Self {
        let items: Vec<_> = (0..count).map(|position| (hash(name(position)), position)).collect();
        let items = if count > Self::FEW { sort_by_number(items) } else { items };
        // What is left to do for many are names of the same hash.
        Self(sort(items, &|one, other| name(one) > name(other)))
    }

    /// The position of the first item of this name.
    #[inline(never)]
    pub fn find<'n>(&self, wanted: &[u8], name: &dyn Fn(usize) -> &'n [u8]) -> Option<usize> {
        if self.0.is_empty() {
            return None;
        }
        let wanted = (hash(wanted), wanted);
        let at = self
            .0
            .partition_point(|(hash, position)| *hash < wanted.0 || (*hash == wanted.0 && name(*position) < wanted.1));
        let (hash, position) = *self.0.get(at)?;
        (hash == wanted.0 && name(position) == wanted.1).then_some(position)
    }

    /// The position of the first item with the name of an earlier one.
    pub fn repeated<'n>(&self, name: &dyn Fn(usize) -> &'n [u8]) -> Option<usize> {
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        let repeated = pairs.filter(|(one, next)| one.0 == next.0 && name(one.1) == name(next.1));
        repeated.map(|(_, next)| next.1).min()
    }

    /// The positions in an order that is the same for all lists of the same names.
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|(_, position)| *position)
    }
}

/// FNV-1a.
fn hash(name: &[u8]) -> u32 {
    name.iter().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// A set of names.
#[derive(Clone, Debug, Default)]
pub struct Names<T> {
    names: Vec<T>,
    by_name: ByName,
}

impl<T: AsRef<str>> Names<T> {
    /// The set of these names.
    pub fn new(names: Vec<T>) -> Self {
        let by_name = ByName::new(names.len(), &|position| name_at(&names, position));
        Self { names, by_name }
    }

    /// Whether a name is in the set.
    pub fn contains(&self, wanted: &str) -> bool {
        self.by_name.find(wanted.as_bytes(), &|position| name_at(&self.names, position)).is_some()
    }

    /// The names, in the order in which they were given, each as often.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }
}

fn name_at<T: AsRef<str>>(names: &[T], position: usize) -> &[u8] {
    names.get(position).map_or(b"", |name| name.as_ref().as_bytes())
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
        let names = ["b", "a", "", "b", "a"];
        let name = |position: usize| names[position].as_bytes();
        let by_name = ByName::new(names.len(), &name);
        let found = ["a", "b", "", "c", "ab"].map(|wanted| by_name.find(wanted.as_bytes(), &name));
        assert_eq!(found, [Some(1), Some(0), Some(2), None, None]);
        assert_eq!(by_name.repeated(&name), Some(3));
        assert_eq!(ByName::new(3, &name).repeated(&name), None);
        assert_eq!(ByName::default().find(b"", &name), None);
    }

    #[test]
    fn many_names_are_found_whatever_their_hash() {
        // "costarring" and "liquid", "declinate" and "macallums" have the same hash.
        let names: Vec<String> = (0..3000)
            .map(|number| match number % 7 {
                0 => ["liquid", "costarring", "macallums", "declinate"][number % 4].to_owned(),
                _ => (number % 1000).to_string(),
            })
            .collect();
        assert_eq!(hash(b"costarring"), hash(b"liquid"));
        let name = |position: usize| names[position].as_bytes();
        let by_name = ByName::new(names.len(), &name);
        for wanted in &names {
            let first = names.iter().position(|name| name == wanted);
            assert_eq!(by_name.find(wanted.as_bytes(), &name), first);
        }
        let repeated = (0..names.len()).find(|position| names[..*position].contains(&names[*position]));
        assert_eq!(by_name.repeated(&name), repeated);
        assert_eq!(by_name.find(b"1000", &name), None);
    }

    #[test]
    fn a_set_knows_its_names() {
        let names = Names::new(vec!["b", "a", "b"]);
        assert!(names.contains("a") && names.contains("b") && !names.contains(""));
        assert_eq!(names.iter().collect::<Vec<_>>(), ["b", "a", "b"]);
    }
}
