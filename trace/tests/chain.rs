//! The chains of files. Each file in `chain/` holds the files of one case, each below a line `### NAME`: `### credentials NAME` is a file
//! with federated credentials, `### cluster NAME` the state of a cluster, `### issuer URL`, `### namespace NAME` and `### settings JSON` say
//! what they say. The chains are in `chain/snapshots`. `INSTA_UPDATE=always cargo test -p azure-workload-identity-trace --test chain` writes them anew.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as tests do")]
#![expect(clippy::cast_precision_loss, reason = "any position will do")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::{fs, path::Path};

use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_lint::{File, OneThread, Options, check};
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_trace::azure::AzureFile;
use azure_workload_identity_trace::chain::report::{Chain, ChainReport, ChainVerdict, Link, Match, TokenPart};
use azure_workload_identity_trace::chain::{Azure, chains};
use proptest::collection::vec;
use proptest::prelude::*;

/// What no output may hold: cases have it in Secrets and in environment variables that are no ids.
const SECRET: &str = "hunter2";

fn follow(case: &str) -> ChainReport {
    ask(case, |files, options, azure| chains(files, options, azure, &OneThread))
        .expect("the settings of a case are valid")
}

/// Asks something about a case; `None` if its settings are not valid.
fn ask<T>(case: &str, question: impl FnOnce(&[File], &Options<'_>, Azure<'_>) -> T) -> Option<T> {
    let (mut files, mut state, mut credentials) = (Vec::new(), Vec::new(), Vec::new());
    let (mut issuer, mut namespace, mut settings) = (None, None, "{}");
    for part in case.split("### ").skip(1) {
        let (name, text) = part.split_once('\n').unwrap_or((part, ""));
        match name.split_once(' ') {
            Some(("credentials", name)) => credentials.push(AzureFile::read(name, text.into())),
            Some(("cluster", name)) => state.push(File::read(name, text.into())),
            Some(("issuer", url)) => issuer = Some(url),
            Some(("namespace", name)) => namespace = Some(name.to_owned()),
            Some(("settings", json)) => settings = json,
            _ => files.push(File::read(name, text.into())),
        }
    }
    let settings = Document::parse(settings.as_bytes()).ok()?;
    let mut options = Options::new(vec![Settings::read(settings.root()).ok()?], &[]);
    options.cluster_state = &state;
    options.namespace = namespace;
    Some(question(&files, &options, Azure { issuer, files: &credentials }))
}

fn at(place: Option<&FilePlace>) -> String {
    place.map(|it| format!(" ({}:{})", it.source.name, it.line)).unwrap_or_default()
}

fn render(report: &ChainReport) -> String {
    let mut text = String::new();
    for chain in &report.chains {
        let account = &chain.service_account;
        writeln!(text, "{} {account}{}", chain.verdict.name(), at(account.place.as_ref())).unwrap();
        for user in &chain.users {
            let (object, place) = (&user.object, at(Some(&user.place)));
            let seconds = user.expiration.map(|seconds| format!(", {seconds} s")).unwrap_or_default();
            let namespace = object.namespace.as_deref().unwrap_or("-");
            writeln!(text, "  used by {} {namespace}/{}{place}{seconds}", object.kind, object.name).unwrap();
        }
        let mut part = |name: &str, part: &TokenPart| {
            let value = part.value.as_deref().unwrap_or("-");
            writeln!(text, "  {name} {value}{}", at(part.place.as_ref())).unwrap();
        };
        part("client", &chain.client_id);
        part("tenant", &chain.tenant_id);
        part("audience", &chain.audience);
        part("issuer", &chain.issuer);
        part("subject", &chain.subject);
        for it in &chain.credentials {
            let matches = match it.matches {
                Match::Yes => "matches",
                Match::No => "does not match",
                Match::Maybe => "may match",
            };
            let identity = it.identity.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
            writeln!(text, "  credential {}{identity}{} {matches}", it.name, at(Some(&it.place))).unwrap();
        }
        for it in &chain.breaks {
            writeln!(text, "  broken {}: {}{}", it.link.name(), it.message, at(it.place.as_ref())).unwrap();
            it.command.iter().for_each(|command| writeln!(text, "    $ {command}").unwrap());
        }
        for it in &chain.unknown {
            let weight = if it.decides { "unknown" } else { "unproven" };
            writeln!(text, "  {weight} {}: {}{}", it.link.name(), it.message, at(it.place.as_ref())).unwrap();
        }
    }
    for it in &report.report.findings {
        let (severity, rule, message, fix) = (it.severity.name(), it.rule, &it.message, &it.fix);
        writeln!(text, "{severity} {rule}: {message}; {fix}{}", at(Some(&it.place))).unwrap();
        let related = it.related.iter();
        related.for_each(|it| writeln!(text, "  {}{}", it.message, at(Some(&it.place))).unwrap());
    }
    for it in &report.report.errors {
        writeln!(text, "error {}:{}: {}", it.file, it.line.unwrap_or_default(), it.message).unwrap();
    }
    text
}

