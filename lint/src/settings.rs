//! Settings from files: the settings themselves, or the manifests of the policies that hold them, so that CI and cluster cannot differ.
//!
//! Of a policy only the settings count. Its module, rules and selectors decide where it is asked, not what it answers.

use azure_workload_identity_policy::finding::Part;
use azure_workload_identity_policy::json::{self, Changes, Kind, Value};
use azure_workload_identity_policy::settings::{Problem, Settings};

use crate::members::text;
use crate::objects::{TypedObject, objects};
use crate::opened::Opened;
use crate::preview::with_injection;
use crate::report::ReadError;
use crate::source::{Lines, Source};
use crate::yaml;

/// Where the settings of a policy are in a text.
#[derive(Clone, Debug)]
struct SettingsOrigin {
    source: Source,
    /// The number of the document in the text, and of the JSON node in it; `None` if there are no settings.
    node: Option<(usize, json::NodeId)>,
}

/// The settings of a policy as JSON, still to be read.
#[derive(Clone, Debug)]
pub struct SettingsText {
    /// The settings.
    json: String,
    origin: SettingsOrigin,
}

/// The preset that settings name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The recommended severities.
    Recommended,
    /// As recommended, except that a rule that recommends a warning denies.
    Strict,
}

/// Settings as if there were a text `{}`.
impl Default for SettingsText {
    fn default() -> Self {
        Self::empty(&Source { name: "settings".into(), text: "{}".into() })
    }
}

impl SettingsText {
    /// Finds the settings in a YAML or JSON text: the text itself, or `spec.settings` of the policies in it (ClusterAdmissionPolicy,
    /// AdmissionPolicy, and the members of their groups). Policies with the same settings count once.
    ///
    /// If some of the policies name a module of this project, only those count: a file may hold other policies too.
    pub fn find(source: &Source) -> Result<Vec<Self>, ReadError> {
        let mut policies = Vec::<(bool, Self)>::new();
        let (mut plain, mut documents) = (Vec::new(), 0);
        for (number, document) in yaml::documents(&source.text, false).enumerate() {
            let document = document.map_err(|error| read_error(source, error.offset, error.message))?;
            let parsed = json::Document::parse(document.json.as_bytes())
                .map_err(|error| read_error(source, document.span.start, error.to_string()))?;
            documents += 1;
            let text = |settings: Option<Value<'_>>| Self {
                json: settings.map_or("{}", Value::raw).to_owned(),
                origin: SettingsOrigin {
                    source: source.clone(),
                    node: settings.map(|settings| (number, settings.id())),
                },
            };
            for object in objects(parsed.root()) {
                policies.extend(policies_of(&object).into_iter().map(|(is_own, settings)| (is_own, text(settings))));
            }
            if parsed.root().field("kind").is_none() {
                plain.push(text(Some(parsed.root())));
            }
        }
        if policies.is_empty() {
            return match plain.len() {
                1 if documents == 1 => Ok(plain),
                _ if documents == 0 => Ok(vec![Self::empty(source)]),
                _ => {
                    let message = "holds neither settings nor a policy of Kubewarden: expected a mapping of settings, or \
                                   ClusterAdmissionPolicy manifests";
                    Err(ReadError { file: source.name.clone(), line: None, message: message.to_owned() })
                }
            };
        }
        let has_own = policies.iter().any(|(is_own, _)| *is_own);
        let mut found = Vec::<Self>::new();
        for (is_own, policy) in policies {
            if (is_own || !has_own) && found.iter().all(|other| other.json != policy.json) {
                found.push(policy);
            }
        }
        Ok(found)
    }

    fn empty(source: &Source) -> Self {
        Self { json: "{}".to_owned(), origin: SettingsOrigin { source: source.clone(), node: None } }
    }

    /// Replaces the preset.
    pub fn set_preset(&mut self, preset: Preset) {
        let Ok(document) = json::Document::parse(self.json.as_bytes()) else { return };
        if document.root().kind() == Kind::Object {
            let name = match preset {
                Preset::Recommended => "recommended",
                Preset::Strict => "strict",
            };
            let mut changes = Changes::default();
            changes.set(document.root(), "preset", json::text(name));
            let mut changed = Vec::new();
            changes.write(document.root(), &mut changed);
            self.json = String::from_utf8(changed).unwrap_or_default();
        }
    }

    /// Whether the settings inject.
    pub fn injects(&self) -> bool {
        json::Document::parse(self.json.as_bytes()).is_ok_and(|document| document.root().field("inject").is_some())
    }

    /// Adds `inject: {}`, unless the settings inject already.
    fn add_injection(&mut self) {
        self.json = with_injection(&self.json);
    }

    /// The settings as JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Reads the settings. All that is wrong with them comes back at once, with the line.
    fn read<'a>(&self, document: &'a json::Document<'a>) -> Result<Settings<'a>, Vec<ReadError>> {
        Settings::read(document.root()).map_err(|problems| {
            let lines = self.lines(&problems);
            let errors = problems.iter().enumerate().map(|(number, problem)| ReadError {
                file: self.origin.source.name.clone(),
                line: lines.get(number).copied(),
                message: problem.to_string(),
            });
            errors.collect()
        })
    }

    /// The line of each problem; nothing if there is no text.
    fn lines(&self, problems: &[Problem]) -> Vec<usize> {
        let text = &*self.origin.source.text;
        let Some((number, node)) = self.origin.node else { return Vec::new() };
        let document = yaml::documents(text, true).filter_map(Result::ok).nth(number);
        let Some(document) = document else { return Vec::new() };
        let Ok(json) = json::Document::parse(document.json.as_bytes()) else { return Vec::new() };
        let opened = Opened::new(text, json.root(), Some(&document));
        let lines = Lines::new(text);
        let line = |problem: &Problem| {
            let located = opened.locate(opened.root.at(node), &problem.path, Part::Key);
            lines.position(located.span.start).line
        };
        problems.iter().map(line).collect()
    }
}

