//! How near a misspelt name is to a known one.

/// The known name that is nearest to `name`, if it is near enough to be meant: at most a third of its letters, and at most three,
/// are wrong.
#[inline(never)]
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = name.to_ascii_lowercase();
    let distance = |candidate: &str| {
        let most = (candidate.len() / 3).min(3);
        edits(name.as_bytes(), candidate.to_ascii_lowercase().as_bytes(), most)
    };
    let near = known.iter().filter_map(|candidate| Some((distance(candidate)?, *candidate)));
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// How many letters have to be changed, left out, added or swapped with the next one to make one text of the other; `None` if more
/// than `most`. Takes a time in proportion to the shorter text, 4 to the power of `most` times at worst.
pub fn edits(one: &[u8], other: &[u8], most: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (one, other) = (one.get(same..)?, other.get(same..)?);
    if one.is_empty() && other.is_empty() {
        return Some(0);
    }
    let most = most.checked_sub(1)?;
    let is_swap = matches!((one, other), ([a, b, ..], [c, d, ..]) if a == d && b == c);
    let steps = [(1, 1), (1, 0), (0, 1), (2, 2)];
    let steps = steps.iter().take(if is_swap { 4 } else { 3 });
    let rest = steps.filter_map(|(skip, other_skip)| edits(one.get(*skip..)?, other.get(*other_skip..)?, most));
    Some(rest.min()? + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn edits_are_those_of_optimal_string_alignment(one in "[ab]{0,7}", other in "[abc]{0,7}", most in 0..4_usize) {
            let distance = strsim::osa_distance(&one, &other);
            prop_assert_eq!(edits(one.as_bytes(), other.as_bytes(), most), (distance <= most).then_some(distance));
        }
    }
}
