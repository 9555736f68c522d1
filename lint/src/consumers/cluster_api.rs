//! Cluster API Provider Azure.
//!
//! # Reads
//!
//! `AzureClusterIdentity` of type `WorkloadIdentity`. The provider projects its token itself: neither the label nor an annotation is
//! needed. Client id and tenant are those of the object.
//!
//! # Right
//!
//! ```yaml
//! type: WorkloadIdentity
//! clientID: 00000000-0000-0000-0000-000000000000
//! tenantID: 00000000-0000-0000-0000-000000000000
//! allowedNamespaces: {}
//! ```
//!
//! # Fails
//!
//! - `clientID` or `tenantID` is missing: refused.
//! - `UserAssignedMSI` is an identity of the node.
//! - Without `allowedNamespaces` no namespace may use it.
//!
//! # Uses
//!
//! What it manages in the subscriptions of its clusters.
//!
//! # Sources
//!
//! `azure/scope/identity.go` and `api/v1beta1/azureclusteridentity_types.go` of github.com/kubernetes-sigs/cluster-api-provider-azure
//! v1.26.0.

use super::controller::CLUSTER_API;
use super::fields::Fields;
use super::{AskedAccount, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, path};

const SPEC: &[&str] = &["allowedNamespaces", "clientID", "clientSecret", "resourceID", "tenantID", "type"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let fields = Fields::at(object.value, &["spec"], SPEC);
    match fields.text("type").as_deref() {
        Some("WorkloadIdentity") => {}
        Some("UserAssignedMSI") => {
            let problem = "selects an identity of the node, not workload identity";
            return found.otherwise(fields.path("type"), problem, "write WorkloadIdentity to use workload identity");
        }
        _ => return,
    }
    for (key, link) in [("clientID", RequestLink::Client), ("tenantID", RequestLink::Tenant)] {
        if fields.text(key).is_none() {
            found.missing(&fields, key, link, "the API server refuses the object");
        }
    }
    if fields.get("allowedNamespaces").is_none() {
        let problem = "is missing: no namespace may use the identity";
        found.ignored(fields.path("allowedNamespaces"), problem, "set it, for all namespaces to {}");
    }
    found.requests.push(IdentityRequest {
        client: fields.id("clientID", IdSource::Missing),
        tenant: fields.id("tenantID", IdSource::Missing),
        ..IdentityRequest::new(path(&["spec"]), AskedAccount::Controller(&CLUSTER_API))
    });
    found.misspelt(&fields, Effect::Ignored);
}
