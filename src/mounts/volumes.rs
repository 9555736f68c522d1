//! The volumes of a pod and the files that are known to be in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::path::CleanPath;
use super::{Absence, File};
use crate::json::Value;
use crate::layout::Layout;
use crate::platform;
use crate::pod::{Pod, Volume};

/// The token volume that injection is going to add, and its mount in each container that takes part.
#[derive(Clone, Copy, Debug)]
pub struct InjectedToken<'p> {
    /// The volume's name.
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
    by_name: BTreeMap<&'p str, Contents<'p>>,
    injected: Option<&'p str>,
    /// Whether the API server mounts its own token in every container.
    pub(super) automounts_token: bool,
    pub(super) windows: bool,
}

/// What is known of a volume.
#[derive(Debug, Default)]
struct Contents<'p> {
    /// The volume in the pod; `None` for the one that injection adds.
    volume: Option<&'p Volume<'p>>,
    holds_azure_token: bool,
    /// The files that the pod lists, by their path in the volume; the position of a file's source goes with it. Where two
    /// sources have the same file, the later one counts.
    files: BTreeMap<Cow<'p, str>, (usize, Content<'p>)>,
    unlisted: Option<Unlisted>,
}

/// What a file of a projected volume is.
#[derive(Debug)]
enum Content<'p> {
    Token(Cow<'p, str>),
    /// A key of a Secret or ConfigMap.
    Unknown,
    /// Something that is no token: a field of the pod, a certificate.
    NoToken,
}

/// Files that the pod does not list: a Secret or ConfigMap without `items` has one for each key.
#[derive(Clone, Copy, Debug)]
struct Unlisted {
    /// The position of the last source with such files.
    last_source: usize,
    /// Whether they may be in directories; a key has no slash.
    nested: bool,
}

impl Unlisted {
    fn may_hold(self, path: &str) -> bool {
        self.nested || !path.contains('/')
    }
}

impl<'p> Volumes<'p> {
    /// The volumes of `pod`, with the one that injection adds if there is one. `is_azure` judges the audience of a token.
    pub fn new(pod: &'p Pod<'p>, injected: Option<InjectedToken<'p>>, is_azure: &dyn Fn(&str) -> bool) -> Self {
        let automount = pod.spec.and_then(|spec| spec.field("automountServiceAccountToken"));
        let mut volumes = Self {
            by_name: BTreeMap::new(),
            injected: match injected {
                Some(token) => Some(token.volume),
                None => injected_volume(pod).map(|volume| volume.name.as_ref()),
            },
            automounts_token: automount.and_then(Value::as_bool) != Some(false),
            windows: platform::windows_selector(pod).is_some(),
        };
        let replaced = injected.filter(|token| token.replaces).map(|token| token.volume);
        for volume in pod.volumes.iter().filter(|volume| replaced != Some(volume.name.as_ref())) {
            volumes.by_name.insert(&volume.name, Contents::read(volume, volumes.windows, is_azure));
        }
        if let Some(token) = injected.filter(|token| !volumes.contains(token.volume)) {
            let mut contents = Contents { holds_azure_token: true, ..Contents::default() };
            contents.add(token.token_path.into(), 0, Content::Token(token.audience.into()));
            volumes.by_name.insert(token.volume, contents);
        }
        volumes
    }

    /// The volume of this name in the pod; `None` if there is none or injection replaces it.
    pub fn get(&self, name: &str) -> Option<&'p Volume<'p>> {
        self.by_name.get(name)?.volume
    }

    /// Whether a volume has this name, be it the one that injection adds.
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The name of the token volume that injection adds or has added.
    pub fn injected(&self) -> Option<&'p str> {
        self.injected
    }

    /// Whether a token for Azure is anywhere in the volume.
    pub fn holds_azure_token(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|contents| contents.holds_azure_token)
    }

    /// Whether the kubelet fills the volume from the API. Such a volume is read-only, and has only the directories that the pod
    /// names.
    pub fn is_from_api(&self, name: &str) -> bool {
        self.get(name).map_or_else(
            || self.contains(name),
            |volume| matches!(&*kind(volume), "secret" | "configMap" | "downwardAPI" | "projected"),
        )
    }

    /// Whether nothing can be written to the volume, wherever it is mounted.
    pub fn is_read_only(&self, name: &str) -> bool {
        let says_so = |volume: &Volume<'_>| {
            let is_set = |source: Value<'_>| source.field("readOnly").and_then(Value::as_bool) == Some(true);
            kind(volume) == "image" || volume.object.fields().any(|(_, source)| is_set(source))
        };
        self.is_from_api(name) || self.get(name).is_some_and(says_so)
    }

    /// What is at a cleaned path in a volume.
    pub(super) fn file(&self, name: &'p str, path: &str) -> File<'p> {
        let Some(contents) = self.by_name.get(name) else {
            return File::Nothing(Absence::NoVolume { volume: name });
        };
        // The kubelet writes all files to a directory `..data` and links to them.
        let path = path.strip_prefix("..data/").unwrap_or(path);
        let listed = contents.files.get(path);
        let may_hide = |unlisted: &Unlisted| listed.is_none_or(|(source, _)| unlisted.last_source > *source);
        if contents.unlisted.is_some_and(|unlisted| unlisted.may_hold(path) && may_hide(&unlisted)) {
            return File::Unknown { volume: name };
        }
        match listed {
            Some((_, Content::Token(audience))) if audience.is_empty() => File::ApiServerToken,
            Some((_, Content::Token(audience))) => {
                File::Token { volume: name, audience: audience.clone(), by_sub_path: false }
            }
            Some((_, Content::Unknown)) => File::Unknown { volume: name },
            Some((_, Content::NoToken)) | None => File::Nothing(Absence::NotInVolume { volume: name }),
        }
    }
}

