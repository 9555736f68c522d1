//! The volumes of a pod and the files that are known to be in them.

use std::borrow::Cow;

use super::path::CleanPath;
use super::{Absence, DATA, MountedFile};
use crate::json::Value;
use crate::layout::{Layout, is_reserved_name};
use crate::order;
use crate::pod::{Pod, Volume};

/// The token volume that injection is going to add, and its mount in each container that takes part.
#[derive(Clone, Copy, Debug)]
pub struct InjectedToken<'p> {
    /// The volume's name: up to v1.5 that of any volume with a token at the token's path.
    pub volume: &'p str,
    /// Where it is mounted.
    pub mount_path: &'p str,
    /// The token's path in the volume.
    pub token_path: &'p str,
    /// The token's audience.
    pub audience: &'p str,
    /// Whether injection replaces a volume and a mount of this name, as it does since v1.6.0. Up to v1.5 both stay.
    pub replaces: bool,
}

/// The volumes of a pod.
#[derive(Debug)]
pub struct Volumes<'p> {
    entries: Vec<Entry<'p>>,
    /// The positions of the entries by name, path and source.
    order: Vec<usize>,
    injected: Option<&'p str>,
    /// Whether the API server mounts its own token in every container.
    pub(super) automounts_token: bool,
    pub(super) windows: bool,
}

/// A volume, or a file in a projected one.
#[derive(Debug)]
struct Entry<'p> {
    volume: &'p str,
    /// The file's path in the volume; `None` for the volume itself.
    path: Option<CleanPath>,
    /// The position of the file's source. Where two sources have the same file, the later one counts.
    source: usize,
    content: Content<'p>,
}

impl Entry<'_> {
    fn key(&self) -> (&str, Option<&CleanPath>) {
        (self.volume, self.path.as_ref())
    }
}

#[derive(Debug)]
enum Content<'p> {
    Volume(VolumeSummary<'p>),
    Token(Cow<'p, str>),
    /// A key of a Secret or ConfigMap.
    Unknown,
    /// Something that is no token: a field of the pod, a certificate.
    NoToken,
}

/// What is known of a volume as a whole.
#[derive(Clone, Copy, Debug)]
struct VolumeSummary<'p> {
    /// The volume in the pod; `None` for the one that injection adds.
    volume: Option<&'p Volume<'p>>,
    holds_azure_token: bool,
    /// Whether the kubelet fills it from the API.
    is_from_api: bool,
    unlisted: Unlisted,
}

/// Files that the pod does not list, with the position of the last source that has some.
#[derive(Clone, Copy, Debug)]
enum Unlisted {
    None,
    /// A Secret or ConfigMap without `items` has a file for each key. A key has no slash.
    Keys(usize),
    Any(usize),
}

impl Unlisted {
    /// Whether a file of this path may be one of them that hides the same file of another source.
    fn may_hide(self, path: &str, source: Option<usize>) -> bool {
        let is_later = |last: usize| source.is_none_or(|source| last > source);
        match self {
            Self::None => false,
            Self::Keys(last) => !path.contains('/') && is_later(last),
            Self::Any(last) => is_later(last),
        }
    }
}

impl<'p> Volumes<'p> {
    /// The volumes of `pod`, with the one that injection adds if there is one. `is_azure` judges the audience of a token.
    pub fn new(pod: &'p Pod<'p>, injected: Option<InjectedToken<'p>>, is_azure: &dyn Fn(&str) -> bool) -> Self {
        let windows = pod.is_for_windows();
        let mut entries = Vec::new();
        let mut missing = injected;
        for volume in &pod.volumes {
            if let Some(token) = injected.filter(|token| token.volume == volume.name) {
                if token.replaces {
                    continue;
                }
                missing = None;
            }
            read(volume, windows, is_azure, &mut entries);
        }
        if let Some(token) = missing {
            let summary =
                VolumeSummary { volume: None, holds_azure_token: true, is_from_api: true, unlisted: Unlisted::None };
            let path = CleanPath::new(token.token_path, windows);
            let content = Content::Token(token.audience.into());
            entries.push(Entry { volume: token.volume, path: None, source: 0, content: Content::Volume(summary) });
            entries.push(Entry { volume: token.volume, path: Some(path), source: 0, content });
        }
        let automount = pod.spec.and_then(|spec| spec.field("automountServiceAccountToken"));
        let key = |at: usize| entries.get(at).map(Entry::key);
        Self {
            order: order::sorted_positions(entries.len(), &|one, other| key(one) > key(other)),
            entries,
            injected: match injected {
                Some(token) => Some(token.volume),
                None => injected_volume(pod).map(|volume| volume.name.as_ref()),
            },
            automounts_token: automount.and_then(Value::as_bool) != Some(false),
            windows,
        }
    }

