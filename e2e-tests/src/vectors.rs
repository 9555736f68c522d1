//! The recorded answers of the upstream webhook, and how its configuration and ours correspond.
//!
//! `vectors/*.jsonl.gz` hold about 1,500 generated cases for each upstream version: how the webhook was configured, the pod,
//! the service accounts that existed, and what the webhook answered.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader},
    iter::repeat,
    path::Path,
};

use anyhow::{Context as _, Result};
use azure_workload_identity_policy::rule::RuleId;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The recorded files, and the layout of each version of the webhook.
pub const FILES: [(&str, &str); 3] = [("v1.5.1", "v1.5"), ("v1.6.0", "v1.6.0"), ("v1.6.1", "v1.6.1")];

/// Rules that judge what upstream lets pass; off, because the pods here are generated to provoke upstream.
fn is_beyond_upstream(rule: &str) -> bool {
    const AS_UPSTREAM: [&str; 5] =
        ["proxy-port", "proxy-host-network", "token-expiration", "service-account-missing", "lookup-failed"];
    !AS_UPSTREAM.contains(&rule)
}

/// Where we deviate from upstream on purpose. What matches no entry must agree exactly.
pub static DIFFERENCES: [Difference; 4] = [
    Difference {
        reason: "v1.5.1 keeps a volume at its path whose token has another audience: the token is useless, or for somebody else",
        covers: |case| case.upstream_pod().is_some_and(|pod| has_token_of_others(case, &pod)),
        expected: |_| None,
    },
    Difference {
        reason: "upstream sets AZURE_KUBERNETES_CA_FILE although nothing projects that file, which Azure SDKs refuse",
        covers: |case| case.upstream_defect.as_deref() == Some("ca-file-without-ca"),
        expected: |case| {
            let mut pod = case.upstream_pod()?;
            for container in containers_mut(&mut pod) {
                let declared = declares(&case.pod, container, "AZURE_KUBERNETES_CA_FILE");
                if let Some(env) = container.get_mut("env").and_then(Value::as_array_mut)
                    && !declared
                {
                    env.retain(|variable| variable["name"] != "AZURE_KUBERNETES_CA_FILE");
                }
            }
            Some(pod)
        },
    },
    Difference {
        reason: "v1.5.1 mounts a volume that the pod does not have where the pod's own token volume has another name",
        covers: |case| case.upstream_pod().is_some_and(|pod| lacks_mounted_volume(&pod)),
        expected: |case| {
            let mut pod = case.upstream_pod()?;
            let volume = token_volume(&pod)?.to_owned();
            for container in containers_mut(&mut pod) {
                let mounts = container.get_mut("volumeMounts").and_then(Value::as_array_mut);
                for mount in mounts.into_iter().flatten().filter(|mount| mount["name"] == V1_5_VOLUME) {
                    mount["name"] = json!(volume);
                }
            }
            Some(pod)
        },
    },
    Difference {
        reason: "upstream adds a second mount at one path or a second container of one name, which the API server rejects",
        covers: |case| case.upstream_pod().is_some_and(|pod| without_doubles(case, &pod) != pod),
        expected: |case| Some(without_doubles(case, &case.upstream_pod()?)),
    },
];

/// The name of the token volume up to v1.5.
const V1_5_VOLUME: &str = "azure-identity-token";

/// What the name of the token volume begins with since v1.6.0.
const RESERVED_PREFIX: &str = "azure-workload-identity-reserved-";

/// The audience of tokens unless the webhook is configured otherwise.
const DEFAULT_AUDIENCE: &str = "api://AzureADTokenExchange";

/// A deviation from upstream.
pub struct Difference {
    /// Why we deviate.
    pub reason: &'static str,
    covers: fn(&Case) -> bool,
    /// The pod that we answer with; nothing where we deny.
    expected: fn(&Case) -> Option<Value>,
}

/// A request, and what upstream answered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// The name of the case in its file.
    pub id: String,
    /// The request's namespace.
    pub namespace: String,
    /// The request's object.
    pub pod: Value,
    /// All service accounts that existed.
    pub service_accounts: Vec<Value>,
    webhook: Webhook,
    /// What upstream answered.
    pub expect: Expectation,
    upstream_defect: Option<String>,
}

/// How the upstream webhook was configured.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Webhook {
    env: BTreeMap<String, String>,
    audience: Option<String>,
    suffix: Option<String>,
    suffix_audience: Option<String>,
    server_version: Option<String>,
}

/// An answer of upstream.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    allowed: bool,
    /// Why it denied.
    pub message: Option<String>,
    mutated: Option<Value>,
}

