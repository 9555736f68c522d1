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
use crate::keys;
use crate::order::Names;
use crate::pod::{EnvVar, Pod};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for container in subject.pod.all_containers() {
        for variable in &container.env {
            let Some(key) = annotation_of(variable) else { continue };
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

/// The annotations of workload identity from which containers of the pod take variables.
pub(super) fn annotations_read_by(pod: &Pod<'_>) -> Names<String> {
    Names::new(pod.all_containers().flat_map(|container| &container.env).filter_map(annotation_of).collect())
}

/// The annotation of workload identity that a variable takes its value from.
fn annotation_of(variable: &EnvVar<'_>) -> Option<String> {
    let path = variable.value_from?.field("fieldRef")?.field("fieldPath")?.as_str()?;
    let key = path.strip_prefix("metadata.annotations['")?.strip_suffix("']")?;
    key.starts_with(keys::PREFIX).then(|| key.to_owned())
}
