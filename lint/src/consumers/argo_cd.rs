//! Argo CD repositories.
//!
//! # Reads
//!
//! Secrets with the label `argocd.argoproj.io/secret-type: repository` or `repo-creds` and `useAzureWorkloadIdentity` (since v3.0). The
//! token is that of argocd-repo-server; client id and tenant are those of its service account.
//!
//! # Right
//!
//! ```yaml
//! stringData:
//!   type: helm
//!   enableOCI: "true"
//!   url: crshop.azurecr.io/charts
//!   useAzureWorkloadIdentity: "true"
//! ```
//!
//! The pods of argocd-repo-server have the label, and their service account the annotation.
//!
//! # Fails
//!
//! - Type `oci` does not know the key: access is anonymous.
//! - Of a Git repository, `password`, `bearerToken`, `sshPrivateKey`, `githubAppID` and `gcpServiceAccountKey` come first.
//! - Without the label on the pods of argocd-repo-server the identity is one of the node.
//!
//! # Uses
//!
//! The registry of `url`: `AcrPull`; a repository of Azure DevOps: no role in Azure.
//!
//! # Sources
//!
//! `GetGitCreds`, `GetHelmCreds` and `GetOCICreds` in `pkg/apis/application/v1alpha1/repository_types.go` of
//! github.com/argoproj/argo-cd v3.5.1.

use azure_workload_identity_policy::placeholder::has_placeholder;

use super::controller::REPO_SERVER;
use super::fields::Fields;
use super::secret::SecretData;
use super::{
    AskedAccount, AzureKind, AzureTarget, ConsumerObject, Consumption, Effect, IdentityRequest, RequestLink, parse_bool,
};

const KEY: &str = "useAzureWorkloadIdentity";
const KEYS: &[&str] = &[KEY];
const FIRST: [&str; 5] = ["password", "bearerToken", "sshPrivateKey", "githubAppID", "gcpServiceAccountKey"];

pub(super) fn judge(object: &ConsumerObject<'_, '_>, found: &mut Consumption) {
    let data = SecretData(object.value);
    let kind = data.label("argocd.argoproj.io/secret-type");
    if !kind.is_some_and(|kind| matches!(&*kind, "repository" | "repo-creds")) {
        return;
    }
    for holder in ["stringData", "data"] {
        found.misspelt(&Fields::at(object.value, &[holder], KEYS), Effect::Ignored);
    }
    let Some(flag) = data.text(KEY) else { return };
    let at = data.path(KEY);
    match parse_bool(&flag) {
        Some(true) => {}
        Some(false) => return,
        None if has_placeholder(&flag) => return,
        None => {
            return found.ignored(at, "is no boolean, and counts as false", "write \"true\"");
        }
    }
    let kind = data.text("type").unwrap_or_default();
    if kind == "oci" {
        return found.fails(
            RequestLink::Client,
            at,
            "is not read for repositories of type oci: access is anonymous",
            "use type helm with enableOCI, or a password",
        );
    }
    if let Some(key) = FIRST.into_iter().find(|key| kind != "helm" && data.has(key)) {
        return found.ignored(at, format!("is not used beside `{key}`, which comes first"), format!("remove {key}"));
    }
    if object.has_token(&REPO_SERVER) == Some(false) {
        let problem = "uses an identity of the node, since the pods of argocd-repo-server lack the label azure.workload.identity/use: \
                       \"true\"";
        return found.add(
            Effect::Depends,
            RequestLink::Label,
            at,
            problem,
            "add the label to the pods of argocd-repo-server",
        );
    }
    let registry = data.text("url").filter(|url| url.contains(".azurecr."));
    let target = registry.map(|url| AzureTarget { kind: AzureKind::Registry, name: url.into_owned(), role: "AcrPull" });
    found.requests.push(IdentityRequest { target, ..IdentityRequest::new(at, AskedAccount::Controller(&REPO_SERVER)) });
}
