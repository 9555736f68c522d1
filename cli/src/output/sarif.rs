//! SARIF 2.1.0, as GitHub code scanning and Azure DevOps read it.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; docs.github.com, "SARIF support for code
//! scanning". The part of the format that a check needs is small, so it is written down here as types.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use azure_workload_identity_lint::certainty::Confidence;
use azure_workload_identity_lint::report::{Diagnostic, FilePlace, PlacedEdit, ReadError, Report};
use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_policy::assumption::Assumption;
use azure_workload_identity_policy::finding::Applicability;
use azure_workload_identity_policy::rule::Severity;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::{sentence, word};
use crate::json_text;
use crate::names::RULES_URL;

/// The base of all paths: the folder in which the program runs, in code scanning the root of the repository.
const BASE: &str = "%SRCROOT%";

#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    tool: Tool,
    invocations: [Invocation<'r>; 1],
    original_uri_base_ids: Bases,
    column_kind: &'static str,
    results: Vec<SarifResult<'r>>,
}

#[derive(Serialize)]
struct Bases {
    #[serde(rename = "%SRCROOT%")]
    base: Base,
}

#[derive(Serialize)]
struct Base {
    description: Text<'static>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Text<'static>,
    full_description: Text<'static>,
    help: Help,
    help_uri: String,
    default_configuration: ReportingConfiguration,
    properties: Precision,
}

/// How many of a rule's findings are right, as code scanning orders rules.
#[derive(Serialize)]
struct Precision {
    precision: &'static str,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: &'static str,
}

#[derive(Serialize)]
struct ReportingConfiguration {
    enabled: bool,
    level: &'static str,
}

#[derive(Serialize)]
struct Text<'r> {
    text: std::borrow::Cow<'r, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'r> {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification<'r>>,
}

#[derive(Serialize)]
struct Notification<'r> {
    level: &'static str,
    message: Text<'r>,
    locations: Vec<Location<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'r> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    rank: f32,
    message: Text<'r>,
    locations: [Location<'r>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix<'r>>,
    partial_fingerprints: Fingerprints<'r>,
}

#[derive(Serialize)]
struct Fingerprints<'r> {
    #[serde(rename = "azwiCheck/v1")]
    finding: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'r>>,
    #[serde(rename = "physicalLocation")]
    physical: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "logicalLocations")]
    logical: Option<[LogicalLocation; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix<'r> {
    description: Text<'r>,
    artifact_changes: [ArtifactChange<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'r> {
    artifact_location: Artifact,
    replacements: Vec<Replacement<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'r> {
    deleted_region: Region,
    inserted_content: Text<'r>,
}

/// Writes a report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<_> = Rule::all().collect();
    let index: HashMap<_, _> = rules.iter().enumerate().map(|(index, rule)| (*rule, index)).collect();
    let results = report.findings.iter().map(|finding| {
        let rule_index = index.get(&finding.rule).copied().unwrap_or_default();
        result(finding, rule_index)
    });
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            results: results.collect(),
            tool: Tool {
                driver: Driver {
                    name: env!("CARGO_PKG_NAME"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: rules.into_iter().map(descriptor).collect(),
                },
            },
            invocations: [invocation(report)],
            original_uri_base_ids: Bases { base: Base { description: text("the folder in which azwi-check ran") } },
            column_kind: "unicodeCodePoints",
        }],
    };
    json_text::write(&log, out)
}

fn descriptor(rule: Rule) -> Descriptor {
    let severity = rule.severity();
    Descriptor {
        id: rule.name(),
        short_description: text(rule.title()),
        // Its first line is the default severity, which has a member of its own.
        full_description: text(rule.page().split("\n\n").nth(1).unwrap_or_default()),
        help: Help { text: rule.page().replace("**", "").replace('`', ""), markdown: rule.page() },
        help_uri: format!("{RULES_URL}#{}", rule.name()),
        default_configuration: ReportingConfiguration {
            enabled: severity != Severity::Off,
            // The severity of a rule that is off is for those who turn it on.
            level: if severity == Severity::Off { "warning" } else { level(severity) },
        },
        properties: Precision { precision: precision(rule) },
    }
}

