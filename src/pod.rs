//! A pod, or the pod template of a workload, seen through its JSON.
//!
//! Only what workload identity touches is read; the rest stays raw text. Absent, null and empty are the same, as they are
//! to Kubernetes.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::json::{Kind, Reading, Value};
use crate::keys;
use crate::layout::{Layout, V1_5_VOLUME, reserved_name};
use crate::order::ByName;

/// The CSI drivers that mount Azure storage, by default with an identity of their own.
pub const STORAGE_DRIVERS: &[&str] = &["file.csi.azure.com", "blob.csi.azure.com"];

/// The CSI driver that reads secrets for pods.
pub const SECRETS_STORE_DRIVER: &str = "secrets-store.csi.k8s.io";

/// A pod or pod template.
#[derive(Debug)]
pub struct Pod<'a> {
    /// The whole of it.
    pub object: Value<'a>,
    /// `metadata`.
    pub metadata: Option<Value<'a>>,
    /// `metadata.labels`.
    pub labels: StringMap<'a>,
    /// `metadata.annotations`.
    pub annotations: StringMap<'a>,
    /// `spec`.
    pub spec: Option<Value<'a>>,
    /// `spec.initContainers`.
    pub init_containers: Vec<Container<'a>>,
    /// `spec.containers`.
    pub containers: Vec<Container<'a>>,
    /// `spec.volumes`.
    pub volumes: Vec<Volume<'a>>,
    /// `spec.hostNetwork`.
    pub host_network: bool,
    name: Cow<'a, str>,
    generate_name: Cow<'a, str>,
    service_account: Cow<'a, str>,
    reserved_name: OnceCell<String>,
    volumes_by_name: OnceCell<ByName>,
    is_for_windows: OnceCell<bool>,
    has_service_links: OnceCell<bool>,
}

impl<'a> Pod<'a> {
    /// Reads a pod or pod template.
    pub fn read(object: Value<'a>, reading: &mut Reading<'a>) -> Self {
        let metadata = reading.member(Some(object), "metadata", Kind::Object);
        let spec = reading.member(Some(object), "spec", Kind::Object);
        // The API server fills the one from the other; files and `kwctl` have only what a person wrote.
        let service_account = match reading.string(spec, "serviceAccountName") {
            name if name.is_empty() => reading.string(spec, "serviceAccount"),
            name => name,
        };
        Self {
            object,
            metadata,
            labels: StringMap::read(metadata, "labels", reading),
            annotations: StringMap::read(metadata, "annotations", reading),
            spec,
            init_containers: reading.objects(spec, "initContainers", Container::read),
            containers: reading.objects(spec, "containers", Container::read),
            volumes: reading.objects(spec, "volumes", Volume::read),
            host_network: reading.member(spec, "hostNetwork", Kind::Bool).and_then(Value::as_bool).unwrap_or(false),
            name: reading.string(metadata, "name"),
            generate_name: reading.string(metadata, "generateName"),
            service_account,
            reserved_name: OnceCell::new(),
            volumes_by_name: OnceCell::new(),
            is_for_windows: OnceCell::new(),
            has_service_links: OnceCell::new(),
        }
    }

