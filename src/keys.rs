//! The names of Azure Workload Identity: labels, annotations, environment variables, containers.
//!
//! Source: github.com/Azure/azure-workload-identity v1.6.1, `pkg/webhook/consts.go`, unless said otherwise.

/// What every label and annotation of workload identity begins with.
pub const PREFIX: &str = "azure.workload.identity/";

/// Label on a pod: it gets an identity if the value is exactly `true`.
pub const USE: &str = "azure.workload.identity/use";
/// Annotation on a service account: the application (client) id of the Azure identity.
pub const CLIENT_ID: &str = "azure.workload.identity/client-id";
/// Annotation on a service account: the Entra tenant, where it is not the cluster's.
pub const TENANT_ID: &str = "azure.workload.identity/tenant-id";
/// Annotation on a pod or service account: how long a token is valid, in seconds.
pub const TOKEN_EXPIRATION: &str = "azure.workload.identity/service-account-token-expiration";
/// Annotation on a pod: containers without identity, separated by `;`.
pub const SKIP_CONTAINERS: &str = "azure.workload.identity/skip-containers";
/// Annotation on a pod: add the proxy that answers IMDS requests. Its presence counts, not its value.
pub const INJECT_PROXY: &str = "azure.workload.identity/inject-proxy-sidecar";
/// Annotation on a pod: the proxy's port.
pub const PROXY_PORT: &str = "azure.workload.identity/proxy-sidecar-port";
/// What precedes the configured suffix in the annotation on a pod that asks for the identity binding.
pub const ENDPOINT_PREFIX: &str = "azure.workload.identity/use-";

/// Marks the API server's image of a static pod, which admission cannot change and which has no service account.
/// Source: `k8s.io/api/core/v1`, `MirrorPodAnnotationKey`.
pub const MIRROR_POD: &str = "kubernetes.io/config.mirror";

/// Variable with the application (client) id.
pub const ENV_CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// Variable with the tenant id.
pub const ENV_TENANT_ID: &str = "AZURE_TENANT_ID";
/// Variable with the path of the token.
pub const ENV_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// Variable with the URL of the cloud's Entra ID.
pub const ENV_AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";
/// Variable with the URL of the identity binding's token endpoint.
pub const ENV_TOKEN_PROXY: &str = "AZURE_KUBERNETES_TOKEN_PROXY";
/// Variable with the TLS server name of the identity binding's token endpoint.
pub const ENV_SNI_NAME: &str = "AZURE_KUBERNETES_SNI_NAME";
/// Variable with the path of the CA certificate of the identity binding's token endpoint.
pub const ENV_CA_FILE: &str = "AZURE_KUBERNETES_CA_FILE";
/// Variable with that certificate itself.
pub const ENV_CA_DATA: &str = "AZURE_KUBERNETES_CA_DATA";

/// Variable with the region whose Entra ID is asked; injection does not set it.
pub const ENV_REGION: &str = "AZURE_REGIONAL_AUTHORITY_NAME";

/// Variable with the region for MSAL in Node.js; injection does not set it. Source: msal-node 7.2.3, `Constants.ts`.
pub const ENV_FORCED_REGION: &str = "MSAL_FORCE_REGION";
/// Variable with the credentials that `DefaultAzureCredential` tries; injection does not set it.
pub const ENV_TOKEN_CREDENTIALS: &str = "AZURE_TOKEN_CREDENTIALS";

/// First the variables that name the identity, then [`ENV_ENDPOINTS`].
const ENV_OF_IDENTITY: [&str; 10] = [
    ENV_CLIENT_ID,
    ENV_TENANT_ID,
    ENV_TOKEN_FILE,
    ENV_AUTHORITY_HOST,
    ENV_TOKEN_PROXY,
    ENV_SNI_NAME,
    ENV_CA_FILE,
    ENV_CA_DATA,
    ENV_REGION,
    ENV_FORCED_REGION,
];
/// The variables that injection adds.
pub const ENV_INJECTED: &[&str] = ENV_OF_IDENTITY.split_at(8).0;
/// The variables that decide which token is sent where.
pub const ENV_ENDPOINTS: &[&str] = ENV_OF_IDENTITY.split_at(2).1;

/// The proxy.
pub const PROXY_CONTAINER: &str = "azwi-proxy";
/// The init container that redirects IMDS requests to the proxy.
pub const PROXY_INIT_CONTAINER: &str = "azwi-proxy-init";
