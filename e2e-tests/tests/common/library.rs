//! The policy as a library, asked without a module.

use azure_workload_identity_guest::HostCluster;
use azure_workload_identity_policy::cluster::Cluster;
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::policy::judge;
use azure_workload_identity_policy::review::Review;
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::verdict::Verdict;
use e2e_tests::{cluster::FakeCluster, request::AdmissionRequest};
use serde_json::Value;

/// What the policy makes of a request with these settings, in a cluster that lets it look up everything.
pub(crate) fn verdict(request: &AdmissionRequest, settings: &Value, cluster: &FakeCluster) -> Verdict {
    let host = HostCluster(|operation: &str, payload: &[u8]| cluster.call(operation, payload));
    verdict_behind(&host, request, settings)
}

/// What the policy makes of a request with these settings, behind this host.
pub(crate) fn verdict_behind(host: &dyn Cluster, request: &AdmissionRequest, settings: &Value) -> Verdict {
    let (request, settings) = (serde_json::to_string(request).unwrap(), settings.to_string());
    let (request, settings) =
        (Document::parse(request.as_bytes()).unwrap(), Document::parse(settings.as_bytes()).unwrap());
    let settings = Settings::read(settings.root()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let review = Review::read(request.root()).map_err(|mismatch| mismatch.describe(request.root())).unwrap();
    judge(&review, &settings, host).map_err(|mismatch| mismatch.describe(request.root())).unwrap()
}