    /// The name as far as it is known: that of a pod made by a controller is still to be generated.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() { &self.generate_name } else { &self.name }
    }

    /// The name that a layout gives the token volume.
    pub fn token_volume_name(&self, layout: Layout) -> &str {
        if layout == Layout::V1_5 {
            return V1_5_VOLUME;
        }
        self.reserved_name.get_or_init(|| {
            if self.name.is_empty() {
                reserved_name(&[&self.generate_name, " (prefix)"].concat())
            } else {
                reserved_name(&self.name)
            }
        })
    }

    /// The name of the service account it runs as.
    pub fn service_account(&self) -> &str {
        if self.service_account.is_empty() { "default" } else { &self.service_account }
    }

    /// Whether the label asks for an identity: only the value `true` does.
    pub fn is_labelled(&self) -> bool {
        self.labels.get(keys::USE) == Some("true")
    }

    /// True for the API server's image of a static pod.
    pub fn is_mirror(&self) -> bool {
        self.annotations.get(keys::MIRROR_POD).is_some()
    }

    /// The volume of this name; the first, if there are several.
    pub fn volume(&self, name: &str) -> Option<&Volume<'a>> {
        let name_at =
            |position: usize| self.volumes.get(position).map_or::<&[u8], _>(b"", |volume| volume.name.as_bytes());
        let by_name = self.volumes_by_name.get_or_init(|| ByName::new(self.volumes.len(), &name_at));
        self.volumes.get(by_name.find(name.as_bytes(), &name_at)?)
    }

    /// Whether a CSI driver reads secrets or mounts Azure storage with the pod's identity: the kubelet gives the driver a token of
    /// the service account then, and the pod itself needs neither label nor injection.
    pub fn lends_identity_to_csi_driver(&self) -> bool {
        self.volumes.iter().any(|volume| {
            let driver = volume.object.field("csi").and_then(|csi| csi.field("driver")).and_then(Value::as_str);
            driver.is_some_and(|driver| driver == SECRETS_STORE_DRIVER || STORAGE_DRIVERS.contains(&driver.as_ref()))
        })
    }

    /// A member of the spec's `securityContext`, `nodeSelector` or another object in it.
    pub fn spec_field(&self, object: &str, key: &str) -> Option<Value<'a>> {
        self.spec?.field(object)?.field(key)
    }

    /// Whether it says that it is for Windows nodes: by `spec.os.name`, or by the operating system of the nodes that it selects or
    /// has to have affinity to.
    pub fn is_for_windows(&self) -> bool {
        let is_windows =
            |value: Option<Value<'a>>| value.and_then(Value::as_str).is_some_and(|value| value == "windows");
        *self.is_for_windows.get_or_init(|| {
            is_windows(self.spec_field("os", "name"))
                || OS_LABELS.iter().any(|label| is_windows(self.spec_field("nodeSelector", label)))
                || self.needs_windows_nodes().unwrap_or_default()
        })
    }

    /// Whether each term of its required node affinity is about Windows.
    fn needs_windows_nodes(&self) -> Option<bool> {
        let affinity = self.spec_field("affinity", "nodeAffinity")?;
        let terms = affinity.field("requiredDuringSchedulingIgnoredDuringExecution")?.field("nodeSelectorTerms")?;
        let is_windows = |requirement: Value<'_>| {
            let text = |key| requirement.field(key).and_then(Value::as_str).unwrap_or_default();
            let mut values = requirement.field("values").into_iter().flat_map(Value::elements);
            OS_LABELS.contains(&&*text("key"))
                && text("operator") == "In"
                && values.all(|it| it.as_str().as_deref() == Some("windows"))
        };
        let is_for_windows =
            |term: Value<'_>| term.field("matchExpressions").into_iter().flat_map(Value::elements).any(is_windows);
        Some(!terms.is_empty() && terms.elements().all(is_for_windows))
    }

    /// Whether containers get the addresses of services as variables.
    pub fn has_service_links(&self) -> bool {
        let links = || self.spec.and_then(|spec| spec.field("enableServiceLinks")).and_then(Value::as_bool);
        *self.has_service_links.get_or_init(|| links() != Some(false))
    }

    /// Init containers and containers, in the order in which they are named.
    pub fn all_containers(&self) -> impl Iterator<Item = &Container<'a>> {
        self.init_containers.iter().chain(&self.containers)
    }
}

/// The labels of a node with its operating system: the second is the older name of the first.
const OS_LABELS: [&str; 2] = ["kubernetes.io/os", "beta.kubernetes.io/os"];

/// Labels or annotations.
#[derive(Debug, Default)]
pub struct StringMap<'a> {
    entries: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Only for maps with many entries.
    by_key: OnceCell<ByName>,
}

impl<'a> StringMap<'a> {
    /// Up to this many entries are searched one by one.
    const FEW: usize = 32;

    /// Reads `holder[key]`. A null value is an empty string, as Go decodes it.
    pub fn read(holder: Option<Value<'a>>, key: &str, reading: &mut Reading<'a>) -> Self {
        let Some(map) = reading.member(holder, key, Kind::Object) else { return Self::default() };
        let entries = map.members().map(|(key, value)| match value.kind() {
            Kind::Null => (key, Cow::Borrowed("")),
            _ => (key, reading.text(value)),
        });
        Self { entries: entries.collect(), by_key: OnceCell::new() }
    }

    /// The value of a key; an empty one is a value.
    pub fn get(&self, key: &str) -> Option<&str> {
        if self.entries.len() <= Self::FEW {
            return self.iter().find_map(|(name, value)| (name == key).then_some(value));
        }
        let key_at = |position: usize| self.entries.get(position).map_or::<&[u8], _>(b"", |(key, _)| key.as_bytes());
        let by_key = self.by_key.get_or_init(|| ByName::new(self.entries.len(), &key_at));
        self.entries.get(by_key.find(key.as_bytes(), &key_at)?).map(|(_, value)| value.as_ref())
    }

    /// All keys and values in the order in which they are written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))
    }
}

/// A container or init container.
#[derive(Debug)]
pub struct Container<'a> {
    /// The whole of it.
    pub object: Value<'a>,
    /// `name`.
    pub name: Cow<'a, str>,
    /// `image`.
    pub image: Cow<'a, str>,
    /// `env`.
    pub env: Vec<EnvVar<'a>>,
    /// `volumeMounts`.
    pub mounts: Vec<VolumeMount<'a>>,
    /// `ports`.
    pub ports: Vec<ContainerPort<'a>>,
}

impl<'a> Container<'a> {
    /// Whether it is an init container that runs as long as the pod.
    pub fn is_native_sidecar(&self) -> bool {
        self.object.field("restartPolicy").and_then(Value::as_str).as_deref() == Some("Always")
    }