/// Makes sure that some settings inject: without any, as with `inject: {}`.
pub fn inject(texts: &mut Vec<SettingsText>) {
    if texts.iter().any(SettingsText::injects) {
        return;
    }
    if texts.is_empty() {
        texts.push(SettingsText::default());
    }
    if let Some(first) = texts.first_mut() {
        first.add_injection();
    }
}

/// Does something with all settings. All that is wrong with them comes back at once.
pub fn with_all<T>(texts: &[SettingsText], work: impl FnOnce(Vec<Settings<'_>>) -> T) -> Result<T, Vec<ReadError>> {
    let (mut documents, mut errors) = (Vec::new(), Vec::new());
    for text in texts {
        match json::Document::parse(text.json.as_bytes()) {
            Ok(document) => documents.push((text, document)),
            Err(cause) => {
                let file = text.origin.source.name.clone();
                errors.push(ReadError { file, line: None, message: cause.to_string() });
            }
        }
    }
    let mut settings = Vec::new();
    for (text, document) in &documents {
        match text.read(document) {
            Ok(read) => settings.push(read),
            Err(problems) => errors.extend(problems),
        }
    }
    if errors.is_empty() { Ok(work(settings)) } else { Err(errors) }
}

/// The settings in an object, if it is a policy or a group of policies: each with whether its module is this project's.
fn policies_of<'v>(object: &TypedObject<'v>) -> Vec<(bool, Option<Value<'v>>)> {
    if !object.api_version.starts_with("policies.kubewarden.io/") {
        return Vec::new();
    }
    let Some(spec) = object.value.field("spec") else { return Vec::new() };
    match &*object.kind {
        "ClusterAdmissionPolicy" | "AdmissionPolicy" => vec![policy(spec)],
        "ClusterAdmissionPolicyGroup" | "AdmissionPolicyGroup" => {
            spec.field("policies").into_iter().flat_map(Value::members).map(|(_, member)| policy(member)).collect()
        }
        _ => Vec::new(),
    }
}

/// The settings in a policy, and whether its module is this project's.
fn policy(spec: Value<'_>) -> (bool, Option<Value<'_>>) {
    (text(Some(spec), "module").contains(MODULE), spec.field("settings").filter(|settings| !settings.is_empty()))
}

/// What the name of a module of this project holds.
const MODULE: &str = "azure-workload-identity-policy";

fn read_error(source: &Source, offset: usize, message: String) -> ReadError {
    let line = Lines::new(&source.text).position(offset).line;
    ReadError { file: source.name.clone(), line: Some(line), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_found_in_lists_of_every_form() {
        let policy = r#""metadata": {"name": "p"}, "spec": {"module": "registry://example.com/azure-workload-identity-policy:v1", "settings": {"preset": "strict"}}"#;
        let typed = format!(r#""apiVersion": "policies.kubewarden.io/v1", "kind": "ClusterAdmissionPolicy", {policy}"#);
        for text in [
            format!("{{{typed}}}"),
            format!(r#"{{"apiVersion": "v1", "kind": "List", "items": [{{{typed}}}]}}"#),
            format!(
                r#"{{"apiVersion": "policies.kubewarden.io/v1", "kind": "ClusterAdmissionPolicyList", "items": [{{{policy}}}]}}"#
            ),
        ] {
            let found = SettingsText::find(&Source { name: "p.json".into(), text: text.as_str().into() });
            let found: Vec<_> = found.unwrap().iter().map(|settings| settings.json.clone()).collect();
            assert_eq!(found, [r#"{"preset": "strict"}"#], "{text}");
        }
    }
}
