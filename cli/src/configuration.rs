//! `azwi-check.yaml`: what a repository says once for everyone who checks it.
//!
//! One that was found may be a stranger's, so it reaches nothing outside its folder. Read as the linter reads manifests, so that each error names its line. Of what is on the command line too, the command line counts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use azure_workload_identity_lint::report::ReadError;
use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_lint::settings::Preset;
use azure_workload_identity_lint::source::Lines;
use azure_workload_identity_lint::yaml;
use azure_workload_identity_policy::finding::quote;
use azure_workload_identity_policy::json::{Document, Kind, Value};
use azure_workload_identity_policy::nearest::nearest;
use azure_workload_identity_policy::rule::Severity;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::bounds::Bounds;
use crate::git;
use crate::names;
use crate::paths;
use crate::read::{self, Unread};

/// The name under which it is found.
pub(crate) const NAME: &str = "azwi-check.yaml";

/// What it may hold.
const KEYS: [&str; 5] = ["settings", "preset", "paths", "ignore", "rules"];

/// What a configuration says.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    /// The folder that it is in; its paths are relative to this one.
    pub(crate) folder: PathBuf,
    /// Files with settings or policies.
    pub(crate) settings: Vec<PathBuf>,
    /// The preset of settings that name none.
    pub(crate) preset: Option<Preset>,
    /// What is checked where the command line names nothing.
    pub(crate) paths: Vec<PathBuf>,
    /// Which findings are ignored.
    pub(crate) ignored: Vec<Ignored>,
    /// The severities of rules.
    pub(crate) severities: Vec<(Rule, Severity)>,
    /// What it may name; `None` for a configuration that the command line names, which may name everything.
    bounds: Option<Bounds>,
}

/// Findings that are ignored.
#[derive(Debug)]
pub(crate) struct Ignored {
    rule: Rule,
    files: GlobSet,
}

impl Configuration {
    /// Reads the configuration that the command line names.
    pub(crate) fn named(file: &Path, name: &str) -> Result<Self, Vec<ReadError>> {
        Self::read(file, name, None, read::named(file))
    }

    /// Finds and reads the configuration in this folder or the nearest one above it, up to the root of the repository. Without a
    /// repository, only the one in this folder counts, since anyone may write to the folders above.
    pub(crate) fn find(current: &Path) -> Result<Self, Vec<ReadError>> {
        let top = git::root(current).unwrap_or(current);
        let mut folders = current.ancestors().take_while(|folder| folder.starts_with(top));
        let is_there = |file: &Path| fs::symlink_metadata(file).is_ok_and(|metadata| !metadata.is_dir());
        let Some(folder) = folders.find(|folder| is_there(&folder.join(NAME))) else { return Ok(Self::default()) };
        let file = paths::from_current(&folder.join(NAME), current);
        let name = paths::shown(&file, current);
        let error = |cause: Unread| vec![ReadError { file: (*name).into(), line: None, message: cause.to_string() }];
        let bounds = Bounds::of_configuration(folder).map_err(error)?;
        let text = Bounds::of(folder).and_then(|bounds| bounds.read(&file));
        Self::read(&file, &name, Some(bounds), text)
    }

    /// Reads a configuration; all that is wrong with it comes back at once.
    fn read(
        file: &Path,
        name: &str,
        bounds: Option<Bounds>,
        text: Result<Vec<u8>, Unread>,
    ) -> Result<Self, Vec<ReadError>> {
        let error = |line, message| vec![ReadError { file: name.into(), line, message }];
        let text = text.and_then(read::text).map_err(|cause| error(None, cause.to_string()))?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let lines = Lines::new(&text);
        let mut documents = yaml::documents(&text, true);
        let document = match documents.next() {
            None => return Ok(Self { folder, bounds, ..Self::default() }),
            Some(document) => {
                document.map_err(|cause| error(Some(lines.position(cause.offset).line), cause.message))?
            }
        };
        match documents.next() {
            None => {}
            Some(Ok(second)) => {
                let line = lines.position(second.span.start).line;
                return Err(error(Some(line), "holds a second document; a configuration is one".to_owned()));
            }
            Some(Err(cause)) => return Err(error(Some(lines.position(cause.offset).line), cause.message)),
        }
        let json = Document::parse(document.json.as_bytes()).map_err(|cause| error(None, cause.to_string()))?;
        let mut reader = ConfigurationReader { name, lines, origins: &document.origins, errors: Vec::new() };
        let configuration = reader.configuration(folder, bounds, json.root());
        if reader.errors.is_empty() { Ok(configuration) } else { Err(reader.errors) }
    }

