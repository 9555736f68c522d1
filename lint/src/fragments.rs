//! What a kustomization itself writes into objects: labels, annotations, and patches that stand in it.
//!
//! Each is judged as a part of an object. What is wrong in it is wrong in every object that it reaches; what it lacks, the object
//! may have.
//!
//! Source: `LabelTransformer`, `AnnotationsTransformer` and `PatchTransformer` of github.com/kubernetes-sigs/kustomize v5.8.1
//! (`api/internal/target/kusttarget_configplugin.go`, `api/internal/builtins`).

use azure_workload_identity_policy::assumption::Assumption;
use azure_workload_identity_policy::cluster::Nothing;
use azure_workload_identity_policy::finding::{Part, Place};
use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::{self, Document, Kind, Path, Segment, Value};
use azure_workload_identity_policy::kinds::has_pod_template;
use azure_workload_identity_policy::rule::{RuleId, Severity};
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::{decide, examine};

use crate::certainty::{Certainty, Things};
use crate::check::{WRONG_TYPES, asked_of_files};
use crate::draft::{Draft, DraftSubject, Request};
use crate::kustomization::{is_flux, is_own_type};
use crate::members::text;
use crate::rule::Rule;
use crate::rules::wrong_type::{self, Message};
use crate::yaml;

/// A part of objects.
pub(crate) struct Fragment {
    /// An object with this part and nothing else, as JSON.
    pub(crate) object: String,
    /// How many steps lead from that object to the part.
    pub(crate) depth: usize,
    /// Where the part is written.
    pub(crate) at: Path,
    /// Whether it reaches objects of all kinds, and what is of no use in this one may be in another.
    pub(crate) is_for_all: bool,
    /// Whether it may not be what it seems to be: a finding is a note.
    pub(crate) is_guess: bool,
    /// Whether something makes objects of it: it may put a value in quotes, and another file may fill in what is empty.
    pub(crate) is_of_values: bool,
}

/// Whether a member of a kustomization is written into objects, and not to be searched for labels.
pub(crate) fn is_read(group: &str, path: &Path) -> bool {
    let is_member = matches!(path.segments().first(), Some(Segment::Key(key)) if
        matches!(key.as_str(), "labels" | "commonLabels" | "commonAnnotations" | "patches" | "patchesJson6902"));
    is_member && is_own_type(group)
}

/// What a kustomization writes into objects; nothing if the object is none.
pub(crate) fn fragments(object: Value<'_>, inquiry: &Inquiry<'_>) -> Vec<Fragment> {
    let (mut found, root) = (Vec::new(), Path::default());
    if is_flux(&inquiry.group, &inquiry.kind) {
        if let Some(spec) = object.field("spec") {
            add_patches(spec, &root.key("spec"), &mut found);
        }
    } else if is_own_type(&inquiry.group) {
        add_labels(object, &mut found);
        add_patches(object, &root, &mut found);
    }
    found
}

fn add_labels(object: Value<'_>, found: &mut Vec<Fragment>) {
    let labels = object.field("labels").into_iter().flat_map(Value::elements).enumerate();
    for (index, label) in labels {
        if let Some(pairs) = label.field("pairs") {
            let at = Path::default().key("labels").index(index).key("pairs");
            // Otherwise only the labels of the objects are set, which are those of pods only in objects that are pods.
            let is_set = |key| label.field(key).and_then(Value::as_bool) == Some(true);
            let is_guess = !(is_set("includeSelectors") || is_set("includeTemplates"));
            found.push(Fragment { is_guess, ..Fragment::metadata("Pod", "labels", pairs, at) });
        }
    }
    if let Some(labels) = object.field("commonLabels") {
        found.push(Fragment::metadata("Pod", "labels", labels, Path::default().key("commonLabels")));
    }
    if let Some(annotations) = object.field("commonAnnotations") {
        for kind in ["Pod", "ServiceAccount"] {
            let at = Path::default().key("commonAnnotations");
            found.push(Fragment { is_for_all: true, ..Fragment::metadata(kind, "annotations", annotations, at) });
        }
    }
}

