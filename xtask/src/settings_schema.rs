//! The types of the settings, for `docs/settings.schema.json` only. The reader in the policy (`src/settings/read.rs`) does not use
//! them. The doc comments of the types become descriptions in the schema.

use std::{borrow::Cow, collections::BTreeMap};

use anyhow::Result;
use azure_workload_identity_policy::rule::{RuleId, Severity};
use schemars::{
    JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema, transform::RecursiveTransform,
};
use serde_json::{Map, Value};

/// The pattern of a GUID.
const GUID: &str = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

/// Returns the schema as the text of a file.
///
/// # Errors
/// If the schema cannot be written as JSON.
pub fn to_json() -> Result<String> {
    Ok(serde_json::to_string_pretty(&schema())? + "\n")
}

/// The schema.
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(tidy));
    settings.into_generator().into_root_schema_for::<Settings>()
}

/// Removes line breaks from the description.
pub(crate) fn join_lines(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

/// Removes `null` from the types of optional members, because the policy rejects it, and line breaks from descriptions.
pub(crate) fn tidy(schema: &mut Schema) {
    join_lines(schema);
    let Some(object) = schema.as_object_mut() else { return };
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

/// The settings of azure-workload-identity-policy. With `{}`, the policy applies the recommended rules and changes no pods.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Injects the identity into pods that ask for one, in place of Microsoft's webhook. If absent, pods are never changed.
    pub inject: Option<Inject>,
    /// Requires that labelled pods arrive with their identity, injected by another webhook or policy. Has no effect on pods
    /// that the same policy injects.
    pub guard: Option<Guard>,
    /// The severities of all rules.
    #[schemars(extend("default" = "recommended"))]
    pub preset: Option<Preset>,
    /// The severity of individual rules. Takes precedence over the preset.
    pub rules: Option<RuleSeverities>,
    /// The only identities that are allowed, and the service accounts that may use them. If absent, all identities are
    /// allowed. If empty, none is allowed.
    pub identities: Option<Vec<Identity>>,
    /// Objects that are not checked. Injection still applies to them.
    pub exemptions: Option<Exemptions>,
    /// Kinds with a pod template in addition to the built-in ones.
    pub workloads: Option<Vec<Workload>>,
    /// The https URL of the issuer of the cluster's service account tokens. Federated credentials for service accounts of this cluster
    /// must name it exactly.
    #[schemars(extend("pattern" = "^https://[^/@?#\\\\\\s]+[^@?#\\\\\\s]*$"))]
    pub issuer: Option<String>,
}

/// The identity that is injected into pods.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inject {
    /// The tenant for service accounts without the annotation `azure.workload.identity/tenant-id`: a GUID or a domain name.
    pub tenant_id: Option<String>,
    /// The cloud, by upstream's name. Case is ignored. Not together with `authorityHost`.
    #[schemars(extend("default" = "AzurePublicCloud", "examples" = [
        "AzurePublicCloud", "AzureCloud", "AzureUSGovernmentCloud", "AzureUSGovernment", "AzureChinaCloud", "AzureGermanCloud"
    ]))]
    pub azure_environment: Option<String>,
    /// The https URL of Entra ID for a cloud that has no name (Azure Stack). Not together with `azureEnvironment`.
    #[schemars(extend("pattern" = "^https://[^/@?#\\\\\\s]+[^@?#\\\\\\s]*$"))]
    pub authority_host: Option<String>,
    /// The audience of the token.
    #[schemars(extend("default" = "api://AzureADTokenExchange"))]
    pub audience: Option<String>,
    /// The volume name and paths of a release of the webhook.
    #[schemars(extend("default" = "v1.6.1"))]
    pub layout: Option<Layout>,
    /// The condition for injection.
    #[schemars(extend("default" = "label"))]
    pub opt_in: Option<OptIn>,
    /// The proxy for pods with annotation `azure.workload.identity/inject-proxy-sidecar`.
    pub proxy: Option<Proxy>,
    /// AKS identity bindings (upstream: custom token endpoint). Requires layout v1.6.0 or later.
    pub identity_binding: Option<IdentityBinding>,
}

/// The layout of a release of Microsoft's webhook: the name and paths of the token volume.
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

/// The condition for injection.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub enum OptIn {
    /// The pod's label `azure.workload.identity/use: "true"`.
    Label,
    /// The label, or a client id on the pod's service account. In the second case, the label is added.
    ServiceAccount,
}

/// The containers that answer IMDS requests of code that does not support workload identity.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Proxy {
    /// The image of the proxy. Default: upstream's image for the layout.
    pub image: Option<String>,
    /// The image of the init container that redirects IMDS requests. Default: upstream's image for the layout.
    pub init_image: Option<String>,
    /// Runs the proxy as an init container with `restartPolicy: Always` (Kubernetes 1.29 and later), not as a container.
    #[schemars(extend("default" = true))]
    pub native_sidecar: Option<bool>,
    /// The log level of the proxy.
    #[schemars(extend("default" = "info"))]
    pub log_level: Option<LogLevel>,
    /// The resources of both containers. Default: none.
    pub resources: Option<Resources>,
}

/// A log level of the proxy.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub enum LogLevel {
    /// All messages.
    Trace,
    /// Messages for debugging.
    Debug,
    /// General information.
    Info,
    /// Possible problems.
    Warn,
    /// The same as `warn`.
    Warning,
    /// Errors only.
    Error,
}

