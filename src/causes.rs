//! One cause, one finding, over objects that are examined together.
//!
//! A wrong annotation of a service account is wrong for each pod that uses it. Admission rejects each of these pods. A reader of files
//! needs the one place that has to be changed, and the pods that it concerns.

use std::mem;

use crate::examine::Examination;
use crate::finding::{Finding, ObjectRef, Related};
use crate::json::Path;

/// Turns findings of pods about an annotation of their service account into related places of the finding about the service account
/// itself, where there is one.
///
/// `position_of` gives the position of the examination of a service account, by its namespace and name.
pub fn merge_causes(examinations: &mut [Examination<'_>], position_of: &dyn Fn(&str, &str) -> Option<usize>) {
    for position in 0..examinations.len() {
        let findings = examinations.get_mut(position).map(|it| mem::take(&mut it.findings)).unwrap_or_default();
        let mut kept = Vec::with_capacity(findings.len());
        for finding in findings {
            match cause(&finding, examinations, position_of) {
                Some(cause) => cause.related.push(Related {
                    object: ObjectRef::Other(position),
                    path: finding.place.path,
                    text: "uses the service account",
                }),
                None => kept.push(finding),
            }
        }
        if let Some(examination) = examinations.get_mut(position) {
            examination.findings = kept;
        }
    }
}

/// The finding of the same rule about the annotation that a finding is about.
fn cause<'e>(
    finding: &Finding,
    examinations: &'e mut [Examination<'_>],
    position_of: &dyn Fn(&str, &str) -> Option<usize>,
) -> Option<&'e mut Finding> {
    let (position, annotation): (usize, &Path) = finding.related.iter().find_map(|related| match &related.object {
        ObjectRef::ServiceAccount { namespace, name } => Some((position_of(namespace, name)?, &related.path)),
        ObjectRef::Examined | ObjectRef::Other(_) => None,
    })?;
    let mut candidates = examinations.get_mut(position)?.findings.iter_mut();
    candidates.find(|other| other.rule == finding.rule && other.place.path == *annotation)
}
