//! What files tell about uses of identities, as data.

use azure_workload_identity_lint::consumers::{Controller, SettingFault};
use azure_workload_identity_lint::report::{FilePlace, ObjectName};

use super::report::{Link, User};
use crate::azure::Found;

/// What a file tells.
#[derive(Debug, Default)]
pub(super) struct FileFacts {
    pub(super) uses: Vec<Use>,
    pub(super) accounts: Vec<AccountFact>,
    /// What pods ask for that mount what an object describes, by the number of the object.
    pub(super) mountable: Vec<(usize, Use)>,
    pub(super) mounts: Vec<IdentityMount>,
    /// What is wrong with settings of consumers.
    pub(super) faults: Vec<FaultFact>,
    /// The namespaces and service accounts of all pods.
    pub(super) runs: Vec<(Option<String>, String)>,
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
    pub(super) audience: Audience,
    /// What is wrong with the settings of the consumer.
    pub(super) faults: Vec<UseFault>,
    /// Present if the label is missing or wrong.
    pub(super) label: Option<LabelFault>,
    /// Whether the identity is used without a labelled pod.
    pub(super) is_without_label: bool,
}

/// What is wrong with the settings of a consumer, at a link of the chain.
#[derive(Clone, Debug)]
pub(super) struct UseFault {
    pub(super) link: Link,
    pub(super) message: String,
    pub(super) place: FilePlace,
    /// Whether it cannot work; otherwise it is not known.
    pub(super) is_broken: bool,
    /// The cloud in whose clusters it is right: whether it cannot work depends on the issuer.
    pub(super) is_right_in: Option<&'static str>,
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
    /// The controller whose account it is, by convention or since it is among the files.
    pub(super) controller: Option<&'static Controller>,
    /// Whether nothing of the account but its name matters: the objects of a consumer bring the rest.
    pub(super) is_only_named: bool,
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
    /// There is none, as a fault of the consumer says.
    Missing,
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

impl Audience {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Usual(text) | Self::Own(text, _) | Self::Binding(text, _) => text,
        }
    }
}

/// A service account among the files.
#[derive(Debug)]
pub(super) struct AccountFact {
    /// The number of its object in the set.
    pub(super) position: usize,
    pub(super) place: FilePlace,
    pub(super) client_id: Option<FilePlace>,
    pub(super) tenant_id: Option<FilePlace>,
    /// A key that is meant to be the annotation with the client id, and is misspelt.
    pub(super) misspelt_client_id: Option<(String, FilePlace)>,
}

/// A volume of a pod that is mounted with its identity.
#[derive(Debug)]
pub(super) struct IdentityMount {
    /// The use that it is, with what the described volume asks for still to be filled in.
    pub(super) of: Use,
    /// The number of the object that describes it.
    pub(super) position: usize,
    /// The client id and the tenant of the volume's own attributes.
    pub(super) client: Option<Given>,
    pub(super) tenant: Option<Given>,
}

/// What is wrong with a setting of a consumer.
#[derive(Clone, Debug)]
pub(super) struct FaultFact {
    pub(super) object: ObjectName,
    pub(super) place: FilePlace,
    pub(super) fault: SettingFault,
    /// Whether a chain shows it: it concerns a request.
    pub(super) is_of_request: bool,
    /// The number of the object if others mount what it describes.
    pub(super) mounted: Option<usize>,
}