impl Case {
    /// The cases of a version of upstream, e.g. `v1.6.1`.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn read(version: &str) -> Result<Vec<Self>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(format!("{version}.jsonl.gz"));
        let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
        let lines = BufReader::new(GzDecoder::new(file)).lines();
        lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
    }

    /// The pod that upstream answered with; nothing where it denied.
    fn upstream_pod(&self) -> Option<Value> {
        self.expect.mutated.clone().filter(|_| self.expect.allowed)
    }

    /// The index of the entry of [`DIFFERENCES`] that covers the case.
    pub fn difference(&self) -> Option<usize> {
        DIFFERENCES.iter().position(|difference| (difference.covers)(self))
    }

    /// The pod that we answer with: upstream's, but for the differences; nothing where we deny.
    pub fn expected(&self) -> Option<Value> {
        match self.difference().and_then(|index| DIFFERENCES.get(index)) {
            Some(difference) => (difference.expected)(self),
            None => self.upstream_pod(),
        }
    }

    /// Our settings for a webhook that is configured like the case's.
    pub fn settings(&self, layout: &str) -> Value {
        let webhook = &self.webhook;
        let env = |name: &str| webhook.env.get(name);
        // v1.5.1 knows no token endpoint but Entra's, so its cases are configured with one to no effect.
        let suffix = webhook.suffix.as_ref().filter(|_| layout != "v1.5");
        let identity_binding = suffix.map(|suffix| {
            without_nulls(json!({
                "annotationSuffix": suffix,
                "audience": webhook.suffix_audience,
                "tokenProxy": env("AZURE_KUBERNETES_TOKEN_PROXY"),
                "sniName": env("AZURE_KUBERNETES_SNI_NAME"),
                "ca": certificate_authority(webhook),
            }))
        });
        // The recorded webhooks of v1.6 name a registry that has no such images; that of v1.5 is our default too.
        let version = FILES.into_iter().find(|(_, of)| *of == layout && layout != "v1.5").map(|(version, _)| version);
        let old = |name: &str| Some(format!("mcr.microsoft.com/oss/azure/workload-identity/{name}:{}", version?));
        let proxy = without_nulls(json!({
            "image": env("PROXY_IMAGE").cloned().or_else(|| old("proxy")),
            "initImage": env("PROXY_INIT_IMAGE").cloned().or_else(|| old("proxy-init")),
            "nativeSidecar": has_native_sidecars(webhook.server_version.as_deref().unwrap_or("v1.34.0")),
        }));
        let inject = without_nulls(json!({
            "tenantId": env("AZURE_TENANT_ID"),
            "azureEnvironment": env("AZURE_ENVIRONMENT"),
            "audience": webhook.audience,
            "layout": layout,
            "proxy": proxy,
            "identityBinding": identity_binding,
        }));
        let beyond_upstream = RuleId::ALL.map(RuleId::name).into_iter().filter(|rule| is_beyond_upstream(rule));
        let rules: Map<_, _> = beyond_upstream.map(|rule| (rule.to_owned(), json!("off"))).collect();
        json!({"inject": inject, "rules": rules})
    }
}

fn certificate_authority(webhook: &Webhook) -> Option<Value> {
    let env = |name: &str| webhook.env.get(name);
    if let Some(name) = env("AZURE_KUBERNETES_CA_CONFIGMAP_NAME") {
        return Some(json!({"configMap": name}));
    }
    if let Some(signer) = env("AZURE_KUBERNETES_CA_CTB_SIGNER_NAME") {
        let selector: Option<Value> =
            env("AZURE_KUBERNETES_CA_CTB_LABEL_SELECTOR").and_then(|selector| serde_json::from_str(selector).ok());
        let bundle = without_nulls(json!({"signerName": signer, "labelSelector": selector}));
        return Some(json!({"clusterTrustBundle": bundle}));
    }
    env("AZURE_KUBERNETES_CA_DATA").map(|data| json!({"data": data}))
}

/// Upstream's rule: the API server is 1.32 or later, pre-releases included.
fn has_native_sidecars(server_version: &str) -> bool {
    let minor = server_version.strip_prefix("v1.").and_then(|rest| rest.split('.').next());
    minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor >= 32)
}

/// Whether a container mounts the token volume of v1.5 although the pod has no volume of that name.
fn lacks_mounted_volume(pod: &Value) -> bool {
    let named = |value: &Value| value.get("name").is_some_and(|name| name == V1_5_VOLUME);
    let any = |list: Option<&Value>| list.and_then(Value::as_array).is_some_and(|elements| elements.iter().any(named));
    let is_mounted = containers_mut(&mut pod.clone()).any(|container| any(container.get("volumeMounts")));
    is_mounted && !any(pod.pointer("/spec/volumes"))
}

