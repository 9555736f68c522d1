//! What admission would inject into the pods and pod templates of a text, as a change of the text.
//!
//! Admission never changes a workload; it changes the pods that a controller makes of the template. A preview makes the pod that the
//! template describes, examines it as admission does, and shows the changes at the template.

use std::collections::HashMap;

use azure_workload_identity_policy::cluster::Cluster;
use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::{self, Change, Changes, Document, Kind, NodeId, Path, Reading, Value};
use azure_workload_identity_policy::layout::Layout;
use azure_workload_identity_policy::rule::RuleId;
use azure_workload_identity_policy::settings::{OptIn, Settings};
use azure_workload_identity_policy::subject::SubjectKind;
use azure_workload_identity_policy::{decide, examine};
use serde::Serialize;

use crate::check::asked_of_files;
use crate::edit;
use crate::opened::Opened;
use crate::report::TextEdit;

/// An object that may be or hold pods.
pub struct PreviewObject<'a> {
    /// The object as if it were created; a value of the document that is changed.
    pub inquiry: Inquiry<'a>,
    /// What is known about service accounts.
    pub cluster: &'a dyn Cluster,
    /// Whether a service account that the cluster does not find does not exist.
    pub accounts_are_known: bool,
    /// Whether the object is a part of one, a patch: which pods come of it is not known.
    pub is_partial: bool,
}

/// What admission would do to the pods of a document.
#[derive(Debug, Default)]
pub struct Preview {
    /// The changes of the text, in order and not overlapping.
    pub edits: Vec<TextEdit>,
    /// Each pod and pod template, in the order of the objects.
    pub pods: Vec<PodPreview>,
}

/// What admission would do to a pod, or to the pods of a template.
#[derive(Debug)]
pub struct PodPreview {
    /// The position of its object among those that were given.
    pub object: usize,
    /// The path from the object to the template; empty for a pod.
    pub path: Path,
    /// What happens.
    pub outcome: Outcome,
}

/// What happens to a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub enum Outcome {
    /// It is injected, and the edits of the preview show how.
    Injected {
        /// What the text of the preview does not tell.
        note: Option<String>,
    },
    /// It is injected, but there is no change of the text that shows it.
    Unwritable {
        /// The object as indented JSON.
        before: String,
        /// The object with what is injected, as indented JSON.
        after: String,
        /// What the two texts do not tell.
        note: Option<String>,
    },
    /// It is not changed.
    Unchanged(Unchanged),
}

/// Why a pod is not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Unchanged {
    /// Why, as a sentence without its period.
    pub reason: String,
    /// What kind of reason that is.
    pub cause: Cause,
}

/// What kind of reason there is that a pod is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub enum Cause {
    /// The pod asks for no identity.
    NoIdentity,
    /// The pod is rejected.
    Rejected,
    /// The pod has everything already, or what it gets is not known.
    Other,
}

impl From<String> for Unchanged {
    fn from(reason: String) -> Self {
        Self { reason, cause: Cause::Other }
    }
}

/// Settings that inject, as JSON: the same settings, or with `inject: {}` if they do not.
pub fn with_injection(settings: &str) -> String {
    let Ok(document) = Document::parse(settings.as_bytes()) else { return settings.to_owned() };
    let root = document.root();
    if root.kind() != Kind::Object || root.field("inject").is_some() {
        return settings.to_owned();
    }
    let mut changes = Changes::default();
    changes.set(root, "inject", "{}".to_owned());
    written(&changes, root)
}

