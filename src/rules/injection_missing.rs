//! # What it finds
//!
//! With the setting `guard`: a labelled pod that arrives without a token volume of an accepted layout, or in which no
//! container has the mount and the variables of the token.
//!
//! # Why it matters
//!
//! The webhook that injects was unavailable, did not select the namespace, or ran before the label was added. The pod would
//! start without an identity, or use the identity of the node.
//!
//! # Example
//!
//! A labelled pod in a namespace that the `namespaceSelector` of the webhook excludes.
//!
//! # Fix
//!
//! Check that the webhook runs (`kubectl get pods -n kube-system -l azure-workload-identity.io/system=true`) and selects
//! the namespace. Then create the pod again. A controller retries by itself.

use super::injected::{is_guarded, missing_part, token_volumes};
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, Place};

pub(super) const RULE: Rule = Rule::new(&[Check::Pod(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !is_guarded(subject) {
        return;
    }
    let injected = token_volumes(subject);
    let (path, problem) = if injected.is_empty() {
        (["spec", "volumes"], "holds no token volume, although the label asks for an identity")
    } else {
        let mut participants = subject.participants().peekable();
        let has_all = |container| missing_part(subject, container, &injected).is_none();
        if participants.peek().is_none() || participants.any(has_all) {
            return;
        }
        (["spec", "containers"], "has no container with the token's mount and variables")
    };
    findings.add(|| {
        let fix = "check that the workload identity webhook runs and selects the namespace, then create the pod again";
        Finding::at(Place::absence(subject.pod_path(&path)), problem, fix)
    });
}