impl<'p> Contents<'p> {
    fn read(volume: &'p Volume<'p>, windows: bool, is_azure: &dyn Fn(&str) -> bool) -> Self {
        let unlisted = match &*kind(volume) {
            "projected" | "downwardAPI" => None,
            _ => Some(Unlisted { last_source: 0, nested: true }),
        };
        let mut contents = Self { volume: Some(volume), unlisted, ..Self::default() };
        for (position, source) in volume.sources.iter().enumerate() {
            for (kind, projection) in source.fields() {
                contents.read_projection(&kind, projection, position, windows, is_azure);
            }
        }
        contents
    }

    fn read_projection(
        &mut self,
        kind: &str,
        projection: Value<'p>,
        source: usize,
        windows: bool,
        is_azure: &dyn Fn(&str) -> bool,
    ) {
        let mut add = |holder: Value<'p>, key: &str, content: Content<'p>| {
            if let Some(path) = holder.field(key).and_then(Value::as_str) {
                self.add(CleanPath::from_cow(path, windows).0, source, content);
            }
        };
        let items = projection.field("items").filter(|items| !items.is_empty());
        match kind {
            "serviceAccountToken" => {
                let audience = projection.field("audience").and_then(Value::as_str).unwrap_or_default();
                let is_azure = is_azure(&audience);
                add(projection, "path", Content::Token(audience));
                self.holds_azure_token |= is_azure;
            }
            "clusterTrustBundle" => add(projection, "path", Content::NoToken),
            "podCertificate" => {
                for key in ["credentialBundlePath", "keyPath", "certificateChainPath"] {
                    add(projection, key, Content::NoToken);
                }
            }
            "downwardAPI" => {
                let items = items.into_iter().flat_map(Value::elements);
                items.for_each(|item| add(item, "path", Content::NoToken));
            }
            "secret" | "configMap" if items.is_some() => {
                let items = items.into_iter().flat_map(Value::elements);
                items.for_each(|item| add(item, "path", Content::Unknown));
            }
            _ => {
                // A source that only a later Kubernetes knows may bring anything.
                let nested = !matches!(kind, "secret" | "configMap");
                let was_nested = self.unlisted.is_some_and(|unlisted| unlisted.nested);
                self.unlisted = Some(Unlisted { last_source: source, nested: nested || was_nested });
            }
        }
    }

    fn add(&mut self, path: Cow<'p, str>, source: usize, content: Content<'p>) {
        self.files.insert(path, (source, content));
    }
}

/// The token volume that injection has added, by its name and the token's path in it.
///
/// Webhooks append, so of several the last one counts; of several with a reserved name the one that this pod's name makes.
pub fn injected_volume<'p>(pod: &'p Pod<'p>) -> Option<&'p Volume<'p>> {
    let is_of = |layout: Layout| {
        move |volume: &&'p Volume<'p>| layout.owns_name(&volume.name) && volume.holds_token_at(layout.token_path())
    };
    let last_of = |layout| pod.volumes.iter().rev().find(is_of(layout));
    let Some(last) = last_of(Layout::V1_6_1) else { return last_of(Layout::V1_5) };
    if pod.volumes.iter().filter(is_of(Layout::V1_6_1)).count() > 1 {
        let name = Layout::V1_6_1.volume_name(&pod.naming());
        return pod.volumes.iter().filter(is_of(Layout::V1_6_1)).find(|volume| volume.name == name).or(Some(last));
    }
    Some(last)
}

/// What kind of volume it is, as the pod names it: `secret`, `persistentVolumeClaim`, ...
pub fn kind<'p>(volume: &Volume<'p>) -> Cow<'p, str> {
    let source = volume.object.fields().map(|(key, _)| key).find(|key| key != "name");
    // The API server makes it one.
    source.unwrap_or(Cow::Borrowed("emptyDir"))
}
