//! What rules ask about a label that is not where it counts.

use super::PodSubject;
use crate::json::Value;
use crate::keys;
use crate::subject::{Holder, KeyUse, Meaning, ReadAt};

/// Whether an unlabelled pod has the label at a place without effect.
pub(super) fn is_misplaced(subject: &PodSubject<'_>) -> bool {
    let mut is_misplaced = false;
    misplaced(subject, &mut |_, _, _| is_misplaced = true);
    is_misplaced
}

/// Calls `report` with each place without effect at which an unlabelled pod has the label: the object, the map in its metadata, and
/// what it is.
pub(super) fn misplaced<'a>(subject: &PodSubject<'a>, report: &mut dyn FnMut(Value<'a>, &str, &str)) {
    if subject.pod.labels.get(keys::USE).is_some() {
        return;
    }
    for outer in subject.workload.iter().flat_map(|workload| &workload.around) {
        let is_workload = outer.object == subject.object;
        if outer.labels.get(keys::USE).is_some() {
            let what = if is_workload { "a label of the workload itself" } else { "a label outside the pod template" };
            report(outer.object, "labels", what);
        }
        if outer.annotations.get(keys::USE).is_some() {
            let what =
                if is_workload { "an annotation of the workload" } else { "an annotation outside the pod template" };
            report(outer.object, "annotations", what);
        }
    }
    if subject.pod.annotations.get(keys::USE).is_some() {
        report(subject.pod.object, "annotations", "an annotation");
    }
}

/// The annotations of a pod without the label that have an effect only with it.
pub(super) fn annotations_without_label<'s>(subject: &'s PodSubject<'_>) -> impl Iterator<Item = &'s KeyUse<'s>> {
    let is_for_pods = |found: &&KeyUse<'_>| {
        matches!(found.meaning, Meaning::Known(ReadAt::PodAnnotation | ReadAt::EitherAnnotation))
            && found.holder == Holder::Pod
            && !found.is_label
    };
    let keys = if subject.pod.labels.get(keys::USE).is_none() { subject.keys } else { &[] };
    keys.iter().filter(is_for_pods)
}
