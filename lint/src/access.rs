//! What the RBAC objects among the files let service accounts do with identity bindings.
//!
//! Source: `rbac.authorization.k8s.io/v1`. Permission is given by verb `use-managed-identity` on a client id in the API group
//! `cid.wi.aks.azure.com`.

use azure_workload_identity_policy::json::Value;

use crate::members::{text, texts};

/// The verb.
const VERB: &str = "use-managed-identity";

/// The API group.
const GROUP: &str = "cid.wi.aks.azure.com";

/// An object that takes part in giving the permission.
#[derive(Debug)]
pub enum Grant {
    /// A role with the permission for these client ids; `*` is any.
    Role {
        /// Its namespace; `None` for a role of the whole cluster.
        namespace: Option<String>,
        /// Its name.
        name: String,
        /// The client ids.
        client_ids: Vec<String>,
    },
    /// A binding.
    Binding {
        /// Its namespace; `None` for a binding in all namespaces.
        namespace: Option<String>,
        /// The role: whether it is one of the whole cluster, and its name.
        role: (bool, String),
        /// Who has it.
        subjects: Vec<Grantee>,
    },
}

/// A subject of a binding.
#[derive(Debug, PartialEq, Eq)]
pub enum Grantee {
    /// A service account: namespace and name.
    ServiceAccount(String, String),
    /// A group.
    Group(String),
}

impl Grant {
    /// Reads an object, if it is one of RBAC that matters.
    pub fn read(api_version: &str, kind: &str, object: Value<'_>) -> Option<Self> {
        if api_version.split('/').next() != Some("rbac.authorization.k8s.io") {
            return None;
        }
        let metadata = object.field("metadata");
        let namespace = (!kind.starts_with("Cluster")).then(|| text(metadata, "namespace"));
        match kind {
            "Role" | "ClusterRole" => {
                let includes = |list: &[String], wanted| list.iter().any(|it| it == wanted || it == "*");
                let rules = object.field("rules").into_iter().flat_map(Value::elements);
                let rules = rules.filter(|rule| {
                    includes(&texts(*rule, "verbs"), VERB) && includes(&texts(*rule, "apiGroups"), GROUP)
                });
                let client_ids: Vec<_> = rules.flat_map(|rule| texts(rule, "resources")).collect();
                (!client_ids.is_empty()).then(|| Self::Role { namespace, name: text(metadata, "name"), client_ids })
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                let role = object.field("roleRef");
                let subjects = object.field("subjects").into_iter().flat_map(Value::elements);
                let subjects = subjects.filter_map(|subject| {
                    let subject = Some(subject);
                    match text(subject, "kind").as_str() {
                        "ServiceAccount" => {
                            Some(Grantee::ServiceAccount(text(subject, "namespace"), text(subject, "name")))
                        }
                        "Group" => Some(Grantee::Group(text(subject, "name"))),
                        _ => None,
                    }
                });
                let role_is_cluster_wide = text(role, "kind") == "ClusterRole";
                Some(Self::Binding {
                    namespace,
                    role: (role_is_cluster_wide, text(role, "name")),
                    subjects: subjects.collect(),
                })
            }
            _ => None,
        }
    }
}

/// Whether the objects let a service account use the identity of a client id.
pub fn may_use_identity(grants: &[&Grant], namespace: &str, account: &str, client_id: &str) -> bool {
    let is_it = |subject: &Grantee| match subject {
        Grantee::ServiceAccount(of_namespace, name) => of_namespace == namespace && name == account,
        Grantee::Group(group) => {
            group == "system:authenticated"
                || group
                    .strip_prefix("system:serviceaccounts")
                    .is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':') == Some(namespace))
        }
    };
    let names_role = |is_cluster_wide: bool, in_namespace: Option<&String>, role: &str| {
        grants.iter().any(|grant| match grant {
            Grant::Role { namespace, name, client_ids } => {
                name == role
                    && namespace.is_none() == is_cluster_wide
                    && (is_cluster_wide || namespace.as_ref() == in_namespace)
                    && client_ids.iter().any(|id| id == "*" || id.eq_ignore_ascii_case(client_id))
            }
            Grant::Binding { .. } => false,
        })
    };
    grants.iter().any(|grant| match grant {
        Grant::Binding { namespace: of_namespace, role: (is_cluster_wide, role), subjects } => {
            // The permission is asked for in the namespace of the pod.
            of_namespace.as_ref().is_none_or(|of_namespace| of_namespace == namespace)
                && subjects.iter().any(is_it)
                && names_role(*is_cluster_wide, of_namespace.as_ref(), role)
        }
        Grant::Role { .. } => false,
    })
}
