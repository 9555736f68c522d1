//! A file that was read: its documents as JSON, the objects in them, and what objects of other files need to know of it.

use std::sync::Arc;

use azure_workload_identity_policy::cluster::ServiceAccount;
use azure_workload_identity_policy::json::{self, Reading, Value};

use crate::access::Grant;
use crate::kustomization::{Kustomization, is_own_type};
use crate::manifest::looks_like_one;
use crate::members::text;
use crate::objects::TypedObject;
use crate::report::{ObjectName, ReadError, SkipKind, Skipped};
use crate::source::{Encoding, Lines, NoText, Source, as_json};
use crate::{values, yaml};

/// A file that was read.
#[derive(Debug)]
pub struct File {
    /// Its name and text.
    pub source: Source,
    /// How the text is encoded. Places count in the text.
    pub encoding: Encoding,
    /// Why it was not checked on purpose, or only in part.
    pub skipped: Option<Skipped>,
    /// What could not be read: no errors of the file if it was skipped because of them.
    errors: Vec<yaml::SyntaxError>,
    /// How many documents it has that are not empty.
    pub documents: usize,
    /// How many Kubernetes objects it has: what kustomize reads itself is none.
    pub objects: usize,
    /// The documents with objects that matter.
    pub parts: Vec<Part>,
    /// What it does to other files, if it is a kustomization.
    pub kustomization: Option<Kustomization>,
}

/// A document with objects that matter.
#[derive(Debug)]
pub struct Part {
    /// Its JSON; `None` if the text of the file is JSON already.
    pub json: Option<String>,
    /// Its number in the file, from 0: empty documents and those that cannot be read are not counted.
    pub number: usize,
    /// The objects, those in lists one by one.
    pub objects: Vec<Object>,
    /// The keys in it that are set more than once.
    pub repeated: Vec<yaml::Repeated>,
}

/// A Kubernetes object.
#[derive(Debug)]
pub struct Object {
    /// The number of its JSON node in the document.
    pub node: json::NodeId,
    /// How it names itself.
    pub name: ObjectName,
    /// What it tells about others.
    pub fact: Fact,
}

/// What an object tells about others.
#[derive(Debug)]
pub enum Fact {
    /// Nothing.
    None,
    /// It is a service account.
    Account(ServiceAccount),
    /// It may let service accounts use identities.
    Grant(Grant),
}

/// The documents of a file, read again for the origins of their nodes.
pub struct Reread<'f> {
    documents: Box<dyn Iterator<Item = (usize, yaml::Document)> + 'f>,
}

impl Reread<'_> {
    /// The document of a part, without the JSON, which the part has; `None` if the text of the file is JSON. Parts are asked for in
    /// their order.
    pub fn document(&mut self, part: &Part) -> Option<yaml::Document> {
        part.json.as_ref()?;
        let (_, document) = self.documents.find(|(number, _)| *number == part.number)?;
        Some(yaml::Document { json: String::new(), ..document })
    }
}

impl Object {
    /// Reads an object, if it matters.
    fn read(object: TypedObject<'_>) -> Option<Self> {
        let (value, api_version, kind) = (object.value, &*object.api_version, &*object.kind);
        if is_irrelevant(api_version, kind) && !is_read_by_consumers(value, kind) {
            return None;
        }
        let fact = match (api_version, kind) {
            ("v1", "ServiceAccount") => Fact::Account(ServiceAccount::read(value, &mut Reading::default())),
            _ => Grant::read(api_version, kind, value).map_or(Fact::None, Fact::Grant),
        };
        Some(Self { node: value.id(), name: ObjectName::read(object), fact })
    }

    /// Values of which something makes objects.
    fn of_values(root: Value<'_>) -> Self {
        Self {
            node: root.id(),
            name: ObjectName { kind: values::KIND.to_owned(), ..ObjectName::default() },
            fact: Fact::None,
        }
    }

    /// A kustomization that does not say what it is.
    fn of_kustomization(root: Value<'_>) -> Self {
        let (api_version, kind) = ("kustomize.config.k8s.io/v1beta1".to_owned(), "Kustomization".to_owned());
        let name = ObjectName { api_version, kind, ..ObjectName::default() };
        Self { node: root.id(), name, fact: Fact::None }
    }
}

