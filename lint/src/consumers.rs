//! What uses the identity of a service account besides labelled pods: one table.
//!
//! The Azure disk driver has no row: it takes an identity for its own pods only, which its chart labels (`workloadIdentity.clientID`;
//! `docs/workload-identity.md` of github.com/kubernetes-sigs/azuredisk-csi-driver). The file and blob drivers can be installed in the
//! same way, and then their pods are pods as all others.

use azure_workload_identity_policy::json::Value;
use azure_workload_identity_policy::pod::STORAGE_DRIVERS;

/// A kind of objects that use an identity.
#[derive(Debug)]
pub struct Consumer {
    /// Its API group.
    pub group: &'static str,
    /// Its kinds.
    pub kinds: &'static [&'static str],
    /// The parts of an object that each ask for an identity. `*` stands for each element of a list.
    pub parts: &'static str,
    /// What has to be true of a part; paths begin at it.
    pub conditions: &'static [(&'static str, Test)],
    /// Whose identity it is.
    pub account: AccountAt,
    /// Where a part has a client id of its own.
    pub client: &'static [&'static str],
    /// Where a part has a tenant of its own.
    pub tenant: &'static [&'static str],
    /// Where a part refers to a Secret that holds the client id.
    pub client_from: Option<&'static str>,
}

/// What is asked of a member.
#[derive(Clone, Copy, Debug)]
pub enum Test {
    /// It is one of these texts.
    Is(&'static [&'static str]),
    /// It is not this text.
    IsNot(&'static str),
    /// It is not empty.
    IsSet,
    /// It is absent or empty.
    IsUnset,
}

/// Whose identity is used.
#[derive(Clone, Copy, Debug)]
pub enum AccountAt {
    /// The service account of the pods that mount the volume. The kubelet gives the driver a token for each.
    Pods(Mounted),
    /// The service account of a controller, which its labelled pods use.
    Controller(Controller),
    /// The service account that a part names, for which the controller requests a token; without a name that of the controller.
    Reference {
        /// Where its name is.
        name: &'static str,
        /// Where its namespace is; the object's own if it is absent or the object has one.
        namespace: Option<&'static str>,
        /// Whether the account has to name a tenant.
        requires_tenant: bool,
        /// The controller.
        controller: Controller,
    },
}

/// How pods come to mount what a consumer describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mounted {
    /// By a CSI volume of the pod whose attributes name the object.
    SecretProviderClass,
    /// By a claim that is bound to it.
    PersistentVolume,
    /// By a claim of this class.
    StorageClass,
}

/// A controller, and where its installation puts it unless told otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Controller {
    /// What people call it.
    pub title: &'static str,
    /// The namespace.
    pub namespace: &'static str,
    /// The service account.
    pub account: &'static str,
}

/// The chart of github.com/external-secrets/external-secrets.
const EXTERNAL_SECRETS: Controller =
    Controller { title: "External Secrets Operator", namespace: "external-secrets", account: "external-secrets" };

/// The chart of github.com/kedacore/charts. The add-on of AKS has it in `kube-system`.
const KEDA: Controller = Controller { title: "the KEDA operator", namespace: "keda", account: "keda-operator" };

/// The chart of github.com/cert-manager/cert-manager.
const CERT_MANAGER: Controller =
    Controller { title: "cert-manager", namespace: "cert-manager", account: "cert-manager" };

/// `flux install` of github.com/fluxcd/flux2.
const SOURCE_CONTROLLER: Controller =
    Controller { title: "Flux's source-controller", namespace: "flux-system", account: "source-controller" };

/// The same.
const IMAGE_REFLECTOR: Controller = Controller {
    title: "Flux's image-reflector-controller",
    namespace: "flux-system",
    account: "image-reflector-controller",
};

