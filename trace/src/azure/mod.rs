//! What Azure has, from every source, in one form.
//!
//! A source is told by its content.
//!
//! ```text
//! file -> answers     what az prints, and what ARM and Microsoft Graph answer
//!         terraform   a state or plan of Terraform
//!         template    an ARM template, as bicep build makes it; expression: what its expressions come to
//!         objects     objects of Azure Service Operator and Crossplane
//!      -> node        JSON of which parts may not be known
//!      -> resource    by type: credentials, identities, clusters
//!      -> found       the one form
//! ```

mod answers;
mod expression;
mod found;
mod node;
mod objects;
mod resource;
mod template;
mod terraform;

use std::sync::Arc;

use azure_workload_identity_lint::report::{FilePlace, ObjectName, ReadError};
use azure_workload_identity_policy::json::{Document, Kind, Value};
use kubernetes_manifests::objects::objects;
use kubernetes_manifests::source::{Lines, Source, as_json};
use kubernetes_manifests::yaml;

use crate::chain::texts::{DocumentText, Texts};

pub(crate) use found::{AzureCluster, AzureIdentity, Credential, CredentialField, Found};
pub(crate) use objects::read as read_object;

/// A file with what Azure has.
#[derive(Debug)]
pub struct AzureFile {
    pub(crate) found: Found,
    name: Arc<str>,
    /// What could not be read.
    errors: Vec<ReadError>,
}

/// Finds the places of values.
struct Places<'p>(&'p dyn Fn(Value<'_>) -> FilePlace);

impl Places<'_> {
    fn of(&self, value: Value<'_>) -> FilePlace {
        (self.0)(value)
    }
}

impl AzureFile {
    /// What could not be read.
    pub fn errors(&self) -> &[ReadError] {
        &self.errors
    }

    /// What was read and is not used, as sentences: each begins with the file.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.found.unused.is_empty() {
            let counted = |(name, count): (&&str, &usize)| format!("{name} ({count})");
            let unused: Vec<_> = self.found.unused.iter().map(counted).collect();
            notes.push(format!("{}: read, but not compared with anything: {}", self.name, unused.join(", ")));
        }
        if let Some((count, place)) = &self.found.strange {
            let line = place.line;
            notes.push(format!("{}:{line}: of no known kind, the first of {count} such elements", self.name));
        }
        notes
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
            if !found.read(&texts.document(&document, None), document.root()) {
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
                    Ok(json) => is_known |= found.read(&texts.document(&json, Some(number)), json.root()),
                    Err(problem) => errors.push(error(None, problem.to_string())),
                }
                number += 1;
            }
            if errors.is_empty() && !is_known {
                errors.push(error(Some(1), NOTHING.to_owned()));
            }
        }
        let faults = std::mem::take(&mut found.faults);
        errors.extend(faults.into_iter().map(|(place, message)| error(Some(place.line), message)));
        Self { found, name: source.name, errors }
    }
}

/// What is said of a file without anything to use.
const NOTHING: &str = "has nothing of Azure that is known: it is neither the output of `az` (`az identity federated-credential list`, \
                       `az identity list`, `az aks show`, ...), nor an answer of `az rest`, `terraform show -json`, an ARM template of \
                       `bicep build`, or an object of Azure Service Operator or Crossplane";

impl Found {
    /// Adds what a document tells; whether it is of a form that is known.
    fn read(&mut self, text: &DocumentText<'_, '_>, root: Value<'_>) -> bool {
        let of = |value: Value<'_>| text.of(value);
        let places = Places(&of);
        if root.kind() == Kind::Object && terraform::is(root) {
            terraform::read(&places, root, self);
        } else if template::is(root) {
            template::read(&places, root, self);
        } else if root.field("apiVersion").is_some() {
            return self.read_objects(text, root);
        } else {
            return answers::read(&places, root, self);
        }
        true
    }

    /// Adds an object of Kubernetes, or those of a list. A list without any is one of which all is known.
    fn read_objects(&mut self, text: &DocumentText<'_, '_>, root: Value<'_>) -> bool {
        let mut is_known = root.field("items").is_some_and(Value::is_empty);
        for object in objects(root) {
            let value = object.value;
            is_known |= read_object(text, value, &ObjectName::read(object), self);
        }
        is_known
    }
}
