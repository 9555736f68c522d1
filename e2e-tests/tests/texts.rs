//! Changes of the texts that people write: what injection and repairs do to an object, they do to its YAML in any style.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common {
    #[expect(dead_code, reason = "other tests ask what cases expect of the policy")]
    pub(crate) mod cases;
}
#[path = "../../manifests/tests/common/styles.rs"]
mod styles;

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use azure_workload_identity_guest::HostCluster;
use azure_workload_identity_lint::Opened;
use azure_workload_identity_lint::edit::apply;
use azure_workload_identity_lint::preview::{Outcome, Preview, PreviewObject, preview, with_injection};
use azure_workload_identity_lint::yaml;
use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::{Changes, Document, Value};
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::{decide, examine};
use common::cases;
use e2e_tests::cluster::FakeCluster;
use e2e_tests::vectors::{self, FILES};
use rayon::prelude::*;
use serde_json::{Value as Model, json};
use similar::TextDiff;
use styles::{Style, comments, render};

/// How many of the recorded cases are left out between two: `TEXTS=all` leaves out none.
fn step() -> usize {
    if std::env::var("TEXTS").is_ok_and(|texts| texts == "all") { 1 } else { 10 }
}

/// A recorded pod, or a Deployment with a template like it.
struct Recorded {
    id: String,
    settings: String,
    service_accounts: Vec<Model>,
    namespace: String,
    object: String,
    /// The pod that admission is asked about.
    pod: Model,
    is_template: bool,
    seed: u64,
}

fn recorded(files: &[(&str, &str)]) -> Vec<Recorded> {
    let mut seen = BTreeSet::new();
    let mut recorded = Vec::new();
    for (version, layout) in files {
        for (position, case) in vectors::Case::read(version).unwrap().into_iter().enumerate() {
            if position % step() != 0 {
                continue;
            }
            let settings = case.settings(layout).to_string();
            if !seen.insert((case.pod.to_string(), settings.clone(), json!(case.service_accounts).to_string())) {
                continue;
            }
            let seed = u64::try_from(recorded.len()).unwrap();
            let is_template = seed % 3 == 2;
            let mut pod = case.pod.clone();
            let mut object = pod.clone();
            if is_template {
                object = json!({
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "metadata": {"name": "web", "namespace": case.namespace},
                    "spec": {"selector": {"matchLabels": pod.pointer("/metadata/labels")}, "template": {}},
                });
                let mut metadata = pod.get("metadata").cloned().unwrap_or(json!({}));
                for (key, value) in [("generateName", "web-"), ("namespace", case.namespace.as_str())] {
                    metadata.as_object_mut().unwrap().insert(key.to_owned(), json!(value));
                }
                metadata.as_object_mut().unwrap().remove("name");
                *pod.get_mut("metadata").unwrap() = metadata;
                let template = object.pointer_mut("/spec/template").unwrap().as_object_mut().unwrap();
                for key in ["metadata", "spec"] {
                    template.extend(case.pod.get(key).map(|value| (key.to_owned(), value.clone())));
                }
            }
            let (id, namespace) = (format!("{version} {}", case.id), case.namespace.clone());
            let (service_accounts, object) = (case.service_accounts, object.to_string());
            recorded.push(Recorded { id, settings, service_accounts, namespace, object, pod, is_template, seed });
        }
    }
    recorded
}

