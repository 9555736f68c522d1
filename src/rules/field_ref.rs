//! # What it finds
//!
//! An environment variable that refers by `fieldRef` to an annotation of workload identity that the pod does not have.
//!
//! # Why it matters
//!
//! The annotation is on the service account, and pods do not inherit it. The variable is empty. If it is `AZURE_CLIENT_ID`,
//! injection does not set the correct value, because the variable exists.
//!
//! # Example
//!
//! `valueFrom: {fieldRef: {fieldPath: "metadata.annotations['azure.workload.identity/client-id']"}}`
//!
//! # Fix
//!
//! Remove the variable. In a labelled pod, injection sets `AZURE_CLIENT_ID`.

use super::repairs::remove_variable;
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, name, quote};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for container in subject.pod.all_containers() {
        for variable in &container.env {
            let Some(key) = variable.identity_annotation() else { continue };
            if subject.pod.annotations.get(&key).is_none() {
                findings.add(|| {
                    let problem = format!(
                        "sets {} from annotation {}, which the pod does not have: it is empty",
                        name(&variable.name),
                        quote(&key)
                    );
                    let fix = if subject.wants_identity {
                        "remove the variable: injection sets the variables of the identity"
                    } else {
                        "remove the variable, or add the annotation to the pod"
                    };
                    Finding::at(subject.path_of(variable.object), problem, fix)
                        .repair(|| remove_variable(container, variable.object))
                });
            }
        }
    }
}
