//! What following the chains gives, ready to be rendered.

use std::ops::Range;

use std::fmt;

use azure_workload_identity_lint::report::{FilePlace, ObjectName, Report};
use azure_workload_identity_lint::v1::AnyPlace;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// All chains, and what is wrong with the set of them.
///
/// Lines and columns are counted from 1, columns in characters. Files are relative to the folder in which the program ran.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ChainReport {
    /// One chain for each service account that something uses, and one more for each further identity that something uses through it.
    /// By namespace, name and identity.
    pub chains: Vec<Chain>,
    /// What is wrong with the credentials and service accounts as a set, what was skipped, and what could not be read.
    #[serde(flatten)]
    pub report: Report,
}

impl ChainReport {
    /// Whether some chain is broken.
    pub fn has_broken(&self) -> bool {
        self.chains.iter().any(|chain| chain.verdict == ChainVerdict::Broken)
    }
}

/// The way from what runs to the federated credential that Entra ID compares its token with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Chain {
    /// The service account.
    pub service_account: AccountName,
    /// The pods, workloads and other objects that use it.
    #[serde(rename = "workloads")]
    pub users: Vec<User>,
    /// The client id that they ask for; `null` if it is not known.
    pub client_id: TokenPart,
    /// The tenant that they ask for; `null` for the tenant of the cluster.
    pub tenant_id: TokenPart,
    /// The audience of their tokens; `null` if it is not known.
    pub audience: TokenPart,
    /// The issuer of their tokens, which is the cluster's; `null` if it was not given.
    pub issuer: TokenPart,
    /// The subject of their tokens; `null` if the namespace or the name is not known.
    pub subject: TokenPart,
    /// The federated credentials that match, or the one that nearly does or may match.
    #[serde(rename = "federatedCredentials")]
    pub credentials: Vec<CredentialLink>,
    /// What is known of it.
    pub verdict: ChainVerdict,
    /// What is broken, in the order of the links. Empty unless the verdict is broken.
    pub breaks: Vec<Break>,
    /// What cannot be known, in the order of the links, and what would tell it.
    pub unknown: Vec<Unknown>,
    /// The parts of the token that were compared: issuer, subject and audience with a federated credential, client id and tenant with its
    /// identity. A chain is complete only if the first three were.
    pub compared: Vec<Link>,
}

impl Chain {
    /// The first broken link.
    pub fn first_broken(&self) -> Option<Link> {
        self.breaks.first().map(|it| it.link)
    }
}

/// A service account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct AccountName {
    /// Its namespace; `null` if that is not known.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Where it is, if it is among the files.
    #[serde(flatten, serialize_with = "AnyPlace::serialize")]
    #[schemars(with = "AnyPlace<'_>")]
    #[cfg_attr(feature = "typescript", tsify(type = "AnyPlace"))]
    pub place: Option<FilePlace>,
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// A part of a token or of the request for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct TokenPart {
    /// What it is, if that is known.
    pub value: Option<String>,
    /// Where it is said.
    #[serde(skip)]
    pub place: Option<FilePlace>,
}

/// An object that uses a service account.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct User {
    /// The object.
    #[serde(flatten)]
    pub object: ObjectName,
    /// Where it is.
    #[serde(flatten)]
    pub place: FilePlace,
    /// How long its tokens are valid, in seconds; `null` if something else than a pod decides it, or the annotation cannot be read.
    #[serde(rename = "expirationSeconds")]
    pub expiration: Option<u32>,
}

/// A federated credential that matches, or nearly does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct CredentialLink {
    /// Its name.
    pub name: String,
    /// The name of the identity that it belongs to; `null` if that is not known.
    pub identity: Option<String>,
    /// Where it is.
    #[serde(flatten)]
    pub place: FilePlace,
    /// Whether issuer, subject and audience are those of the tokens. An issuer of the cluster that was not given counts as the same.
    #[serde(serialize_with = "is_yes")]
    #[schemars(with = "bool")]
    #[cfg_attr(feature = "typescript", tsify(type = "boolean"))]
    pub matches: Match,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes members by reference")]
