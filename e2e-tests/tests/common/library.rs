//! The policy as a library, asked without a module.

use azure_workload_identity_guest::HostCluster;
use azure_workload_identity_policy::assumption::Assumptions;
use azure_workload_identity_policy::cluster::Cluster;
use azure_workload_identity_policy::inquiry::{Inquiry, ObjectOrigin};
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::{Verdict, decide, examine};
use e2e_tests::{cluster::FakeCluster, request::AdmissionRequest};
use serde_json::Value;

/// What the policy makes of a request with these settings, in a cluster that lets it look up everything.
pub(crate) fn verdict(request: &AdmissionRequest, settings: &Value, cluster: &FakeCluster) -> Verdict {
    let host = HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload));
    verdict_behind(&host, ObjectOrigin::Admission, request, settings, Assumptions::NONE)
}

/// What the policy makes of a request with these settings, behind this host. The object is that of a file if `origin` says so.
/// `unknown` is not known besides what is never known there.
pub(crate) fn verdict_behind(
    host: &dyn Cluster,
    origin: ObjectOrigin,
    request: &AdmissionRequest,
    settings: &Value,
    unknown: Assumptions,
) -> Verdict {
    let (request, settings) = (serde_json::to_string(request).unwrap(), settings.to_string());
    let (request, settings) =
        (Document::parse(request.as_bytes()).unwrap(), Document::parse(settings.as_bytes()).unwrap());
    let settings = Settings::read(settings.root()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let inquiry = Inquiry { origin, ..Inquiry::of_review(request.root()) };
    let mut examination = examine(&inquiry, &settings, host);
    assert!(examination.mismatches.is_empty(), "{:?}", examination.mismatches);
    examination.grounds.unknown = examination.grounds.unknown.and(unknown);
    decide(examination, &settings)
}