/// The precision of a rule, by what its findings may rest on.
fn precision(rule: Rule) -> &'static str {
    // Of these the object itself shows that something is open.
    let is_shown = |assumption: &Assumption| {
        matches!(assumption, Assumption::WholeObject | Assumption::FinalValue | Assumption::Variables)
    };
    let assumptions = match rule {
        Rule::Policy(rule) => rule.may_rest_on(),
        Rule::ServiceAccountUnused => &[Assumption::Absence],
        _ => &[],
    };
    if assumptions.is_empty() {
        "very-high"
    } else if assumptions.iter().all(is_shown) {
        "high"
    } else {
        "medium"
    }
}

/// The rank of a finding from 0 to 100: by its severity, and among findings of one severity by how sure it is.
fn rank(finding: &Diagnostic) -> f32 {
    let severity = match finding.severity {
        Severity::Deny => 70.0,
        Severity::Warn => 40.0,
        Severity::Note | Severity::Off => 10.0,
    };
    let confidence = match finding.certainty.confidence {
        Confidence::High => 30.0,
        Confidence::Medium => 20.0,
        Confidence::Low => 10.0,
    };
    severity + confidence
}

fn level(severity: Severity) -> &'static str {
    word(severity, ["error", "warning", "note"])
}

fn invocation(report: &Report) -> Invocation<'_> {
    let errors = report.errors.iter().map(|ReadError { file, line, message }| Notification {
        level: "error",
        message: text(message.as_str()),
        locations: vec![Location::of_line(file, *line)],
    });
    let skipped = report.skipped_alike().into_iter().map(|alike| Notification {
        level: "note",
        message: text(format!("skipped: {alike}")),
        locations: alike.files.iter().map(|skipped| Location::of_line(&skipped.file, None)).collect(),
    });
    Invocation {
        execution_successful: report.errors.is_empty(),
        tool_execution_notifications: errors.chain(skipped).collect(),
    }
}

fn result(finding: &Diagnostic, rule_index: usize) -> SarifResult<'_> {
    let place = &finding.place;
    let mut location = Location::at(place);
    location.logical =
        logical_name(finding).map(|fully_qualified_name| [LogicalLocation { fully_qualified_name, kind: "object" }]);
    let related = finding.related.iter().enumerate().map(|(index, related)| Location {
        id: Some(index + 1),
        message: Some(text(related.message.as_str())),
        ..Location::at(&related.place)
    });
    let corrections = finding.correction.iter().filter(|it| it.applicability == Applicability::Safe && !it.is_secret);
    SarifResult {
        rule_id: finding.rule.name(),
        rule_index,
        level: level(finding.severity),
        rank: rank(finding),
        message: text(sentence(finding)),
        locations: [location],
        related_locations: related.collect(),
        // The format cannot tell a suggestion from a correction, and programs make them all.
        fixes: corrections.map(|correction| fix(finding, correction.shown())).collect(),
        partial_fingerprints: Fingerprints { finding: &finding.fingerprint },
    }
}

/// The object in one word: `Pod/shop/web`. A finding about a comment has none.
fn logical_name(finding: &Diagnostic) -> Option<String> {
    let object = &finding.object;
    let parts = [Some(object.kind.as_str()), object.namespace.as_deref(), Some(object.name.as_str())];
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn fix<'r>(finding: &'r Diagnostic, edits: &'r [PlacedEdit]) -> Fix<'r> {
    let replacements = edits.iter().map(|edit| Replacement {
        deleted_region: Region::of(&edit.place),
        inserted_content: text(edit.text.as_str()),
    });
    let replacements = replacements.collect();
    let change = ArtifactChange { artifact_location: Artifact::named(&finding.place.source.name), replacements };
    Fix { description: text(finding.fix.as_str()), artifact_changes: [change] }
}

fn text<'r>(text: impl Into<std::borrow::Cow<'r, str>>) -> Text<'r> {
    Text { text: text.into() }
}