impl ObjectName {
    /// Reads how an object names itself.
    pub fn read(object: TypedObject<'_>) -> Self {
        let metadata = object.value.field("metadata");
        let name = match text(metadata, "name") {
            name if name.is_empty() => text(metadata, "generateName"),
            name => name,
        };
        let namespace = Some(text(metadata, "namespace")).filter(|namespace| !namespace.is_empty());
        Self { api_version: object.api_version.into_owned(), kind: object.kind.into_owned(), namespace, name }
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl Part {
    /// The JSON text.
    pub fn json<'f>(&'f self, file: &'f File) -> &'f str {
        self.json.as_deref().unwrap_or(&file.source.text)
    }
}

impl File {
    /// Reads a file. Whatever is wrong with it becomes a part of the result.
    ///
    /// A text that is JSON is read as JSON, also of several values, as `kubectl` does; all others are read as YAML.
    pub fn read(name: impl Into<Arc<str>>, text: Vec<u8>) -> Self {
        let (source, encoding, no_text) = Source::decode(name.into(), text);
        let mut file = Self {
            source,
            encoding,
            skipped: None,
            errors: Vec::new(),
            documents: 0,
            objects: 0,
            parts: Vec::new(),
            kustomization: None,
        };
        if let Some(NoText { error, bytes }) = no_text {
            file.errors.push(error);
            file.skip_unless_manifest(&String::from_utf8_lossy(&bytes), None);
            return file;
        }
        let text = Arc::clone(&file.source.text);
        match as_json(&text) {
            Some(Ok(document)) => {
                file.add(&document);
            }
            Some(Err(error))
                if file.source.name.ends_with(".json") && !yaml::is_json(&text) && !error.is_repeated_key() =>
            {
                file.errors.push(yaml::SyntaxError::of_json(&text, 0, &error));
            }
            Some(Err(_)) | None => file.read_yaml(&text),
        }
        if let Some(error) = file.errors.first() {
            let line_of = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            match text.find("{{") {
                Some(at) => {
                    let name = Arc::clone(&file.source.name);
                    file.skipped = Some(Skipped::template(name, line_of(at), &error.message));
                }
                None => {
                    let line = line_of(error.offset);
                    file.skip_unless_manifest(&text, Some(line));
                }
            }
        }
        file
    }

    /// Skips a file with an error, unless it is meant to be a manifest. The file is judged as a whole, as `kubectl` applies it: beside
    /// objects, a document that cannot be read is an error whatever it looks like, since the very key that is missing may be broken.
    fn skip_unless_manifest(&mut self, text: &str, line: Option<usize>) {
        if self.objects > 0 || looks_like_one(text) {
            return;
        }
        let skipped = |error: &yaml::SyntaxError| Skipped::no_manifest(self.source.name.clone(), line, &error.message);
        self.skipped = self.errors.first().map(skipped);
    }

    /// Reads the documents again. They are counted as they were when the file was read: those that cannot be read are not.
    pub fn reread(&self) -> Reread<'_> {
        let documents = yaml::documents(&self.source.text, true).filter_map(Result::ok).enumerate();
        Reread { documents: Box::new(documents) }
    }

    /// Visits all documents again, with their numbers, and with the origins of their nodes unless the text of the file is JSON.
    pub fn each_document(&self, visit: &mut dyn FnMut(usize, &json::Document<'_>, Option<&yaml::Document>)) {
        // A text that is meant to be JSON and is not has none.
        if self.documents == 0 {
            return;
        }
        if let Some(Ok(document)) = as_json(&self.source.text) {
            return visit(0, &document, None);
        }
        let mut number = 0;
        for document in yaml::documents(&self.source.text, true).filter_map(Result::ok) {
            if let Ok(json) = json::Document::parse(document.json.as_bytes()) {
                visit(number, &json, Some(&document));
                number += 1;
            }
        }
    }

    /// What could not be read in a file that was not skipped.
    pub fn errors(&self) -> Vec<ReadError> {
        if self.skipped.is_some() { Vec::new() } else { self.read_errors() }
    }

    fn read_errors(&self) -> Vec<ReadError> {
        if self.errors.is_empty() {
            return Vec::new();
        }
        let lines = Some(Lines::new(&self.source.text)).filter(|_| !self.source.text.is_empty());
        let error = |error: &yaml::SyntaxError| ReadError {
            file: self.source.name.clone(),
            line: lines.as_ref().map(|lines| lines.position(error.offset).line),
            message: error.message.clone(),
        };
        self.errors.iter().map(error).collect()
    }

    /// What could not be read, and why the file was skipped: for a file that is needed as a whole.
    pub fn problems(&self) -> Vec<ReadError> {
        match &self.skipped {
            Some(Skipped { file, kind: SkipKind::Template | SkipKind::NotRead, reason }) => {
                vec![ReadError { file: file.clone(), line: None, message: reason.clone() }]
            }
            Some(_) | None => self.read_errors(),
        }
    }

    fn read_yaml(&mut self, text: &str) {
        for document in yaml::documents(text, false) {
            let error = match document {
                Ok(document) => match json::Document::parse(document.json.as_bytes()) {
                    Ok(parsed) => {
                        if let Some(part) = self.add(&parsed) {
                            (part.json, part.repeated) = (Some(document.json), document.repeated);
                        }
                        continue;
                    }
                    Err(error) => yaml::SyntaxError { offset: document.span.start, message: error.to_string() },
                },
                Err(error) => error,
            };
            self.errors.push(error);
        }
    }

    /// Adds a document. It is kept if some of its objects matter.
    fn add(&mut self, document: &json::Document<'_>) -> Option<&mut Part> {
        let number = self.documents;
        self.documents += 1;
        let (root, mut objects) = (document.root(), Vec::new());
        if self.kustomization.is_none() {
            self.kustomization = Kustomization::read(&self.source.name, root);
        }
        for object in crate::objects(root) {
            self.objects += usize::from(!is_own_type(&object.api_version));
            objects.extend(Object::read(object));
        }
        // A kustomization needs no type.
        if self.objects == 0 && root.field("kind").is_none() && self.kustomization.is_some() {
            objects.push(Object::of_kustomization(root));
        }
        if objects.is_empty() && values::are_values(root) {
            self.objects += 1;
            objects.push(Object::of_values(root));
        }
        if objects.is_empty() {
            return None;
        }
        self.parts.push(Part { json: None, number, objects, repeated: Vec::new() });
        self.parts.last_mut()
    }
}

/// Whether a consumer may read a Secret or ConfigMap, by what it holds.
fn is_read_by_consumers(value: json::Value<'_>, kind: &str) -> bool {
    let holds = |mark: &&str| value.raw().contains(mark);
    match kind {
        "Secret" => ["AZURE_", "azure.json", "argocd.argoproj.io/secret-type"].iter().any(holds),
        "ConfigMap" => ["serviceAccountName", "azure"].iter().all(holds),
        _ => false,
    }
}

/// Objects that no rule is about and that may be large or secret.
fn is_irrelevant(api_version: &str, kind: &str) -> bool {
    matches!(
        (api_version, kind),
        ("v1", "ConfigMap" | "Secret" | "Namespace" | "Event")
            | ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_an_error_only_in_a_manifest() {
        let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: caf\u{e9}}\n";
        let latin_1 = |text: &str| text.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<_>>();
        for (bytes, error, skipped) in [
            (Encoding::Utf16Le.encode(manifest), None, None),
            (latin_1(manifest), Some("is not UTF-8; save it as UTF-8"), None),
            (latin_1("title: caf\u{e9}\n"), None, Some("is not UTF-8; save it as UTF-8")),
            (vec![0x1f, 0x8b, 8, 0, b'{', b'{', 0xff], None, Some("is not UTF-8; save it as UTF-8")),
        ] {
            let file = File::read("a.yaml", bytes);
            assert_eq!(file.errors().first().map(|it| it.message.as_str()), error);
            let reason = skipped.map(|error| Skipped::no_manifest("a.yaml".into(), None, error));
            assert_eq!(file.skipped, reason);
        }
    }
}