/// The table. All of them use tokens for the audience of Entra ID: the drivers have it in `tokenRequests` of their `CSIDriver`, the
/// controllers request it or get it by injection.
pub static CONSUMERS: &[Consumer] = &[
    // The client id and the tenant are parameters; without a client id the driver uses something else than workload identity.
    // Source: `pkg/provider/types/parameters.go` and `pkg/auth/auth.go` of github.com/Azure/secrets-store-csi-driver-provider-azure.
    Consumer {
        group: "secrets-store.csi.x-k8s.io",
        kinds: &["SecretProviderClass"],
        parts: "spec",
        conditions: &[
            ("provider", Test::Is(&["azure"])),
            ("parameters.usePodIdentity", Test::IsNot("true")),
            ("parameters.useVMManagedIdentity", Test::IsNot("true")),
            ("parameters.clientID", Test::IsSet),
        ],
        account: AccountAt::Pods(Mounted::SecretProviderClass),
        client: &["parameters.clientID"],
        tenant: &["parameters.tenantID", "parameters.tenantId"],
        client_from: None,
    },
    // Source: `docs/workload-identity-static-pv-mount.md` of github.com/kubernetes-sigs/blob-csi-driver and
    // github.com/kubernetes-sigs/azurefile-csi-driver. Names of attributes have any case.
    Consumer {
        group: "",
        kinds: &["PersistentVolume"],
        parts: "spec.csi",
        conditions: &[("driver", Test::Is(STORAGE_DRIVERS)), ("volumeAttributes.clientID", Test::IsSet)],
        account: AccountAt::Pods(Mounted::PersistentVolume),
        client: &["volumeAttributes.clientID"],
        tenant: &["volumeAttributes.tenantID"],
        client_from: None,
    },
    // The driver copies the parameters to the volumes that it makes. Source: the same.
    Consumer {
        group: "storage.k8s.io",
        kinds: &["StorageClass"],
        parts: "",
        conditions: &[("provisioner", Test::Is(STORAGE_DRIVERS)), ("parameters.clientID", Test::IsSet)],
        account: AccountAt::Pods(Mounted::StorageClass),
        client: &["parameters.clientID"],
        tenant: &["parameters.tenantID"],
        client_from: None,
    },
    // Client and tenant are those of the account unless the store has its own; it may not have both.
    // Source: `authorizerForWorkloadIdentity` in `pkg/provider/azure/keyvault/keyvault.go` of
    // github.com/external-secrets/external-secrets.
    Consumer {
        group: "external-secrets.io",
        kinds: &["SecretStore", "ClusterSecretStore"],
        parts: "spec.provider.azurekv",
        conditions: &[("authType", Test::Is(&["WorkloadIdentity"]))],
        account: AccountAt::Reference {
            name: "serviceAccountRef.name",
            namespace: Some("serviceAccountRef.namespace"),
            requires_tenant: false,
            controller: EXTERNAL_SECRETS,
        },
        client: &[],
        tenant: &["tenantId"],
        client_from: Some("authSecretRef.clientId"),
    },
    // Source: `apis/keda/v1alpha1/triggerauthentication_types.go` of github.com/kedacore/keda, and keda.sh, "Azure AD Workload
    // Identity".
    Consumer {
        group: "keda.sh",
        kinds: &["TriggerAuthentication", "ClusterTriggerAuthentication"],
        parts: "spec.podIdentity",
        conditions: &[("provider", Test::Is(&["azure-workload"]))],
        account: AccountAt::Controller(KEDA),
        client: &["identityId"],
        tenant: &["identityTenantId"],
        client_from: None,
    },
    // Source: cert-manager.io, "AzureDNS", and `AzureManagedIdentity` in `pkg/apis/acme/v1/types_issuer.go` of
    // github.com/cert-manager/cert-manager.
    Consumer {
        group: "cert-manager.io",
        kinds: &["Issuer", "ClusterIssuer"],
        parts: "spec.acme.solvers.*.dns01.azureDNS.managedIdentity",
        conditions: &[("clientID", Test::IsSet), ("resourceID", Test::IsUnset)],
        account: AccountAt::Controller(CERT_MANAGER),
        client: &["clientID"],
        tenant: &["tenantID"],
        client_from: None,
    },
    // Source: fluxcd.io, "Workload Identity", and `auth/azure` of github.com/fluxcd/pkg: an account that an object names has to have
    // both annotations.
    Consumer {
        group: "source.toolkit.fluxcd.io",
        kinds: &["GitRepository", "OCIRepository", "HelmRepository", "Bucket"],
        parts: "spec",
        conditions: &[("provider", Test::Is(&["azure"])), ("secretRef.name", Test::IsUnset)],
        account: AccountAt::Reference {
            name: "serviceAccountName",
            namespace: None,
            requires_tenant: true,
            controller: SOURCE_CONTROLLER,
        },
        client: &[],
        tenant: &[],
        client_from: None,
    },
    // Source: the same.
    Consumer {
        group: "image.toolkit.fluxcd.io",
        kinds: &["ImageRepository"],
        parts: "spec",
        conditions: &[("provider", Test::Is(&["azure"])), ("secretRef.name", Test::IsUnset)],
        account: AccountAt::Reference {
            name: "serviceAccountName",
            namespace: None,
            requires_tenant: true,
            controller: IMAGE_REFLECTOR,
        },
        client: &[],
        tenant: &[],
        client_from: None,
    },
];