impl Location<'_> {
    fn at(place: &FilePlace) -> Self {
        let artifact_location = Artifact::named(&place.source.name);
        let physical = PhysicalLocation { artifact_location, region: Some(Region::of(place)) };
        Self { id: None, message: None, physical, logical: None }
    }

    fn of_line(file: &str, line: Option<usize>) -> Self {
        let region = line.map(|start_line| Region { start_line, start_column: None, end_line: None, end_column: None });
        let physical = PhysicalLocation { artifact_location: Artifact::named(file), region };
        Self { id: None, message: None, physical, logical: None }
    }
}

impl Region {
    fn of(place: &FilePlace) -> Self {
        Self {
            start_line: place.line,
            start_column: Some(place.column),
            end_line: Some(place.end_line),
            end_column: Some(place.end_column),
        }
    }
}

impl Artifact {
    fn named(file: &str) -> Self {
        let uri = utf8_percent_encode(file, &IN_A_PATH).to_string();
        // `C:/…` is absolute on Windows.
        if file.starts_with('/') {
            Self { uri: format!("file://{uri}"), uri_base_id: None }
        } else if Path::new(file).is_absolute() {
            Self { uri: format!("file:///{uri}"), uri_base_id: None }
        } else {
            Self { uri, uri_base_id: Some(BASE) }
        }
    }
}

/// What a path may hold that a URI may not. Source: RFC 3986, `pchar`; a colon would make a scheme of what is before it.
const IN_A_PATH: AsciiSet = CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::output::sample;

    fn log() -> Value {
        let mut out = Vec::new();
        write(&sample::report(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn a_result_has_its_place_its_fix_and_its_fingerprint() {
        let log = log();
        let result = &log["runs"][0]["results"][0];

        assert_eq!(result["level"], "error");
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &log["runs"][0]["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], "label-value");
        assert_eq!(result["partialFingerprints"], json!({"azwiCheck/v1": "000000000000f00d"}));
        let artifact = json!({"uri": "deploy/web,%20100%25.yaml", "uriBaseId": "%SRCROOT%"});
        let region = json!({"startLine": 6, "startColumn": 34, "endLine": 6, "endColumn": 40});
        assert_eq!(
            result["locations"],
            json!([{
                "physicalLocation": {"artifactLocation": artifact, "region": region},
                "logicalLocations": [{"fullyQualifiedName": "Pod/shop/web", "kind": "object"}],
            }])
        );
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "the service account is here");
        assert_eq!(
            result["fixes"],
            json!([{
                "description": {"text": "write \"true\""},
                "artifactChanges": [{
                    "artifactLocation": artifact,
                    "replacements": [{"deletedRegion": region, "insertedContent": {"text": "\"true\""}}],
                }],
            }])
        );
    }

    #[test]
    fn what_was_not_read_is_a_notification() {
        let log = log();
        let invocation = &log["runs"][0]["invocations"][0];

        assert_eq!(invocation["executionSuccessful"], false);
        let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notifications[0]["message"]["text"], "a tab indents\nthis line");
        assert_eq!(notifications[0]["locations"][0]["physicalLocation"]["region"], json!({"startLine": 7}));
        let skipped = "skipped: 2 files are templates, to be rendered first: chart/a, b.yaml, chart/pod.yaml";
        assert_eq!(notifications[1]["message"]["text"], skipped);
        let location = &notifications[1]["locations"][1]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "chart/pod.yaml");
    }

    #[test]
    fn a_path_is_a_uri() {
        for (path, uri, is_relative) in [
            ("deploy/a b.yaml", "deploy/a%20b.yaml", true),
            ("../a.yaml", "../a.yaml", true),
            ("a:b#c?d.yaml", "a%3Ab%23c%3Fd.yaml", true),
            ("ä.yaml", "%C3%A4.yaml", true),
            ("/srv/a.yaml", "file:///srv/a.yaml", false),
        ] {
            let artifact = Artifact::named(path);
            assert_eq!((artifact.uri.as_str(), artifact.uri_base_id.is_some()), (uri, is_relative));
        }
    }
}
