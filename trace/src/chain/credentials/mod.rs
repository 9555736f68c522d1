//! Federated credentials and identities from every source, in one form.
//!
//! Sources are told apart by their content: the output of `az`, of `terraform show -json`, and objects of Kubernetes.

mod az;
mod kubernetes;
mod terraform;

use std::sync::Arc;

use azure_workload_identity_lint::report::{FilePlace, ObjectName, ReadError};
use azure_workload_identity_policy::finding::{Part, quote};
use azure_workload_identity_policy::json::{self, Document, Kind, Path, Value};
use azure_workload_identity_policy::placeholder::has_placeholder;
use kubernetes_manifests::objects::objects;
use kubernetes_manifests::source::{Lines, Source, as_json};
use kubernetes_manifests::yaml;

use super::texts::{DocumentText, Texts};

pub(super) use kubernetes::read as read_object;

/// A file with federated credentials or identities that was read.
#[derive(Debug)]
pub struct Credentials {
    pub(super) found: Found,
    /// What could not be read.
    pub(super) errors: Vec<ReadError>,
}

/// What a text tells.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) credentials: Vec<Credential>,
    pub(super) identities: Vec<AzureIdentity>,
    /// Whether it would hold the credentials of an identity if there were some: an empty list says that there are none.
    pub(super) has_credentials: bool,
}

/// A federated credential.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) object: ObjectName,
    pub(super) place: FilePlace,
    pub(super) issuer: CredentialField,
    pub(super) subject: CredentialField,
    /// Those that are known: each with its place. Entra ID accepts one.
    pub(super) audiences: Vec<CredentialField>,
    /// What tells which identity it belongs to; empty if nothing does.
    pub(super) owners: Vec<String>,
    /// The name of that identity, if the credential tells it.
    pub(super) identity: Option<String>,
    /// Where the subject is, as messages write it.
    pub(super) subject_path: String,
}

/// A part of a credential.
#[derive(Clone, Debug)]
pub(super) enum CredentialField {
    /// A text.
    Known(String, FilePlace),
    /// A text with variables, which are filled in later.
    Open(String, FilePlace),
    /// It cannot be known; the end of a sentence says why.
    Unknown(String, FilePlace),
}

/// An identity: a managed identity or an application.
#[derive(Debug)]
pub(super) struct AzureIdentity {
    /// What credentials call it.
    pub(super) keys: Vec<String>,
    pub(super) name: String,
    pub(super) resource_group: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) is_application: bool,
}

impl CredentialField {
    /// The text, if it is known.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Known(text, _) => Some(text),
            Self::Open(..) | Self::Unknown(..) => None,
        }
    }

    /// Where it is.
    pub(super) fn place(&self) -> &FilePlace {
        match self {
            Self::Known(_, place) | Self::Open(_, place) | Self::Unknown(_, place) => place,
        }
    }

    /// Whether it can be this text.
    pub(super) fn may_be(&self, other: &str) -> bool {
        match self {
            Self::Known(text, _) => text == other,
            Self::Open(text, _) => fits(text, other),
            Self::Unknown(..) => true,
        }
    }

    /// Why it is not known, as the end of a sentence.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Known(text, _) => format!("is {}", quote(text)),
            Self::Open(text, _) => format!("is {}, which is filled in later", quote(text)),
            Self::Unknown(why, _) => why.clone(),
        }
    }

    /// A text, which is not known if it is still to be filled in.
    fn of(text: &str, place: FilePlace) -> Self {
        if has_placeholder(text) { Self::Open(text.to_owned(), place) } else { Self::Known(text.to_owned(), place) }
    }
}

impl Credentials {
    /// What could not be read.
    pub fn errors(&self) -> &[ReadError] {
        &self.errors
    }

