//! The settings as people write them, for `docs/settings.schema.json` only: the policy's own reader
//! (`src/settings/read.rs`) needs no types of the wire format. Doc comments here become descriptions in the schema.

use std::{borrow::Cow, collections::BTreeMap};

use anyhow::Result;
use azure_workload_identity_policy::{finding::Severity, rules};
use schemars::{
    JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema, transform::RecursiveTransform,
};
use serde_json::{Map, Value};

/// What a GUID looks like.
const GUID: &str = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

/// The schema as the text of a file.
///
/// # Errors
/// When the schema cannot be written as JSON.
pub fn to_json() -> Result<String> {
    Ok(serde_json::to_string_pretty(&schema())? + "\n")
}

/// The schema.
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(tidy));
    settings.into_generator().into_root_schema_for::<Settings>()
}

/// Takes `null` out of what an optional member may be, since the policy refuses it, and line breaks out of descriptions.
fn tidy(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::String(description)) = object.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = object.get_mut("anyOf") {
        alternatives.retain(|alternative| alternative.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = alternatives.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
}

/// Settings of azure-workload-identity-policy. `{}` is valid: check with the recommended rules, change nothing.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Change pods that ask for an identity, in place of Microsoft's webhook. Absent: pods are never changed.
    pub inject: Option<Inject>,
    /// Require that pods that ask for an identity arrive with it, injected by somebody else. No effect on pods that the same
    /// policy injects.
    pub guard: Option<Guard>,
    /// Where the severities of the rules begin.
    #[schemars(extend("default" = "recommended"))]
    pub preset: Option<Preset>,
    /// The severity of single rules; goes before the preset.
    pub rules: Option<RuleSeverities>,
    /// The only identities that may be used, and by whom. Absent: any. An empty list: none.
    pub identities: Option<Vec<Identity>>,
    /// Who is not judged. Injection still runs.
    pub exemptions: Option<Exemptions>,
    /// Kinds with a pod template besides the built-in ones.
    pub workloads: Option<Vec<Workload>>,
}

/// How pods are changed.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inject {
    /// The tenant of service accounts without annotation `azure.workload.identity/tenant-id`: a GUID or a domain name.
    pub tenant_id: Option<String>,
    /// The cloud, by upstream's name in any case. Not together with `authorityHost`.
    #[schemars(extend("default" = "AzurePublicCloud", "examples" = [
        "AzurePublicCloud", "AzureCloud", "AzureUSGovernmentCloud", "AzureUSGovernment", "AzureChinaCloud", "AzureGermanCloud"
    ]))]
    pub azure_environment: Option<String>,
    /// The https URL of Entra ID where no cloud's name fits (Azure Stack). Not together with `azureEnvironment`.
    #[schemars(extend("pattern" = "^https://[^/@?#\\\\\\s]+[^@?#\\\\\\s]*$"))]
    pub authority_host: Option<String>,
    /// The audience of the token.
    #[schemars(extend("default" = "api://AzureADTokenExchange"))]
    pub audience: Option<String>,
    /// Volume name and paths, as a release of the webhook has them.
    #[schemars(extend("default" = "v1.6.1"))]
    pub layout: Option<Layout>,
    /// What makes a pod get an identity.
    #[schemars(extend("default" = "label"))]
    pub opt_in: Option<OptIn>,
    /// The proxy for pods with annotation `azure.workload.identity/inject-proxy-sidecar`.
    pub proxy: Option<Proxy>,
    /// AKS identity bindings (upstream: custom token endpoint). Needs layout v1.6.0 or later.
    pub identity_binding: Option<IdentityBinding>,
}

/// A release of Microsoft's webhook, by where it puts the token.
#[derive(Debug, JsonSchema)]
pub enum Layout {
    /// Up to v1.5.x: volume `azure-identity-token` at `/var/run/secrets/azure/tokens`.
    #[schemars(rename = "v1.5")]
    V1_5,
    /// v1.6.0: a reserved volume at `/var/run/secrets/azure/wi`.
    #[schemars(rename = "v1.6.0")]
    V1_6_0,
    /// v1.6.1: a reserved volume at `/var/run/secrets/azure/wi/HASH`.
    #[schemars(rename = "v1.6.1")]
    V1_6_1,
}

/// What makes a pod get an identity.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub enum OptIn {
    /// The pod's label `azure.workload.identity/use: "true"`.
    Label,
    /// The label, or a client id on the pod's service account; then the label is added.
    ServiceAccount,
}

/// The containers that answer IMDS requests of code that knows nothing of workload identity.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proxy {
    /// The proxy's image. Default: upstream's of the layout's release.
    pub image: Option<String>,
    /// The image of the init container that redirects IMDS requests. Default: upstream's of the layout's release.
    pub init_image: Option<String>,
    /// Run the proxy as an init container that restarts always (Kubernetes 1.29 and later), not as a container.
    #[schemars(extend("default" = true))]
    pub native_sidecar: Option<bool>,
    /// What the proxy logs.
    #[schemars(extend("default" = "info"))]
    pub log_level: Option<LogLevel>,
    /// Resources of both containers. Default: none.
    pub resources: Option<Resources>,
}

/// A log level of the proxy.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// For finding faults.
    Debug,
    /// What happens.
    Info,
    /// What may be wrong.
    Warn,
    /// The same as `warn`.
    Warning,
    /// What is wrong.
    Error,
}

