//! What is asked of the cluster. Nothing else is: no Secret, no token, no log.

use azure_workload_identity_policy::formats::is_object_name;

/// Answers questions about a cluster.
pub trait LiveCluster {
    /// The answer as JSON text: an object, a list of objects, or the discovery document of the issuer.
    ///
    /// # Errors
    /// If there is no answer.
    fn ask(&self, question: &Question<'_>) -> Result<String, Unanswered>;
}

/// A question. Each is the verb `get` or `list` of RBAC on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'q> {
    /// A pod, a workload, or the owner of one.
    Object {
        /// The kind.
        kind: Kind,
        /// The namespace; `None` for the one in which the answerer is.
        namespace: Option<&'q str>,
        /// The name.
        name: &'q str,
    },
    /// The objects of a kind in a namespace.
    List {
        /// The kind.
        kind: Kind,
        /// The namespace.
        namespace: &'q str,
        /// A label selector, as kubectl reads it; empty for all.
        selector: &'q str,
    },
    /// A service account.
    ServiceAccount {
        /// The namespace.
        namespace: &'q str,
        /// The name.
        name: &'q str,
    },
    /// A namespace, for its labels.
    Namespace {
        /// The name.
        name: &'q str,
    },
    /// All mutating webhook configurations.
    MutatingWebhooks,
    /// All validating webhook configurations.
    ValidatingWebhooks,
    /// All policies of Kubewarden for the cluster.
    ClusterPolicies,
    /// The policies of Kubewarden for a namespace.
    Policies {
        /// The namespace.
        namespace: &'q str,
    },
    /// The discovery document of the issuer of tokens.
    Issuer,
}

/// Where the API server publishes the issuer of its tokens.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";

impl Question<'_> {
    /// The resource, as kubectl and RBAC name it: `deployments.apps`. The discovery document is none.
    pub const fn resource(&self) -> Option<&'static str> {
        match self {
            Self::Object { kind, .. } | Self::List { kind, .. } => Some(kind.resource()),
            Self::ServiceAccount { .. } => Some("serviceaccounts"),
            Self::Namespace { .. } => Some("namespaces"),
            Self::MutatingWebhooks => Some("mutatingwebhookconfigurations.admissionregistration.k8s.io"),
            Self::ValidatingWebhooks => Some("validatingwebhookconfigurations.admissionregistration.k8s.io"),
            Self::ClusterPolicies => Some("clusteradmissionpolicies.policies.kubewarden.io"),
            Self::Policies { .. } => Some("admissionpolicies.policies.kubewarden.io"),
            Self::Issuer => None,
        }
    }

    /// The verb that RBAC has to allow.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Object { .. } | Self::ServiceAccount { .. } | Self::Namespace { .. } | Self::Issuer => "get",
            Self::List { .. }
            | Self::MutatingWebhooks
            | Self::ValidatingWebhooks
            | Self::ClusterPolicies
            | Self::Policies { .. } => "list",
        }
    }

    /// The namespace, if the question is about one.
    pub const fn namespace(&self) -> Option<&str> {
        match self {
            Self::Object { namespace, .. } => *namespace,
            Self::List { namespace, .. } | Self::ServiceAccount { namespace, .. } | Self::Policies { namespace } => {
                Some(namespace)
            }
            Self::Namespace { .. }
            | Self::MutatingWebhooks
            | Self::ValidatingWebhooks
            | Self::ClusterPolicies
            | Self::Issuer => None,
        }
    }

    /// The name, if the question is about one object.
    pub const fn name(&self) -> Option<&str> {
        match self {
            Self::Object { name, .. } | Self::ServiceAccount { name, .. } | Self::Namespace { name } => Some(name),
            _ => None,
        }
    }

    /// What is asked for, for people.
    pub fn describe(&self) -> String {
        let resource = self.resource().unwrap_or(DISCOVERY);
        let name = self.name().map(|name| [" ", name].concat()).unwrap_or_default();
        let namespace = self.namespace().map(|name| [" in namespace ", name].concat()).unwrap_or_default();
        [self.verb(), " ", resource, &name, &namespace].concat()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// There is no such object.
    Missing,
    /// The cluster does not have the kind.
    NoSuchKind,
    /// RBAC does not allow it.
    Forbidden,
    /// Something else; the text says what.
    Failed(String),
}

impl Unanswered {
    /// Why, as a sentence about the question.
    pub fn explain(&self, question: &Question<'_>) -> String {
        let what = question.describe();
        match self {
            Self::Missing => format!("{what}: it does not exist"),
            Self::NoSuchKind => format!("{what}: the cluster does not have this kind"),
            Self::Forbidden => format!("{what}: RBAC does not allow it"),
            Self::Failed(why) => format!("{what}: {why}"),
        }
    }
}