/// Whether v1.5 uses a volume of the pod whose token has another audience than the webhook's.
fn has_token_of_others(case: &Case, pod: &Value) -> bool {
    let volumes = || pod.pointer("/spec/volumes").and_then(Value::as_array).into_iter().flatten();
    let is_reserved = |volume: &Value| volume["name"].as_str().is_some_and(|name| name.starts_with(RESERVED_PREFIX));
    let Some(name) = token_volume(pod).filter(|_| !volumes().any(is_reserved)) else { return false };
    let volume = volumes().find(|volume| volume["name"] == name);
    let sources = volume.and_then(|volume| volume.pointer("/projected/sources")).and_then(Value::as_array);
    let tokens = sources.into_iter().flatten().filter_map(|source| source.get("serviceAccountToken"));
    let audience = case.webhook.audience.as_deref().unwrap_or(DEFAULT_AUDIENCE);
    tokens.filter(|token| token["path"] == V1_5_VOLUME).any(|token| token["audience"] != audience)
}

/// Upstream's pod without the containers whose name and the mounts whose path the pod had already.
fn without_doubles(case: &Case, pod: &Value) -> Value {
    let mut pod = pod.clone();
    let lists = |pod: &Value| ["/spec/initContainers", "/spec/containers"].map(|list| pod.pointer(list).cloned());
    let has = |list: &Option<Value>, name: &Value| {
        let elements = list.as_ref().and_then(Value::as_array);
        elements.is_some_and(|elements| elements.iter().any(|element| element["name"] == *name))
    };
    let [declared_init, declared] = lists(&case.pod);
    for (list, own, other) in
        [("/spec/initContainers", &declared_init, &declared), ("/spec/containers", &declared, &declared_init)]
    {
        if let Some(containers) = pod.pointer_mut(list).and_then(Value::as_array_mut) {
            containers.retain(|container| has(own, &container["name"]) || !has(other, &container["name"]));
        }
    }
    let mut before = case.pod.clone();
    let declared: Vec<Value> = containers_mut(&mut before).map(|container| container.clone()).collect();
    for container in containers_mut(&mut pod) {
        let Some(declared) = declared.iter().find(|declared| declared["name"] == container["name"]) else { continue };
        let declared = declared["volumeMounts"].as_array().into_iter().flatten().map(Some).chain(repeat(None));
        let Some(mounts) = container.get_mut("volumeMounts").and_then(Value::as_array_mut) else { continue };
        let is_double = |mount: &Value| mounts.iter().filter(|it| it["mountPath"] == mount["mountPath"]).count() > 1;
        let kept = mounts.iter().zip(declared).filter_map(|(mount, declared)| {
            let is_added = declared != Some(mount);
            if is_added && is_double(mount) { declared } else { Some(mount) }
        });
        *mounts = kept.cloned().collect();
    }
    pod
}

/// The name of the volume that projects a token to where v1.5 looks for it.
fn token_volume(pod: &Value) -> Option<&str> {
    let volumes = pod.pointer("/spec/volumes")?.as_array()?;
    let volume = volumes.iter().find(|volume| {
        let sources = volume.pointer("/projected/sources").and_then(Value::as_array);
        let path = |source: &Value| source.pointer("/serviceAccountToken/path").is_some_and(|path| path == V1_5_VOLUME);
        sources.is_some_and(|sources| sources.iter().any(path))
    })?;
    volume.get("name")?.as_str()
}

/// Whether the container of this name had the variable before anything was injected.
fn declares(pod: &Value, container: &Value, variable: &str) -> bool {
    let mut pod = pod.clone();
    containers_mut(&mut pod)
        .filter(|declared| declared["name"] == container["name"])
        .any(|declared| declared["env"].as_array().is_some_and(|env| env.iter().any(|entry| entry["name"] == variable)))
}

fn containers_mut(pod: &mut Value) -> impl Iterator<Item = &mut Value> {
    let spec = pod.get_mut("spec").and_then(Value::as_object_mut).into_iter();
    spec.flatten()
        .filter(|(name, _)| *name == "containers" || *name == "initContainers")
        .filter_map(|(_, containers)| containers.as_array_mut())
        .flatten()
}

/// Without members that are null, empty or false, at any depth.
pub fn canonical(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name, canonical(value)));
            Value::Object(members.filter(|(_, value)| !is_zero(value)).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(canonical).collect()),
        scalar => scalar,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn without_nulls(object: Value) -> Value {
    match object {
        Value::Object(members) => Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}