/// The patches in the members of a kustomization, or of the specification of Flux.
fn add_patches(holder: Value<'_>, at: &Path, found: &mut Vec<Fragment>) {
    for key in ["patches", "patchesJson6902", "patchesStrategicMerge"] {
        for (index, patch) in holder.field(key).into_iter().flat_map(Value::elements).enumerate() {
            let at = at.clone().key(key).index(index);
            let target = patch.field("target");
            match patch.field("patch") {
                Some(text) => add_patch(text, target, &at.key("patch"), found),
                None => add_patch(patch, target, &at, found),
            }
        }
    }
}

/// A patch: a text, or the JSON itself.
fn add_patch(patch: Value<'_>, target: Option<Value<'_>>, at: &Path, found: &mut Vec<Fragment>) {
    let Some(text) = patch.as_str() else { return add_read_patch(patch, target, at, found) };
    // A path is a text too, of which there is no mapping or list to read.
    for document in yaml::documents(&text, false).flatten() {
        if let Ok(json) = Document::parse(document.json.as_bytes()) {
            add_read_patch(json.root(), target, at, found);
        }
    }
}

fn add_read_patch(patch: Value<'_>, target: Option<Value<'_>>, at: &Path, found: &mut Vec<Fragment>) {
    match patch.kind() {
        Kind::Object => {
            let of_target = target.and_then(|target| object_type(target));
            let members = patch.members().filter(|(key, _)| of_target.is_none() || !is_type(key));
            let members = members.map(|(key, value)| [&json::text(&key), ":", value.raw()].concat());
            let object = format!("{{{}}}", of_target.clone().into_iter().chain(members).collect::<Vec<_>>().join(","));
            found.push(Fragment::new(object, 0, at.clone()));
        }
        Kind::Array => {
            let Some(of_target) = target.and_then(|target| object_type(target)) else { return };
            for (index, operation) in patch.elements().enumerate() {
                let path = text(Some(operation), "path");
                if let (Some(value), "add" | "replace") = (operation.field("value"), &*text(Some(operation), "op")) {
                    let (part, depth) = around(&path, value);
                    // A replaced object is no part of one.
                    if let Some(members) = part.strip_prefix('{').filter(|_| depth > 0) {
                        let at = at.clone().index(index).key("value");
                        found.push(Fragment::new(format!("{{{of_target},{members}"), depth, at));
                    }
                }
            }
        }
        _ => {}
    }
}

fn is_type(key: &str) -> bool {
    matches!(key, "apiVersion" | "kind")
}

/// The members that say of which type the objects are that a target selects, as JSON; `None` if it does not say it.
fn object_type(target: Value<'_>) -> Option<String> {
    let kind = Some(text(Some(target), "kind")).filter(|kind| !kind.is_empty())?;
    let group = match text(Some(target), "group") {
        group if group.is_empty() => {
            ["apps", "batch"].into_iter().find(|group| has_pod_template(group, &kind)).unwrap_or_default().to_owned()
        }
        group => group,
    };
    let api_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    Some(format!("\"apiVersion\":{},\"kind\":{}", json::text(&api_version), json::text(&kind)))
}

/// The value at a path.
fn at<'v>(root: Value<'v>, path: &Path) -> Option<Value<'v>> {
    path.segments().iter().try_fold(root, |value, step| match step {
        Segment::Key(key) => value.get(key),
        Segment::Index(index) => value.elements().nth(*index),
    })
}

/// The JSON around a value that a JSON pointer leads to, and the number of its steps. A step that is a number, or `-`, is into a list.
fn around(pointer: &str, value: Value<'_>) -> (String, usize) {
    let steps: Vec<_> = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let json = steps.iter().rev().fold(value.raw().to_owned(), |inner, step| {
        let is_in_list = step == "-" || step.parse::<usize>().is_ok();
        if is_in_list { format!("[{inner}]") } else { format!("{{{}:{inner}}}", json::text(step)) }
    });
    (json, steps.len())
}

impl Fragment {
    fn new(object: String, depth: usize, at: Path) -> Self {
        Self { object, depth, at, is_for_all: false, is_guess: false, is_of_values: false }
    }

