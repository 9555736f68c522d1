//! # What it finds
//!
//! With the setting `guard`: a container that needs the identity but lacks the mount of the token or one of its variables,
//! while other containers of the pod have them.
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

use super::injected::{is_guarded, missing_part, token_volumes};
use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, quote};
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Pod(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !is_guarded(subject) {
        return;
    }
    let injected = token_volumes(subject);
    let containers = subject.participants().map(|container| (container, missing_part(subject, container, &injected)));
    let containers: Vec<_> = containers.collect();
    // A pod in which no container is injected is the concern of injection-missing.
    if containers.iter().all(|(_, missing)| missing.is_some()) {
        return;
    }
    for (container, missing) in containers {
        let Some(missing) = missing else { continue };
        findings.add(|| {
            let problem = format!("({}) was added after injection and lacks {missing}", quote(&container.name));
            let fix = format!(
                "call its webhook earlier, or name it in annotation {} if it needs no identity",
                keys::SKIP_CONTAINERS
            );
            Finding::at(subject.path_of(container.object), problem, fix)
        });
    }
}