impl Consumer {
    /// The row of a kind.
    pub fn of(group: &str, kind: &str) -> Option<&'static Self> {
        CONSUMERS.iter().find(|row| row.group == group && row.kinds.contains(&kind))
    }

    /// The parts of an object that ask for an identity.
    pub fn parts_of<'a>(&self, object: Value<'a>) -> Vec<Value<'a>> {
        let mut parts = vec![object];
        for step in self.parts.split('.').filter(|step| !step.is_empty()) {
            parts = match step {
                "*" => parts.into_iter().flat_map(Value::elements).collect(),
                step => parts.into_iter().filter_map(|part| part.field(step)).collect(),
            };
        }
        let holds = |part: &Value<'a>| self.conditions.iter().all(|(path, test)| test.holds(find(*part, path)));
        parts.retain(holds);
        parts
    }
}

impl Test {
    /// Whether it is true of a member, which may be missing.
    pub fn holds(self, value: Option<Value<'_>>) -> bool {
        let text = value.and_then(|value| value.as_str().or_else(|| Some(value.raw().into())));
        let text = text.as_deref().unwrap_or_default();
        match self {
            Self::Is(texts) => texts.contains(&text),
            Self::IsNot(other) => text != other,
            Self::IsSet => !text.is_empty(),
            Self::IsUnset => text.is_empty(),
        }
    }
}

/// The value at a path. Keys have any case, as the drivers read them; all others have one key of a name.
pub fn find<'a>(from: Value<'a>, path: &str) -> Option<Value<'a>> {
    path.split('.').try_fold(from, |at, step| {
        at.field(step).or_else(|| at.fields().find(|(key, _)| key.eq_ignore_ascii_case(step)).map(|(_, value)| value))
    })
}

#[cfg(test)]
mod tests {
    use azure_workload_identity_policy::json::Document;

    use super::*;

    #[test]
    fn every_kind_has_one_row() {
        for row in CONSUMERS {
            for kind in row.kinds {
                assert!(Consumer::of(row.group, kind).is_some_and(|found| std::ptr::eq(found, row)), "{kind}");
            }
        }
        assert!(Consumer::of("apps", "Deployment").is_none());
    }

    #[test]
    fn parts_are_found_in_lists() {
        let text = r#"{"spec": {"acme": {"solvers": [{"http01": {}}, {"dns01": {"azureDNS": {"managedIdentity": {"clientID": "x"}}}},
            {"dns01": {"azureDNS": {"managedIdentity": {"resourceID": "y"}}}}]}}}"#;
        let document = Document::parse(text.as_bytes()).unwrap();
        let row = Consumer::of("cert-manager.io", "Issuer").unwrap();
        let parts = row.parts_of(document.root());
        assert_eq!(parts.iter().map(|part| part.raw()).collect::<Vec<_>>(), [r#"{"clientID": "x"}"#]);
    }
}
