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

use super::arrival::{is_guarded, lack, token_volumes};
use super::{Check, Findings, PodSubject, Rule};
use crate::finding::{Finding, Severity, quote};
use crate::keys;

pub(super) const RULE: Rule =
    Rule { name: "container-not-injected", severity: Severity::Warn, checks: &[Check::Pod(check)] };

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    if !is_guarded(subject) {
        return;
    }
    let arrived = token_volumes(subject);
    let lacks: Vec<_> =
        subject.participants().map(|container| (container, lack(subject, container, &arrived))).collect();
    // Where none has it, injection-missing speaks.
    if lacks.iter().all(|(_, lack)| lack.is_some()) {
        return;
    }
    for (container, lack) in lacks {
        let Some(lack) = lack else { continue };
        let problem = format!("is container {} without {lack}: it was added after injection", quote(&container.name));
        let fix = format!("name it in annotation {} if it needs no identity", keys::SKIP_CONTAINERS);
        findings.add(Finding::new(RULE.name, subject.path_of(container.object), problem, fix));
    }
}
