//! Flux.
//!
//! # Reads
//!
//! `GitRepository`, `OCIRepository`, `HelmRepository`, `Bucket` and `ImageRepository` with `provider: azure`; `Provider` of type
//! `azureeventhub` or `azuredevops`; `decryption` and the `ConfigMap` of `kubeConfig` of `Kustomization` and `HelmRelease`. With
//! `serviceAccountName` the controller requests a token of that account in the object's namespace, which needs no label but both
//! annotations; without it the controller uses the token of its own pod. `spec.serviceAccountName` of `Kustomization` and `HelmRelease`
//! is impersonation, and never for Azure.
//!
//! # Right
//!
//! ```yaml
//! spec:
//!   provider: azure
//!   url: oci://crshop.azurecr.io/manifests
//!   serviceAccountName: web
//! ```
//!
//! The controller has `--feature-gates=ObjectLevelWorkloadIdentity=true` (source-controller v1.6 for `OCIRepository`, v1.7 for `GitRepository`
//! and Bucket). A `HelmRepository` has no account of its own.
//!
//! # Fails
//!
//! - Without the feature gate, which is off by default: `to use spec.serviceAccountName .. please enable the ObjectLevelWorkloadIdentity
//!   feature gate`.
//! - The account lacks an annotation: `azure client ID is not set in the service account annotation`, `azure tenant ID is not set ..`.
//! - `Bucket` with `secretRef` and `serviceAccountName`: refused.
//! - `secretRef` of an `OCIRepository` or `HelmRepository`: `provider` has no effect. That of a `GitRepository` or `ImageRepository`
//!   does not switch the identity off.
//! - `HelmRepository` that is not of type `oci`: `provider` has no effect.
//! - Without the label on the controller's pods, and without `serviceAccountName`, the identity is one of the node.
//!
//! # Uses
//!
//! The registry of `url`: `AcrPull`; the storage account of `endpoint`: Storage Blob Data Reader; `azureeventhub`: Azure Event Hubs Data
//! Sender; `decryption`: Key Vault Crypto User; Azure DevOps: no role in Azure.
//!
//! # Sources
//!
//! `auth/azure` of github.com/fluxcd/pkg, github.com/fluxcd/source-controller v1.9.1, kustomize-controller, helm-controller,
//! notification-controller and image-reflector-controller.

use azure_workload_identity_policy::finding::quote;
use azure_workload_identity_policy::json::{Path, Value};

use super::controller::{
    Controller, HELM_CONTROLLER, IMAGE_REFLECTOR, KUSTOMIZE_CONTROLLER, NOTIFICATION_CONTROLLER, SOURCE_CONTROLLER,
};
use super::fields::Fields;
use super::{
    AskedAccount, AzureKind, AzureTarget, ConsumerObject, Consumption, Effect, IdentityRequest, RequestLink, find, path,
};

const SPEC: &[&str] = &["endpoint", "provider", "secretRef", "serviceAccountName", "type", "url"];
const GATE: &str = "ObjectLevelWorkloadIdentity=true";

pub(super) fn judge_source(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let fields = Fields::at(object.value, &["spec"], SPEC);
    if fields.text("provider").as_deref() != Some("azure") {
        return;
    }
    let controller = if object.kind == "ImageRepository" { &IMAGE_REFLECTOR } else { &SOURCE_CONTROLLER };
    let has_secret = fields.get("secretRef").is_some();
    let named = fields.text("serviceAccountName").is_some();
    match object.kind {
        "HelmRepository" if fields.text("type").as_deref() != Some("oci") => {
            let problem = "has no effect on a HelmRepository that is not of type oci";
            found.ignored(fields.path("provider"), problem, "set type: oci, or remove provider");
            return;
        }
        "HelmRepository" if named => {
            let problem = "is no field of a HelmRepository: it always uses the identity of source-controller";
            found.ignored(fields.path("serviceAccountName"), problem, "remove it, or use an OCIRepository");
        }
        "Bucket" if has_secret && named => found.fails(
            RequestLink::Account,
            fields.path("secretRef"),
            "is refused beside `serviceAccountName`",
            "remove secretRef to use workload identity",
        ),
        _ => {}
    }
    if has_secret && matches!(object.kind, "OCIRepository" | "HelmRepository") {
        let problem = "has no effect beside `secretRef`, whose credentials are used";
        found.ignored(fields.path("provider"), problem, "remove secretRef to use workload identity");
        return;
    }
    if has_secret && object.kind == "Bucket" && !named {
        return;
    }
    let target = match object.kind {
        "GitRepository" => None,
        "Bucket" => fields.target("endpoint", AzureKind::StorageAccount, "Storage Blob Data Reader"),
        _ => fields.target("url", AzureKind::Registry, "AcrPull"),
    };
    let can_name = object.kind != "HelmRepository";
    request(object, &fields, path(&["spec"]), controller, can_name, target, found);
    found.misspelt(&fields, Effect::Ignored);
}