/// Previews what admission would inject into the pods of a document. Of the settings, the first that inject do so, and a pod that
/// others reject is not injected.
pub fn preview<'a>(opened: &Opened<'a>, objects: &[PreviewObject<'a>], settings: &[Settings<'_>]) -> Preview {
    let mut pods = Vec::new();
    let mut injections = Vec::new();
    for (position, object) in objects.iter().enumerate() {
        for place in places(object, settings) {
            let outcome = match examined(object, &place, settings) {
                Ok(changes) => {
                    injections.push(PodInjection { pod: pods.len(), changes });
                    Outcome::Injected { note: place.note(settings) }
                }
                Err(unchanged) => Outcome::Unchanged(unchanged),
            };
            pods.push(PodPreview { object: position, path: place.path(object), outcome });
        }
    }
    let mut accepted =
        Accepted { opened, attempts: ATTEMPTS, changes: Vec::new(), edits: Vec::new(), unwritable: Vec::new() };
    accepted.add(&injections);
    for injection in accepted.unwritable {
        let Some(pod) = pods.get_mut(injection.pod) else { continue };
        let object = objects.get(pod.object).and_then(|object| object.inquiry.object);
        let (Some(object), Outcome::Injected { note }) = (object, &pod.outcome) else { continue };
        let changes: Changes = injection.changes.iter().cloned().collect();
        let (before, after) = (indented(object.raw()), indented(&written(&changes, object)));
        pod.outcome = Outcome::Unwritable { before, after, note: note.clone() };
    }
    Preview { edits: accepted.edits, pods }
}

/// What is injected into one pod or template.
struct PodInjection {
    /// The position of its preview.
    pod: usize,
    changes: Vec<Change>,
}

/// How often it is tried to show injections together. Each attempt reads the document again; usually one does.
const ATTEMPTS: usize = 200;

/// The injections that a change of the text can show together.
struct Accepted<'t, 'a, 'i> {
    opened: &'t Opened<'a>,
    /// How many more attempts are made.
    attempts: usize,
    changes: Vec<Change>,
    edits: Vec<TextEdit>,
    unwritable: Vec<&'i PodInjection>,
}

impl<'i> Accepted<'_, '_, 'i> {
    /// Adds injections: all at once, since templates may share parts of the text, and otherwise as many as can be.
    fn add(&mut self, injections: &'i [PodInjection]) {
        if injections.is_empty() {
            return;
        }
        let Some(attempts) = self.attempts.checked_sub(1) else { return self.unwritable.extend(injections) };
        self.attempts = attempts;
        let added = injections.iter().flat_map(|injection| &injection.changes);
        let changes: Vec<_> = self.changes.iter().chain(added).cloned().collect();
        if let Some(edits) = self.opened.edits(&changes.iter().cloned().collect()) {
            (self.changes, self.edits) = (changes, edits);
        } else if let [injection] = injections {
            self.unwritable.push(injection);
        } else {
            let (first, second) = injections.split_at(injections.len() / 2);
            self.add(first);
            self.add(second);
        }
    }
}

/// A pod or a pod template.
struct PodPlace<'a> {
    value: Value<'a>,
    /// The object from whose template pods are made; absent for a pod.
    workload: Option<PreviewWorkload>,
}

struct PreviewWorkload {
    kind: String,
    name: String,
}

impl<'a> PodPlace<'a> {
    fn path(&self, object: &PreviewObject<'a>) -> Path {
        object.inquiry.object.map(|object| self.value.path_from(object)).unwrap_or_default()
    }

    /// What the name of the token volume depends on.
    fn note(&self, settings: &[Settings<'_>]) -> Option<String> {
        let workload = self.workload.as_ref()?;
        let layout = injecting(settings)?.inject.as_ref()?.layout;
        (layout != Layout::V1_5).then(|| {
            format!(
                "the name of the token volume ends in a hash of the pod's name; the one shown is for a pod with generateName {:?}, \
                 and the pods of the {} have others",
                workload.generate_name(),
                workload.kind
            )
        })
    }
}

/// The settings that inject.
fn injecting<'s, 'a>(settings: &'s [Settings<'a>]) -> Option<&'s Settings<'a>> {
    settings.iter().find(|settings| settings.inject.is_some())
}

impl PreviewWorkload {
    fn generate_name(&self) -> String {
        [&self.name, "-"].concat()
    }
}

