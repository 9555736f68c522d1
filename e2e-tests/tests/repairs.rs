//! The repairs that rules offer, applied to the objects of the cases: the finding is gone, and nothing else has changed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common {
    #[expect(dead_code, reason = "other tests ask what cases expect of the policy")]
    pub(crate) mod cases;
}

use std::collections::BTreeSet;
use std::path::Path;

use azure_workload_identity_guest::HostCluster;
use azure_workload_identity_policy::examine;
use azure_workload_identity_policy::finding::Finding;
use azure_workload_identity_policy::inquiry::{Inquiry, ObjectOrigin};
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::rule::RuleId;
use azure_workload_identity_policy::settings::Settings;
use common::cases::{self, Case};
use e2e_tests::cluster::FakeCluster;
use e2e_tests::request::AdmissionRequest;
use serde_json::{Map, Value, json};

#[test]
fn a_repair_removes_its_finding_and_changes_nothing_else() {
    let mut repaired = BTreeSet::new();
    for (file, case) in all_cases() {
        let request = case.request();
        for (finding, text) in examined(&case, &request, true) {
            let context = format!("{file}: {}: {finding}", case.note);
            let object: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{context}: {error}: {text}"));
            let before = request.object.as_ref().unwrap();
            assert_eq!(object, intended(before, &finding), "{context}");

            let findings = |request: &AdmissionRequest| -> usize {
                examined(&case, request, false).iter().filter(|(other, _)| other.rule == finding.rule).count()
            };
            let changed = AdmissionRequest { object: Some(object), ..request.clone() };
            assert!(findings(&changed) < findings(&request), "{context}: the finding is still there");
            repaired.insert(finding.rule.name().replace('-', "_"));
        }
    }
    assert_eq!(repaired, rules_with_repairs(), "each rule that offers a repair needs a case with one");
}

/// The modules of the rules that offer repairs.
fn rules_with_repairs() -> BTreeSet<String> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/rules");
    let offers_one = |name: &String| {
        let text = std::fs::read_to_string(rules.join(name).with_extension("rs")).unwrap();
        text.contains(".repair(")
    };
    cases::stems(&rules, "rs").into_iter().filter(offers_one).collect()
}

fn all_cases() -> impl Iterator<Item = (String, Case)> {
    let all = cases::files().into_iter().flat_map(|file| {
        let cases = cases::read(&file);
        cases.into_iter().map(move |case| (file.clone(), case))
    });
    all.filter(|(_, case)| case.lookups.is_none())
}

/// What is found, or only those with a repair, each with the repaired object.
fn examined(case: &Case, request: &AdmissionRequest, with_repair: bool) -> Vec<(Finding, String)> {
    let cluster = FakeCluster::with_objects(case.objects()).unwrap();
    let host = HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload));
    let (request, settings) = (serde_json::to_string(request).unwrap(), json!(case.settings).to_string());
    let request = Document::parse(request.as_bytes()).unwrap();
    let settings = Document::parse(settings.as_bytes()).unwrap();
    let settings = Settings::read(settings.root()).unwrap();
    let origin = if case.in_file { ObjectOrigin::File } else { ObjectOrigin::Admission };
    let inquiry = Inquiry { origin, ..Inquiry::of_review(request.root()) };
    let findings = examine(&inquiry, &settings, &host).findings;
    let repaired = |finding: Finding| {
        let mut text = Vec::new();
        if let Some(repair) = &finding.repair {
            repair.changes.write(inquiry.object.unwrap(), &mut text);
        }
        (finding, String::from_utf8(text).unwrap())
    };
    findings.into_iter().filter(|finding| !with_repair || finding.repair.is_some()).map(repaired).collect()
}

/// The object as the fix says it should be.
fn intended(object: &Value, finding: &Finding) -> Value {
    let mut object = object.clone();
    let pointer = finding.place.path.to_pointer();
    let (holder, last) = pointer.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/").replace("~0", "~");
    match finding.rule {
        RuleId::EndpointOverride | RuleId::ClientOverride | RuleId::FieldRef | RuleId::TokenCredentials => {
            assert!(finding.fix.starts_with("remove the variable"), "{finding}");
            object.pointer_mut(holder).unwrap().as_array_mut().unwrap().remove(last.parse().unwrap());
        }
        RuleId::LabelValue => {
            let value = object.pointer_mut(&pointer).unwrap();
            *value = json!(value.as_str().unwrap().to_lowercase());
        }
        RuleId::FederatedCredentialAudience => {
            let audience = finding.fix.split('"').nth(1).unwrap();
            let value = object.pointer_mut(&pointer).unwrap();
            *value = if value.is_array() { json!([audience]) } else { json!(audience) };
        }
        RuleId::FederatedCredentialIssuer => {
            let value = object.pointer_mut(&pointer).unwrap();
            *value = match finding.fix.strip_prefix("write ") {
                Some(rest) => json!(rest.split(';').next().unwrap()),
                None => json!(format!("{}/", value.as_str().unwrap())),
            };
        }
        RuleId::SkipContainers => {
            let value = object.pointer_mut(&pointer).unwrap();
            let names = value.as_str().unwrap().split([';', ',', ':', '|', ' ', '\n', '\t']);
            *value = json!(names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(";"));
        }
        RuleId::MisspeltKey => {
            let meant = finding.fix.split("did you mean ").nth(1).unwrap();
            let meant = meant.split(['?', ' ']).next().unwrap().trim_matches('"');
            let value = remove(&mut object, holder, &last);
            members(&mut object, holder).insert(meant.to_owned(), value);
        }
        RuleId::LabelPlacement | RuleId::MisplacedKey => {
            let value = remove(&mut object, holder, &last);
            let map = if finding.rule == RuleId::LabelPlacement { "labels" } else { "annotations" };
            let around = holder.rsplitn(3, '/').nth(2).unwrap().to_owned();
            let pod = pod_below(&object, &around).unwrap_or(around);
            let pod = members(&mut object, &pod);
            let metadata = pod.entry("metadata").or_insert_with(|| json!({})).as_object_mut().unwrap();
            let map = metadata.entry(map).or_insert(Value::Null);
            if map.is_null() {
                *map = json!({});
            }
            map.as_object_mut().unwrap().insert(last, value);
        }
        rule => panic!("{rule} offers a repair: say here what it does"),
    }
    object
}

/// The first pod or pod template at a place or below it.
fn pod_below(object: &Value, pointer: &str) -> Option<String> {
    let value = object.pointer(pointer)?;
    if value.pointer("/spec/containers").is_some() {
        return Some(pointer.to_owned());
    }
    let steps: Vec<String> = match value {
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(elements) => (0..elements.len()).map(|position| position.to_string()).collect(),
        _ => Vec::new(),
    };
    steps
        .iter()
        .find_map(|step| pod_below(object, &format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))))
}

fn members<'o>(object: &'o mut Value, pointer: &str) -> &'o mut Map<String, Value> {
    object.pointer_mut(pointer).unwrap().as_object_mut().unwrap()
}

fn remove(object: &mut Value, holder: &str, key: &str) -> Value {
    members(object, holder).remove(key).unwrap()
}
