//! cert-manager with Azure DNS.
//!
//! # Reads
//!
//! `Issuer` and `ClusterIssuer`: each `azureDNS` of `spec.acme.solvers`. If the controller's pod is labelled, the token is that of the
//! controller, the client id is `managedIdentity.clientID`, else the annotation of the controller's account; the tenant
//! `managedIdentity.tenantID` (since v1.17), else that of the controller. `managedIdentity` may be absent.
//!
//! # Right
//!
//! ```yaml
//! azureDNS:
//!   hostedZoneName: shop.example
//!   resourceGroupName: rg-dns
//!   subscriptionID: 00000000-0000-0000-0000-000000000000
//!   managedIdentity:
//!     clientID: 00000000-0000-0000-0000-000000000000
//! ```
//!
//! The controller's pods have the label; its service account needs no annotation.
//!
//! # Fails
//!
//! - An `Issuer` needs `--issuer-ambient-credentials` on the controller, which is off by default: `ClientID was omitted without providing
//!   one of`.
//! - `clientID` or `tenantID` directly below `azureDNS` is a service principal: `clientID`, `tenantID` and `clientSecretSecretRef` are then
//!   all required, and `managedIdentity` is refused.
//! - `managedIdentity.resourceID` has no effect with workload identity, and is refused beside `clientID` or `tenantID`.
//! - Without the label on the controller's pods the identity is one of the node.
//!
//! # Uses
//!
//! The DNS zone `hostedZoneName`: DNS Zone Contributor; Private DNS Zone Contributor with `zoneType: AzurePrivateZone`.
//!
//! # Sources
//!
//! `pkg/issuer/acme/dns/azuredns/azuredns.go` and `internal/apis/certmanager/validation/issuer.go` of
//! github.com/cert-manager/cert-manager v1.21.1.

use azure_workload_identity_policy::json::{Path, Value};

use super::controller::CERT_MANAGER;
use super::fields::Fields;
use super::{
    AskedAccount, AzureKind, ConsumerObject, Consumption, Effect, IdSource, IdentityRequest, RequestLink, find, path,
};

const AZURE_DNS: &[&str] = &[
    "clientID",
    "clientSecretSecretRef",
    "environment",
    "hostedZoneName",
    "managedIdentity",
    "resourceGroupName",
    "subscriptionID",
    "tenantID",
    "zoneType",
];
const MANAGED_IDENTITY: &[&str] = &["clientID", "resourceID", "tenantID"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let solvers = find(object.value, "spec.acme.solvers").into_iter().flat_map(Value::elements);
    for (number, solver) in solvers.enumerate() {
        if let Some(dns) = find(solver, "dns01.azureDNS") {
            let at = path(&["spec", "acme", "solvers"]).index(number).key("dns01").key("azureDNS");
            azure_dns(object, &Fields::new(Some(dns), at.clone(), AZURE_DNS), at, found);
        }
    }
}

fn azure_dns(object: &ConsumerObject<'_, '_>, fields: &Fields<'_>, at: Path, found: &mut Consumption) {
    let managed = fields.fields("managedIdentity", MANAGED_IDENTITY);
    if let Some(key) = ["clientID", "tenantID"].into_iter().find(|key| fields.text(key).is_some()) {
        let lacks = ["clientID", "tenantID", "clientSecretSecretRef"].into_iter().find(|key| fields.get(key).is_none());
        if lacks.is_some() || managed.exists() {
            let problem = match lacks {
                Some(lacks) => format!("is that of a service principal, for which `{lacks}` is required"),
                None => "is that of a service principal, beside which `managedIdentity` is refused".to_owned(),
            };
            found.fails(
                RequestLink::Client,
                fields.path(key),
                problem,
                "move it into managedIdentity to use workload identity",
            );
        }
        return;
    }
    let is_set = |key: &str| managed.text(key).is_some();
    if is_set("resourceID") {
        if is_set("clientID") || is_set("tenantID") {
            let problem = "is refused beside `clientID` or `tenantID`";
            found.fails(RequestLink::Client, managed.path("resourceID"), problem, "remove it");
        } else if object.has_token(&CERT_MANAGER) == Some(true) {
            let problem =
                "has no effect with workload identity: the identity is that of the controller's service account";
            found.ignored(managed.path("resourceID"), problem, "write clientID instead");
        } else {
            // Without the label it is a managed identity of the node, as is meant.
            return;
        }
    }
    if is_set("tenantID") && !is_set("clientID") {
        let problem = "is refused without `clientID`";
        found.fails(RequestLink::Tenant, managed.path("tenantID"), problem, "set clientID beside it");
    }
    if object.has_token(&CERT_MANAGER) == Some(false) {
        let problem = "uses an identity of the node, since the pods of cert-manager lack the label azure.workload.identity/use: \"true\"";
        found.otherwise(at, problem, "add the label to the pods of cert-manager (podLabels) to use workload identity");
        return;
    }
    if object.kind == "Issuer" {
        let controller = object.files.controller(&CERT_MANAGER, object.position);
        let allows = controller.is_some_and(|pod| {
            pod.mentions("--issuer-ambient-credentials\"") || pod.mentions("--issuer-ambient-credentials=true")
        });
        if !allows {
            let effect = if controller.is_some() { Effect::Fails } else { Effect::Depends };
            let problem = "needs --issuer-ambient-credentials on the controller, which is off by default: `ClientID was omitted without \
                           providing one of`";
            let fix = "write a ClusterIssuer, or set --issuer-ambient-credentials on cert-manager";
            found.add(effect, RequestLink::Client, at.clone(), problem, fix);
        }
    }
    let role = match fields.text("zoneType").as_deref() {
        Some("AzurePrivateZone") => "Private DNS Zone Contributor",
        _ => "DNS Zone Contributor",
    };
    found.requests.push(IdentityRequest {
        client: managed.id("clientID", IdSource::Account),
        tenant: managed.id("tenantID", IdSource::Account),
        target: fields.target("hostedZoneName", AzureKind::DnsZone, role),
        ..IdentityRequest::new(at, AskedAccount::Controller(&CERT_MANAGER))
    });
    found.misspelt(fields, Effect::Ignored);
    found.misspelt(&managed, Effect::Ignored);
}