    /// The volume of this name in the pod; `None` if there is none or injection replaces it.
    pub fn get(&self, name: &str) -> Option<&'p Volume<'p>> {
        self.summary(name)?.volume
    }

    /// Whether a volume has this name, be it the one that injection adds.
    pub fn contains(&self, name: &str) -> bool {
        self.summary(name).is_some()
    }

    /// The name of the token volume that injection adds or has added.
    pub fn injected(&self) -> Option<&'p str> {
        self.injected
    }

    /// Whether a token for Azure is anywhere in the volume.
    pub fn holds_azure_token(&self, name: &str) -> bool {
        self.summary(name).is_some_and(|summary| summary.holds_azure_token)
    }

    /// Whether the kubelet fills the volume from the API. Such a volume is read-only, and has only the directories that the pod
    /// names.
    pub fn is_from_api(&self, name: &str) -> bool {
        self.summary(name).is_some_and(|summary| summary.is_from_api)
    }

    /// Whether nothing can be written to the volume, wherever it is mounted.
    pub fn is_read_only(&self, name: &str) -> bool {
        self.summary(name).is_some_and(|summary| {
            let is_set = |source: Value<'_>| source.field("readOnly").and_then(Value::as_bool) == Some(true);
            let says_so =
                |volume: &Volume<'_>| volume.object.fields().any(|(kind, source)| kind == "image" || is_set(source));
            summary.is_from_api || summary.volume.is_some_and(says_so)
        })
    }

    /// Whose token the file at a path in a volume is.
    pub fn file(&self, name: &'p str, path: &str) -> MountedFile<'p> {
        let Some(summary) = self.summary(name) else { return MountedFile::Nothing(Absence::NoVolume { volume: name }) };
        // The kubelet writes all files to a directory `..data` and links to them.
        let path = CleanPath::new(
            path.strip_prefix(DATA).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path),
            self.windows,
        );
        let listed = self.entry((name, Some(&path)));
        if summary.unlisted.may_hide(path.as_str(), listed.map(|file| file.source)) {
            return MountedFile::Unknown { volume: name };
        }
        match listed.map(|file| &file.content) {
            Some(Content::Token(audience)) if audience.is_empty() => MountedFile::ApiServerToken,
            Some(Content::Token(audience)) => {
                MountedFile::Token { volume: name, audience: audience.clone(), by_sub_path: false }
            }
            Some(Content::Unknown) => MountedFile::Unknown { volume: name },
            Some(Content::NoToken | Content::Volume(_)) | None => {
                MountedFile::Nothing(Absence::NotInVolume { volume: name })
            }
        }
    }

    fn summary(&self, name: &str) -> Option<VolumeSummary<'p>> {
        match self.entry((name, None))?.content {
            Content::Volume(summary) => Some(summary),
            _ => None,
        }
    }

    /// The last entry with this key.
    #[inline(never)]
    fn entry(&self, key: (&str, Option<&CleanPath>)) -> Option<&Entry<'p>> {
        let is_up_to = |at: &usize| self.entries.get(*at).is_some_and(|entry| entry.key() <= key);
        let last = self.order.partition_point(is_up_to).checked_sub(1)?;
        self.entries.get(*self.order.get(last)?).filter(|entry| entry.key() == key)
    }
}

