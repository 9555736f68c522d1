//! Service account has no client id.
//!
//! # What it finds
//!
//! A labelled pod or pod template whose service account has no annotation `azure.workload.identity/client-id`, or an empty
//! one, with a container that does not set `AZURE_CLIENT_ID` itself, or sets it to an empty value. A container with `envFrom`, which may
//! contain the variable, is only a warning.
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
use crate::assumption::{Assumption, Assumptions};
use crate::environment::Resolved;
use crate::finding::{Finding, Findings, quote};
use crate::formats::present;
use crate::keys;
use crate::pod::{Container, EnvVar};

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let is_id = |variable: &EnvVar<'_>| {
        variable.name == keys::ENV_CLIENT_ID
            && (present(Some(&variable.value)).is_some() || variable.value_from.is_some())
    };
    let sets_id = |container: &Container<'_>| container.env.iter().any(is_id);
    if subject.participants().all(sets_id)
        || subject.identity.service_account().is_none_or(|account| account.usable_client_id().is_some())
    {
        return;
    }
    let containers = subject.participants_where(&|container| !sets_id(container));
    let is_open = |value: &Resolved<'_>| matches!(value, Resolved::Maybe(_));
    let missing = containers.iter().find(|container| container.client_id.is_missing());
    // Nobody can tell here what envFrom brings.
    let open = || containers.iter().find(|container| is_open(&container.client_id.value));
    let Some(container) = missing.or_else(open) else { return };
    let rests_on = Assumptions::from([Assumption::Account, Assumption::NothingAdded]);
    let (rests_on, text) = match missing {
        Some(_) => (rests_on, " sets no AZURE_CLIENT_ID either"),
        None => (rests_on.and(Assumption::Variables), " has AZURE_CLIENT_ID only if envFrom brings it"),
    };
    findings.add_resting_on(rests_on, || {
        let (account, name) = (subject.service_account_name(), quote(&container.container.name));
        let is_empty = subject.identity.service_account().is_some_and(|account| account.client_id.is_some());
        let has_none = if is_empty { ", which has an empty annotation " } else { ", which has no annotation " };
        let problem = ["names service account ", &account, has_none, keys::CLIENT_ID];
        let problem = [problem.concat().as_str(), "; container ", &name, text].concat();
        let fix = if subject.pod.labels.get(keys::USE).is_some() {
            "annotate it with the client id of the identity, or remove the label of the pod if it needs no identity"
        } else {
            "annotate it with the client id of the identity"
        };
        Finding::at(subject.service_account_place(), problem, fix)
            .related(subject.path_of(container.container.object), "this container has no client id")
    });
}