    /// Reads a file that the configuration names.
    pub(crate) fn read_file(&self, file: &Path) -> Result<Vec<u8>, Unread> {
        match &self.bounds {
            Some(bounds) => read::regular(&bounds.real_path(file)?),
            None => read::named(file),
        }
    }

    /// Whether a finding of a rule is ignored in a file, which is relative to the folder of the configuration.
    pub(crate) fn ignores(&self, rule: Rule, file: &Path) -> bool {
        self.ignored.iter().any(|ignored| ignored.rule == rule && ignored.files.is_match(file))
    }
}

/// Reads what a configuration says, and collects what is wrong with it.
struct ConfigurationReader<'a> {
    name: &'a str,
    lines: Lines<'a>,
    origins: &'a yaml::Origins,
    errors: Vec<ReadError>,
}

impl<'a> ConfigurationReader<'a> {
    fn configuration(&mut self, folder: PathBuf, bounds: Option<Bounds>, root: Value<'a>) -> Configuration {
        let [settings, preset, paths, ignore, rules] = self.members(root, "the configuration", KEYS);
        Configuration {
            settings: self.files(settings, "settings", &folder, bounds.as_ref()),
            preset: self.preset(preset),
            paths: self.files(paths, "paths", &folder, bounds.as_ref()),
            ignored: self.elements(ignore, "ignore").into_iter().filter_map(|value| self.ignored(value)).collect(),
            severities: self.severities(rules),
            folder,
            bounds,
        }
    }