impl Recorded {
    /// The pod that the library makes of the pod; `None` if it changes nothing.
    fn injected(&self) -> Option<Model> {
        let pod = self.pod.to_string();
        let pod = Document::parse(pod.as_bytes()).unwrap();
        let settings = Document::parse(self.settings.as_bytes()).unwrap();
        let settings = Settings::read(settings.root()).unwrap();
        let inquiry = Inquiry { namespace: Some((&self.namespace).into()), ..Inquiry::of_object(pod.root()) };
        let cluster = FakeCluster::with_objects(self.service_accounts.clone()).unwrap();
        let host = HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload));
        let changes = decide(examine(&inquiry, &settings, &host), &settings).changes;
        (!changes.is_empty()).then(|| written(&changes, pod.root()))
    }

    /// What the preview makes of a text in which the object is.
    fn preview(&self, text: &str) -> (Preview, usize) {
        let settings = with_injection(&self.settings);
        let settings = Document::parse(settings.as_bytes()).unwrap();
        let settings = Settings::read(settings.root()).unwrap();
        let cluster = FakeCluster::with_objects(self.service_accounts.clone()).unwrap();
        let host = HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload));
        let (number, document) = find(text, &serde_json::from_str(&self.object).unwrap());
        let json = Document::parse(document.json.as_bytes()).unwrap();
        let opened = Opened::new(text, json.root(), Some(&document));
        let inquiry = Inquiry { namespace: Some((&self.namespace).into()), ..Inquiry::of_object(json.root()) };
        let object = PreviewObject { inquiry, cluster: &host, accounts_are_known: true, is_partial: false };
        (preview(&opened, &[object], &[settings]), number)
    }

    /// Whether the preview could show the change.
    fn check(&self, style: Style) -> bool {
        let object = Document::parse(self.object.as_bytes()).unwrap();
        let text = render(object.root(), style);
        let (preview, number) = self.preview(&text);
        let context = || format!("{} with seed {}\n{text}\n{:#?}", self.id, style.seed, preview.pods);
        let outcomes: Vec<_> = preview.pods.iter().map(|pod| &pod.outcome).collect();
        let expected = self.injected().map(|pod| {
            if !self.is_template {
                return pod;
            }
            let mut object: Model = serde_json::from_str(&self.object).unwrap();
            *object.pointer_mut("/spec/template/spec").unwrap() = pod.get("spec").unwrap().clone();
            object
        });
        match (outcomes.as_slice(), expected) {
            ([Outcome::Unchanged { .. }], None) => {
                assert_eq!(preview.edits, [], "{}", context());
                true
            }
            ([Outcome::Injected { note }], Some(expected)) => {
                let new = apply(&text, &preview.edits);
                let mut documents = read(&new);
                assert_eq!(documents.remove(number), expected, "{}{new}", context());
                let mut others = read(&text);
                others.remove(number);
                assert_eq!(documents, others, "{}{new}", context());
                assert_eq!(comments(&new), comments(&text), "{}{new}", context());
                assert_eq!(note.is_some(), self.is_template && !self.settings.contains("v1.5"), "{}", context());
                true
            }
            ([Outcome::Unwritable { before, after, .. }], Some(expected)) => {
                let [before, after]: [Model; 2] = [before, after].map(|text| serde_json::from_str(text).unwrap());
                assert_eq!(before, serde_json::from_str::<Model>(&self.object).unwrap(), "{}", context());
                assert_eq!(after, expected, "{}", context());
                assert_eq!(preview.edits, [], "{}", context());
                false
            }
            (_, expected) => panic!("{}\nis expected to be\n{expected:#?}", context()),
        }
    }
}

#[test]
fn injection_into_a_text_is_the_injection_into_the_object() {
    let recorded = recorded(&FILES);
    let refused: Vec<_> =
        recorded.par_iter().filter(|case| !case.check(Style::of_seed(case.seed))).map(|case| case.id.clone()).collect();
    let injected = recorded.iter().filter(|case| case.injected().is_some()).count();
    println!("{} texts, {injected} injected, of which {} could not be: {refused:?}", recorded.len(), refused.len());
    assert!(injected * 3 > recorded.len(), "{injected} of {}", recorded.len());
    assert!(refused.len() * 200 <= recorded.len(), "{} of {}", refused.len(), recorded.len());
}

