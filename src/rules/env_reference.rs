//! Variable refers to one that is set after it.
//!
//! # What it finds
//!
//! A variable in `env` of a container with an identity that refers by `$(NAME)` to a variable that injection adds, such as
//! `$(AZURE_CLIENT_ID)`, where nothing earlier sets that variable.
//!
//! # Why it matters
//!
//! The kubelet replaces a reference in `env` only if an earlier entry or `envFrom` sets the variable. Injected variables come
//! last, so the process sees the text `$(AZURE_CLIENT_ID)` itself.
//!
//! # Example
//!
//! `env: [{name: ARM_CLIENT_ID, value: $(AZURE_CLIENT_ID)}]`
//!
//! # Fix
//!
//! Read the injected variable in the code, or use the reference in `args` or `command`, where it works.

use super::{Check, PodSubject, Rule};
use crate::assumption::Assumption;
use crate::finding::{Finding, Findings};
use crate::keys;
use crate::pod::EnvVar;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    // Most values refer to nothing.
    let refers = |variable: &EnvVar<'_>| variable.value.contains('$') && variable.value.contains("$(AZURE_");
    for container in subject.participants_where(&|container| container.env.iter().any(refers)) {
        for (entry, name) in container.environment.unresolved_references(keys::ENV_INJECTED) {
            findings.add_resting_on(Assumption::WholeObject, || {
                let problem = ["refers to ", name, ", which is set after it: the text $(", name, ") stays as it is"];
                let fix = ["read ", name, " in the code, or refer to it in args or command"];
                Finding::at(subject.path_of(entry.object), problem.concat(), fix.concat())
            });
        }
    }
}
