//! What following the chains gives, ready to be rendered.

use std::fmt;

use azure_workload_identity_lint::report::{FilePlace, ObjectName, Report};

/// All chains, and what is wrong with the set of them.
#[derive(Debug, Default)]
pub struct ChainReport {
    /// One chain for each service account that something uses, and one more for each further identity that something uses through it.
    /// By namespace, name and identity.
    pub chains: Vec<Chain>,
    /// What is wrong with the credentials and service accounts as a set, what was skipped, and what could not be read.
    pub report: Report,
}

impl ChainReport {
    /// Whether some chain is broken.
    pub fn has_broken(&self) -> bool {
        self.chains.iter().any(|chain| chain.verdict == ChainVerdict::Broken)
    }
}

/// The way from what runs to the federated credential that Entra ID compares its token with.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The service account.
    pub service_account: AccountName,
    /// The pods, workloads and other objects that use it.
    pub users: Vec<User>,
    /// The client id that they ask for.
    pub client_id: Part,
    /// The tenant that they ask for; without a value it is the cluster's.
    pub tenant_id: Part,
    /// The audience of their tokens.
    pub audience: Part,
    /// The issuer of their tokens: the cluster's.
    pub issuer: Part,
    /// The subject of their tokens.
    pub subject: Part,
    /// The federated credentials that match or nearly match.
    pub credentials: Vec<CredentialLink>,
    /// What is broken, in the order of the links.
    pub breaks: Vec<Break>,
    /// What cannot be known, in the order of the links.
    pub unknown: Vec<Unknown>,
    /// The verdict.
    pub verdict: ChainVerdict,
}

impl Chain {
    /// The first broken link.
    pub fn first_broken(&self) -> Option<Link> {
        self.breaks.first().map(|it| it.link)
    }
}

/// A service account.
#[derive(Clone, Debug)]
pub struct AccountName {
    /// Its namespace, if that is known.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Where it is, if it is among the files.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// What it is, if that is known.
    pub value: Option<String>,
    /// Where it is said.
    pub place: Option<FilePlace>,
}

/// An object that uses a service account.
#[derive(Clone, Debug)]
pub struct User {
    /// The object.
    pub object: ObjectName,
    /// Where it is.
    pub place: FilePlace,
    /// How long its tokens are valid, in seconds; `None` if an annotation cannot be read or something else than a pod decides it.
    pub expiration: Option<u32>,
}

/// A federated credential that matches, or nearly does.
#[derive(Clone, Debug)]
pub struct CredentialLink {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: FilePlace,
    /// The name of the identity that it belongs to, if that is known.
    pub identity: Option<String>,
    /// Whether issuer, subject and audience are those of the tokens. An issuer of the cluster that is not known counts as the same.
    pub matches: Match,
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

/// A link of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The link.
    pub link: Link,
    /// What is wrong, and what to do about it.
    pub message: String,
    /// Where.
    pub place: Option<FilePlace>,
    /// A command for a shell that creates what is missing.
    pub command: Option<String>,
}

/// Something that cannot be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The link.
    pub link: Link,
    /// What is not known, and what would tell it.
    pub message: String,
    /// Where it is left open.
    pub place: Option<FilePlace>,
    /// Whether the verdict depends on it. A complete chain may have unknowns on which it does not.
    pub decides: bool,
}

/// What is known of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
