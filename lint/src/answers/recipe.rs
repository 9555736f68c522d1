//! Which policy of a recipe answers for an object.
//!
//! Source: `deploy/`, and the table in `docs/install.md`. Only what makes a difference to the answer is here: that a match condition keeps
//! back an object of which the policy finds nothing does not.

use std::borrow::Cow;

use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::settings::Settings;

/// A recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recipe {
    /// Next to Microsoft's webhook.
    GuardAks,
    /// In place of it.
    ReplaceWebhook,
}

impl Recipe {
    /// The recipe that settings are for: if they inject, it replaces the webhook.
    pub(super) fn of(settings: &[Settings<'_>]) -> Self {
        if settings.iter().any(|settings| settings.inject.is_some()) { Self::ReplaceWebhook } else { Self::GuardAks }
    }

    /// The name of the policy that is asked about a new object, if one is.
    pub(super) fn policy(self, inquiry: &Inquiry<'_>) -> Option<&'static str> {
        let is_labelled_pod = is_pod(inquiry) && has_label(inquiry);
        match (self, inquiry.namespace_or_default().as_ref()) {
            // Kubewarden keeps its own namespace to itself, and AKS the one of the system.
            (_, "kubewarden") | (Self::GuardAks, "kube-system") => None,
            (Self::ReplaceWebhook, _) if is_labelled_pod => Some("azure-workload-identity-inject"),
            (Self::GuardAks, _) if is_labelled_pod => Some("azure-workload-identity-guard"),
            _ if is_pod(inquiry) => Some("azure-workload-identity-unlabelled"),
            _ => Some("azure-workload-identity-checks"),
        }
    }
}

fn is_pod(inquiry: &Inquiry<'_>) -> bool {
    inquiry.group.is_empty() && inquiry.kind == "Pod"
}

fn has_label(inquiry: &Inquiry<'_>) -> bool {
    let metadata = inquiry.object.and_then(|object| object.field("metadata"));
    let label = metadata.and_then(|metadata| metadata.field("labels")).and_then(|labels| labels.field(keys::USE));
    label.is_some_and(|label| label.as_str().is_some_and(|value| value == "true"))
}

/// The namespace of a request: kubectl fills it in, unless the kind is cluster-scoped, as the older kinds of Crossplane are.
pub(super) fn namespace_of_request<'a>(inquiry: &Inquiry<'a>) -> Option<Cow<'a, str>> {
    let is_cluster_scoped = inquiry.group.ends_with(".upbound.io") && !inquiry.group.ends_with(".m.upbound.io");
    (!is_cluster_scoped).then(|| inquiry.namespace_or_default())
}