#[test]
fn a_patch_of_the_text_is_taken_by_patch() {
    let folder = std::env::temp_dir().join(format!("azwi-check-texts-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let plain = Style { comments: 30, ..Style::PLAIN };
    let of_windows = Style { newline: "\r\n", ..plain };
    let cut = Style { is_cut: true, ..plain };
    let cut_of_windows = Style { is_cut: true, ..of_windows };
    let mut patched = 0;
    for (position, case) in recorded(&[FILES[0]]).iter().filter(|case| case.injected().is_some()).take(12).enumerate() {
        let style = [plain, of_windows, cut, cut_of_windows].get(position % 4).copied().unwrap();
        let object = Document::parse(case.object.as_bytes()).unwrap();
        let text = render(object.root(), style);
        let new = apply(&text, &case.preview(&text).0.edits);
        let diff = TextDiff::from_lines(&text, &new).unified_diff().header("a/pod.yaml", "b/pod.yaml").to_string();
        fs::write(folder.join("pod.yaml"), &text).unwrap();
        fs::write(folder.join("pod.patch"), &diff).unwrap();
        let output = Command::new("patch").args(["--binary", "-p1", "-i", "pod.patch"]).current_dir(&folder).output();
        match output {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("skipped: the program patch is not installed");
                break;
            }
            output => {
                let output = output.unwrap();
                assert!(output.status.success(), "{output:?}\n{diff}");
                assert_eq!(fs::read_to_string(folder.join("pod.yaml")).unwrap(), new, "{diff}");
                patched += 1;
            }
        }
    }
    println!("{patched} texts were patched");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_repair_of_a_text_is_the_repair_of_the_object() {
    let (mut repaired, mut refused) = (0, Vec::new());
    for file in cases::files() {
        for (number, case) in cases::read(&file).into_iter().enumerate().filter(|(_, case)| case.lookups.is_none()) {
            let request = case.request();
            let Some(object) = request.object.as_ref().map(Model::to_string) else { continue };
            let object = Document::parse(object.as_bytes()).unwrap();
            let request = serde_json::to_string(&request).unwrap();
            let request = Document::parse(request.as_bytes()).unwrap();
            let settings = json!(case.settings).to_string();
            let settings = Document::parse(settings.as_bytes()).unwrap();
            let settings = Settings::read(settings.root()).unwrap();
            let cluster = FakeCluster::with_objects(case.objects()).unwrap();
            let host = HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload));
            // Most cases have nothing to repair, and some are large.
            let inquiry = Inquiry { object: Some(object.root()), ..Inquiry::of_review(request.root()) };
            if examine(&inquiry, &settings, &host).findings.iter().all(|finding| finding.repair.is_none()) {
                continue;
            }
            for style in 0..8 {
                let style = Style::of_seed(u64::try_from(number).unwrap() * 8 + style);
                let text = render(object.root(), style);
                let model: Model = serde_json::from_str(object.root().raw()).unwrap();
                let (position, document) = find(&text, &model);
                let json = Document::parse(document.json.as_bytes()).unwrap();
                let inquiry = Inquiry { object: Some(json.root()), ..Inquiry::of_review(request.root()) };
                let findings = examine(&inquiry, &settings, &host).findings;
                for repair in findings.iter().filter_map(|finding| Some(&finding.repair.as_ref()?.changes)) {
                    let opened = Opened::new(&text, json.root(), Some(&document));
                    let Some(edits) = opened.edits(repair) else {
                        refused.push(format!("{file}: {}, seed {}: aliases {}", case.note, style.seed, style.aliases));
                        continue;
                    };
                    let new = apply(&text, &edits);
                    let context = || format!("{file}: {}\n{text}\n{new}", case.note);
                    let mut documents = read(&new);
                    assert_eq!(documents.remove(position), written(repair, json.root()), "{}", context());
                    let mut others = read(&text);
                    others.remove(position);
                    assert_eq!(documents, others, "{}", context());
                    assert_eq!(comments(&new), comments(&text), "{}", context());
                    repaired += 1;
                }
            }
        }
    }
    println!("{repaired} repairs, {} refused: {refused:#?}", refused.len());
    assert!(repaired > 500, "{repaired}");
    assert_eq!(refused, [""; 0]);
}

fn written(changes: &Changes, root: Value<'_>) -> Model {
    let mut text = Vec::new();
    changes.write(root, &mut text);
    serde_json::from_slice(&text).unwrap()
}

/// The number of the document that is `model`, and the document.
fn find(text: &str, model: &Model) -> (usize, yaml::Document) {
    let documents = read(text);
    let number = documents.iter().position(|document| document == model);
    let number = number.unwrap_or_else(|| panic!("{model:#}\nis written as\n{text}\nwhich is read as\n{documents:#?}"));
    (number, yaml::documents(text, true).nth(number).unwrap().unwrap())
}

fn read(text: &str) -> Vec<Model> {
    let documents = yaml::documents(text, false).map(|document| match document {
        Ok(document) => serde_json::from_str(&document.json).unwrap(),
        Err(error) => panic!("{error:?}\n{text}"),
    });
    documents.collect()
}
