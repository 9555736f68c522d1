//! The policy as a library, asked without a host.

use azure_workload_identity_policy::cluster::{Cluster, Freshness, LookupError, ServiceAccount};
use azure_workload_identity_policy::inquiry::{Inquiry, Origin};
use azure_workload_identity_policy::json::{Document, Reading};
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::{Verdict, decide, examine};
use e2e_tests::request::AdmissionRequest;
use serde_json::Value;

/// A cluster with these objects.
#[derive(Debug, Default)]
pub(crate) struct KnownCluster {
    pub(crate) objects: Vec<Value>,
    pub(crate) look_ups_forbidden: bool,
    pub(crate) may_use: Vec<String>,
    pub(crate) are_files: bool,
}

impl Cluster for KnownCluster {
    fn service_account(&self, namespace: &str, name: &str, _: Freshness) -> Result<ServiceAccount, LookupError> {
        if self.look_ups_forbidden {
            return Err(LookupError::Forbidden);
        }
        let is_it = |object: &&Value| {
            object["kind"] == "ServiceAccount"
                && object["metadata"]["namespace"] == namespace
                && object["metadata"]["name"] == name
        };
        let text = self.objects.iter().find(is_it).ok_or(LookupError::Missing)?.to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut reading = Reading::default();
        let account = ServiceAccount::read(document.root(), &mut reading);
        let mismatch = reading.mismatches().first().map(|mismatch| mismatch.describe(document.root()));
        mismatch.map_or(Ok(account), |mismatch| Err(LookupError::Undecodable(mismatch)))
    }

    fn may_use_identity(&self, _: &str, _: &str, client_id: &str) -> Result<bool, LookupError> {
        Ok(self.may_use.iter().any(|id| id == client_id))
    }
}

/// What the policy makes of a request with these settings.
pub(crate) fn verdict(request: &AdmissionRequest, settings: &Value, cluster: &KnownCluster) -> Verdict {
    let (request, settings) = (serde_json::to_string(request).unwrap(), settings.to_string());
    let (request, settings) =
        (Document::parse(request.as_bytes()).unwrap(), Document::parse(settings.as_bytes()).unwrap());
    let settings = Settings::read(settings.root()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut inquiry = Inquiry::of_review(request.root());
    if cluster.are_files {
        inquiry.origin = Origin::File;
    }
    let examination = examine(&inquiry, &settings, cluster);
    assert!(examination.mismatches.is_empty(), "{:?}", examination.mismatches);
    decide(examination, &settings)
}
