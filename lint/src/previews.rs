//! What admission would inject into the pods of files that are read together.

use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::settings::Settings;
use serde::Serialize;

use crate::check::{Files, inquiry, namespace_of};
use crate::file::File;
use crate::opened::{Opened, elements};
use crate::options::Options;
use crate::preview::{Outcome, PreviewObject, preview};
use crate::report::{ObjectName, TextEdit};
use crate::set::Set;
use crate::source::Source;
use crate::workers::Workers;

/// What admission would inject into the pods of a file.
#[derive(Debug)]
pub struct FilePreview {
    /// The file.
    pub source: Source,
    /// The changes of its text, in order and not overlapping.
    pub edits: Vec<TextEdit>,
    /// Its pods and pod templates, in their order.
    pub pods: Vec<NamedPod>,
}

/// What happens to a pod, or to the pods of a template.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct NamedPod {
    /// The pod, or the object with the template.
    pub object: ObjectName,
    /// The path from the object to the template; empty for a pod.
    pub path: String,
    /// What happens.
    pub outcome: Outcome,
}

/// Previews what admission would inject. Of several settings, the first ones that inject do so, and a pod that others reject is not
/// injected. Files without pods are left out.
pub fn previews(files: &[File], options: &Options<'_>, workers: &impl Workers) -> Vec<FilePreview> {
    let injects = |settings: &Settings<'_>| settings.inject.is_some();
    if !options.settings.iter().any(injects) {
        return Vec::new();
    }
    let set = Set::new(files, options.cluster_state);
    let previews = workers.map(files.len(), |number| {
        let file = files.get(number)?;
        Some(file_preview(&set, options, number, file)).filter(|preview| !preview.pods.is_empty())
    });
    previews.into_iter().flatten().collect()
}

fn file_preview(set: &Set<'_>, options: &Options<'_>, number: usize, file: &File) -> FilePreview {
    let text = &*file.source.text;
    let mut all = FilePreview { source: file.source.clone(), edits: Vec::new(), pods: Vec::new() };
    let mut reread = file.reread();
    for (first, _, part) in set.parts_of(number) {
        let document = reread.document(part);
        let Ok(json) = Document::parse(part.json(file).as_bytes()) else { continue };
        let clusters = part.objects.iter().zip(first..);
        let clusters = clusters.map(|(object, position)| Files::new(set, position, namespace_of(object, options)));
        let clusters: Vec<_> = clusters.collect();
        let place = set.place_of(number);
        let objects = part.objects.iter().zip(&clusters).map(|(object, cluster)| {
            let value = json.root().at(object.node);
            let inquiry = inquiry(value, object, namespace_of(object, options));
            PreviewObject {
                is_partial: place.is_some_and(|place| set.is_partial(place, &inquiry.group, &inquiry.kind, value)),
                inquiry,
                cluster,
                accounts_are_known: set.knows_all_accounts(),
            }
        });
        let elements = elements(json.root());
        let opened = Opened { elements: &elements, ..Opened::new(text, json.root(), document.as_ref()) };
        let preview = preview(&opened, &objects.collect::<Vec<_>>(), &options.settings);
        all.edits.extend(preview.edits);
        all.pods.extend(preview.pods.into_iter().filter_map(|pod| {
            let object = part.objects.get(pod.object)?.name.clone();
            let object = ObjectName { namespace: object.namespace.or_else(|| options.namespace.clone()), ..object };
            Some(NamedPod { object, path: pod.path.to_string(), outcome: pod.outcome })
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use azure_workload_identity_policy::json;

    use super::*;
    use crate::{OneThread, edit};

    #[test]
    fn the_accounts_of_other_files_count() {
        let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n  annotations:\n    \
                       azure.workload.identity/client-id: 11111111-2222-3333-4444-555555555555\n";
        let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels:\n    azure.workload.identity/use: \"true\"\nspec:\n  \
                   serviceAccountName: web\n  containers:\n  - name: web # the only one\n    image: web\n";
        let text = format!("{pod}---\n{}", pod.replace("use: \"true\"", "use: \"false\""));
        let files = [File::read("account.yaml", account.into()), File::read("pod.yaml", text.as_bytes().to_vec())];
        let settings = json::Document::parse(br#"{"inject": {}}"#).unwrap();
        let options = Options::new(vec![Settings::read(settings.root()).unwrap()], &[]);

        let previews = previews(&files, &options, &OneThread);
        let [preview] = previews.as_slice() else { panic!("{previews:?}") };
        assert_eq!(&*preview.source.name, "pod.yaml");
        let [injected, unchanged] = preview.pods.as_slice() else { panic!("{preview:?}") };
        assert_eq!(injected.outcome, Outcome::Injected { note: None });
        assert!(matches!(unchanged.outcome, Outcome::Unchanged(_)), "{unchanged:?}");
        let changed = edit::apply(&text, &preview.edits);
        assert!(changed.contains("- name: web # the only one\n"), "{changed}");
        assert_eq!(changed.matches("11111111-2222-3333-4444-555555555555").count(), 1, "{changed}");
    }
}
