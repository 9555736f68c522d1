//! What files cannot tell: a finding that rests on it is a note.
//!
//! A repository may hold half of what reaches the cluster. The service account may be made by Terraform, the rest of an object by an
//! overlay, a value by a pipeline.

use azure_workload_identity_policy::finding::{Finding, Part};
use azure_workload_identity_policy::formats::is_variable;
use azure_workload_identity_policy::json::{Kind, Value};
use azure_workload_identity_policy::rule::{RuleId, Severity};

use crate::place::follow;

/// Something that files cannot tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Whether a service account exists that is not among the files.
    OtherAccounts,
    /// The annotations of a service account `default` that is not among the files.
    DefaultAccount,
    /// What RBAC objects that are not among the files permit.
    OtherGrants,
    /// The rest of an object of which the file has a part: a patch.
    RestOfObject,
    /// What a variable or template will be.
    Variable,
}

/// The findings that are a note if something is unknown. [`Unknown::Variable`] is about all rules.
const NOTES: [(Unknown, &[RuleId]); 4] = [
    (Unknown::DefaultAccount, &[RuleId::ClientIdMissing]),
    (Unknown::OtherAccounts, &[RuleId::ServiceAccountMissing, RuleId::FederatedCredentialSubject]),
    (Unknown::OtherGrants, &[RuleId::IdentityBindingRbac]),
    (
        Unknown::RestOfObject,
        &[
            RuleId::LabelMissing,
            RuleId::LabelPlacement,
            RuleId::AnnotationWithoutLabel,
            RuleId::SkipContainers,
            RuleId::ProxyPort,
            RuleId::ServiceAccountMissing,
            RuleId::DefaultServiceAccount,
            RuleId::ClientIdMissing,
            RuleId::FieldRef,
            RuleId::EnvReference,
            RuleId::HardCodedPath,
            RuleId::EndpointOverride,
            RuleId::UnmanagedToken,
            RuleId::IdentityNotAllowed,
        ],
    ),
];

/// What is unknown about one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unknowns {
    /// All service accounts are known, since the state of a cluster was given.
    pub(crate) accounts_are_known: bool,
    /// The service account is `default`, which is not among the files.
    pub(crate) account_is_assumed: bool,
    /// The object is a part of another one.
    pub(crate) is_partial: bool,
}

impl Unknowns {
    /// What keeps a finding from being more than a note.
    pub(crate) fn behind(self, finding: &Finding, object: Value<'_>) -> Option<Unknown> {
        let holds = |unknown| match unknown {
            Unknown::OtherAccounts => !self.accounts_are_known,
            Unknown::DefaultAccount => self.account_is_assumed && !self.accounts_are_known,
            Unknown::OtherGrants => true,
            Unknown::RestOfObject => self.is_partial,
            Unknown::Variable => false,
        };
        // What a subject looks like is known; whether its service account exists is a warning at most.
        let is_known = finding.rule == RuleId::FederatedCredentialSubject && finding.at_most == Severity::Deny;
        let is_note = |rules: &[RuleId]| !is_known && rules.contains(&finding.rule);
        let of_rule = NOTES.iter().find(|(unknown, rules)| holds(*unknown) && is_note(rules));
        of_rule.map(|(unknown, _)| *unknown).or_else(|| has_variable(finding, object).then_some(Unknown::Variable))
    }
}

/// Whether the value that a finding is about is still to be filled in.
fn has_variable(finding: &Finding, object: Value<'_>) -> bool {
    let value = follow(object, &finding.place.path);
    finding.place.part == Part::Value
        && value.is_whole
        && value.at.as_str().is_some_and(|text| is_braced_variable(&text))
}

/// Whether a text holds a variable that a tool fills in before the object is applied. `$(NAME)` is none: Kubernetes itself replaces it
/// in `env` and `args`.
fn is_braced_variable(text: &str) -> bool {
    is_variable(text) && ["${", "{{", "#{", "<%"].iter().any(|opening| text.contains(opening))
}

/// Whether an object is a part of one: a strategic-merge patch. A patch names what it changes and leaves out what the API server
/// requires.
pub(crate) fn is_partial(group: &str, kind: &str, object: Value<'_>) -> bool {
    let spec = object.field("spec");
    let template = match (group, kind) {
        ("", "Pod") => return !has_whole_containers(Some(object)),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") => {
            if spec.is_none_or(|spec| spec.field("selector").is_none()) {
                return true;
            }
            spec.and_then(|spec| spec.field("template"))
        }
        ("", "ReplicationController") | ("batch", "Job") => spec.and_then(|spec| spec.field("template")),
        ("batch", "CronJob") => spec
            .and_then(|spec| spec.field("jobTemplate"))
            .and_then(|template| template.field("spec"))
            .and_then(|spec| spec.field("template")),
        _ => return false,
    };
    !has_whole_containers(template)
}

/// Whether a pod or pod template has containers, each with an image.
fn has_whole_containers(pod: Option<Value<'_>>) -> bool {
    let containers = pod.and_then(|pod| pod.field("spec")).and_then(|spec| spec.field("containers"));
    containers.is_some_and(|containers| {
        containers.kind() == Kind::Array
            && !containers.is_empty()
            && containers.elements().all(|container| container.field("image").is_some())
    })
}