    /// Reads a file. Whatever is wrong with it becomes a part of the result.
    pub fn read(name: impl Into<Arc<str>>, text: Vec<u8>) -> Self {
        let (source, _, no_text) = Source::decode(name.into(), text);
        let error = |line, message: String| ReadError { file: Arc::clone(&source.name), line, message };
        let (mut found, mut errors) = (Found::default(), Vec::new());
        if let Some(no_text) = no_text {
            errors.push(error(None, no_text.error.message));
        } else if let Some(Ok(document)) = as_json(&source.text) {
            let texts = Texts::new(&source);
            if !found.add(&texts.document(&document, None), document.root()) {
                errors.push(error(Some(1), NOTHING.to_owned()));
            }
        } else {
            let (texts, mut number, mut is_known) = (Texts::new(&source), 0, false);
            for document in yaml::documents(&source.text, false) {
                let document = match document {
                    Ok(document) => document,
                    Err(problem) => {
                        let line = Lines::new(&source.text).position(problem.offset).line;
                        errors.push(error(Some(line), problem.message));
                        continue;
                    }
                };
                match Document::parse(document.json.as_bytes()) {
                    Ok(json) => is_known |= found.add(&texts.document(&json, Some(number)), json.root()),
                    Err(problem) => errors.push(error(None, problem.to_string())),
                }
                number += 1;
            }
            if errors.is_empty() && !is_known {
                errors.push(error(Some(1), NOTHING.to_owned()));
            }
        }
        Self { found, errors }
    }
}

/// What is said of a file without anything to use.
const NOTHING: &str = "has no federated credentials and no identities: it is neither the output of `az identity federated-credential \
                       list`, `az ad app federated-credential list`, `az identity list` or `terraform show -json`, nor an object of \
                       Azure Service Operator or Crossplane";

impl Found {
    /// Adds what a document tells; whether it is of a form that is known.
    fn add(&mut self, text: &DocumentText<'_, '_>, root: Value<'_>) -> bool {
        if root.kind() == Kind::Object && terraform::is(root) {
            terraform::read(text, root, self);
            return true;
        }
        if root.field("apiVersion").is_some() {
            return self.add_objects(text, root);
        }
        az::read(text, root, self)
    }

    /// Adds an object of Kubernetes, or those of a list. A list without any is one of which all is known.
    fn add_objects(&mut self, text: &DocumentText<'_, '_>, root: Value<'_>) -> bool {
        let mut is_known = root.field("items").is_some_and(Value::is_empty);
        for object in objects(root) {
            let value = object.value;
            is_known |= read_object(text, value, &ObjectName::read(object), self);
        }
        is_known
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
fn arm_key(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

/// What is behind the last `/NAME/` of an id in Azure, up to the next slash.
fn arm_part<'i>(id: &'i str, name: &str) -> Option<&'i str> {
    let mut steps = id.split('/');
    steps.find(|step| step.eq_ignore_ascii_case(name))?;
    steps.next().filter(|part| !part.is_empty())
}

/// The text of a member, unless it is empty.
fn text_of(object: Value<'_>, key: &str) -> Option<String> {
    object.field(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(String::from)
}

/// The place of a member, or of what should have it.
fn place_of(text: &DocumentText<'_, '_>, object: Value<'_>, key: &str) -> FilePlace {
    match object.field(key) {
        Some(value) => text.of(value),
        None => text.of(object),
    }
}

/// A claim in a JSON document of a tool. `missing` says why it may be absent.
fn claim_of(text: &DocumentText<'_, '_>, object: Value<'_>, key: &str, missing: &str) -> CredentialField {
    let place = place_of(text, object, key);
    match object.field(key).and_then(Value::as_str) {
        Some(value) => CredentialField::Known(value.into_owned(), place),
        None => CredentialField::Unknown(missing.to_owned(), place),
    }
}

/// The audiences in a JSON document of a tool.
fn audiences_of(text: &DocumentText<'_, '_>, object: Value<'_>, key: &str, missing: &str) -> Vec<CredentialField> {
    match object.field(key).filter(|list| list.kind() == Kind::Array) {
        Some(list) => {
            let known = list.elements().filter_map(|value| Some((value.as_str()?, value)));
            known.map(|(audience, value)| CredentialField::Known(audience.into_owned(), text.of(value))).collect()
        }
        None => vec![CredentialField::Unknown(missing.to_owned(), place_of(text, object, key))],
    }
}

/// The path of a member, as messages write it.
fn written(path: &Path, key: &str) -> String {
    path.clone().key(key).to_string()
}

/// The place of a value at a path from an object of Kubernetes.
fn place_at(text: &DocumentText<'_, '_>, object: Value<'_>, path: &[&str]) -> FilePlace {
    let path = path.iter().fold(json::Path::default(), |path, key| path.key(*key));
    text.place(object, &path, Part::Value)
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