    /// Files and folders. One that is out of bounds is an error; one that does not exist is an error when it is read.
    fn files(&mut self, value: Option<Value<'a>>, key: &str, folder: &Path, bounds: Option<&Bounds>) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for (value, text) in self.texts(value, key) {
            let file = paths::normalized(&folder.join(&text));
            if let Some(Err(Unread::Refused(reason))) = bounds.map(|bounds| bounds.judge(&file)) {
                let advice = "name the configuration with --config if it may do that";
                self.error(value, format!("{key} takes {}, which {reason}; {advice}", quote(&text)));
            }
            files.push(file);
        }
        files
    }

    /// The members of an object. A key that is not known is an error.
    fn members<const N: usize>(
        &mut self,
        object: Value<'a>,
        subject: &str,
        keys: [&'static str; N],
    ) -> [Option<Value<'a>>; N] {
        if object.kind() != Kind::Object {
            self.error(object, format!("{subject} is no mapping; it takes {}", keys.join(", ")));
            return [None; N];
        }
        for (key, value) in object.members() {
            if !keys.contains(&key.as_ref()) {
                let advice = match nearest(&key, &keys) {
                    Some(known) => format!("did you mean {known}?"),
                    None => format!("{subject} takes {}", keys.join(", ")),
                };
                self.error(object.key_of(&key).unwrap_or(value), format!("unknown key {}; {advice}", quote(&key)));
            }
        }
        keys.map(|key| object.get(key))
    }

    /// The elements of a list.
    fn elements(&mut self, list: Option<Value<'a>>, key: &str) -> Vec<Value<'a>> {
        let Some(list) = list else { return Vec::new() };
        if list.kind() != Kind::Array {
            self.error(list, format!("{key} is no list"));
        }
        list.elements().collect()
    }

    /// One text or a list of texts.
    fn texts(&mut self, value: Option<Value<'a>>, key: &str) -> Vec<(Value<'a>, String)> {
        let values = match value {
            Some(value) if value.kind() == Kind::String => vec![value],
            value => self.elements(value, key),
        };
        values.into_iter().filter_map(|value| Some((value, self.text(value, key)?))).collect()
    }

    fn text(&mut self, value: Value<'a>, key: &str) -> Option<String> {
        let text = value.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            self.error(value, format!("{key} takes text, not {}", written(value)));
        }
        text.map(String::from)
    }

    fn preset(&mut self, value: Option<Value<'a>>) -> Option<Preset> {
        let text = value?.as_str();
        match text.as_deref() {
            Some("recommended") => Some(Preset::Recommended),
            Some("strict") => Some(Preset::Strict),
            _ => {
                self.error(value?, format!("preset is {}; it takes recommended or strict", written(value?)));
                None
            }
        }
    }

    fn severities(&mut self, rules: Option<Value<'a>>) -> Vec<(Rule, Severity)> {
        let Some(rules) = rules else { return Vec::new() };
        if rules.kind() != Kind::Object {
            self.error(rules, "rules is no mapping; it takes the names of rules with their severities".to_owned());
        }
        let mut severities = Vec::new();
        for (name, value) in rules.members() {
            let rule = self.rule(rules.key_of(&name).unwrap_or(value), &name);
            let text = value.as_str().unwrap_or_default();
            // In YAML 1.1, a bare `off` is `false`.
            let is_off = value.as_bool() == Some(false);
            let severity = Severity::ALL
                .into_iter()
                .find(|severity| severity.name() == text || (is_off && *severity == Severity::Off));
            if severity.is_none() {
                let names = Severity::ALL.map(Severity::name).join(", ");
                self.error(value, format!("the severity of {name} is {}; it takes {names}", written(value)));
            }
            severities.extend(rule.zip(severity));
        }
        severities
    }

    fn ignored(&mut self, value: Value<'a>) -> Option<Ignored> {
        let [rule, path] = self.members(value, "an element of ignore", ["rule", "path"]);
        let (Some(rule), Some(path)) = (rule, path) else {
            if value.kind() == Kind::Object {
                self.error(value, "an element of ignore takes rule and path".to_owned());
            }
            return None;
        };
        let name = self.text(rule, "rule")?;
        let rule = self.rule(rule, &name);
        let pattern = self.text(path, "path")?;
        match files(&pattern) {
            Ok(files) => Some(Ignored { rule: rule?, files }),
            Err(cause) => {
                self.error(path, format!("path is no pattern: {}", cause.kind()));
                None
            }
        }
    }

    fn rule(&mut self, value: Value<'a>, name: &str) -> Option<Rule> {
        names::rule(name).map_err(|message| self.error(value, message)).ok()
    }

    fn error(&mut self, value: Value<'_>, message: String) {
        let line = self.origins.of(value.id()).map(|origin| self.lines.position(origin.span.start).line);
        self.errors.push(ReadError { file: self.name.into(), line, message });
    }
}

/// A value as messages show it.
fn written(value: Value<'_>) -> String {
    match value.as_str() {
        Some(text) => quote(&text),
        None => value.raw().chars().take(64).collect(),
    }
}

/// The files of a pattern: those that it matches, and those in the folders that it matches.
fn files(pattern: &str) -> Result<GlobSet, globset::Error> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
    let mut set = GlobSetBuilder::new();
    for pattern in BTreeSet::from([pattern.to_owned(), format!("{pattern}/**")]) {
        set.add(GlobBuilder::new(&pattern).literal_separator(true).build()?);
    }
    set.build()
}