/// The pods and pod templates of an object.
fn places<'a>(object: &PreviewObject<'a>, settings: &[Settings<'_>]) -> Vec<PodPlace<'a>> {
    let inquiry = &object.inquiry;
    let (Some(value), Some(settings)) = (inquiry.object, injecting(settings).or(settings.first())) else {
        return Vec::new();
    };
    match SubjectKind::of(inquiry, settings, &mut Reading::default()) {
        Some(SubjectKind::Pod) => vec![PodPlace { value, workload: None }],
        Some(SubjectKind::Workload { templates, .. }) => {
            let metadata = value.field("metadata");
            let name = |key: &str| {
                let name = metadata.and_then(|metadata| metadata.field(key)).and_then(Value::as_str);
                name.filter(|name| !name.is_empty())
            };
            let name = name("name").or_else(|| name("generateName")).unwrap_or_default();
            let workload =
                || PreviewWorkload { kind: inquiry.kind.to_string(), name: name.trim_end_matches('-').to_owned() };
            let templates = templates.into_iter();
            templates.map(|template| PodPlace { value: template.value, workload: Some(workload()) }).collect()
        }
        _ => Vec::new(),
    }
}

/// The changes that admission makes of a pod, or of the pod of a template, as changes of the pod or template in its document; or why
/// there are none.
fn examined(
    object: &PreviewObject<'_>,
    place: &PodPlace<'_>,
    settings: &[Settings<'_>],
) -> Result<Vec<Change>, Unchanged> {
    if object.is_partial {
        return Err("the file has only a part of the object".to_owned().into());
    }
    let Some(workload) = &place.workload else { return examined_pod(&object.inquiry, object, settings) };
    let namespace = object.inquiry.namespace.as_deref();
    let text = pod_of(place.value, workload, namespace);
    let document = Document::parse(text.as_bytes()).map_err(|error| Unchanged::from(error.to_string()))?;
    let pod = document.root();
    let inquiry = Inquiry { namespace: namespace.map(Into::into), ..Inquiry::of_object(pod) };
    let changes = examined_pod(&inquiry, object, settings)?;
    let mut nodes = HashMap::new();
    for key in ["metadata", "spec"] {
        if let (Some(made), Some(own)) = (pod.get(key), place.value.get(key)) {
            add_nodes(made, own, &mut nodes);
        }
    }
    changes.into_iter().map(|change| moved(change, pod, place.value, &nodes).map_err(Unchanged::from)).collect()
}

/// The changes that admission makes of a pod, or why there are none.
fn examined_pod(
    inquiry: &Inquiry<'_>,
    object: &PreviewObject<'_>,
    all_settings: &[Settings<'_>],
) -> Result<Vec<Change>, Unchanged> {
    let mut injected = Err("the settings do not inject".to_owned().into());
    for settings in all_settings {
        let mut examination = examine(inquiry, settings, object.cluster);
        if let (Some(mismatch), Some(pod)) = (examination.mismatches.first(), inquiry.object) {
            let reason = format!("the API server rejects the pod: {}", mismatch.describe(pod));
            return Err(Unchanged { reason, cause: Cause::Rejected });
        }
        let is_injected = examination.is_injected;
        let missing = examination.findings.iter().find(|finding| finding.rule == RuleId::ServiceAccountMissing);
        if let (Some(missing), false) = (missing, object.accounts_are_known) {
            return Err(format!("the identity is not known: {} {}", missing.place.path, missing.problem).into());
        }
        // What a preview shows is what a cluster with these objects does.
        examination.grounds.unknown = examination.grounds.unknown.without(asked_of_files());
        let verdict = decide(examination, settings);
        if let Some(message) = verdict.message() {
            return Err(Unchanged { reason: format!("the pod is rejected: {message}"), cause: Cause::Rejected });
        }
        let Some(inject) = settings.inject.as_ref().filter(|_| injected.is_err()) else { continue };
        if !is_injected {
            let follows = inject.opt_in == OptIn::ServiceAccount;
            let or_account = if follows { ", and its service account has no client id" } else { "" };
            let reason = format!("the pod has no label azure.workload.identity/use: \"true\"{or_account}");
            injected = Err(Unchanged { reason, cause: Cause::NoIdentity });
        } else if verdict.changes.is_empty() {
            injected = Err("the pod has everything that is injected".to_owned().into());
        } else {
            injected = Ok(verdict.changes.iter().cloned().collect());
        }
    }
    injected
}

/// The pod that a controller makes of a template, as far as admission looks at it.
fn pod_of(template: Value<'_>, workload: &PreviewWorkload, namespace: Option<&str>) -> String {
    let mut metadata = vec![member("generateName", &json::text(&workload.generate_name()))];
    metadata.extend(namespace.map(|namespace| member("namespace", &json::text(namespace))));
    let own = template.field("metadata").into_iter().flat_map(Value::members);
    let own = own.filter(|(key, _)| is_copied(key)).map(|(key, value)| member(&key, value.raw()));
    metadata.extend(own);
    let spec = template.field("spec").map(|spec| [",", &member("spec", spec.raw())].concat());
    let metadata = ["{", &metadata.join(","), "}"].concat();
    let head = r#"{"apiVersion":"v1","kind":"Pod","#;
    [head, &member("metadata", &metadata), spec.as_deref().unwrap_or_default(), "}"].concat()
}

/// Whether a member of a template's metadata is the same in its pods.
fn is_copied(key: &str) -> bool {
    !matches!(key, "name" | "generateName" | "namespace")
}

fn member(key: &str, value: &str) -> String {
    [&json::text(key), ":", value].concat()
}

/// Notes which nodes of a template the nodes of its pod are.
fn add_nodes(made: Value<'_>, own: Value<'_>, nodes: &mut HashMap<NodeId, NodeId>) {
    if made.kind() != own.kind() {
        return;
    }
    nodes.insert(made.id(), own.id());
    for (made, own) in made.elements().zip(own.elements()) {
        add_nodes(made, own, nodes);
    }
    let own_members: HashMap<_, _> = own.members().collect();
    for (key, made) in made.members() {
        if let Some(own) = own_members.get(&key) {
            add_nodes(made, *own, nodes);
        }
    }
}

/// A change of a pod as a change of the template of which the pod was made.
fn moved(
    change: Change,
    pod: Value<'_>,
    template: Value<'_>,
    nodes: &HashMap<NodeId, NodeId>,
) -> Result<Change, String> {
    let node = |id: NodeId| nodes.get(&id).copied();
    let change = match change {
        Change::Replace { value, text } => node(value).map(|value| Change::Replace { value, text }),
        Change::Rename { key, name } => node(key).map(|key| Change::Rename { key, name }),
        Change::Remove { container, child } => {
            node(container).zip(node(child)).map(|(container, child)| Change::Remove { container, child })
        }
        Change::Insert { container, end, key: Some(key), text }
            if node(container).is_none() && pod.get("metadata").is_some_and(|it| it.id() == container) =>
        {
            // The template has no metadata, or null.
            let text = ["{", &member(&key, &text), "}"].concat();
            Some(match template.get("metadata") {
                Some(null) => Change::Replace { value: null.id(), text },
                None => Change::Insert { container: template.id(), end, key: Some("metadata".to_owned()), text },
            })
        }
        Change::Insert { container, end, key, text } => {
            node(container).map(|container| Change::Insert { container, end, key, text })
        }
    };
    change.ok_or_else(|| "the pod is changed where the template has nothing".to_owned())
}

fn written(changes: &Changes, root: Value<'_>) -> String {
    let mut text = Vec::new();
    changes.write(root, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// JSON with a line for each member and element, and a line break at its end.
fn indented(text: &str) -> String {
    let document = Document::parse(text.as_bytes());
    document.map_or_else(|_| text.to_owned(), |document| edit::indented_json(document.root()))
}
