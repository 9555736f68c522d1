//! Set-ups of consumers, right and wrong. Each file in `consumers/` is one set-up; the first word of its name says what is expected:
//! `right` gives chains that are complete and no finding; `wrong` is broken or found, never complete in silence; `unknown` is not complete
//! without a finding; `none` uses no identity. All names and ids are invented, and `credentials.json` and `identities.json` are right for
//! each `right`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};

use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_lint::{File, OneThread, Options, check};
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_trace::azure::AzureFile;
use azure_workload_identity_trace::chain::report::{ChainReport, ChainVerdict};
use azure_workload_identity_trace::chain::{Azure, chains};

const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/11111111-2222-4333-8444-555555555555/55555555-2222-4333-8444-555555555555/";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/consumers")
}

/// The set-ups by consumer and name.
fn samples() -> Vec<(String, String)> {
    let folders = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let mut samples: Vec<_> = files
        .map(|path| {
            let name = path.strip_prefix(folder()).unwrap().with_extension("");
            (name.to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    samples.sort();
    samples
}

/// The chains of a text, and the findings of a check and of the chains that are about consumers.
fn judge(name: &str, text: &str) -> (ChainReport, Vec<String>) {
    let read = |name: &str| AzureFile::read(name, fs::read(folder().join(name)).unwrap());
    let credentials = [read("credentials.json"), read("identities.json")];
    let files = [File::read(format!("{name}.yaml"), text.into())];
    let options = Options::new(Vec::new(), &[]);
    let azure = Azure { issuer: Some(ISSUER), files: &credentials };
    let report = chains(&files, &options, azure, &OneThread);
    let checked = check(&files, &options, &OneThread);
    let findings = checked.findings.iter().chain(&report.report.findings);
    // The credentials are those of all set-ups.
    let findings = findings.filter(|it| it.rule != Rule::FederatedCredentialUnused && it.severity != Severity::Off);
    let findings =
        findings.map(|it| format!("{} {}: {}; {}", it.severity.name(), it.rule, it.message, it.fix)).collect();
    (report, findings)
}

#[test]
fn each_set_up_is_judged_as_its_consumer_judges_it() {
    let samples = samples();
    assert!(samples.len() > 50);
    let mut failures = Vec::new();
    for (name, text) in samples {
        let (report, findings) = judge(&name, &text);
        let verdicts: Vec<_> = report.chains.iter().map(|chain| chain.verdict).collect();
        let is_complete = !verdicts.is_empty() && verdicts.iter().all(|it| *it == ChainVerdict::Complete);
        let is_broken = verdicts.contains(&ChainVerdict::Broken);
        let file = name.rsplit('/').next().unwrap();
        let is_right = match file.split('-').next().unwrap() {
            "right" => is_complete && findings.is_empty(),
            "wrong" => is_broken || !findings.is_empty(),
            "unknown" => !is_complete && !is_broken && !findings.is_empty(),
            "none" => verdicts.is_empty(),
            other => panic!("{name}: {other}"),
        };
        if !is_right {
            let breaks = report.chains.iter().flat_map(|chain| &chain.breaks).map(|it| &it.message);
            let unknown = report.chains.iter().flat_map(|chain| &chain.unknown).map(|it| &it.message);
            let details: Vec<_> = breaks.chain(unknown).chain(&findings).map(|it| format!("  {it}")).collect();
            failures.push(format!("{name}: {verdicts:?}\n{}", details.join("\n")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