    /// Labels or annotations of an object.
    pub(crate) fn metadata(kind: &str, key: &str, map: Value<'_>, at: Path) -> Self {
        let kind = json::text(kind);
        let object = format!("{{\"apiVersion\":\"v1\",\"kind\":{kind},\"metadata\":{{\"{key}\":{}}}}}", map.raw());
        Self::new(object, 2, at)
    }

    /// What is wrong in it, whatever is around it. The object in which it is written has this question and number.
    pub(crate) fn check(
        &self,
        written_in: Value<'_>,
        inquiry: &Inquiry<'_>,
        settings: &Settings<'_>,
        position: usize,
    ) -> Vec<Draft> {
        let Ok(document) = Document::parse(self.object.as_bytes()) else { return Vec::new() };
        let root = document.root();
        let mut examination = examine(&Inquiry::of_object(root), settings, &Nothing);
        let things = Things { account: None, kind: &inquiry.kind };
        let (mut grounds, mut drafts) = (examination.grounds, Vec::new());
        for mismatch in std::mem::take(&mut examination.mismatches).into_iter().take(WRONG_TYPES) {
            let value = mismatch.value;
            let Some(path) = self.path(&value.path_from(root)).filter(|_| !self.is_left_open(value)) else { continue };
            let certainty = if self.is_of_values {
                (Severity::Note, Certainty::lowered_by(Assumption::Reader, things))
            } else {
                (Severity::Deny, Certainty::default())
            };
            let own = at(written_in, &path).filter(|own| own.same_as(value));
            let Message { problem, fix, .. } = wrong_type::message(value, mismatch.expected, &path, value.raw());
            let place = Request { object: position, path, part: Part::Value };
            let mut draft = self.draft(Rule::WrongType, certainty, place, (problem, fix), things);
            // It stands there itself, and not in a text that does.
            if let Some(own) = own {
                draft.subject = DraftSubject::WrongType { node: own.id(), expected: mismatch.expected };
            }
            drafts.push(draft);
        }
        let not_shown = asked_of_files().and(Assumption::Reader);
        grounds.unknown = grounds.unknown.and(not_shown);
        examination.grounds = grounds;
        for (severity, finding) in decide(examination, settings).findings {
            let rests_on = finding.weight.rests_on;
            let is_misplaced = matches!(finding.rule, RuleId::MisplacedKey | RuleId::LabelPlacement);
            let is_told = is_misplaced && self.is_of_values && !self.is_guess;
            if rests_on.intersects(not_shown) && !is_told || self.is_for_all && is_misplaced {
                continue;
            }
            let Place { path, part, .. } = finding.place;
            if at(root, &path).is_some_and(|value| self.is_left_open(value)) {
                continue;
            }
            let Some(path) = self.path(&path) else { continue };
            let sure = settings.severities.of(finding.rule).min(finding.weight.importance);
            let weight = (severity, Certainty::new(grounds, rests_on, sure, things));
            let part = if part == Part::Absence { Part::Key } else { part };
            let place = Request { object: position, path, part };
            drafts.push(self.draft(finding.rule.into(), weight, place, (finding.problem, finding.fix), things));
        }
        drafts
    }

    /// Whether another file of values is to fill in a value.
    fn is_left_open(&self, value: Value<'_>) -> bool {
        self.is_of_values && (value.is_null() || value.as_str().is_some_and(|text| text.is_empty()))
    }

    /// Where a place in the object is written; `None` if it is around the part.
    fn path(&self, path: &Path) -> Option<Path> {
        let mut written = self.at.clone();
        path.segments().get(self.depth..)?.iter().for_each(|segment| written.push(segment.clone()));
        Some(written)
    }

    fn draft(
        &self,
        rule: Rule,
        (severity, certainty): (Severity, Certainty),
        place: Request,
        (problem, fix): (String, String),
        things: Things<'_>,
    ) -> Draft {
        let (severity, certainty) = if self.is_guess {
            (Severity::Note, Certainty::lowered_by(Assumption::Reader, things))
        } else {
            (severity, certainty)
        };
        let subject = DraftSubject::Finding { problem, fix, repair: None };
        Draft { rule, severity, certainty, place, related: Vec::new(), subject }
    }
}
