//! The rules: what can be wrong with the workload identity of a pod.
//!
//! A rule is one file with its name, its recommended severity, its documentation, and pure functions from a resolved
//! subject to findings. It never asks the cluster, never decides, never prints. To add one: write its file, add it to the list
//! below, add its cases to `e2e-tests/cases`.

mod annotation_without_label;
mod client_id_format;
mod client_id_missing;
mod client_override;
mod container_not_injected;
mod default_service_account;
mod endpoint_override;
mod ephemeral_container;
mod field_ref;
mod hard_coded_path;
mod identity_binding_rbac;
mod identity_changed;
mod identity_not_allowed;
mod injection_missing;
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
mod token_expiration;
mod unknown_key;
mod unmanaged_token;

mod arrival;
mod images;
mod key_names;
mod subject;

use crate::finding::{Finding, Severity};

pub(crate) use identity_binding_rbac::access_matters as binding_access_matters;
pub use key_names::KeyUse;
pub(crate) use key_names::{in_service_account as keys_in_service_account, in_template as keys_in_template};
pub(crate) use label_missing::may_apply as label_missing_may_apply;
pub use subject::{EphemeralContainersSubject, PodSubject, ServiceAccountSubject, ServiceSubject, Workload};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name in settings and messages.
    pub name: &'static str,
    /// The recommended severity.
    pub severity: Severity,
    /// What it looks at.
    pub checks: &'static [Check],
}

/// What finds a rule's findings, by what it looks at.
#[derive(Debug)]
pub enum Check {
    /// A pod that is created, or the pod template of a workload.
    Template(fn(&PodSubject<'_>, &mut Findings)),
    /// A pod that is created.
    Pod(fn(&PodSubject<'_>, &mut Findings)),
    /// The pod template of a workload, together with what is around it.
    Workload(fn(&PodSubject<'_>, &mut Findings)),
    /// A pod that gets a debug container.
    EphemeralContainers(fn(&EphemeralContainersSubject<'_>, &mut Findings)),
    /// A service account.
    ServiceAccount(fn(&ServiceAccountSubject<'_>, &mut Findings)),
    /// A service.
    Service(fn(&ServiceSubject<'_>, &mut Findings)),
}

/// Declares the rules, in the order in which their findings are shown.
macro_rules! rules {
    ($($rule:ident),+ $(,)?) => {
        /// All rules, in the order in which their findings are shown.
        pub static RULES: &[Rule] = &[$($rule::RULE),+];

        /// Applies all checks. Not in a loop over [`RULES`]: that would call each through a table of functions, which costs a
        /// fresh WebAssembly instance 80 ns a function.
        fn collect(apply: impl Fn(&Check, &mut Findings)) -> Vec<Finding> {
            let mut findings = Findings::default();
            $(for check in $rule::RULE.checks {
                apply(check, &mut findings);
            })+
            findings.0
        }
    };
}

rules! {
    label_value,
    label_missing,
    label_placement,
    label_on_service_account,
    label_in_selector,
    misspelt_key,
    unknown_key,
    misplaced_key,
    annotation_without_label,
    token_expiration,
    skip_containers,
    proxy_value,
    proxy_port,
    proxy_host_network,
    proxy_twice,
    proxy_platform,
    proxy_forbidden,
    service_account_missing,
    default_service_account,
    client_id_missing,
    client_id_format,
    tenant_id_format,
    static_credentials,
    client_override,
    endpoint_override,
    field_ref,
    unmanaged_token,
    hard_coded_path,
    reserved_name,
    mount_clash,
    identity_not_allowed,
    identity_binding_rbac,
    identity_changed,
    pod_identity_leftover,
    ephemeral_container,
    injection_missing,
    container_not_injected,
    lookup_failed,
}

/// The names of all rules, each with its recommended severity.
pub fn names() -> impl Iterator<Item = (&'static str, Severity)> {
    RULES.iter().map(|rule| (rule.name, rule.severity))
}

/// Takes what the rules find.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a finding.
    #[inline(never)]
    pub fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }
}

/// What all rules find about a pod or the pod template of a workload.
pub fn check_pod(subject: &PodSubject<'_>) -> Vec<Finding> {
    collect(|check, findings| match check {
        Check::Template(check) => check(subject, findings),
        Check::Pod(check) if subject.workload.is_none() => check(subject, findings),
        Check::Workload(check) if subject.workload.is_some() => check(subject, findings),
        _ => {}
    })
}

/// What all rules find about a pod that gets a debug container.
pub fn check_ephemeral_containers(subject: &EphemeralContainersSubject<'_>) -> Vec<Finding> {
    collect(|check, findings| {
        if let Check::EphemeralContainers(check) = check {
            check(subject, findings);
        }
    })
}

/// What all rules find about a service account.
pub fn check_service_account(subject: &ServiceAccountSubject<'_>) -> Vec<Finding> {
    collect(|check, findings| {
        if let Check::ServiceAccount(check) = check {
            check(subject, findings);
        }
    })
}

/// What all rules find about a service.
pub fn check_service(subject: &ServiceSubject<'_>) -> Vec<Finding> {
    collect(|check, findings| {
        if let Check::Service(check) = check {
            check(subject, findings);
        }
    })
}
