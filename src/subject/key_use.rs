//! The keys of labels and annotations: which ones there are, where each is read, and which one a misspelt key was meant to be.

use std::cell::OnceCell;

use super::Outer;
use crate::json::{Path, Value};
use crate::keys;
use crate::nearest::edits;
use crate::pod::{Pod, StringMap};
use crate::settings::Settings;

/// Where a key is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadAt {
    PodLabel,
    PodAnnotation,
    ServiceAccountAnnotation,
    /// On a pod, and on its service account for all its pods.
    EitherAnnotation,
}

impl ReadAt {
    /// As messages write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PodLabel => "a label of the pod (or pod template)",
            Self::PodAnnotation => "an annotation of the pod (or pod template)",
            Self::ServiceAccountAnnotation => "an annotation of the service account",
            Self::EitherAnnotation => "an annotation of the pod (or pod template) or of the service account",
        }
    }
}

/// What a key is to workload identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning<'k> {
    /// It is read, at this place.
    Known(ReadAt),
    /// Somebody meant this one.
    Misspelt(&'k str, ReadAt),
    /// It has the prefix of workload identity, and no component reads it.
    Unknown,
    /// It has nothing to do with workload identity.
    Foreign,
}

/// Whose label or annotation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A pod or pod template.
    Pod,
    /// The workload around a pod template, or another object between the two.
    Workload,
    ServiceAccount,
}

/// A key that has to do with workload identity, where it was found.
#[derive(Debug)]
pub(crate) struct KeyUse<'s> {
    pub(crate) holder: Holder,
    /// The object with the metadata.
    pub(crate) object: Value<'s>,
    pub(crate) is_label: bool,
    pub(crate) key: &'s str,
    pub(crate) meaning: Meaning<'s>,
}

impl<'s> KeyUse<'s> {
    /// Where it is.
    pub(crate) fn path(&self, root: Value<'_>) -> Path {
        self.object.path_from(root).key("metadata").key(self.map()).key(self.key)
    }

    /// The labels or annotations that it is in.
    pub(crate) fn holding_map(&self) -> Option<Value<'s>> {
        self.object.field("metadata")?.field(self.map())
    }

    /// The member of `metadata` that it is in.
    const fn map(&self) -> &'static str {
        if self.is_label { "labels" } else { "annotations" }
    }

    /// The keys on a pod or pod template, and on the objects around it.
    pub(crate) fn in_template(pod: &'s Pod<'_>, around: &'s [Outer<'_>], settings: &'s Settings<'_>) -> Vec<Self> {
        let mut uses = Uses::new(settings);
        for outer in around {
            uses.add(Holder::Workload, outer.object, &outer.labels, &outer.annotations);
        }
        uses.add(Holder::Pod, pod.object, &pod.labels, &pod.annotations);
        uses.found
    }

    /// The keys on a service account, or on the object around a pod template.
    pub(crate) fn on(
        holder: Holder,
        object: Value<'s>,
        labels: &'s StringMap<'_>,
        annotations: &'s StringMap<'_>,
        settings: &'s Settings<'_>,
    ) -> Vec<Self> {
        let mut uses = Uses::new(settings);
        uses.add(holder, object, labels, annotations);
        uses.found
    }
}

struct Uses<'s> {
    known: [(&'s str, ReadAt); 8],
    /// The known keys without case and separators.
    plain: OnceCell<[String; 8]>,
    found: Vec<KeyUse<'s>>,
}

impl<'s> Uses<'s> {
    fn new(settings: &'s Settings<'_>) -> Self {
        let known = [
            (keys::USE, ReadAt::PodLabel),
            (keys::CLIENT_ID, ReadAt::ServiceAccountAnnotation),
            (keys::TENANT_ID, ReadAt::ServiceAccountAnnotation),
            (keys::TOKEN_EXPIRATION, ReadAt::EitherAnnotation),
            (keys::SKIP_CONTAINERS, ReadAt::PodAnnotation),
            (keys::INJECT_PROXY, ReadAt::PodAnnotation),
            (keys::PROXY_PORT, ReadAt::PodAnnotation),
            (settings.binding_annotation(), ReadAt::PodAnnotation),
        ];
        Self { known, plain: OnceCell::new(), found: Vec::new() }
    }

    fn add(&mut self, holder: Holder, object: Value<'s>, labels: &'s StringMap<'_>, annotations: &'s StringMap<'_>) {
        for (is_label, map) in [(true, labels), (false, annotations)] {
            for (key, _) in map.iter() {
                let meaning = self.meaning(key);
                if meaning != Meaning::Foreign {
                    self.found.push(KeyUse { holder, object, is_label, key, meaning });
                }
            }
        }
    }

    /// What a label or annotation key is to workload identity.
    fn meaning(&self, key: &str) -> Meaning<'s> {
        if let Some((_, read_at)) = self.known.iter().find(|(name, _)| *name == key) {
            return Meaning::Known(*read_at);
        }
        // Ours have both words; a key with neither is done with here, as most keys of a pod are.
        let words = |word: &[u8]| word.eq_ignore_ascii_case(b"workload") || word.eq_ignore_ascii_case(b"identity");
        if !key.as_bytes().windows(8).any(words) {
            return Meaning::Foreign;
        }
        let plain = plain(key);
        let known = self.plain.get_or_init(|| self.known.map(|(name, _)| self::plain(name)));
        let meant = self.known.iter().zip(known).filter_map(|((name, read_at), known)| {
            Some((edits(plain.as_bytes(), known.as_bytes(), tolerance(name))?, *name, *read_at))
        });
        match meant.min_by_key(|(edits, _, _)| *edits) {
            Some((_, name, read_at)) => Meaning::Misspelt(name, read_at),
            None if key.starts_with(keys::PREFIX) => Meaning::Unknown,
            None => Meaning::Foreign,
        }
    }
}

/// How many letters may be wrong: a short name such as `use` is near to too many others.
fn tolerance(name: &str) -> usize {
    let own = name.strip_prefix(keys::PREFIX).unwrap_or(name);
    if own.len() < 6 { 1 } else { 2 }
}

/// Whether two keys are the same without what people get wrong first: case and separators.
pub(crate) fn is_same_but_for_separators(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// A key without what people get wrong first: case and separators.
fn plain(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '-' | '_' | '.' | '/')).map(|c| c.to_ascii_lowercase()).collect()
}
