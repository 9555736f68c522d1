//! Variable refers to an annotation that the pod does not have.
//!
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

use super::repairs::{is_referred_to, remove_variable};
use super::{Check, PodSubject, Rule};
use crate::assumption::Assumption;
use crate::finding::{Finding, Findings, Repair, name, quote};
use crate::keys;
use crate::pod::Container;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    for container in subject.pod.all_containers() {
        for variable in &container.env {
            let Some(key) = variable.identity_annotation() else { continue };
            if subject.pod.annotations.get(&key).is_none() {
                findings.add_resting_on(Assumption::NothingAdded, || {
                    let problem = format!(
                        "sets {} from annotation {}, which the pod does not have: it is empty",
                        name(&variable.name),
                        quote(&key)
                    );
                    let place = subject.path_of(variable.object);
                    if subject.wants_identity && !INJECTED.contains(&&*variable.name) {
                        return Finding::at(place, problem, "write the value itself, or add the annotation to the pod");
                    }
                    let fix = if subject.wants_identity {
                        "remove the variable: injection sets the variables of the identity"
                    } else {
                        "remove the variable, or add the annotation to the pod"
                    };
                    Finding::at(place, problem, fix).repair(|| {
                        let is_safe = is_set_by_injection(subject, container, &variable.name);
                        Repair::safe_if(is_safe, remove_variable(container, variable.object))
                    })
                });
            }
        }
    }
}

/// The variables that every injection sets.
const INJECTED: [&str; 4] = [keys::ENV_CLIENT_ID, keys::ENV_TENANT_ID, keys::ENV_TOKEN_FILE, keys::ENV_AUTHORITY_HOST];

/// Whether injection sets a variable that a container does not set itself. Any other name is one that the application reads: the
/// annotation is missing rather than the variable wrong.
fn is_set_by_injection(subject: &PodSubject<'_>, container: &Container<'_>, name: &str) -> bool {
    let takes_part = subject.wants_identity && subject.identity.includes(&container.name);
    takes_part && INJECTED.contains(&name) && !is_referred_to(container, name)
}
