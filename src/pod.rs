//! A pod, or the pod template of a workload, seen through its JSON.
//!
//! Only what workload identity touches is read; the rest stays raw text. Absent, null and empty are the same, as they are
//! to Kubernetes.

use std::borrow::Cow;

use crate::json::{Kind, TypeMismatch, Value};
use crate::keys;
use crate::layout::Layout;

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
    namespace: Cow<'a, str>,
    service_account: Cow<'a, str>,
}

impl<'a> Pod<'a> {
    /// Reads a pod or pod template.
    pub fn read(object: Value<'a>) -> Result<Self, TypeMismatch<'a>> {
        let metadata = object.typed_field("metadata", Kind::Object)?;
        let spec = object.typed_field("spec", Kind::Object)?;
        let metadata_string =
            |key| metadata.map_or(Ok(None), |metadata| metadata.string_field(key)).map(Option::unwrap_or_default);
        let spec_string = |key| spec.map_or(Ok(None), |spec| spec.string_field(key)).map(Option::unwrap_or_default);
        // The API server fills the one from the other; files and `kwctl` have only what a person wrote.
        let service_account = match spec_string("serviceAccountName")? {
            name if name.is_empty() => spec_string("serviceAccount")?,
            name => name,
        };
        Ok(Self {
            object,
            metadata,
            labels: StringMap::read(metadata, "labels")?,
            annotations: StringMap::read(metadata, "annotations")?,
            spec,
            init_containers: read_array(spec, "initContainers", Container::read)?,
            containers: read_array(spec, "containers", Container::read)?,
            volumes: read_array(spec, "volumes", Volume::read)?,
            host_network: match spec {
                Some(spec) => spec.typed_field("hostNetwork", Kind::Bool)?.and_then(Value::as_bool).unwrap_or(false),
                None => false,
            },
            name: metadata_string("name")?,
            generate_name: metadata_string("generateName")?,
            namespace: metadata_string("namespace")?,
            service_account,
        })
    }

    /// The name as far as it is known: that of a pod made by a controller is still to be generated.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() { &self.generate_name } else { &self.name }
    }

    /// Its namespace, where the object has one.
    pub fn namespace(&self) -> Option<&str> {
        Some(self.namespace.as_ref()).filter(|namespace| !namespace.is_empty())
    }

    /// What the token volume's name is computed from.
    pub fn naming(&self) -> Cow<'_, str> {
        if self.name.is_empty() {
            Cow::Owned([&self.generate_name, " (prefix)"].concat())
        } else {
            Cow::Borrowed(&self.name)
        }
    }

    /// The name of the service account it runs as.
    pub fn service_account(&self) -> &str {
        if self.service_account.is_empty() { "default" } else { &self.service_account }
    }

    /// True if the label asks for an identity: `true` and nothing else does.
    pub fn is_labelled(&self) -> bool {
        self.labels.get(keys::USE) == Some("true")
    }

    /// True for the API server's image of a static pod.
    pub fn is_mirror(&self) -> bool {
        self.annotations.get(keys::MIRROR_POD).is_some()
    }

    /// True if a CSI driver reads secrets or mounts Azure storage with the pod's identity: the kubelet hands the driver a
    /// token of the service account then, and the pod itself needs neither label nor injection.
    pub fn lends_identity_to_csi_driver(&self) -> bool {
        const DRIVERS: [&str; 3] = ["secrets-store.csi.k8s.io", "file.csi.azure.com", "blob.csi.azure.com"];
        self.volumes.iter().any(|volume| {
            let driver = volume.object.field("csi").and_then(|csi| csi.field("driver")).and_then(Value::as_str);
            driver.is_some_and(|driver| DRIVERS.contains(&driver.as_ref()))
        })
    }

    /// A member of the spec's `securityContext`, `nodeSelector` or another object in it.
    pub fn spec_field(&self, object: &str, key: &str) -> Option<Value<'a>> {
        self.spec?.field(object)?.field(key)
    }

    /// Init containers and containers, in the order in which they are named.
    pub fn all_containers(&self) -> impl Iterator<Item = &Container<'a>> {
        self.init_containers.iter().chain(&self.containers)
    }
}