/// A file relative to the folder of the configuration, for its patterns.
pub(crate) fn relative(folder: &Path, current: &Path, file: &str) -> PathBuf {
    let file = paths::normalized(&current.join(file));
    file.strip_prefix(paths::normalized(&current.join(folder))).map(Path::to_owned).unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a configuration, and gives the errors in one text.
    fn read(text: &str) -> Result<Configuration, String> {
        let document = yaml::documents(text, true).next().unwrap().unwrap();
        let json = Document::parse(document.json.as_bytes()).unwrap();
        let mut reader = ConfigurationReader {
            name: "c.yaml",
            lines: Lines::new(text),
            origins: &document.origins,
            errors: Vec::new(),
        };
        let configuration = reader.configuration("/repo".into(), None, json.root());
        let lines: Vec<_> = reader.errors.iter().map(|it| format!("{}: {}", it.line.unwrap(), it.message)).collect();
        if lines.is_empty() { Ok(configuration) } else { Err(lines.join("\n")) }
    }

    #[test]
    fn a_configuration_is_read() {
        let configuration = read(
            "settings: policy.yaml\npreset: strict\npaths: [deploy, apps/*]\nrules:\n  label-missing: off\n  wrong-type: warn\n",
        );
        let configuration = configuration.unwrap();

        assert_eq!(configuration.settings, [Path::new("/repo/policy.yaml")]);
        assert_eq!(configuration.preset, Some(Preset::Strict));
        assert_eq!(configuration.paths, [Path::new("/repo/deploy"), Path::new("/repo/apps/*")]);
        let rule = |name| Rule::from_name(name).unwrap();
        let expected = [(rule("label-missing"), Severity::Off), (rule("wrong-type"), Severity::Warn)];
        assert_eq!(configuration.severities, expected);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, expected) in [
            ("setings: a", "1: unknown key \"setings\"; did you mean settings?"),
            (
                "preset: strict\nfoo: 1",
                "2: unknown key \"foo\"; the configuration takes settings, preset, paths, ignore, rules",
            ),
            ("- a", "1: the configuration is no mapping; it takes settings, preset, paths, ignore, rules"),
            ("preset: strikt", "1: preset is \"strikt\"; it takes recommended or strict"),
            ("paths: {a: b}", "1: paths is no list"),
            ("paths:\n- a\n- 3", "3: paths takes text, not 3"),
            ("rules:\n  lable-value: off", "2: there is no rule \"lable-value\"; did you mean label-value?"),
            (
                "rules:\n  label-value: no-way",
                "2: the severity of label-value is \"no-way\"; it takes off, note, warn, deny",
            ),
            ("ignore:\n- rule: label-value", "2: an element of ignore takes rule and path"),
            (
                "ignore:\n- rule: label-value\n  path: \"a[\"",
                "3: path is no pattern: unclosed character class; missing ']'",
            ),
            (
                "ignore:\n- rule: label-value\n  file: a",
                "3: unknown key \"file\"; an element of ignore takes rule, path\n2: an element of ignore takes rule and path",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn a_pattern_covers_files_and_folders() {
        for (pattern, file, expected) in [
            ("legacy", "legacy/a/b.yaml", true),
            ("./legacy/", "legacy/a.yaml", true),
            ("legacy", "other/legacy/a.yaml", false),
            ("**/legacy", "other/legacy/a.yaml", true),
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "b/a.yaml", false),
            ("**/*.yaml", "b/a.yaml", true),
        ] {
            let text = format!("ignore:\n- rule: label-value\n  path: {pattern:?}");
            let rule = Rule::from_name("label-value").unwrap();
            assert_eq!(read(&text).unwrap().ignores(rule, Path::new(file)), expected, "{pattern} {file}");
        }
    }

    #[test]
    fn a_file_is_relative_to_the_configuration() {
        for (current, file, expected) in [
            ("/repo/apps", "web/a.yaml", "apps/web/a.yaml"),
            ("/repo/apps", "../a.yaml", "a.yaml"),
            ("/repo", "/srv/a.yaml", "/srv/a.yaml"),
        ] {
            assert_eq!(relative(Path::new("/repo"), Path::new(current), file), Path::new(expected));
        }
    }

    #[test]
    fn the_schema_for_editors_knows_all_keys_and_rules() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../docs/azwi-check-config.schema.json")).unwrap();
        let keys: Vec<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut known = KEYS;
        known.sort_unstable();
        assert_eq!(keys, known);
        let rules: Vec<_> = schema["$defs"]["RuleName"]["enum"].as_array().unwrap().iter().collect();
        assert_eq!(rules, Rule::all().map(Rule::name).collect::<Vec<_>>());
    }

    #[test]
    fn the_documentation_shows_a_configuration_with_all_keys() {
        let page = include_str!("../../docs/cli.md");
        let example =
            page.split("```yaml\n").filter_map(|rest| rest.split("```").next()).find(|it| it.contains("ignore:\n"));
        let example = example.unwrap();
        for key in KEYS {
            assert!(example.contains(&format!("\n{key}:")), "{key}");
            assert!(page.contains(&format!("| `{key}` |")), "{key}");
        }
        assert_eq!(read(example).unwrap().severities.len(), 1);
    }
}
