//! The controllers that use their own identity, as their charts install them, and those among the files.

use azure_workload_identity_policy::json::Path;
use azure_workload_identity_policy::keys;

use super::{ConsumerObject, Consumption, RequestLink};

/// A controller, and where its chart puts it.
#[derive(Debug, PartialEq, Eq)]
pub struct Controller {
    /// What people call it.
    pub title: &'static str,
    /// The namespace.
    pub namespace: &'static str,
    /// The service account.
    pub account: &'static str,
    /// The name of its Deployment, or what it ends with after the name of a release.
    pub workload: &'static str,
    /// Whether its pods get their token by the label; others declare it themselves.
    pub needs_label: bool,
    /// Whether its objects may bring the client id, so that the service account needs none.
    pub objects_bring_client: bool,
}

/// A row: title, namespace, account, workload; labelled, and without ids in its objects.
const fn controller(
    title: &'static str,
    namespace: &'static str,
    account: &'static str,
    workload: &'static str,
) -> Controller {
    Controller { title, namespace, account, workload, needs_label: true, objects_bring_client: false }
}

impl Controller {
    const fn bringing_client(self) -> Self {
        Self { objects_bring_client: true, ..self }
    }

    const fn with_own_token(self) -> Self {
        Self { needs_label: false, ..self.bringing_client() }
    }

    /// Whether a workload is this controller, by its name.
    pub(super) fn is(&self, workload: &str) -> bool {
        workload.strip_suffix(self.workload).is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
    }
}

pub(super) static EXTERNAL_SECRETS: Controller =
    controller("External Secrets Operator", "external-secrets", "external-secrets", "external-secrets");
/// The add-on of AKS has it in `kube-system`.
pub(super) static KEDA: Controller =
    controller("the KEDA operator", "keda", "keda-operator", "keda-operator").bringing_client();
pub(super) static CERT_MANAGER: Controller =
    controller("cert-manager", "cert-manager", "cert-manager", "cert-manager").bringing_client();
pub(super) static SOURCE_CONTROLLER: Controller =
    controller("Flux's source-controller", "flux-system", "source-controller", "source-controller");
pub(super) static IMAGE_REFLECTOR: Controller = controller(
    "Flux's image-reflector-controller",
    "flux-system",
    "image-reflector-controller",
    "image-reflector-controller",
);
pub(super) static NOTIFICATION_CONTROLLER: Controller =
    controller("Flux's notification-controller", "flux-system", "notification-controller", "notification-controller");
pub(super) static KUSTOMIZE_CONTROLLER: Controller =
    controller("Flux's kustomize-controller", "flux-system", "kustomize-controller", "kustomize-controller");
pub(super) static HELM_CONTROLLER: Controller =
    controller("Flux's helm-controller", "flux-system", "helm-controller", "helm-controller");
pub(super) static REPO_SERVER: Controller =
    controller("Argo CD's repo-server", "argocd", "argocd-repo-server", "repo-server");
pub(super) static APP_CONFIGURATION: Controller = controller(
    "the App Configuration provider",
    "azappconfig-system",
    "az-appconfig-k8s-provider",
    "az-appconfig-k8s-provider",
)
.bringing_client();
pub(super) static EXTERNAL_DNS: Controller =
    controller("external-dns", "external-dns", "external-dns", "external-dns").bringing_client();
pub(super) static VELERO: Controller = controller("Velero", "velero", "velero", "velero");
pub(super) static SERVICE_OPERATOR: Controller = controller(
    "Azure Service Operator",
    "azureserviceoperator-system",
    "azureserviceoperator-default",
    "azureserviceoperator-controller-manager",
)
.with_own_token();
/// Its name is that of a `DeploymentRuntimeConfig`.
pub(super) static CROSSPLANE: Controller =
    controller("Crossplane's Azure provider", "crossplane-system", "provider-azure", "provider-azure")
        .bringing_client();
pub(super) static CLUSTER_API: Controller =
    controller("Cluster API Provider Azure", "capz-system", "capz-manager", "capz-controller-manager").with_own_token();
pub(super) static RATIFY: Controller =
    controller("Ratify", "gatekeeper-system", "ratify-admin", "ratify").bringing_client();
pub(super) static SECRET_SYNC: Controller = controller(
    "the Secret Sync controller",
    "secrets-store-sync",
    "secrets-store-sync-controller",
    "secrets-store-sync-controller",
);

/// All controllers.
pub(super) static CONTROLLERS: [&Controller; 17] = [
    &EXTERNAL_SECRETS,
    &KEDA,
    &CERT_MANAGER,
    &SOURCE_CONTROLLER,
    &IMAGE_REFLECTOR,
    &NOTIFICATION_CONTROLLER,
    &KUSTOMIZE_CONTROLLER,
    &HELM_CONTROLLER,
    &REPO_SERVER,
    &APP_CONFIGURATION,
    &EXTERNAL_DNS,
    &VELERO,
    &SERVICE_OPERATOR,
    &CROSSPLANE,
    &CLUSTER_API,
    &RATIFY,
    &SECRET_SYNC,
];

/// A controller among the files.
#[derive(Debug)]
pub struct ControllerPod {
    /// Which one.
    pub controller: &'static Controller,
    /// The number of its workload in the set.
    pub position: usize,
    /// Its namespace, if it is known.
    pub namespace: Option<String>,
    /// Its service account.
    pub account: String,
    /// Whether its pods are labelled, or name the file of a token themselves.
    pub has_token: bool,
    /// The pod template as JSON: its arguments and volumes are searched for.
    pub template: String,
}

impl ControllerPod {
    /// Whether an argument or a variable of its containers holds a text.
    pub(super) fn mentions(&self, text: &str) -> bool {
        self.template.contains(text)
    }
}

impl ConsumerObject<'_, '_> {
    /// Whether a controller is among the files without a token of its own; then the object cannot work, which `consequence` says.
    pub(super) fn needs_token_of(
        &self,
        controller: &'static Controller,
        at: &Path,
        consequence: &str,
        found: &mut Consumption,
    ) {
        let Some(pod) = self.files.controller(controller, self.position) else { return };
        if !pod.has_token && controller.needs_label {
            let name = self.files.name_of(pod.position);
            let problem = format!(
                "needs the token of {}, whose pods ({name}) lack the label {}: \"true\": {consequence}",
                controller.title,
                keys::USE
            );
            found.fails(RequestLink::Label, at.clone(), problem, format!("add the label to the pods of {name}"));
        }
    }

    /// Whether a controller among the files uses workload identity; `None` if it is not there.
    pub(super) fn has_token(&self, controller: &'static Controller) -> Option<bool> {
        self.files.controller(controller, self.position).map(|pod| pod.has_token)
    }
}
