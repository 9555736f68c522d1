//! Reference to an injected variable is not replaced.
//!
//! # What it finds
//!
//! A variable in `env` of a container with an identity that refers by `$(NAME)` to a variable that injection adds, such as
//! `$(AZURE_CLIENT_ID)`, where nothing earlier sets that variable. Also such a reference in `args` or `command` that stands in another
//! `$(…)`.
//!
//! # Why it matters
//!
//! The kubelet replaces a reference in `env` only if an earlier entry or `envFrom` sets the variable. Injected variables come
//! last, so the process sees the text `$(AZURE_CLIENT_ID)` itself. Of `$(cat $(AZURE_FEDERATED_TOKEN_FILE))` the kubelet reads the name
//! up to the first parenthesis, finds no such variable, and leaves the text to the shell, which runs `AZURE_FEDERATED_TOKEN_FILE` as
//! a command.
//!
//! # Example
//!
//! `env: [{name: ARM_CLIENT_ID, value: $(AZURE_CLIENT_ID)}]`
//!
//! # Fix
//!
//! Read the injected variable in the code, or use the reference in `args` or `command`, where it works. In the `$(…)` of a shell
//! write `$AZURE_FEDERATED_TOKEN_FILE`.

use super::{Check, PodSubject, Rule};
use crate::assumption::Assumption;
use crate::finding::{Finding, Findings};
use crate::json::Value;
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
    for container in subject.participants() {
        for key in ["command", "args"] {
            let texts = container.object.field(key).into_iter().flat_map(Value::elements);
            for text in texts.filter(|text| text.raw().contains("$(AZURE_")) {
                let Some(name) = text.as_str().as_deref().and_then(nested_reference) else { continue };
                findings.add_resting_on(Assumption::WholeObject, || {
                    let problem = ["refers to ", name, " in another $(…), where the kubelet does not replace it"];
                    Finding::at(subject.path_of(text), problem.concat(), ["write $", name, " for the shell"].concat())
                });
            }
        }
    }
}

/// The injected variable to which a reference in another one refers. The kubelet reads a name up to the first `)`, and `$$` as `$`.
/// Source: k8s.io/kubernetes v1.34.0, `third_party/forked/golang/expansion/expand.go`.
fn nested_reference(text: &str) -> Option<&'static str> {
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('$') {
        rest = match (behind.strip_prefix('$'), behind.strip_prefix('(')) {
            (Some(behind), _) => behind,
            (None, Some(behind)) => {
                let (name, behind) = behind.split_once(')')?;
                let nested = name.rsplit_once("$(").map(|(_, nested)| nested);
                let known = keys::ENV_INJECTED.iter().find(|known| nested == Some(**known));
                if let Some(known) = known {
                    return Some(known);
                }
                behind
            }
            (None, None) => behind,
        };
    }
    None
}
