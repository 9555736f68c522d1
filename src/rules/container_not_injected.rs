//! Container lacks the variables that others of its pod have.
//!
//! # What it finds
//!
//! With the setting `guard`: a container that needs the identity but lacks one of the injected variables, while other
//! containers of the pod have them.
//!
//! # Why it matters
//!
//! Another webhook added the container after injection. The webhooks of Istio, Dapr and others may run later, and the API
//! server does not call every webhook again. The container runs without an identity.
//!
//! # Example
//!
//! A sidecar `daprd` without `AZURE_FEDERATED_TOKEN_FILE`.
//!
//! # Fix
//!
//! If the container needs no identity, name it in `azure.workload.identity/skip-containers`. Otherwise, make the webhook
//! that adds the container run before the webhook that injects. Webhooks run in the order of their names.

use super::injected::{Incomplete, MissingPart, incomplete_injection};
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, quote};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Pod(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(Incomplete::Containers(containers)) = incomplete_injection(subject) else { return };
    for (container, missing) in containers {
        let MissingPart::Variable(missing) = missing else { continue };
        findings.add(|| {
            let name = quote(&container.name);
            let problem = format!("({name}) was added after injection and lacks {missing}");
            let fix = format!(
                "call its webhook earlier, or name it in annotation {} if it needs no identity",
                keys::SKIP_CONTAINERS
            );
            Finding::at(subject.path_of(container.object), problem, fix)
        });
    }
}
