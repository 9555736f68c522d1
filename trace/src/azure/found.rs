//! The one form of what Azure has: federated credentials, the identities that they belong to, and the clusters.

use std::collections::BTreeMap;

use azure_workload_identity_lint::report::{FilePlace, ObjectName};
use azure_workload_identity_policy::finding::quote;
use azure_workload_identity_policy::placeholder::has_placeholder;

/// What a text tells.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) credentials: Vec<Credential>,
    pub(crate) identities: Vec<AzureIdentity>,
    pub(crate) clusters: Vec<AzureCluster>,
    /// Whether it would hold the credentials of an identity if there were some: an empty list says that there are none.
    pub(crate) has_credentials: bool,
    /// How many resources of a kind were read and are not used, by the name of the kind.
    pub(super) unused: BTreeMap<&'static str, usize>,
    /// How many elements are of no kind that is known, and where the first is.
    pub(super) strange: Option<(usize, FilePlace)>,
    /// Where something has a wrong type, and what.
    pub(super) faults: Vec<(FilePlace, String)>,
}

/// A federated credential.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) object: ObjectName,
    pub(crate) place: FilePlace,
    pub(crate) issuer: CredentialField,
    pub(crate) subject: CredentialField,
    /// Those that are known: each with its place. Entra ID accepts one.
    pub(crate) audiences: Vec<CredentialField>,
    /// What tells which identity it belongs to; empty if nothing does.
    pub(crate) owners: Vec<String>,
    /// The name of that identity, if the credential tells it.
    pub(crate) identity: Option<String>,
    /// Where the subject is, as messages write it.
    pub(crate) subject_path: String,
}

/// A part of a credential.
#[derive(Clone, Debug)]
pub(crate) enum CredentialField {
    /// A text.
    Known(String, FilePlace),
    /// A text with variables, which are filled in later.
    Open(String, FilePlace),
    /// It cannot be known; the end of a sentence says why.
    Unknown(String, FilePlace),
}

/// An identity: a managed identity or an application.
#[derive(Debug)]
pub(crate) struct AzureIdentity {
    /// What credentials call it.
    pub(crate) keys: Vec<String>,
    pub(crate) name: String,
    pub(crate) resource_group: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) is_application: bool,
}

/// A cluster: of AKS, or connected by Arc.
#[derive(Debug)]
pub(crate) struct AzureCluster {
    pub(crate) name: String,
    pub(crate) resource_group: Option<String>,
    pub(crate) place: FilePlace,
    pub(crate) is_arc: bool,
    /// The issuer of its tokens; `None` if nothing tells it.
    pub(crate) issuer: Option<String>,
    /// Whether it has an issuer, if that is said.
    pub(crate) has_issuer: Option<bool>,
    /// Whether workload identity is enabled, if that is said.
    pub(crate) has_workload_identity: Option<bool>,
}

impl CredentialField {
    /// The text, if it is known.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Known(text, _) => Some(text),
            Self::Open(..) | Self::Unknown(..) => None,
        }
    }

    /// Where it is.
    pub(crate) fn place(&self) -> &FilePlace {
        match self {
            Self::Known(_, place) | Self::Open(_, place) | Self::Unknown(_, place) => place,
        }
    }

    /// Whether it can be this text.
    pub(crate) fn may_be(&self, other: &str) -> bool {
        match self {
            Self::Known(text, _) => text == other,
            Self::Open(text, _) => fits(text, other),
            Self::Unknown(..) => true,
        }
    }

    /// Why it is not known, as the end of a sentence.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Known(text, _) => format!("is {}", quote(text)),
            Self::Open(text, _) => format!("is {}, which is filled in later", quote(text)),
            Self::Unknown(why, _) => why.clone(),
        }
    }

    /// A text, which is not known if it is still to be filled in.
    pub(super) fn of(text: &str, place: FilePlace) -> Self {
        if has_placeholder(text) { Self::Open(text.to_owned(), place) } else { Self::Known(text.to_owned(), place) }
    }
}

/// Whether a text with variables can become another text, judged by what is before the first and behind the last variable.
fn fits(pattern: &str, text: &str) -> bool {
    let openings = ["$", "{{", "#{", "<%", "__"];
    let closings = ["}", ")", "%>", "__", "#"];
    let start = openings.iter().filter_map(|opening| pattern.find(opening)).min().unwrap_or(pattern.len());
    let end = closings.iter().filter_map(|closing| Some(pattern.rfind(closing)? + closing.len())).max();
    // `$NAME` has no end that can be seen.
    let suffix = end.filter(|end| *end > start).and_then(|end| pattern.get(end..)).unwrap_or_default();
    let prefix = pattern.get(..start).unwrap_or_default();
    text.len() >= prefix.len() + suffix.len() && text.starts_with(prefix) && text.ends_with(suffix)
}

/// The key of an identity by its id in Azure, which has no case.
pub(super) fn arm_key(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

/// What is behind the last `/NAME/` of an id in Azure, up to the next slash.
pub(super) fn arm_part<'i>(id: &'i str, name: &str) -> Option<&'i str> {
    let mut steps = id.split('/');
    steps.find(|step| step.eq_ignore_ascii_case(name))?;
    steps.next().filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn variables_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("system:serviceaccount:${NS}:api", "system:serviceaccount:shop:api", true),
            ("system:serviceaccount:${NS}:api", "system:serviceaccount:shop:web", false),
            ("system:serviceaccount:shop:${A}-${B}", "system:serviceaccount:shop:a-b", true),
            ("system:serviceaccount:shop:${A}", "system:serviceaccount:other:a", false),
            ("system:serviceaccount:$NS:api", "system:serviceaccount:shop:web", true),
            ("{{ .Values.issuer }}", "https://issuer.example/", true),
            ("https://__HOST__/", "https://issuer.example/", true),
            ("https://__HOST__/", "https://issuer.example", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
