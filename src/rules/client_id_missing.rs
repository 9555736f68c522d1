//! # What it finds
//!
//! A labelled pod or pod template whose service account has no annotation `azure.workload.identity/client-id`, with a
//! container that does not set `AZURE_CLIENT_ID` itself.
//!
//! # Why it matters
//!
//! The container gets a token, but the token does not name an identity. Azure SDKs then fail, or use the identity of the
//! node without an error.
//!
//! # Example
//!
//! A labelled pod whose service account has no annotations.
//!
//! # Fix
//!
//! Annotate the service account with the client id, skip the containers that need no identity
//! (`azure.workload.identity/skip-containers`), or set `AZURE_CLIENT_ID` in each container.

use super::{Check, PodSubject, Rule};
use crate::finding::{Finding, Findings, quote};
use crate::keys;
use crate::pod::Container;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let sets_id = |container: &Container<'_>| container.env.iter().any(|variable| variable.name == keys::ENV_CLIENT_ID);
    let Some(container) = subject.participants().find(|container| !sets_id(container)) else { return };
    // An empty one is the concern of client-id-format.
    if subject.identity.service_account().is_none_or(|account| account.client_id.is_some()) {
        return;
    }
    findings.add(|| {
        let problem = format!(
            "names service account {}, which has no annotation {}; container {} sets no {} either",
            subject.service_account_name(),
            keys::CLIENT_ID,
            quote(&container.name),
            keys::ENV_CLIENT_ID
        );
        Finding::at(subject.service_account_place(), problem, "annotate it with the client id of the identity")
            .related(subject.path_of(container.object), "this container has no client id")
    });
}