/// Resources of a container.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resources {
    /// The most that it gets.
    pub limits: Option<BTreeMap<String, Quantity>>,
    /// The least that it gets.
    pub requests: Option<BTreeMap<String, Quantity>>,
}

/// A Kubernetes quantity such as `100m` or `64Mi`.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum Quantity {
    /// As text.
    Text(String),
    /// As a number.
    Number(f64),
}

/// The token endpoint of AKS identity bindings.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityBinding {
    /// The end of the annotation on a pod that asks for it: `azure.workload.identity/use-` and this.
    #[schemars(extend("default" = "identity-binding"))]
    pub annotation_suffix: Option<String>,
    /// The audience of its tokens. It must not be the audience of Entra ID.
    #[schemars(extend("default" = "api://AKSIdentityBinding"))]
    pub audience: Option<String>,
    /// The endpoint's https URL, for `AZURE_KUBERNETES_TOKEN_PROXY`. Absent: the variable is not set.
    #[schemars(extend("pattern" = "^https://[^/@?#\\\\\\s]+[^@?#\\\\\\s]*$"))]
    pub token_proxy: Option<String>,
    /// The endpoint's TLS server name, for `AZURE_KUBERNETES_SNI_NAME`. Absent: the variable is not set.
    pub sni_name: Option<String>,
    /// Where the endpoint's CA certificate comes from; exactly one of the three. Absent: nothing is set.
    pub ca: Option<Ca>,
}

/// Where a CA certificate comes from.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Ca {
    /// A ConfigMap of this name in the pod's namespace, key `ca.crt`.
    pub config_map: Option<String>,
    /// ClusterTrustBundles.
    pub cluster_trust_bundle: Option<TrustBundle>,
    /// The certificate itself, as PEM.
    pub data: Option<String>,
}

/// Which ClusterTrustBundles.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustBundle {
    /// Their signer.
    pub signer_name: String,
    /// Their labels.
    pub label_selector: Option<LabelSelector>,
}

/// A label selector, as Kubernetes has them.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    /// Labels and their values.
    pub match_labels: Option<BTreeMap<String, String>>,
    /// Conditions on labels.
    pub match_expressions: Option<Vec<LabelRequirement>>,
}

/// A condition on a label.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelRequirement {
    /// The label.
    pub key: String,
    /// What is required of it.
    pub operator: Operator,
    /// For `In` and `NotIn`.
    pub values: Option<Vec<String>>,
}

/// What is required of a label.
#[derive(Debug, JsonSchema)]
pub enum Operator {
    /// One of the values.
    In,
    /// None of the values.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
}

/// What a pod that asks for an identity must arrive with.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Guard {
    /// The layouts that are accepted. Default: all.
    #[schemars(extend("minItems" = 1))]
    pub layouts: Option<Vec<Layout>>,
}

/// Where the severities of the rules begin.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub enum Preset {
    /// Each rule has its recommended severity.
    Recommended,
    /// Every rule that recommends a warning denies.
    Strict,
}

/// The severity of rules by their names.
#[derive(Debug)]
pub struct RuleSeverities;

impl JsonSchema for RuleSeverities {
    fn schema_name() -> Cow<'static, str> {
        "RuleSeverities".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let severity = generator.subschema_for::<RuleSeverity>();
        let properties: Map<String, Value> = rules::names()
            .map(|(name, recommended)| {
                let mut schema = severity.clone();
                schema.insert("default".to_owned(), recommended.name().into());
                (name.to_owned(), schema.to_value())
            })
            .collect();
        json_schema!({
            "description": "The severity of rules by their names. The default is that of the preset `recommended`.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// How much weight a rule has.
#[derive(Debug)]
pub struct RuleSeverity;

impl JsonSchema for RuleSeverity {
    fn schema_name() -> Cow<'static, str> {
        "RuleSeverity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "deny: the object is refused. warn: it is let in, with a warning. note: shown by tools that run over \
                            files, silent at admission. off: not applied.",
            "type": "string",
            "enum": Severity::ALL.map(Severity::name),
        })
    }
}

/// An Azure identity, and who may use it.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// Its application (client) id.
    #[schemars(extend("pattern" = GUID))]
    pub client_id: String,
    /// Its tenant: a GUID or a domain name. Absent: any.
    pub tenant_id: Option<String>,
    /// Service accounts as `NAMESPACE/NAME`, with `*` for any characters; `*/*` for everybody.
    #[schemars(extend("minItems" = 1))]
    pub service_accounts: Vec<ServiceAccountPattern>,
}

/// Who is not judged.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exemptions {
    /// Namespaces, with `*` for any characters.
    pub namespaces: Option<Vec<NamespacePattern>>,
    /// Service accounts as `NAMESPACE/NAME`, with `*` for any characters.
    pub service_accounts: Option<Vec<ServiceAccountPattern>>,
}

/// A namespace, with `*` for any characters.
#[derive(Debug, JsonSchema)]
#[schemars(extend("pattern" = "^[a-z0-9.*-]+$"))]
pub struct NamespacePattern(pub String);

/// A service account as `NAMESPACE/NAME`, with `*` for any characters.
#[derive(Debug, JsonSchema)]
#[schemars(extend("pattern" = "^[a-z0-9.*-]+/[a-z0-9.*-]+$"))]
pub struct ServiceAccountPattern(pub String);

/// A kind with a pod template.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workload {
    /// Its API version, `GROUP/VERSION`.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Where its pod template is, as a JSON pointer.
    #[schemars(extend("pattern" = "^/."))]
    pub pod_template: String,
}
