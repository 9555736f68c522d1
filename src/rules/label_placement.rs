//! Label azure.workload.identity/use is where it has no effect.
//!
//! # What it finds
//!
//! The label `azure.workload.identity/use` in a place where it has no effect: on a workload whose pod template lacks it, on
//! the job template of a CronJob, or as an annotation of a pod or workload. A label on both the workload and its pod template
//! is accepted.
//!
//! # Why it matters
//!
//! Only the labels of the pod have an effect, and these come from the pod template. The pods start without an identity, and
//! no error is reported.
//!
//! # Example
//!
//! A Deployment with the label under `metadata.labels`, but not under `spec.template.metadata.labels`.
//!
//! # Fix
//!
//! Move it to the labels of the pod template.

use super::label::misplaced;
use super::repairs::{is_only_pod, move_member};
use super::{Check, PodSubject, Rule};
use crate::assumption::Assumption;
use crate::finding::{Finding, Findings, Place, Repair};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    misplaced(subject, &mut |holder, map, what| {
        findings.add_resting_on(Assumption::NothingAdded, || {
            let path = holder.path_from(subject.object).key("metadata").key(map).key(keys::USE);
            let target = subject.pod_path(&["metadata", "labels"]);
            let map = holder.field("metadata").and_then(|metadata| metadata.field(map));
            Finding::at(Place::key(path), format!("is {what}, which is ignored"), format!("move it to {target}"))
                .related(target, "here it is read")
                // The label does nothing where it is.
                .repair(|| {
                    let changes = move_member(map, keys::USE, subject.pod.object, ["metadata", "labels", keys::USE]);
                    Repair::safe_if(is_only_pod(holder, subject.pod.object), changes)
                })
        });
    });
}
