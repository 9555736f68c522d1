//! One cause, one finding, over objects that are examined together.
//!
//! A wrong annotation of a service account is wrong for each pod that uses it. Admission rejects each of these pods. A reader of files
//! needs the one place that has to be changed, and the pods that it concerns.

use std::borrow::BorrowMut;
use std::mem;

use crate::finding::{Finding, ObjectRef, Related};
use crate::json::Path;

/// Turns findings of pods about an annotation of their service account into related places of the finding about the service account
/// itself, where there is one.
///
/// `findings` are those of each object. `position_of` gives the position of the service account that an object, named by its position,
/// means by a namespace and name.
pub fn merge_causes<F: BorrowMut<Finding>>(
    findings: &mut [Vec<F>],
    position_of: &dyn Fn(usize, &str, &str) -> Option<usize>,
) {
    for position in 0..findings.len() {
        let own = findings.get_mut(position).map(mem::take).unwrap_or_default();
        let mut kept = Vec::with_capacity(own.len());
        for finding in own {
            let position_of = |namespace: &str, name: &str| position_of(position, namespace, name);
            match cause(finding.borrow(), findings, &position_of) {
                Some(cause) => cause.related.push(Related {
                    object: ObjectRef::Other(position),
                    path: finding.borrow().place.path.clone(),
                    text: "uses the service account",
                }),
                None => kept.push(finding),
            }
        }
        if let Some(own) = findings.get_mut(position) {
            *own = kept;
        }
    }
}

/// The finding of the same rule about the annotation that a finding is about.
fn cause<'f, F: BorrowMut<Finding>>(
    finding: &Finding,
    findings: &'f mut [Vec<F>],
    position_of: &dyn Fn(&str, &str) -> Option<usize>,
) -> Option<&'f mut Finding> {
    let (position, annotation): (usize, &Path) = finding.related.iter().find_map(|related| match &related.object {
        ObjectRef::ServiceAccount { namespace, name } => Some((position_of(namespace, name)?, &related.path)),
        ObjectRef::Examined | ObjectRef::Other(_) => None,
    })?;
    let mut candidates = findings.get_mut(position)?.iter_mut().map(BorrowMut::borrow_mut);
    candidates.find(|other: &&mut Finding| other.rule == finding.rule && other.place.path == *annotation)
}
