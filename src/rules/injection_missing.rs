//! Pod asks for an identity and was not injected.
//!
//! # What it finds
//!
//! With the setting `guard`: a labelled pod that arrives without a valid token volume of an accepted layout, or in which no
//! container has the variables of the token, or with a container that finds no valid token at the path in
//! `AZURE_FEDERATED_TOKEN_FILE`. A token is valid if it is for Entra ID, or for the identity binding that the pod requests,
//! if it goes to who accepts it (the Entra ID of its cloud, or the proxy of the binding), and if nothing hides it: no other
//! source of the volume with the same file, no `subPath`, no other mount. The path has to lead to a file as the kernel opens
//! it: `FILE/` and `FILE/../FILE` do not.
//!
//! # Why it matters
//!
//! The webhook that injects was unavailable, did not select the namespace, or ran before the label was added. The pod would
//! start without an identity, or use the identity of the node. A container that reads another file shows Azure another token.
//!
//! # Example
//!
//! A labelled pod in a namespace that the `namespaceSelector` of the webhook excludes.
//!
//! # Fix
//!
//! Check that the webhook runs (`kubectl get pods -n kube-system -l azure-workload-identity.io/system=true`) and selects
//! the namespace. Then create the pod again. A controller retries by itself.

use super::injected::{Incomplete, MissingPart, incomplete_injection};
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, Place, quote};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Pod(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let (path, problem) = match incomplete_injection(subject) {
        None => return,
        Some(Incomplete::NoVolume) => {
            (["spec", "volumes"], "holds no valid token volume, although the label asks for an identity")
        }
        Some(Incomplete::Everywhere) => {
            (["spec", "containers"], "has no container with the token's mount and variables")
        }
        Some(Incomplete::Containers(containers)) => {
            for (container, _) in containers.iter().filter(|(_, missing)| *missing == MissingPart::Token) {
                findings.add(|| {
                    let name = quote(&container.name);
                    let problem =
                        ["is container ", &name, ", which finds no valid token at the path in ", keys::ENV_TOKEN_FILE];
                    let fix = "remove its own variable, mount or volume for the token, so that the webhook adds them";
                    Finding::at(subject.path_of(container.object), problem.concat(), fix)
                });
            }
            return;
        }
    };
    findings.add(|| {
        let fix = "check that the workload identity webhook runs and selects the namespace, then create the pod again";
        Finding::at(Place::absence(subject.pod_path(&path)), problem, fix)
    });
}
