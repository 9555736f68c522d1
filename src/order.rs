//! Sorting in little code: the standard library's sort is compiled for each type and order anew, at 6 KB of the module each.

/// The numbers below `count` in the order of what they stand for. `precedes` says whether one has to be before the other;
/// where neither has, they stay in their own order.
pub(crate) fn sorted(count: usize, precedes: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut width = 1;
    while width < count {
        let mut merged = Vec::with_capacity(count);
        for run in order.chunks(width.saturating_mul(2)) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            while let (Some((first, left_rest)), Some((second, right_rest))) = (left.split_first(), right.split_first())
            {
                if precedes(*second, *first) {
                    merged.push(*second);
                    right = right_rest;
                } else {
                    merged.push(*first);
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        order = merged;
        width = width.saturating_mul(2);
    }
    order
}