fn is_yes<S: Serializer>(matches: &Match, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(*matches == Match::Yes)
}

/// Whether a credential matches tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// It does not, in one part.
    No,
    /// A part of it is not known.
    Maybe,
}

/// A link of a chain. The links are in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub enum Link {
    /// The label on the pod.
    Label,
    /// The service account.
    ServiceAccount,
    /// The client id.
    ClientId,
    /// The tenant.
    TenantId,
    /// The audience of the token.
    Audience,
    /// The issuer of the token.
    Issuer,
    /// The subject of the token.
    Subject,
    /// The federated credential.
    FederatedCredential,
}

impl Link {
    /// All links, in their order.
    pub const ALL: [Self; 8] = [
        Self::Label,
        Self::ServiceAccount,
        Self::ClientId,
        Self::TenantId,
        Self::Audience,
        Self::Issuer,
        Self::Subject,
        Self::FederatedCredential,
    ];

    /// Its name in every format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::ServiceAccount => "service-account",
            Self::ClientId => "client-id",
            Self::TenantId => "tenant-id",
            Self::Audience => "audience",
            Self::Issuer => "issuer",
            Self::Subject => "subject",
            Self::FederatedCredential => "federated-credential",
        }
    }
}

/// A broken link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Break {
    /// The link.
    pub link: Link,
    /// What is wrong, and what to do about it.
    pub message: String,
    /// Where.
    #[serde(flatten, serialize_with = "AnyPlace::serialize")]
    #[schemars(with = "AnyPlace<'_>")]
    #[cfg_attr(feature = "typescript", tsify(type = "AnyPlace"))]
    pub place: Option<FilePlace>,
    /// A command for a POSIX shell that creates what is missing. Words in capitals stand for what is not known.
    pub command: Option<String>,
    /// What the token has and what the credential says, if that is what is wrong.
    pub differs: Option<Difference>,
}

/// Two texts that have to be equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Difference {
    /// What the token has.
    pub token: String,
    /// What the federated credential says.
    pub credential: String,
}

impl Difference {
    /// The part of what the credential says that differs, in characters: what is between the same start and the same end. Of a text
    /// that lacks something, the place.
    pub fn marked(&self) -> Range<usize> {
        let (token, credential): (Vec<_>, Vec<_>) = (self.token.chars().collect(), self.credential.chars().collect());
        let start = token.iter().zip(&credential).take_while(|(one, other)| one == other).count();
        let longest = token.len().min(credential.len()) - start;
        let ends = token.iter().rev().zip(credential.iter().rev());
        let end = ends.take(longest).take_while(|(one, other)| one == other).count();
        start..credential.len() - end
    }
}

/// Something that cannot be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Unknown {
    /// The link.
    pub link: Link,
    /// What is not known, and what would tell it.
    pub message: String,
    /// Where it is left open.
    #[serde(flatten, serialize_with = "AnyPlace::serialize")]
    #[schemars(with = "AnyPlace<'_>")]
    #[cfg_attr(feature = "typescript", tsify(type = "AnyPlace"))]
    pub place: Option<FilePlace>,
    /// Whether the verdict depends on it. A complete chain may have unknowns on which it does not.
    pub decides: bool,
}

/// What is known of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub enum ChainVerdict {
    /// Entra ID will accept the token.
    Complete,
    /// It will not.
    Broken,
    /// It cannot be told.
    Unknown,
}

impl ChainVerdict {
    /// Its name in every format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_marked_between_the_same_start_and_end() {
        for (token, credential, marked) in [
            ("system:serviceaccount:shop:api", "system:serviceaccount:shop/api", 26..27),
            ("https://a/b/", "https://a/b", 11..11),
            ("https://a/b", "https://a/b/", 11..12),
            ("aa", "aaa", 2..3),
            ("é1", "é2", 1..2),
            ("", "x", 0..1),
        ] {
            let differs = Difference { token: token.to_owned(), credential: credential.to_owned() };
            assert_eq!(differs.marked(), marked, "{token} {credential}");
        }
    }
}