/// Adds the entries of a volume.
fn read<'p>(volume: &'p Volume<'p>, windows: bool, is_azure: &dyn Fn(&str) -> bool, entries: &mut Vec<Entry<'p>>) {
    let kind = kind(volume);
    let mut summary = VolumeSummary {
        volume: Some(volume),
        holds_azure_token: false,
        is_from_api: matches!(&*kind, "secret" | "configMap" | "downwardAPI" | "projected"),
        unlisted: if matches!(&*kind, "projected" | "downwardAPI") { Unlisted::None } else { Unlisted::Any(0) },
    };
    for (position, source) in volume.sources.iter().enumerate() {
        for (kind, projection) in source.fields() {
            let mut add_at = |key: &str, holder: Value<'p>, content: Content<'p>| {
                if let Some(path) = holder.field(key).and_then(Value::as_str) {
                    let path = Some(CleanPath::new(&path, windows));
                    entries.push(Entry { volume: &volume.name, path, source: position, content });
                }
            };
            let mut add = |holder, content| add_at("path", holder, content);
            let items = projection.field("items").filter(|items| !items.is_empty());
            match (&*kind, items) {
                ("serviceAccountToken", _) => {
                    let audience = projection.field("audience").and_then(Value::as_str).unwrap_or_default();
                    summary.holds_azure_token |= is_azure(&audience);
                    add(projection, Content::Token(audience));
                }
                ("clusterTrustBundle", _) => add(projection, Content::NoToken),
                ("podCertificate", _) => {
                    for key in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
                        add_at(key, projection, Content::NoToken);
                    }
                }
                ("downwardAPI" | "secret" | "configMap", Some(items)) => {
                    for item in items.elements() {
                        add(item, if kind == "downwardAPI" { Content::NoToken } else { Content::Unknown });
                    }
                }
                ("downwardAPI", None) => {}
                (kind, _) => {
                    let is_keys =
                        matches!(kind, "secret" | "configMap") && !matches!(summary.unlisted, Unlisted::Any(_));
                    // Other sources may bring anything.
                    summary.unlisted = if is_keys { Unlisted::Keys(position) } else { Unlisted::Any(position) };
                }
            }
        }
    }
    entries.push(Entry { volume: &volume.name, path: None, source: 0, content: Content::Volume(summary) });
}

/// The token volume that injection has added, by its name and the token's path in it. Webhooks append, so of several the last
/// one counts; a name that is reserved goes before the one of v1.5, which people use as well.
pub fn injected_volume<'p>(pod: &'p Pod<'p>) -> Option<&'p Volume<'p>> {
    let last_of = |layout: Layout| {
        let mut volumes = pod.volumes.iter().rev();
        volumes.find(|volume| layout.owns_name(&volume.name) && volume.holds_token_at(layout.token_path()))
    };
    last_of(Layout::V1_6_1).or_else(|| last_of(Layout::V1_5))
}

/// The volume that this policy makes the token volume, if the pod has one, and the name of the token volume.
///
/// Since v1.6.0 its name is computed from the pod's, which may have changed since it was added, by another webhook or by the name
/// generator; so any reserved name that holds the token is as good. Up to v1.5 any volume with a token at the path is it.
pub fn volume_for_token<'p>(pod: &'p Pod<'p>, layout: Layout) -> (Option<&'p Volume<'p>>, String) {
    let computed = pod.token_volume_name(layout);
    let has_token = |volume: &&Volume<'_>| volume.holds_token_at(layout.token_path());
    let mut volumes = pod.volumes.iter();
    let present = if layout == Layout::V1_5 {
        volumes.find(has_token)
    } else {
        volumes
            .clone()
            .find(|volume| volume.name == computed)
            .or_else(|| volumes.find(|volume| is_reserved_name(&volume.name) && has_token(volume)))
    };
    (present, present.map_or(computed, |volume| &volume.name).to_owned())
}

/// What kind of volume it is, as the pod names it: `secret`, `persistentVolumeClaim`, ...
pub fn kind<'p>(volume: &Volume<'p>) -> Cow<'p, str> {
    let source = volume.object.fields().map(|(key, _)| key).find(|key| key != "name");
    // The API server makes it one.
    source.unwrap_or(Cow::Borrowed("emptyDir"))
}