pub(super) fn judge_provider(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let fields = Fields::at(object.value, &["spec"], SPEC);
    let is_azure = fields.text("type").is_some_and(|it| matches!(&*it, "azureeventhub" | "azuredevops"));
    // A Secret may have a token, which comes first.
    if is_azure && (fields.text("serviceAccountName").is_some() || fields.get("secretRef").is_none()) {
        request(object, &fields, path(&["spec"]), &NOTIFICATION_CONTROLLER, true, None, found);
    }
}

pub(super) fn judge_deployer(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let controller = if object.kind == "HelmRelease" { &HELM_CONTROLLER } else { &KUSTOMIZE_CONTROLLER };
    let decryption =
        Fields::at(object.value, &["spec", "decryption"], &["provider", "secretRef", "serviceAccountName"]);
    if decryption.text("serviceAccountName").is_some() {
        request(object, &decryption, decryption.own_path(), controller, true, None, found);
    }
    let reference = find(object.value, "spec.kubeConfig.configMapRef.name").and_then(Value::as_str);
    let config = reference.and_then(|name| object.files.find(object.position, "ConfigMap", object.namespace, &name));
    let Some(config) = config.and_then(|position| object.files.value(position)) else { return };
    let data = Fields::at(config, &["data"], &["address", "audiences", "cluster", "provider", "serviceAccountName"]);
    if data.text("provider").as_deref() != Some("azure") {
        return;
    }
    let at = path(&["spec", "kubeConfig", "configMapRef"]);
    if data.text("audiences").is_some() {
        let problem = "names a ConfigMap with `audiences`, which replaces the audience of the exchange: Entra ID refuses the token";
        found.fails(RequestLink::Audience, at.clone(), problem, "remove audiences from the ConfigMap");
    }
    // The paths of the ConfigMap lead nowhere here.
    let name = data.text("serviceAccountName").map(|name| (name.into_owned(), at.clone()));
    of_account(object, name, at, controller, None, found);
}

/// The request of an object for the account that it names, or for the controller's.
fn request(
    object: &ConsumerObject<'_, '_>,
    fields: &Fields<'_>,
    at: Path,
    controller: &'static Controller,
    can_name: bool,
    target: Option<AzureTarget>,
    found: &mut Consumption,
) {
    let name = fields.text("serviceAccountName").filter(|_| can_name);
    let name = name.map(|name| (name.into_owned(), fields.path("serviceAccountName")));
    of_account(object, name, at, controller, target, found);
}

fn of_account(
    object: &ConsumerObject<'_, '_>,
    name: Option<(String, Path)>,
    at: Path,
    controller: &'static Controller,
    target: Option<AzureTarget>,
    found: &mut Consumption,
) {
    let Some((name, name_path)) = name else {
        if object.has_token(controller) == Some(false) {
            let problem = format!(
                "uses an identity of the node, since the pods of {} lack the label azure.workload.identity/use: \"true\"",
                controller.title
            );
            found.otherwise(at, problem, "add the label to them, or name a service account, to use workload identity");
        } else {
            found
                .requests
                .push(IdentityRequest { target, ..IdentityRequest::new(at, AskedAccount::Controller(controller)) });
        }
        return;
    };
    let pod = object.files.controller(controller, object.position);
    if pod.is_none_or(|pod| !pod.mentions(GATE)) {
        let effect = if pod.is_some() { Effect::Fails } else { Effect::Depends };
        let problem = format!(
            "needs the feature gate ObjectLevelWorkloadIdentity of {}, which is off by default: `please enable the \
             ObjectLevelWorkloadIdentity feature gate`",
            controller.title
        );
        let fix = format!("add --feature-gates={GATE} to the arguments of the controller");
        found.add(effect, RequestLink::Account, name_path.clone(), problem, fix);
    }
    let account = object.files.account(object.position, object.namespace, &name);
    if account.is_some_and(|account| account.tenant_id.is_none()) {
        let problem = format!(
            "is {}, which has no annotation azure.workload.identity/tenant-id: `azure tenant ID is not set in the service account \
             annotation`",
            quote(&name)
        );
        found.fails(RequestLink::Tenant, name_path.clone(), problem, "add the annotation");
    }
    let named = AskedAccount::Named { namespace: object.namespace.map(Into::into), name, path: name_path };
    found.requests.push(IdentityRequest { target, ..IdentityRequest::new(at, named) });
}
