//! Generates `policy-metadata/questions-ui.yml`, the form in which Rancher asks for the settings.
//!
//! Rancher's Kubewarden extension restricts the form:
//! - A question that is shown writes its default into the settings at once. Therefore, a question that switches a feature on has no
//!   default, and the other questions of the feature are shown only when it is on.
//! - Empty answers are dropped when a policy is created, so the form cannot set `guard: {}`. The layouts switch the guard on.
//! - Every answer is written into the settings, and the policy rejects unknown settings. Therefore, the form has no questions that
//!   only show a text.
//! - A changed answer in a group of type `map[` drops the other answers of the group, so the form has no groups of this type.

use anyhow::{Context as _, Result, bail};
use azure_workload_identity_policy::rule::RuleId;
use serde::Serialize;
use serde_json::Value;

use crate::settings_schema;

/// The file's path inside the repository.
pub const FILE: &str = "policy-metadata/questions-ui.yml";

const HEADER: &str =
    "# Written by `cargo xtask docs` from xtask/src/questions.rs and the settings' schema; changes here are lost.\n";

/// The condition that injection is on.
const INJECTING: &str = "inject.optIn=label||inject.optIn=serviceAccount";

/// A setting in the form. All other properties of its question come from the schema of the settings.
struct Asked {
    variable: &'static str,
    label: &'static str,
    group: &'static str,
    show_if: Option<&'static str>,
    /// The description of a question that must not have the schema's default.
    without_default: Option<&'static str>,
}

const fn asked(group: &'static str, variable: &'static str, label: &'static str) -> Asked {
    Asked { variable, label, group, show_if: None, without_default: None }
}

impl Asked {
    const fn when(self, show_if: &'static str) -> Self {
        Self { show_if: Some(show_if), ..self }
    }

    const fn without_default(self, description: &'static str) -> Self {
        Self { without_default: Some(description), ..self }
    }
}

const ASKED: &[Asked] = &[
    asked("Checks", "preset", "Preset"),
    asked("Guard", "guard.layouts", "Accepted layouts").without_default(
        "Switches the guard on: labelled pods must arrive with their identity, injected by Microsoft's webhook in one of these layouts. \
         All layouts are v1.5, v1.6.0 and v1.6.1. If empty, the guard is off.",
    ),
    asked("Injection", "inject.optIn", "Inject").without_default(
        "Switches injection on, in place of Microsoft's webhook. label: pods with the label azure.workload.identity/use: \"true\" get an \
         identity. serviceAccount: pods without the label also get one if their service account has a client id. If empty, pods \
         are never changed.",
    ),
    asked("Injection", "inject.tenantId", "Tenant").when(INJECTING),
    asked("Injection", "inject.azureEnvironment", "Cloud")
        .when(INJECTING)
        .without_default("The cloud. If empty, AzurePublicCloud. Not together with the authority host."),
    asked("Injection", "inject.authorityHost", "Authority host").when(INJECTING),
    asked("Injection", "inject.audience", "Audience").when(INJECTING),
    asked("Injection", "inject.layout", "Layout").when(INJECTING),
    asked("Proxy", "inject.proxy.image", "Proxy image").when(INJECTING),
    asked("Proxy", "inject.proxy.initImage", "Proxy init image").when(INJECTING),
    asked("Proxy", "inject.proxy.nativeSidecar", "Native sidecar").when(INJECTING),
    asked("Proxy", "inject.proxy.logLevel", "Log level").when(INJECTING),
    asked("Identity bindings", "inject.identityBinding.tokenProxy", "Token endpoint").when(INJECTING),
    asked("Identity bindings", "inject.identityBinding.sniName", "TLS server name").when(INJECTING),
    asked("Identity bindings", "inject.identityBinding.ca.configMap", "ConfigMap with the CA certificate").when(INJECTING),
    asked("Identities", "identities", "Allowed identities"),
    asked("Exemptions", "exemptions.namespaces", "Exempt namespaces"),
    asked("Exemptions", "exemptions.serviceAccounts", "Exempt service accounts"),
    asked("Workloads", "workloads", "More kinds with a pod template"),
    asked("Federated credentials", "issuer", "Issuer of the cluster"),
];

/// The form's file.
#[derive(Serialize)]
struct Form {
    questions: Vec<Question>,
}

/// A question in Rancher's format.
#[derive(Serialize)]
struct Question {
    variable: String,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'static str>,
    description: String,
    r#type: &'static str,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    show_if: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_questions: Option<Vec<Question>>,
}

