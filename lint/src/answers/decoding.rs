//! What is printed for a value of the wrong type. Decoders find it before a policy does: that of kubectl in the metadata of an object,
//! otherwise that of the API server.
//!
//! Source: `k8s.io/apimachinery`, `pkg/runtime/serializer/json`; `sigs.k8s.io/json`, whose errors name the field of a struct of Go. The
//! tests of a real cluster compare the texts.

use azure_workload_identity_policy::json::{Kind, Path, Segment, TypeMismatch, Value};

use crate::report::ObjectName;

/// What is printed for an object with values of the wrong type.
pub(super) fn error(name: &ObjectName, object: Value<'_>, mismatches: &[TypeMismatch<'_>], file: &str) -> String {
    let mut paths: Vec<_> = mismatches.iter().map(|mismatch| (mismatch.value.path_from(object), mismatch)).collect();
    // kubectl sorts the members of objects.
    paths.sort_by(|(one, _), (other, _)| one.segments().cmp(other.segments()));
    let ObjectName { api_version, kind, .. } = name;
    let is_in_metadata = |path: &Path| matches!(path.segments(), [Segment::Key(key), ..] if key == "metadata");
    let is_custom = api_version.split_once('/').is_some_and(|(group, _)| group.contains('.'));
    match paths.first() {
        Some((path, mismatch)) if is_in_metadata(path) => {
            format!("error: unable to decode {file:?}: {}", of_decoder(kind, path, mismatch))
        }
        Some((path, mismatch)) if !is_custom => {
            let version = api_version.rsplit('/').next().unwrap_or_default();
            format!(
                "Error from server (BadRequest): error when creating {file:?}: {kind} in version {version:?} cannot be handled as \
                 a {kind}: {}",
                of_decoder(kind, path, mismatch)
            )
        }
        _ => {
            let problems: Vec<_> = paths.iter().map(|(path, mismatch)| of_schema(path, mismatch)).collect();
            match problems.as_slice() {
                [problem] => format!("The {kind} {:?} is invalid: {problem}", name.name),
                problems => format!("The {kind} {:?} is invalid: \n* {}", name.name, problems.join("\n* ")),
            }
        }
    }
}

/// A type of Go.
#[derive(Clone, Debug, PartialEq, Eq)]
enum GoType {
    Struct(String),
    List(&'static str),
    TextMap,
    Text,
    Bool,
    Number,
}

impl GoType {
    /// The type of the object of a kind.
    fn of_kind(kind: &str) -> Self {
        Self::Struct(kind.to_owned())
    }

    /// The type of a member of a struct, as far as the policy reads it.
    fn member(holder: &str, key: &str) -> Option<Self> {
        let it = match (holder, key) {
            (_, "metadata") => Self::Struct("ObjectMeta".to_owned()),
            ("Pod" | "PodTemplateSpec", "spec") => Self::Struct("PodSpec".to_owned()),
            ("JobTemplateSpec", "spec") => Self::Struct("JobSpec".to_owned()),
            (kind, "spec") => Self::Struct(format!("{kind}Spec")),
            (_, "jobTemplate") => Self::Struct("JobTemplateSpec".to_owned()),
            (_, "template") => Self::Struct("PodTemplateSpec".to_owned()),
            ("ObjectMeta", "labels" | "annotations") => Self::TextMap,
            ("PodSpec", "containers" | "initContainers") => Self::List("Container"),
            ("PodSpec", "volumes") => Self::List("Volume"),
            ("PodSpec", "hostNetwork") => Self::Bool,
            ("Container", "env") => Self::List("EnvVar"),
            ("Container", "volumeMounts") => Self::List("VolumeMount"),
            ("Container", "ports") => Self::List("ContainerPort"),
            ("EnvVar", "valueFrom") => Self::Struct("EnvVarSource".to_owned()),
            ("ContainerPort", "containerPort") => Self::Number,
            ("Volume", "projected") => Self::Struct("ProjectedVolumeSource".to_owned()),
            ("ProjectedVolumeSource", "sources") => Self::List("VolumeProjection"),
            ("ObjectMeta", "name" | "generateName" | "namespace")
            | ("PodSpec", "serviceAccountName" | "serviceAccount")
            | ("Container", "name" | "image")
            | ("EnvVar", "name" | "value")
            | ("VolumeMount", "name" | "mountPath")
            | ("Volume", "name") => Self::Text,
            _ => return None,
        };
        Some(it)
    }

    fn name(&self) -> String {
        match self {
            Self::Struct(name) => format!("v1.{name}"),
            Self::List(element) => format!("[]v1.{element}"),
            Self::TextMap => "map[string]string".to_owned(),
            Self::Text => "string".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Number => "int32".to_owned(),
        }
    }
}

/// The error of a decoder of Go. Its paths have neither the numbers of elements nor the keys of maps.
fn of_decoder(kind: &str, path: &Path, mismatch: &TypeMismatch<'_>) -> String {
    let (mut holder, mut at) = (String::new(), GoType::of_kind(kind));
    let mut keys = Vec::new();
    for segment in path.segments() {
        at = match (segment, at) {
            (Segment::Key(key), GoType::Struct(name)) => {
                // Its members are those of a struct without a name of its own.
                keys.extend((name == "Volume" && key == "projected").then_some("VolumeSource"));
                keys.push(key);
                let member = GoType::member(&name, key).unwrap_or(GoType::Text);
                holder = name;
                member
            }
            (Segment::Index(_), GoType::List(element)) => GoType::Struct(element.to_owned()),
            (_, _) => GoType::Text,
        };
    }
    // kubectl decodes no more than the metadata.
    let holder = if keys == ["metadata"] { "metadataOnlyObject" } else { &holder };
    let found = word(mismatch.value.kind(), "bool");
    format!("json: cannot unmarshal {found} into Go struct field {holder}.{} of type {}", keys.join("."), at.name())
}

/// The error of a schema of a custom resource.
fn of_schema(path: &Path, mismatch: &TypeMismatch<'_>) -> String {
    let is_whole = mismatch.value.kind() == Kind::Number && !mismatch.value.raw().contains(['.', 'e', 'E']);
    let found = if is_whole { "integer" } else { word(mismatch.value.kind(), "boolean") };
    let expected = word(mismatch.expected, "boolean");
    format!("{path}: Invalid value: {found:?}: {path} in body must be of type {expected}: {found:?}")
}

/// The name of a kind of JSON, which decoders and schemas have in common but for one.
const fn word(kind: Kind, boolean: &'static str) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => boolean,
        Kind::Number => "number",
        Kind::String => "string",
        Kind::Array => "array",
        Kind::Object => "object",
    }
}
