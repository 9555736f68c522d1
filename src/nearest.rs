//! Suggestions for misspelt names.

/// The known name that is nearest to `name`, if it is near enough to be meant: at most a third of its letters differ.
#[inline(never)]
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let lower = name.to_ascii_lowercase();
    let known = known.iter().copied();
    known
        // A distance is at least the difference of the lengths, and costs their product.
        .filter(|candidate| candidate.len().abs_diff(lower.len()) <= candidate.len() / 3)
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
