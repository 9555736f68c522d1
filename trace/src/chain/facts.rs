//! What files tell about uses of identities, as data.

use std::borrow::Cow;

use azure_workload_identity_lint::consumers::{Controller, Mounted, find};
use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_policy::json::Value;

use super::credentials::Found;
use super::report::User;

/// What a file tells.
#[derive(Debug, Default)]
pub(super) struct FileFacts {
    pub(super) uses: Vec<Use>,
    pub(super) accounts: Vec<AccountFact>,
    pub(super) volumes: Vec<VolumeFact>,
    pub(super) claims: Vec<ClaimFact>,
    pub(super) mounts: Vec<IdentityMount>,
    pub(super) found: Found,
}

/// A use of a service account.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// The number of the file.
    pub(super) file: usize,
    pub(super) user: User,
    pub(super) account: AccountRef,
    pub(super) client: Given,
    pub(super) tenant: Given,
    /// Whether the account has to name a tenant where nothing else does.
    pub(super) requires_tenant: bool,
    pub(super) audience: Audience,
    /// Present if the label is missing or wrong.
    pub(super) label: Option<LabelFault>,
    /// Whether the identity is used without a labelled pod.
    pub(super) is_without_label: bool,
}

/// What is wrong with a label.
#[derive(Clone, Debug)]
pub(super) struct LabelFault {
    /// What is wrong, and what to do.
    pub(super) message: String,
    pub(super) place: FilePlace,
    /// Whether the label is missing where it counts.
    pub(super) is_missing: bool,
}

/// The service account that is meant.
#[derive(Clone, Debug)]
pub(super) struct AccountRef {
    /// `None` if it is not known.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// Where it is named.
    pub(super) place: FilePlace,
    /// The controller whose account it is, by convention.
    pub(super) controller: Option<Controller>,
}

/// Where an id comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// The annotation of the service account.
    Account,
    /// This text.
    Own(String, FilePlace),
    /// A place that cannot be read here; the end of a sentence says which.
    Elsewhere(String, FilePlace),
    /// A text that is no id and may be a secret; who sets it.
    NoId(String, FilePlace),
}

/// The audience of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The one that injection gives it, or that a driver or controller requests.
    Usual(String),
    /// That of a token which the pod declares itself.
    Own(String, FilePlace),
    /// That of an identity binding, which no federated credential has to match.
    Binding(String, FilePlace),
}

/// A service account among the files.
#[derive(Debug)]
pub(super) struct AccountFact {
    /// The number of its object in the set.
    pub(super) position: usize,
    pub(super) place: FilePlace,
    pub(super) client_id: Option<FilePlace>,
    pub(super) tenant_id: Option<FilePlace>,
}

/// A volume, or what volumes are made from, that is mounted with an identity.
#[derive(Debug)]
pub(super) struct VolumeFact {
    pub(super) kind: Mounted,
    pub(super) user: User,
    pub(super) client: Given,
    pub(super) tenant: Given,
    /// Of a persistent volume: its class, and the claim that it is kept for.
    pub(super) class: Option<String>,
    pub(super) claim: Option<(Option<String>, String)>,
}

/// A claim of a volume.
#[derive(Debug)]
pub(super) struct ClaimFact {
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    pub(super) wanted: Wanted,
}

/// What a claim asks for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) volume: Option<String>,
    pub(super) class: Option<String>,
}

/// A volume of a pod that may be mounted with an identity.
#[derive(Debug)]
pub(super) struct IdentityMount {
    /// The use that it would be, with client and tenant still to be filled in.
    pub(super) of: Use,
    pub(super) what: MountOf,
}

/// What is mounted.
#[derive(Debug)]
pub(super) enum MountOf {
    /// What a `SecretProviderClass` of this name in the namespace of the pod names.
    Class(String),
    /// The volume of a claim of this name in the namespace of the pod.
    Claim(String),
    /// The volume of a claim that the pod or its workload brings.
    Template(Wanted),
}

impl Wanted {
    /// What a claim, or the template of one, asks for.
    pub(super) fn of(claim: Value<'_>) -> Self {
        let text = |path: &str| find(claim, path).and_then(Value::as_str).map(Cow::into_owned);
        Self { volume: text("spec.volumeName"), class: text("spec.storageClassName") }
    }
}