/// Labels or annotations.
#[derive(Debug, Default)]
pub struct StringMap<'a> {
    entries: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> StringMap<'a> {
    /// Reads `holder[key]`. A null value is an empty string, as Go decodes it.
    pub fn read(holder: Option<Value<'a>>, key: &str) -> Result<Self, TypeMismatch<'a>> {
        let Some(map) = holder.map_or(Ok(None), |holder| holder.typed_field(key, Kind::Object))? else {
            return Ok(Self::default());
        };
        let entries = map.members().map(|(key, value)| match value.kind() {
            Kind::Null => Ok((key, Cow::Borrowed(""))),
            _ => Ok((key, value.expect_kind(Kind::String)?.as_str().unwrap_or_default())),
        });
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// The value of a key; an empty one is a value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find_map(|(name, value)| (name == key).then_some(value))
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
    fn read(object: Value<'a>) -> Result<Self, TypeMismatch<'a>> {
        Ok(Self {
            object,
            name: object.string_field("name")?.unwrap_or_default(),
            image: object.string_field("image")?.unwrap_or_default(),
            env: read_array(Some(object), "env", EnvVar::read)?,
            mounts: read_array(Some(object), "volumeMounts", VolumeMount::read)?,
            ports: read_array(Some(object), "ports", ContainerPort::read)?,
        })
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
    fn read(object: Value<'a>) -> Result<Self, TypeMismatch<'a>> {
        let mut variable = Self { object, name: Cow::Borrowed(""), value: Cow::Borrowed(""), value_from: None };
        for (key, value) in object.fields() {
            match key.as_ref() {
                "name" => variable.name = value.expect_kind(Kind::String)?.as_str().unwrap_or_default(),
                "value" => variable.value = value.expect_kind(Kind::String)?.as_str().unwrap_or_default(),
                "valueFrom" => variable.value_from = Some(value.expect_kind(Kind::Object)?),
                _ => {}
            }
        }
        Ok(variable)
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
    fn read(object: Value<'a>) -> Result<Self, TypeMismatch<'a>> {
        Ok(Self {
            object,
            volume: object.string_field("name")?.unwrap_or_default(),
            path: object.string_field("mountPath")?.unwrap_or_default(),
        })
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

    fn read(object: Value<'a>) -> Result<Self, TypeMismatch<'a>> {
        Ok(Self { object, number: object.typed_field("containerPort", Kind::Number)?.and_then(Value::as_i64) })
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
}

impl<'a> Volume<'a> {
    fn read(object: Value<'a>) -> Result<Self, TypeMismatch<'a>> {
        Ok(Self {
            object,
            name: object.string_field("name")?.unwrap_or_default(),
            sources: read_array(object.typed_field("projected", Kind::Object)?, "sources", Ok)?,
        })
    }

    /// The projected service account tokens.
    pub fn tokens(&self) -> impl Iterator<Item = Value<'a>> {
        self.sources.iter().filter_map(|source| source.field("serviceAccountToken"))
    }

    /// True if it is what injection adds, by its name and the token's path in it, in some layout.
    pub fn is_injected(&self) -> bool {
        Layout::ALL.iter().any(|layout| layout.owns_name(&self.name) && self.holds_token_at(layout.token_path()))
    }

    /// True if a service account's token is projected at this path.
    pub fn holds_token_at(&self, path: &str) -> bool {
        self.tokens().any(|token| token.field("path").and_then(Value::as_str).as_deref() == Some(path))
    }
}

/// The objects in the array `holder[key]`, each read by `read`.
fn read_array<'a, T>(
    holder: Option<Value<'a>>,
    key: &str,
    read: impl Fn(Value<'a>) -> Result<T, TypeMismatch<'a>>,
) -> Result<Vec<T>, TypeMismatch<'a>> {
    match holder.map_or(Ok(None), |holder| holder.typed_field(key, Kind::Array))? {
        Some(array) => array.elements().map(|element| read(element.expect_kind(Kind::Object)?)).collect(),
        None => Ok(Vec::new()),
    }
}
