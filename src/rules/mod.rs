//! The rules: what can be wrong with the workload identity of a pod.
//!
//! A rule is one file with its documentation and its checks: pure functions from a subject to findings. A check never decides and
//! never prints. `cargo xtask new-rule NAME` adds a rule.

mod annotation_without_label;
mod client_id_format;
mod client_id_missing;
mod client_override;
mod container_not_injected;
mod default_service_account;
mod endpoint_override;
mod env_reference;
mod ephemeral_container;
mod federated_credential_audience;
mod federated_credential_issuer;
mod federated_credential_subject;
mod field_ref;
mod hard_coded_path;
mod identity_binding_rbac;
mod identity_binding_value;
mod identity_changed;
mod identity_not_allowed;
mod injection_missing;
mod injection_size;
mod label_in_selector;
mod label_missing;
mod label_on_service_account;
mod label_placement;
mod label_value;
mod lookup_failed;
mod misplaced_key;
mod misspelt_key;
mod mount_clash;
mod pod_identity_leftover;
mod proxy_forbidden;
mod proxy_host_network;
mod proxy_platform;
mod proxy_port;
mod proxy_twice;
mod proxy_value;
mod reserved_name;
mod service_account_missing;
mod skip_containers;
mod static_credentials;
mod tenant_id_format;
mod token_credentials;
mod token_expiration;
mod token_platform;
mod unknown_key;
mod unmanaged_token;

// What several rules share.
mod accounts;
mod ids;
mod images;
mod injected;
mod label;
mod repairs;
mod tokens;

use crate::finding::Findings;
use crate::rule::{PerRule, RuleId, with_rules};
use crate::subject::{
    EphemeralContainersSubject, FederatedCredentialSubject, PodSubject, ServiceAccountSubject, ServiceSubject, Subject,
};

/// What a rule consists of besides its row in the table of rules.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What finds its findings.
    pub checks: &'static [Check],
    /// Whether some of its findings make injection impossible: such a rule also runs where it is off.
    guards_injection: bool,
}

impl Rule {
    const fn new(checks: &'static [Check]) -> Self {
        Self { checks, guards_injection: false }
    }

    const fn guarding_injection(self) -> Self {
        Self { guards_injection: true, ..self }
    }
}

/// A check, by the kind of subject that it is for.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// A pod that is created, or a pod template of a workload.
    Template(fn(&PodSubject<'_>, &mut Findings)),
    /// A pod that is created.
    Pod(fn(&PodSubject<'_>, &mut Findings)),
    /// A pod template of a workload, together with the workload around it.
    Workload(fn(&PodSubject<'_>, &mut Findings)),
    /// A pod that gets a debug container.
    EphemeralContainers(fn(&EphemeralContainersSubject<'_>, &mut Findings)),
    /// A service account.
    ServiceAccount(fn(&ServiceAccountSubject<'_>, &mut Findings)),
    /// A service.
    Service(fn(&ServiceSubject<'_>, &mut Findings)),
    /// A federated credential.
    FederatedCredential(fn(&FederatedCredentialSubject<'_>, &mut Findings)),
}

impl Check {
    /// The kinds of subjects that it is for, as documentation names them.
    pub const fn subjects(&self) -> &'static [&'static str] {
        match self {
            Self::Template(_) => &["pods", "workloads"],
            Self::Pod(_) => &["pods"],
            Self::Workload(_) => &["workloads"],
            Self::EphemeralContainers(_) => &["debug containers"],
            Self::ServiceAccount(_) => &["service accounts"],
            Self::Service(_) => &["services"],
            Self::FederatedCredential(_) => &["federated credentials"],
        }
    }

    // Inlined into `check`, where the kind of each check is known: a subject without checks of a rule costs a comparison.
    #[inline]
    fn run(&self, subject: Subject<'_>, findings: &mut Findings) {
        match (self, subject) {
            (Self::Template(check), Subject::Pod(pod) | Subject::PodTemplate(pod))
            | (Self::Pod(check), Subject::Pod(pod))
            | (Self::Workload(check), Subject::PodTemplate(pod)) => check(pod, findings),
            (Self::EphemeralContainers(check), Subject::EphemeralContainers(pod)) => check(pod, findings),
            (Self::ServiceAccount(check), Subject::ServiceAccount(account)) => check(account, findings),
            (Self::Service(check), Subject::Service(service)) => check(service, findings),
            (Self::FederatedCredential(check), Subject::FederatedCredential(credential)) => check(credential, findings),
            _ => {}
        }
    }
}

macro_rules! dispatch {
    ($($module:ident $id:ident $name:literal $severity:ident $topic:ident $rests_on:tt,)+) => {
        /// Runs the checks of the rules that are on.
        ///
        /// Not in a loop over all rules: that would call each through a table of functions, which costs a fresh WebAssembly instance
        /// 80 ns a function.
        pub(crate) fn check(subject: Subject<'_>, is_on: &PerRule<bool>, findings: &mut Findings) {
            $(if is_on.get(RuleId::$id) {
                findings.begin(RuleId::$id);
                for check in $module::RULE.checks {
                    check.run(subject, findings);
                }
            })+
        }

        /// The checks of a rule.
        pub const fn checks(rule: RuleId) -> &'static [Check] {
            match rule {
                $(RuleId::$id => $module::RULE.checks,)+
            }
        }

        /// Whether some findings of a rule make injection impossible.
        pub(crate) const fn guards_injection(rule: RuleId) -> bool {
            match rule {
                $(RuleId::$id => $module::RULE.guards_injection,)+
            }
        }
    };
}
with_rules!(dispatch);