/// All cases by name, each with its text.
fn cases() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chain");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let cases = paths.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    cases.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

fn all_chains() -> Vec<Chain> {
    cases().values().flat_map(|case| follow(case).chains).collect()
}

#[test]
fn each_case_has_the_chains_that_are_recorded() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chain/snapshots");
    for (name, case) in cases {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name.clone(), render(&follow(&case))));
    }
}

/// What the samples are about: a pod of the service account that they name.
const SHOP: &str = r#"### pod.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web-sa
  namespace: shop
  annotations:
    azure.workload.identity/client-id: 9c0de1f2-3344-4a5b-8c6d-7e8f90a1b2c3
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
  labels:
    azure.workload.identity/use: "true"
spec:
  serviceAccountName: web-sa
  containers:
  - name: web
    image: registry.example.com/web:1
"#;

/// The issuer in the samples.
const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/7f3c1a52-0b6e-4d1f-9a2b-5c8e6d7f9012/5a6b7c8d-9e0f-4123-a456-b789c0d1e2f3/";

/// Each file in `azure/` is one that Azure, Terraform, Bicep or an operator writes. Its snapshot shows the chain of a pod with this file
/// and the issuer, and that with this file in the place of the issuer.
#[test]
fn each_source_of_azure_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/azure");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.retain(|name| name != "snapshots");
    assert!(names.len() >= 25, "{}", names.len());
    for name in names {
        let name = name.into_string().unwrap();
        let sample = read(&name);
        let given = format!("### credentials {name}\n{sample}");
        let mut text = String::from("with the issuer:\n");
        text.push_str(&render(&follow(&format!("{SHOP}{given}\n### issuer {ISSUER}\n"))));
        text.push_str("without it, but with the credentials:\n");
        let credentials = format!("### credentials list.json\n{}", read("fic-list.json"));
        text.push_str(&render(&follow(&format!("{SHOP}{given}\n{credentials}"))));
        for note in AzureFile::read(name.as_str(), sample.into_bytes()).notes() {
            writeln!(text, "note {note}").unwrap();
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder.join("snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name.clone(), text));
    }
}

#[test]
fn what_is_complete_was_compared() {
    for chain in all_chains().iter().filter(|chain| chain.verdict == ChainVerdict::Complete) {
        let compared = |link| chain.compared.contains(&link);
        assert!([Link::Audience, Link::Issuer, Link::Subject].into_iter().all(compared), "{chain:?}");
        assert!(chain.client_id.value.is_some(), "{chain:?}");
    }
}

#[test]
fn what_has_a_chain_has_to_do_with_identity() {
    for (name, case) in cases() {
        let has_chain = !follow(&case).chains.is_empty();
        let summary = ask(&case, |files, options, _| check(files, options, &OneThread)).unwrap().summary;
        assert!(!has_chain || summary.identity > 0, "{name}: {summary:?}");
    }
}

#[test]
fn each_link_is_broken_in_some_case_and_each_verdict_occurs() {
    let chains = all_chains();
    let broken: BTreeSet<_> = chains.iter().flat_map(|chain| &chain.breaks).map(|it| it.link).collect();
    assert_eq!(broken, BTreeSet::from(Link::ALL));
    let count = |verdict| chains.iter().filter(|chain| chain.verdict == verdict).count();
    assert!(
        count(ChainVerdict::Complete) >= 15 && count(ChainVerdict::Broken) >= 25 && count(ChainVerdict::Unknown) >= 8
    );
}

#[test]
fn each_kind_of_consumer_has_a_complete_and_a_broken_chain() {
    let chains = all_chains();
    for (kind, name) in [
        ("Pod", "secret-provider-class"),
        ("Deployment", "persistent-volume"),
        ("StatefulSet", "storage-class"),
        ("Deployment", "csi-azuredisk-controller"),
        ("SecretStore", "vault"),
        ("ClusterSecretStore", "vault"),
        ("TriggerAuthentication", "queue"),
        ("ClusterTriggerAuthentication", "queue"),
        ("Issuer", "letsencrypt"),
        ("ClusterIssuer", "letsencrypt"),
        ("GitRepository", "config"),
        ("OCIRepository", "config"),
        ("HelmRepository", "config"),
        ("Bucket", "config"),
        ("ImageRepository", "config"),
    ] {
        for verdict in [ChainVerdict::Complete, ChainVerdict::Broken] {
            let is_it = |chain: &&Chain| {
                chain.verdict == verdict
                    && chain.users.iter().any(|user| user.object.kind == kind && user.object.name == name)
            };
            assert!(chains.iter().any(|chain| is_it(&chain)), "{kind} {name} {verdict:?}");
        }
    }
}

#[test]
fn no_secret_is_printed() {
    let with_secret: Vec<_> = cases().into_iter().filter(|(_, case)| case.contains(SECRET)).collect();
    assert!(with_secret.len() >= 5);
    for (name, case) in with_secret {
        let report = follow(&case);
        assert!(!report.chains.is_empty(), "{name}");
        assert!(!render(&report).contains(SECRET), "{name}");
        // Everything else that a renderer could use; places hold the text of the file.
        for chain in &report.chains {
            let texts = [&chain.client_id, &chain.tenant_id, &chain.audience, &chain.issuer, &chain.subject];
            assert!(texts.into_iter().flat_map(|part| &part.value).all(|value| !value.contains(SECRET)), "{name}");
        }
    }
}

#[test]
fn the_order_of_files_does_not_change_verdicts() {
    for (name, case) in cases() {
        let mut parts: Vec<_> = case.split("### ").skip(1).collect();
        parts.reverse();
        let other = parts.iter().fold(String::new(), |text, part| text + "### " + part.trim_end() + "\n");
        let verdicts = |case: &str| {
            let chains = follow(case).chains.into_iter();
            let mut verdicts: Vec<_> = chains
                .map(|chain| (chain.service_account.to_string(), chain.client_id.value, chain.verdict.name()))
                .collect();
            verdicts.sort();
            verdicts
        };
        assert_eq!(verdicts(&case), verdicts(&other), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_input_is_no_panic(case in any::<proptest::sample::Index>(), cuts in vec((0.0..1.0_f64, 0..40_usize), 1..6)) {
        let cases: Vec<_> = cases().into_values().collect();
        let mut text = case.get(&cases).clone();
        for (at, length) in cuts {
            let position = text.len() as f64 * at;
            let ends = text.char_indices().map(|(at, _)| at).skip_while(|at| (*at as f64) < position);
            let ends: Vec<_> = ends.take(length + 1).collect();
            if let (Some(start), Some(end)) = (ends.first(), ends.last()) {
                text.replace_range(start..end, "");
            }
        }
        let report = ask(&text, |files, options, azure| chains(files, options, azure, &OneThread));
        let Some(report) = report else { return Ok(()) };
        prop_assert!(!render(&report).contains(SECRET));
    }
}