    fn read(reading: &mut Reading<'a>, object: Value<'a>) -> Self {
        let holder = Some(object);
        Self {
            object,
            name: reading.string(holder, "name"),
            image: reading.string(holder, "image"),
            env: reading.objects(holder, "env", EnvVar::read),
            mounts: reading.objects(holder, "volumeMounts", VolumeMount::read),
            ports: reading.objects(holder, "ports", ContainerPort::read),
        }
    }
}

/// An environment variable.
#[derive(Debug)]
pub struct EnvVar<'a> {
    /// The whole of it.
    pub object: Value<'a>,
    /// `name`.
    pub name: Cow<'a, str>,
    /// `value`; empty as well where the value comes from elsewhere.
    pub value: Cow<'a, str>,
    /// `valueFrom`.
    pub value_from: Option<Value<'a>>,
}

impl<'a> EnvVar<'a> {
    /// One pass over the members, not one a member: pods have more variables than anything else.
    fn read(reading: &mut Reading<'a>, object: Value<'a>) -> Self {
        let mut variable = Self { object, name: Cow::Borrowed(""), value: Cow::Borrowed(""), value_from: None };
        for (key, value) in object.fields() {
            match key.as_ref() {
                "name" => variable.name = reading.text(value),
                "value" => variable.value = reading.text(value),
                "valueFrom" => variable.value_from = reading.expect(value, Kind::Object),
                _ => {}
            }
        }
        variable
    }

    /// The annotation of workload identity that it takes its value from.
    pub(crate) fn identity_annotation(&self) -> Option<String> {
        let path = self.value_from?.field("fieldRef")?.field("fieldPath")?.as_str()?;
        let key = path.strip_prefix("metadata.annotations['")?.strip_suffix("']")?;
        key.starts_with(keys::PREFIX).then(|| key.to_owned())
    }
}

/// A place where a container sees a volume.
#[derive(Debug)]
pub struct VolumeMount<'a> {
    /// The whole of it.
    pub object: Value<'a>,
    /// `name` of the volume.
    pub volume: Cow<'a, str>,
    /// `mountPath`.
    pub path: Cow<'a, str>,
}

impl<'a> VolumeMount<'a> {
    fn read(reading: &mut Reading<'a>, object: Value<'a>) -> Self {
        let holder = Some(object);
        Self { object, volume: reading.string(holder, "name"), path: reading.string(holder, "mountPath") }
    }
}

/// A port that a container listens on.
#[derive(Debug)]
pub struct ContainerPort<'a> {
    /// The whole of it.
    pub object: Value<'a>,
    /// `containerPort`, where it is a whole number.
    pub number: Option<i64>,
}

impl<'a> ContainerPort<'a> {
    /// True unless `protocol` is another one; TCP is the default.
    pub fn is_tcp(&self) -> bool {
        self.object.field("protocol").and_then(Value::as_str).is_none_or(|protocol| protocol == "TCP")
    }

    fn read(reading: &mut Reading<'a>, object: Value<'a>) -> Self {
        let number = reading.member(Some(object), "containerPort", Kind::Number);
        Self { object, number: number.and_then(Value::as_i64) }
    }
}

/// A volume.
#[derive(Debug)]
pub struct Volume<'a> {
    /// The whole of it.
    pub object: Value<'a>,
    /// `name`.
    pub name: Cow<'a, str>,
    /// `projected.sources`.
    pub sources: Vec<Value<'a>>,
    is_injected: OnceCell<bool>,
}

impl<'a> Volume<'a> {
    fn read(reading: &mut Reading<'a>, object: Value<'a>) -> Self {
        let name = reading.string(Some(object), "name");
        let projected = reading.member(Some(object), "projected", Kind::Object);
        let sources = reading.objects(projected, "sources", |_, source| source);
        Self { object, name, sources, is_injected: OnceCell::new() }
    }

    /// The projected service account tokens.
    pub fn tokens(&self) -> impl Iterator<Item = Value<'a>> {
        self.sources.iter().filter_map(|source| source.field("serviceAccountToken"))
    }

    /// Whether this is an injected token volume of any layout, judged by its name and the token's path.
    pub fn is_injected(&self) -> bool {
        // Asked for each mount of the volume.
        let is_of = |layout: &Layout| layout.owns_name(&self.name) && self.holds_token_at(layout.token_path());
        *self.is_injected.get_or_init(|| Layout::ALL.iter().any(is_of))
    }

    /// Whether a token of the service account is projected at this path.
    pub fn holds_token_at(&self, path: &str) -> bool {
        self.tokens_at(path).next().is_some()
    }

    /// Whether a token at this path has another audience.
    pub fn holds_token_of_others_at(&self, path: &str, audience: &str) -> bool {
        self.tokens_at(path).any(|token| token.field("audience").and_then(Value::as_str).as_deref() != Some(audience))
    }

    fn tokens_at(&self, path: &str) -> impl Iterator<Item = Value<'a>> {
        self.tokens().filter(move |token| token.field("path").and_then(Value::as_str).as_deref() == Some(path))
    }
}
