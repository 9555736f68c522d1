//! Pod would be too large after injection.
//!
//! # What it finds
//!
//! With the setting `inject`: a pod that the API server could not store after injection, because injection would add more than
//! 1.5 MiB. This takes about 3,000 containers.
//!
//! # Why it matters
//!
//! The store of the API server limits the size of an object to 1.5 MiB. The API server would reject the pod after injection, with
//! `etcdserver: request is too large`.
//!
//! # Example
//!
//! A labelled pod with 10,000 containers.
//!
//! # Fix
//!
//! Use fewer containers, or name the containers that need no identity in `azure.workload.identity/skip-containers`.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings};
use crate::inject::MAX_ADDED;

pub(super) const RULE: Rule = Rule::new(&[Check::Pod(check)]).guarding_injection();

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if subject.added_length > MAX_ADDED {
        findings.add(|| {
            let problem = "has so many containers that the API server could not store the pod after injection";
            Finding::at(subject.pod_path(&["spec"]), problem, "use fewer containers, or skip some").blocks_injection()
        });
    }
}