/// A kind of objects that are pods or own pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pod.
    Pod,
    /// A Deployment.
    Deployment,
    /// A `StatefulSet`.
    StatefulSet,
    /// A `DaemonSet`.
    DaemonSet,
    /// A `ReplicaSet`.
    ReplicaSet,
    /// A Job.
    Job,
    /// A `CronJob`.
    CronJob,
    /// A `ReplicationController`.
    ReplicationController,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Pod,
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::Job,
        Self::CronJob,
        Self::ReplicationController,
    ];

    /// The name in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::ReplicationController => "ReplicationController",
        }
    }

    /// The API group; empty for the core group.
    pub fn group(self) -> &'static str {
        self.resource().split_once('.').map_or("", |(_, group)| group)
    }

    /// The resource, with its API group.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Pod => "pods",
            Self::Deployment => "deployments.apps",
            Self::StatefulSet => "statefulsets.apps",
            Self::DaemonSet => "daemonsets.apps",
            Self::ReplicaSet => "replicasets.apps",
            Self::Job => "jobs.batch",
            Self::CronJob => "cronjobs.batch",
            Self::ReplicationController => "replicationcontrollers",
        }
    }

    /// The short name of kubectl; empty if it has none.
    const fn short(self) -> &'static str {
        match self {
            Self::Pod => "po",
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
            Self::ReplicaSet => "rs",
            Self::Job => "",
            Self::CronJob => "cj",
            Self::ReplicationController => "rc",
        }
    }

    /// The kind that a person names as for kubectl: `deploy`, `Deployment`, `deployments`, `deployment.apps`.
    pub fn from_typed(typed: &str) -> Option<Self> {
        let (name, group) = match typed.split_once('.') {
            Some((name, group)) => (name, Some(group.strip_prefix("v1.").unwrap_or(group))),
            None => (typed, None),
        };
        let is_it = |kind: &Self| {
            let (plural, own_group) = kind.resource().split_once('.').unwrap_or((kind.resource(), ""));
            let is_name = [kind.name(), plural, kind.short()].iter().any(|known| known.eq_ignore_ascii_case(name));
            is_name && !name.is_empty() && group.is_none_or(|group| group == own_group)
        };
        Self::ALL.into_iter().find(is_it)
    }

    /// The kind of an owner.
    pub(super) fn of_owner(api_version: &str, kind: &str) -> Option<Self> {
        let is_it =
            |it: &Self| it.name() == kind && api_version.rsplit_once('/').map_or("", |(group, _)| group) == it.group();
        Self::ALL.into_iter().find(is_it)
    }
}

/// What is to be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl Target {
    /// Reads `KIND/NAME`.
    ///
    /// # Errors
    /// If it is something else; the text says what is expected.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let (kind, name) = typed.split_once('/').ok_or("expected KIND/NAME, for example deployment/web")?;
        let Some(known) = Kind::from_typed(kind) else {
            let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.name().to_ascii_lowercase()).collect();
            return Err(format!("{kind:?} is no kind that is explained; name a pod, or one of {}", kinds.join(", ")));
        };
        if !is_object_name(name) {
            return Err(format!("{name:?} cannot be the name of an object"));
        }
        Ok(Self { kind: known, name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named_as_for_kubectl() {
        for (typed, kind) in [
            ("pod", Some(Kind::Pod)),
            ("po", Some(Kind::Pod)),
            ("Pods", Some(Kind::Pod)),
            ("deploy", Some(Kind::Deployment)),
            ("deployment.apps", Some(Kind::Deployment)),
            ("Deployment.v1.apps", Some(Kind::Deployment)),
            ("sts", Some(Kind::StatefulSet)),
            ("cronjobs.batch", Some(Kind::CronJob)),
            ("rc", Some(Kind::ReplicationController)),
            ("pods.v1.", Some(Kind::Pod)),
            ("secret", None),
            ("secrets", None),
            ("secrets.v1.", None),
            ("deployment.batch", None),
            ("", None),
        ] {
            assert_eq!(Kind::from_typed(typed), kind, "{typed}");
        }
    }

    #[test]
    fn a_target_is_a_kind_and_a_name() {
        assert_eq!(Target::parse("deploy/web"), Ok(Target { kind: Kind::Deployment, name: "web".into() }));
        for wrong in ["web", "pod/", "pod/-web", "pod/web/x", "pod/--raw", "secret/token", "/web"] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn owners_are_known_by_their_group() {
        assert_eq!(Kind::of_owner("apps/v1", "ReplicaSet"), Some(Kind::ReplicaSet));
        assert_eq!(Kind::of_owner("v1", "ReplicationController"), Some(Kind::ReplicationController));
        assert_eq!(Kind::of_owner("argoproj.io/v1alpha1", "Rollout"), None);
        assert_eq!(Kind::of_owner("example.com/v1", "ReplicaSet"), None);
        assert_eq!(Kind::of_owner("v1", "Secret"), None);
    }
}
