//! Public bug reports and attacks, through the compiled module: the right decision, and the right rules named.

use std::collections::BTreeSet;

use e2e_tests::{
    cluster::FakeCluster,
    policy::Policy,
    reports::{FILES, Report},
};

#[test]
fn every_report_is_answered_as_it_has_to_be() {
    let mut ids = BTreeSet::new();
    let mut wrong = Vec::new();
    for report in FILES.iter().flat_map(|file| Report::read(file).unwrap()) {
        assert!(ids.insert(report.id.clone()), "two reports have the id {}", report.id);
        let cluster = FakeCluster::with_objects(report.cluster.clone()).unwrap();
        let policy = Policy::new(e2e_tests::policy_module().unwrap(), report.settings.clone()).unwrap();
        let policy = policy.granted(&["kubernetes/*"], &[("v1", "ServiceAccount")]).unwrap().connected_to(cluster);

        let response = policy.validate(&report.request).unwrap().response;

        let problems = report.problems(&response);
        if !problems.is_empty() {
            wrong.push(format!("{} ({}): {}\n  {response:?}", report.id, report.note, problems.join(", ")));
        }
    }
    assert!(ids.len() >= 57, "reports are missing");
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