/// The resources of a container.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resources {
    /// The limits, by resource.
    pub limits: Option<BTreeMap<String, Quantity>>,
    /// The requests, by resource.
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
    /// The end of the annotation key with which a pod requests the identity binding, after `azure.workload.identity/use-`.
    #[schemars(extend("default" = "identity-binding"))]
    pub annotation_suffix: Option<String>,
    /// The audience of the token. Must differ from the audience for Entra ID.
    #[schemars(extend("default" = "api://AKSIdentityBinding"))]
    pub audience: Option<String>,
    /// The https URL of the endpoint, for `AZURE_KUBERNETES_TOKEN_PROXY`. If absent, the variable is not set.
    #[schemars(extend("pattern" = "^https://[^/@?#\\\\\\s]+[^@?#\\\\\\s]*$"))]
    pub token_proxy: Option<String>,
    /// The TLS server name of the endpoint, for `AZURE_KUBERNETES_SNI_NAME`. If absent, the variable is not set.
    pub sni_name: Option<String>,
    /// The source of the endpoint's CA certificate, exactly one of three. If absent, no CA variable is set.
    pub ca: Option<Ca>,
}

/// The source of a CA certificate.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Ca {
    /// The name of a ConfigMap in the pod's namespace, with the key `ca.crt`.
    pub config_map: Option<String>,
    /// ClusterTrustBundles.
    pub cluster_trust_bundle: Option<TrustBundle>,
    /// The certificate in PEM format.
    pub data: Option<String>,
}

/// A selection of ClusterTrustBundles.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustBundle {
    /// The signer of the ClusterTrustBundles.
    pub signer_name: String,
    /// The labels of the ClusterTrustBundles.
    pub label_selector: Option<LabelSelector>,
}

/// A Kubernetes label selector.
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
    /// The operator of the condition.
    pub operator: Operator,
    /// The values, for `In` and `NotIn`.
    pub values: Option<Vec<String>>,
}

/// The operator of a condition on a label.
#[derive(Debug, JsonSchema)]
pub enum Operator {
    /// The label has one of the values.
    In,
    /// The label has none of the values.
    NotIn,
    /// The label exists.
    Exists,
    /// The label does not exist.
    DoesNotExist,
}

/// The identity that labelled pods must arrive with.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Guard {
    /// The accepted layouts. Default: all.
    #[schemars(extend("minItems" = 1))]
    pub layouts: Option<Vec<Layout>>,
}

/// The severities of all rules.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub enum Preset {
    /// Each rule has its recommended severity.
    Recommended,
    /// Each rule that recommends a warning denies.
    Strict,
}

/// The severity of rules, by name.
#[derive(Debug)]
pub struct RuleSeverities;

impl JsonSchema for RuleSeverities {
    fn schema_name() -> Cow<'static, str> {
        "RuleSeverities".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let severity = generator.subschema_for::<RuleSeverity>();
        let properties: Map<String, Value> = RuleId::ALL
            .into_iter()
            .map(|rule| {
                let mut schema = severity.clone();
                schema.insert("default".to_owned(), rule.severity().name().into());
                (rule.name().to_owned(), schema.to_value())
            })
            .collect();
        json_schema!({
            "description": "The severity of rules, by name. The default is the severity in the preset `recommended`.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// The severity of a rule.
#[derive(Debug)]
pub struct RuleSeverity;

impl JsonSchema for RuleSeverity {
    fn schema_name() -> Cow<'static, str> {
        "RuleSeverity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "deny: the object is rejected. warn: the object is admitted with a warning. note: the finding is \
                            shown by tools that check files, and is silent at admission. off: the rule is not applied.",
            "type": "string",
            "enum": Severity::ALL.map(Severity::name),
        })
    }
}

/// An Azure identity, and the service accounts that may use it.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// The application (client) id of the identity.
    #[schemars(extend("pattern" = GUID))]
    pub client_id: String,
    /// The tenant of the identity: a GUID or a domain name. If absent, any tenant.
    pub tenant_id: Option<String>,
    /// Service accounts as `NAMESPACE/NAME`. `*` matches any characters, and `*/*` every service account.
    #[schemars(extend("minItems" = 1))]
    pub service_accounts: Vec<ServiceAccountPattern>,
}

/// Objects that are not checked.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exemptions {
    /// Namespaces. `*` matches any characters.
    pub namespaces: Option<Vec<NamespacePattern>>,
    /// Service accounts as `NAMESPACE/NAME`. `*` matches any characters.
    pub service_accounts: Option<Vec<ServiceAccountPattern>>,
}

/// A namespace. `*` matches any characters.
#[derive(Debug, JsonSchema)]
#[schemars(extend("pattern" = "^[a-z0-9.*-]+$"))]
pub struct NamespacePattern(pub String);

/// A service account as `NAMESPACE/NAME`. `*` matches any characters.
#[derive(Debug, JsonSchema)]
#[schemars(extend("pattern" = "^[a-z0-9.*-]+/[a-z0-9.*-]+$"))]
pub struct ServiceAccountPattern(pub String);

/// A kind with a pod template.
#[derive(Debug, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workload {
    /// The API version, `GROUP/VERSION`. The built-in kinds need no entry.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The location of the pod template, as a JSON pointer. `*` stands for each element of a list.
    #[schemars(extend("pattern" = "^(/[^/]+)+$"))]
    pub pod_template: String,
}
