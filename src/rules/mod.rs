//! The rules: what can be wrong with the workload identity of a pod.
//!
//! A rule is one file with its name, its recommended severity, its documentation, and a pure function from a resolved
//! [`Subject`] to findings. It never asks the cluster, never decides, never prints. To add one: write its file, add a line
//! to [`RULES`], add its cases.

mod lookup_failed;
mod proxy_host_network;
mod proxy_port;
mod service_account_missing;
mod token_expiration;

use crate::cluster::{LookupError, ServiceAccount};
use crate::finding::{Finding, Severity};
use crate::identity::Identity;
use crate::json::{Path, Value};
use crate::pod::Pod;
use crate::settings::Settings;

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name in settings and messages.
    pub name: &'static str,
    /// The recommended severity.
    pub severity: Severity,
    /// Finds what is wrong with a pod that asks for an identity.
    pub check: fn(&Subject<'_>, &mut Findings),
}

/// All rules, in the order in which their findings are shown.
pub static RULES: &[Rule] = &[
    token_expiration::RULE,
    proxy_port::RULE,
    proxy_host_network::RULE,
    service_account_missing::RULE,
    lookup_failed::RULE,
];

/// Rules of the catalogue that settings may name already, though nothing finds them yet.
const ANNOUNCED: &[(&str, Severity)] = &[
    ("label-value", Severity::Deny),
    ("label-missing", Severity::Warn),
    ("label-placement", Severity::Warn),
    ("label-on-service-account", Severity::Note),
    ("label-in-selector", Severity::Note),
    ("misspelt-key", Severity::Deny),
    ("unknown-key", Severity::Warn),
    ("misplaced-key", Severity::Warn),
    ("annotation-without-label", Severity::Warn),
    ("skip-containers", Severity::Warn),
    ("proxy-value", Severity::Deny),
    ("proxy-twice", Severity::Warn),
    ("proxy-platform", Severity::Deny),
    ("proxy-forbidden", Severity::Off),
    ("default-service-account", Severity::Warn),
    ("client-id-missing", Severity::Warn),
    ("client-id-format", Severity::Deny),
    ("tenant-id-format", Severity::Deny),
    ("static-credentials", Severity::Warn),
    ("client-override", Severity::Warn),
    ("endpoint-override", Severity::Deny),
    ("field-ref", Severity::Deny),
    ("unmanaged-token", Severity::Warn),
    ("hard-coded-path", Severity::Warn),
    ("reserved-name", Severity::Deny),
    ("mount-clash", Severity::Deny),
    ("identity-not-allowed", Severity::Deny),
    ("identity-binding-rbac", Severity::Warn),
    ("identity-changed", Severity::Warn),
    ("pod-identity-leftover", Severity::Warn),
    ("ephemeral-container", Severity::Warn),
    ("injection-missing", Severity::Deny),
    ("container-not-injected", Severity::Warn),
];

/// The names of all rules that settings may name, each with its recommended severity.
pub fn names() -> impl Iterator<Item = (&'static str, Severity)> {
    RULES.iter().map(|rule| (rule.name, rule.severity)).chain(ANNOUNCED.iter().copied())
}

/// A pod that asks for an identity, with all that is known about it.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The object that was applied, from which paths begin.
    pub object: Value<'a>,
    /// Its namespace.
    pub namespace: &'a str,
    /// The pod.
    pub pod: &'a Pod<'a>,
    /// Its service account, or why there is none.
    pub service_account: Result<&'a ServiceAccount, &'a LookupError>,
    /// The identity that it asks for.
    pub identity: &'a Identity<'a>,
    /// The policy's settings.
    pub settings: &'a Settings<'a>,
}

impl Subject<'_> {
    /// The path of a value of the object.
    pub fn path_of(&self, value: Value<'_>) -> Path {
        value.path_from(self.object)
    }

    /// The path of a member of the pod, `spec.serviceAccountName` for one, whether it is there or not.
    pub fn pod_path(&self, keys: &[&str]) -> Path {
        keys.iter().fold(self.pod.object.path_from(self.object), |path, key| path.key(*key))
    }

    /// The path of an annotation of the pod, whether it is there or not.
    pub fn annotation_path(&self, key: &str) -> Path {
        self.pod_path(&["metadata", "annotations", key])
    }

    /// The service account as `NAMESPACE/NAME`.
    pub fn service_account_name(&self) -> String {
        format!("{}/{}", self.namespace, self.pod.service_account())
    }
}

/// Takes what the rules find.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }
}

/// Applies all rules that are not off.
pub fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    for rule in RULES {
        (rule.check)(subject, &mut findings);
    }
    findings.0
}
