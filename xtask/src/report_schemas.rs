//! The schemas of what `azwi-check` prints as JSON, and of its configuration. Those of reports come from the types that are printed.
//! Unknown members are valid there, since a later release may add some.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use azure_workload_identity_lint::report::Report;
use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_lint::v1::Versioned;
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_trace::chain::report::ChainReport;
use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::Value;

use crate::settings_schema::{self, Preset};

/// Where the files are.
const FOLDER: &str = "https://github.com/azure-workload-identity-policy/azure-workload-identity-policy/blob/main/docs/";

/// The schema of `azwi-check --format json`.
///
/// # Errors
/// If the schema cannot be written as JSON.
pub fn report() -> Result<String> {
    of_report::<Report>("azwi-check.schema.json", "Report of azwi-check", "What `azwi-check --format json` prints.")
}

/// The schema of `azwi-check chain --format json`.
///
/// # Errors
/// If the schema cannot be written as JSON.
pub fn chains() -> Result<String> {
    let description = "What `azwi-check chain --format json` prints.";
    of_report::<ChainReport>("azwi-check-chain.schema.json", "Chains of azwi-check", description)
}

/// The schema of `azwi-check.yaml`.
///
/// # Errors
/// If the schema cannot be written as JSON.
pub fn configuration() -> Result<String> {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(settings_schema::tidy));
    let schema = settings.into_generator().into_root_schema_for::<Configuration>();
    to_json(schema, "azwi-check-config.schema.json", "Configuration of azwi-check")
}

fn of_report<R: JsonSchema>(file: &str, title: &str, description: &str) -> Result<String> {
    let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(RecursiveTransform(tidy));
    let mut schema = settings.into_generator().into_root_schema_for::<Versioned<R>>();
    let about = "Lines and columns are counted from 1, columns in characters; offsets are counted from 0, in UTF-16 code units. Files \
                 are relative to the folder in which the program ran. A later release may add members.";
    schema.insert("description".to_owned(), format!("{description} {about}").into());
    to_json(schema, file, title)
}

fn to_json(mut schema: Schema, file: &str, title: &str) -> Result<String> {
    schema.insert("$id".to_owned(), [FOLDER, file].concat().into());
    schema.insert("title".to_owned(), title.into());
    Ok(serde_json::to_string_pretty(&schema).context("the schema is no JSON")? + "\n")
}

/// Removes line breaks from descriptions, and the names of Rust's types of integers.
fn tidy(schema: &mut Schema) {
    settings_schema::join_lines(schema);
    schema.remove("format");
}

/// azwi-check.yaml. Paths are relative to its folder.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the program reads it as the linter reads manifests")]
struct Configuration {
    /// Files with settings of the policy, or with manifests of Kubewarden policies.
    settings: Option<Paths>,
    /// The preset of the severities.
    preset: Option<Preset>,
    /// Files and folders to check if the command line names nothing.
    paths: Option<Paths>,
    /// Findings that are not reported.
    ignore: Option<Vec<Ignored>>,
    /// The severities of rules.
    #[schemars(extend("propertyNames" = {"$ref": "#/$defs/RuleName"}))]
    rules: Option<BTreeMap<String, RuleSeverity>>,
}

/// A path, or several.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Paths {
    One(#[schemars(length(min = 1))] String),
    Several(#[schemars(inner(length(min = 1)))] Vec<String>),
}

/// Findings that are not reported.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Ignored {
    /// The rule that finds them.
    rule: RuleName,
    /// A pattern of files: `*` matches within a folder, `**` across folders.
    #[schemars(length(min = 1))]
    path: String,
}

/// The name of a rule.
#[derive(JsonSchema)]
#[schemars(extend("enum" = Rule::all().map(Rule::name).collect::<Vec<_>>()))]
#[expect(dead_code, reason = "only its schema is used")]
struct RuleName(String);

/// A severity. In YAML 1.1, `off` without quotes is false.
#[derive(JsonSchema)]
#[schemars(extend("enum" = severities()))]
#[expect(dead_code, reason = "only its schema is used")]
struct RuleSeverity(Value);

fn severities() -> Vec<Value> {
    Severity::ALL.iter().rev().map(|severity| severity.name().into()).chain([false.into()]).collect()
}