/// The form as the text of a file.
///
/// # Errors
/// If a question refers to a setting that the schema does not have, or to a setting of an unsupported type.
pub fn to_yaml() -> Result<String> {
    let schema = settings_schema::schema().to_value();
    let mut questions = ASKED.iter().map(|asked| question(&schema, asked)).collect::<Result<Vec<_>>>()?;
    for rule in RuleId::ALL {
        questions.push(rule_question(&schema, rule.name())?);
    }
    let text = yaml_serde::to_string(&Form { questions }).context("cannot write the questions as YAML")?;
    // In YAML 1.1, which Rancher's back end reads, a bare `off` is a boolean.
    Ok(format!("{HEADER}{}", text.replace("\n  - off\n", "\n  - \"off\"\n")))
}

fn question(root: &Value, asked: &Asked) -> Result<Question> {
    let setting = Setting::find(root, asked.variable)?;
    let mut question =
        setting.question(asked.variable, asked.label).with_context(|| format!("setting {}", asked.variable))?;
    if let Some(description) = asked.without_default {
        question = Question { description: description.to_owned(), default: None, ..question };
    }
    Ok(Question { group: Some(asked.group), show_if: asked.show_if, ..question })
}

/// The question for the severity of a rule. It has no default, which would be written into the settings and override the preset.
fn rule_question(root: &Value, name: &str) -> Result<Question> {
    let variable = format!("rules.{name}");
    let setting = Setting::find(root, &variable)?;
    let recommended = setting.member("default").and_then(Value::as_str).context("a rule without severity")?;
    let description = format!("If empty, the preset applies. Recommended: {recommended}.");
    Ok(Question { group: Some("Rules"), description, default: None, ..setting.question(&variable, name)? })
}

/// A setting in the schema. The schema at its place takes precedence over the definition of its type.
struct Setting<'s> {
    root: &'s Value,
    place: &'s Value,
    definition: &'s Value,
}

impl<'s> Setting<'s> {
    /// Finds the setting at a path such as `inject.proxy.image`.
    fn find(root: &'s Value, path: &str) -> Result<Self> {
        path.split('.').try_fold(Self::new(root, root), |setting, key| {
            let property = setting.definition.get("properties").and_then(|properties| properties.get(key));
            property.map(|property| Self::new(root, property)).with_context(|| format!("there is no setting {path}"))
        })
    }

    fn new(root: &'s Value, place: &'s Value) -> Self {
        let reference = place.get("$ref").and_then(Value::as_str);
        let definition = reference.and_then(|reference| root.pointer(reference.trim_start_matches('#')));
        Self { root, place, definition: definition.unwrap_or(place) }
    }

    fn member(&self, key: &str) -> Option<&'s Value> {
        self.place.get(key).or_else(|| self.definition.get(key))
    }

    fn question(&self, variable: &str, label: &str) -> Result<Question> {
        let description = self.member("description").and_then(Value::as_str).context("no description")?;
        let options = self.options();
        let kind = self.member("type").and_then(Value::as_str);
        let elements = self.definition.get("items").map(|items| Setting::new(self.root, items));
        let objects = elements.filter(|elements| elements.definition.get("properties").is_some());
        let mut question = Question {
            variable: variable.to_owned(),
            label: label.to_owned(),
            group: None,
            description: description.replace('`', ""),
            r#type: "enum",
            required: false,
            options: None,
            default: self.member("default").cloned(),
            show_if: None,
            sequence_questions: None,
        };
        match (options, kind, objects) {
            (Some(options), ..) => question.options = Some(options),
            (None, Some("string"), _) => question.r#type = "string",
            (None, Some("boolean"), _) => question.r#type = "boolean",
            (None, Some("array"), None) => question.r#type = "array[",
            (None, Some("array"), Some(objects)) => {
                question.r#type = "sequence[";
                // Rancher does not write this default into the settings, but needs it to add an element.
                question.default = Some(Value::Array(Vec::new()));
                question.sequence_questions = Some(objects.element_questions()?);
            }
            _ => bail!("the form does not support a setting of this type"),
        }
        Ok(question)
    }

    /// The values of an enumeration, or the examples of a text.
    fn options(&self) -> Option<Vec<Value>> {
        let list = |key| self.member(key).and_then(Value::as_array);
        let variants = || list("oneOf")?.iter().map(|variant| variant.get("const").cloned()).collect();
        list("enum").or_else(|| list("examples")).cloned().or_else(variants)
    }

    fn element_questions(&self) -> Result<Vec<Question>> {
        let properties = self.definition.get("properties").and_then(Value::as_object).context("no members")?;
        let required = self.definition.get("required").and_then(Value::as_array);
        let is_required = |key: &str| required.is_some_and(|names| names.iter().any(|name| name == key));
        let question = |(key, property): (&String, &'s Value)| {
            let question = Setting::new(self.root, property).question(key, key)?;
            Ok(Question { required: is_required(key), ..question })
        };
        properties.iter().map(question).collect()
    }
}
