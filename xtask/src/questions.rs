//! `policy-metadata/questions-ui.yml`: the form in which Rancher asks for the settings.
//!
//! How Rancher's Kubewarden extension treats answers decides what the form may look like:
//! - A question that is shown writes its default into the settings at once. So what switches something on has no default, and what
//!   belongs to it is shown only when it is switched on.
//! - Empty answers are dropped when a policy is created, so `guard: {}` cannot be said: the guard is switched on by its layouts.
//! - Everything that is asked ends up in the settings, where a key that is no setting is refused: a question that only shows a
//!   text, as other policies have it, is out of the question.
//! - A change of an answer in a group of type `map[` drops the other answers of the group, so there are no such groups.

use anyhow::{Context as _, Result, bail};
use azure_workload_identity_policy::rules::RULES;
use serde::Serialize;
use serde_json::Value;

use crate::settings_schema;

/// The file's path inside the repository.
pub const FILE: &str = "policy-metadata/questions-ui.yml";

const HEADER: &str =
    "# Written by `cargo xtask docs` from xtask/src/questions.rs and the settings' schema; changes here are lost.\n";

/// Injection is switched on.
const INJECTING: &str = "inject.optIn=label||inject.optIn=serviceAccount";

/// A setting that is asked for. What is not here comes from the settings' schema.
struct Asked {
    variable: &'static str,
    label: &'static str,
    group: &'static str,
    show_if: Option<&'static str>,
    /// Set where the schema's default would do harm: what the description says instead.
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
        "Turns the guard on: pods that ask for an identity must arrive with it, injected by Microsoft's webhook in one of these layouts. \
         v1.5, v1.6.0 and v1.6.1 are all. Left empty, there is no guard.",
    ),
    asked("Injection", "inject.optIn", "Inject").without_default(
        "Turns injection on, in place of Microsoft's webhook. label: pods with the label azure.workload.identity/use: \"true\" get an \
         identity. serviceAccount: so do pods without it whose service account has a client id. Left empty, pods are never changed.",
    ),
    asked("Injection", "inject.tenantId", "Tenant").when(INJECTING),
    asked("Injection", "inject.azureEnvironment", "Cloud")
        .when(INJECTING)
        .without_default("The cloud; AzurePublicCloud if left empty. Not together with the authority host."),
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
    asked("Identities", "identities", "Identities that may be used"),
    asked("Exemptions", "exemptions.namespaces", "Exempt namespaces"),
    asked("Exemptions", "exemptions.serviceAccounts", "Exempt service accounts"),
    asked("Workloads", "workloads", "More kinds with a pod template"),
];

/// The form's file.
#[derive(Serialize)]
struct Form {
    questions: Vec<Question>,
}

/// A question in Rancher's terms.
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
/// When a question is about a setting that the schema does not have, or one of a type that cannot be asked for.
pub fn to_yaml() -> Result<String> {
    let schema = settings_schema::schema().to_value();
    let mut questions = ASKED.iter().map(|asked| question(&schema, asked)).collect::<Result<Vec<_>>>()?;
    for rule in RULES {
        questions.push(rule_question(&schema, rule.name)?);
    }
    let text = yaml_serde::to_string(&Form { questions }).context("cannot write the questions as YAML")?;
    // To readers of YAML 1.1, Rancher's back end among them, a bare `off` is a boolean.
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

/// No default: it would be written into the settings, where it goes before the preset.
fn rule_question(root: &Value, name: &str) -> Result<Question> {
    let variable = format!("rules.{name}");
    let setting = Setting::find(root, &variable)?;
    let recommended = setting.member("default").and_then(Value::as_str).context("a rule without severity")?;
    let description = format!("Left empty, as the preset has it; recommended: {recommended}.");
    Ok(Question { group: Some("Rules"), description, default: None, ..setting.question(&variable, name)? })
}

/// A setting in the schema: what its place says of it, then what its type does.
struct Setting<'s> {
    root: &'s Value,
    place: &'s Value,
    definition: &'s Value,
}

impl<'s> Setting<'s> {
    /// The setting of a path such as `inject.proxy.image`.
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
                // Not written into the settings, but without it Rancher cannot add an element.
                question.default = Some(Value::Array(Vec::new()));
                question.sequence_questions = Some(objects.element_questions()?);
            }
            _ => bail!("a setting of this type cannot be asked for"),
        }
        Ok(question)
    }

    /// The names of an enumeration, or the examples of text that is nearly one.
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
