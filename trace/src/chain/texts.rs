//! Places in a text whose documents were read without origins. The origins are read when the first place is asked for.

use std::cell::OnceCell;

use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_policy::finding::Part;
use azure_workload_identity_policy::json::{self, Path, Value};
use kubernetes_manifests::Opened;
use kubernetes_manifests::place::Located;
use kubernetes_manifests::source::{Lines, Source};
use kubernetes_manifests::yaml;

/// A text, and where things in it are.
pub(crate) struct Texts<'s> {
    source: &'s Source,
    lines: OnceCell<Lines<'s>>,
    documents: OnceCell<Vec<yaml::Document>>,
}

/// A document of a text.
pub(crate) struct DocumentText<'t, 's> {
    texts: &'t Texts<'s>,
    json: &'t json::Document<'t>,
    /// The number of the YAML document; `None` if the text is the JSON itself.
    number: Option<usize>,
}

impl<'s> Texts<'s> {
    /// The places of a text.
    pub(crate) fn new(source: &'s Source) -> Self {
        Self { source, lines: OnceCell::new(), documents: OnceCell::new() }
    }

    /// A document of it.
    pub(crate) fn document<'t>(&'t self, json: &'t json::Document<'t>, number: Option<usize>) -> DocumentText<'t, 's> {
        DocumentText { texts: self, json, number }
    }
}

impl DocumentText<'_, '_> {
    /// The place that a path from a value leads to.
    pub(crate) fn place(&self, from: Value<'_>, path: &Path, part: Part) -> FilePlace {
        self.opened(|opened| opened.locate(from, path, part))
    }

    /// The place of a value, or of its first line.
    pub(crate) fn of(&self, value: Value<'_>) -> FilePlace {
        self.opened(|opened| opened.locate_value(value))
    }

    /// The place of what names an object of Kubernetes.
    pub(crate) fn of_name(&self, object: Value<'_>) -> FilePlace {
        self.place(object, &Path::default().key("metadata").key("name"), Part::Value)
    }

    fn opened(&self, locate: impl FnOnce(&Opened<'_>) -> Located) -> FilePlace {
        let Texts { source, lines, documents } = self.texts;
        let document = self.number.and_then(|number| {
            let without_json = |document| yaml::Document { json: String::new(), ..document };
            let read = || yaml::documents(&source.text, true).filter_map(Result::ok).map(without_json).collect();
            documents.get_or_init(read).get(number)
        });
        let span = locate(&Opened::new(&source.text, self.json.root(), document)).span;
        let lines = lines.get_or_init(|| Lines::new(&source.text));
        FilePlace::new(source, lines, span)
    }
}
