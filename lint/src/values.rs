//! Labels and annotations in mappings that something else makes objects of: the values of Helm charts, in files of their own, in a
//! `HelmRelease`, an `Application` of Argo CD or a helmfile, and objects of kinds that the policy does not know.
//!
//! The name of a mapping tells whose labels or annotations it has, as charts name them: `podLabels`, `serviceAccount.annotations`.
//! What no name tells is judged by what is wrong everywhere: spelling, types, and values.

use std::ops::ControlFlow;

use azure_workload_identity_policy::json::{Document, Kind, Path, Segment, Value};
use azure_workload_identity_policy::keys;

use crate::fragments::Fragment;
use crate::yaml;

/// The kind by which reports name values.
pub(crate) const KIND: &str = "values";

/// A part of every key of workload identity, and of most misspellings.
pub(crate) const MARK: &str = "workload";

/// How deep mappings are searched for. Values of charts are not deeper.
const DEPTH: usize = 20;

/// The members in which objects carry values as a text. Source: `Application` of github.com/argoproj/argo-cd v3.2.0,
/// `pkg/apis/application/v1alpha1/types.go` (`helm.values`); `HelmChart` of github.com/k3s-io/helm-controller v0.16.13,
/// `pkg/apis/helm.cattle.io/v1/types.go` (`valuesContent`).
const TEXTS: [&str; 2] = ["values", "valuesContent"];

/// Whether a document that is no object has values with labels or annotations of workload identity.
pub(crate) fn are_values(root: Value<'_>) -> bool {
    let is_found = || search(root, &Path::default(), DEPTH, &mut |_, _| ControlFlow::Break(())).is_break();
    root.kind() == Kind::Object && root.field("kind").is_none() && root.raw().contains(MARK) && is_found()
}

/// The labels and annotations of workload identity in values, or in an object that may have some.
pub(crate) fn fragments(root: Value<'_>) -> Vec<Fragment> {
    let (mut found, are_values) = (Vec::new(), root.field("kind").is_none());
    let _ = search(root, &Path::default(), DEPTH, &mut |map, path| {
        let owner = owner(path, are_values);
        let kinds: &[_] = match owner {
            Owner::Pod => &["Pod"],
            Owner::Account => &["ServiceAccount"],
            Owner::Unknown => &["Pod", "ServiceAccount"],
        };
        let is_unnamed = !is_named(path, "annotations");
        let is_labels = is_named(path, "labels") || is_unnamed && map.field(keys::USE).is_some();
        let key = if is_labels { "labels" } else { "annotations" };
        // No label but that of pods is read.
        for kind in kinds.iter().take(if is_labels { 1 } else { kinds.len() }) {
            let fragment = Fragment::metadata(kind, key, map, path.clone());
            let is_for_all = owner == Owner::Unknown && !is_labels;
            found.push(Fragment { is_of_values: true, is_for_all, is_guess: owner == Owner::Unknown, ..fragment });
        }
        ControlFlow::Continue(())
    });
    found
}

/// Whose labels or annotations a mapping has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Pod,
    Account,
    /// No name tells it.
    Unknown,
}

/// What is done with a mapping that has a key of workload identity.
type Report<'r> = &'r mut dyn FnMut(Value<'_>, &Path) -> ControlFlow<()>;

fn search(value: Value<'_>, path: &Path, depth: usize, report: Report<'_>) -> ControlFlow<()> {
    if depth == 0 || !value.raw().contains(MARK) {
        return ControlFlow::Continue(());
    }
    match value.kind() {
        Kind::Object => {
            let is_map = is_named(path, "labels") || is_named(path, "annotations");
            let is_selector = steps(path).any(|step| step.contains("match") || step.contains("selector"));
            let is_key = |key: &str| if is_map { is_like_key(key) } else { is_own_key(key) };
            if !is_selector && value.members().any(|(key, _)| is_key(&key)) {
                return report(value, path);
            }
            value.members().try_for_each(|(key, member)| search(member, &path.clone().key(key), depth - 1, report))
        }
        Kind::Array => {
            let mut elements = value.elements().enumerate();
            elements.try_for_each(|(index, element)| search(element, &path.clone().index(index), depth - 1, report))
        }
        Kind::String if TEXTS.iter().any(|name| is_last(path, name)) => {
            let text = value.as_str().unwrap_or_default();
            yaml::documents(&text, false).flatten().try_for_each(|document| {
                let json = Document::parse(document.json.as_bytes());
                json.map_or(ControlFlow::Continue(()), |json| search(json.root(), path, depth - 1, report))
            })
        }
        _ => ControlFlow::Continue(()),
    }
}

/// The names on the way, in lower case.
fn steps(path: &Path) -> impl Iterator<Item = String> {
    path.segments().iter().filter_map(|step| match step {
        Segment::Key(key) => Some(key.to_ascii_lowercase()),
        Segment::Index(_) => None,
    })
}

fn is_last(path: &Path, name: &str) -> bool {
    matches!(path.segments().last(), Some(Segment::Key(key)) if key == name)
}

/// Whether a mapping is called so, or something with it at its end, such as `podLabels`.
fn is_named(path: &Path, name: &str) -> bool {
    steps(path).last().is_some_and(|last| last.ends_with(name))
}

fn owner(path: &Path, are_values: bool) -> Owner {
    // What an object of another kind makes of such a mapping is not known, whatever its name.
    if !are_values && !steps(path).any(|step| step.starts_with("values")) {
        return Owner::Unknown;
    }
    let is_account = steps(path).any(|step| step.contains("serviceaccount"));
    let is_pod = || {
        let mut last = steps(path).collect::<Vec<_>>().into_iter().rev();
        let name = last.next().unwrap_or_default();
        let around = last.find(|step| step != "metadata").unwrap_or_default();
        name.starts_with("pod") || matches!(&*around, "pod" | "podtemplate" | "podmetadata" | "template")
    };
    match is_account {
        true => Owner::Account,
        false if is_pod() => Owner::Pod,
        false => Owner::Unknown,
    }
}

/// Whether a key is one of workload identity, right or misspelt.
fn is_like_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["workload", "identity", "/"].iter().all(|part| key.contains(part))
}

/// Whether a key can be nothing else, wherever it stands.
fn is_own_key(key: &str) -> bool {
    key.get(..keys::PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(keys::PREFIX))
}
