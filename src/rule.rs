//! The table of rules: their ids, names and recommended severities. The checks themselves are in [`rules`](crate::rules).

use std::fmt;

use crate::assumption::Assumption;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "repairs", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Severity {
    /// The rule is not applied.
    Off,
    /// Shown by the tools that people run over files, silent at admission.
    Note,
    /// Shown to the user who applies the object; the object is admitted.
    Warn,
    /// The object is rejected.
    Deny,
}

impl Severity {
    /// All severities, lowest first.
    pub const ALL: [Self; 4] = [Self::Off, Self::Note, Self::Warn, Self::Deny];

    /// The name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The label and the annotations of pods: whether the pod asks for an identity.
    Label,
    /// The service account, and the identity that it names.
    ServiceAccount,
    /// The proxy.
    Proxy,
    /// The variables of containers.
    Variables,
    /// The token, and where it is mounted.
    Token,
    /// Federated credentials.
    FederatedCredential,
    /// What injection reaches, and what it does not.
    Injection,
}

impl Topic {
    /// All topics, in the order in which documentation shows them.
    pub const ALL: [Self; 7] = [
        Self::Label,
        Self::ServiceAccount,
        Self::Variables,
        Self::Token,
        Self::Proxy,
        Self::Injection,
        Self::FederatedCredential,
    ];

    /// The heading of its rules.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Label => "Label and annotations",
            Self::ServiceAccount => "Service account",
            Self::Variables => "Variables",
            Self::Token => "Token and mounts",
            Self::Proxy => "Proxy",
            Self::Injection => "Injection",
            Self::FederatedCredential => "Federated credentials",
        }
    }
}

/// Passes the table of rules to a macro: the module of the rule, its id, its name, its recommended severity, its
/// topic, and what its findings may rest on besides the object, in the order in which findings are shown.
macro_rules! with_rules {
    ($macro:ident) => {
        $macro! {
            label_value LabelValue "label-value" Deny Label [FinalValue],
            label_missing LabelMissing "label-missing" Warn Label [NothingAdded],
            label_placement LabelPlacement "label-placement" Warn Label [NothingAdded],
            label_on_service_account LabelOnServiceAccount "label-on-service-account" Note ServiceAccount [],
            label_in_selector LabelInSelector "label-in-selector" Warn Label [],
            misspelt_key MisspeltKey "misspelt-key" Deny Label [],
            unknown_key UnknownKey "unknown-key" Warn Label [],
            misplaced_key MisplacedKey "misplaced-key" Warn Label [Reader],
            annotation_without_label AnnotationWithoutLabel "annotation-without-label" Warn Label [NothingAdded],
            token_expiration TokenExpiration "token-expiration" Deny Token [FinalValue],
            skip_containers SkipContainers "skip-containers" Warn Injection [NothingAdded FinalValue],
            proxy_value ProxyValue "proxy-value" Deny Proxy [FinalValue],
            proxy_port ProxyPort "proxy-port" Deny Proxy [WholeObject NothingAdded FinalValue],
            proxy_host_network ProxyHostNetwork "proxy-host-network" Deny Proxy [],
            proxy_twice ProxyTwice "proxy-twice" Warn Proxy [],
            proxy_platform ProxyPlatform "proxy-platform" Deny Proxy [],
            proxy_forbidden ProxyForbidden "proxy-forbidden" Off Proxy [],
            service_account_missing ServiceAccountMissing "service-account-missing" Deny ServiceAccount [NothingAdded Absence FinalValue],
            default_service_account DefaultServiceAccount "default-service-account" Warn ServiceAccount [NothingAdded],
            client_id_missing ClientIdMissing "client-id-missing" Warn ServiceAccount [NothingAdded Account Variables],
            client_id_format ClientIdFormat "client-id-format" Deny ServiceAccount [FinalValue],
            tenant_id_format TenantIdFormat "tenant-id-format" Deny ServiceAccount [FinalValue],
            static_credentials StaticCredentials "static-credentials" Warn Variables [],
            client_override ClientOverride "client-override" Warn Variables [],
            endpoint_override EndpointOverride "endpoint-override" Deny Variables [WholeObject],
            token_credentials TokenCredentials "token-credentials" Warn Variables [FinalValue],
            field_ref FieldRef "field-ref" Deny Variables [NothingAdded],
            unmanaged_token UnmanagedToken "unmanaged-token" Warn Token [WholeObject Application],
            hard_coded_path HardCodedPath "hard-coded-path" Warn Token [WholeObject NothingAdded],
            env_reference EnvReference "env-reference" Warn Variables [WholeObject],
            token_platform TokenPlatform "token-platform" Warn Token [],
            reserved_name ReservedName "reserved-name" Deny Token [],
            mount_clash MountClash "mount-clash" Deny Token [],
            identity_not_allowed IdentityNotAllowed "identity-not-allowed" Deny ServiceAccount [WholeObject NothingAdded Absence FinalValue],
            identity_binding_value IdentityBindingValue "identity-binding-value" Warn Label [FinalValue],
            identity_binding_rbac IdentityBindingRbac "identity-binding-rbac" Warn ServiceAccount [Access],
            identity_changed IdentityChanged "identity-changed" Warn ServiceAccount [],
            federated_credential_audience FederatedCredentialAudience "federated-credential-audience" Deny FederatedCredential [FinalValue],
            federated_credential_subject FederatedCredentialSubject "federated-credential-subject" Deny FederatedCredential [Absence FinalValue Application],
            federated_credential_issuer FederatedCredentialIssuer "federated-credential-issuer" Deny FederatedCredential [FinalValue Issuer],
            pod_identity_leftover PodIdentityLeftover "pod-identity-leftover" Warn Label [],
            ephemeral_container EphemeralContainer "ephemeral-container" Warn Injection [],
            injection_missing InjectionMissing "injection-missing" Deny Injection [],
            container_not_injected ContainerNotInjected "container-not-injected" Warn Injection [],
            lookup_failed LookupFailed "lookup-failed" Deny ServiceAccount [],
            injection_size InjectionSize "injection-size" Deny Injection [],
        }
    };
}
pub(crate) use with_rules;

macro_rules! table {
    ($($module:ident $id:ident $name:literal $severity:ident $topic:ident [$($assumption:ident)*],)+) => {
        /// A rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each rule is documented at the head of its file")]
        pub enum RuleId {
            $($id,)+
        }

        impl RuleId {
            /// All rules, in the order in which their findings are shown.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$id),+];

            /// The name in settings and messages.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)+
                }
            }

            /// The recommended severity.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$id => Severity::$severity,)+
                }
            }

            /// What it is about.
            pub const fn topic(self) -> Topic {
                match self {
                    $(Self::$id => Topic::$topic,)+
                }
            }

            /// What its findings may rest on besides the object, in the order of [`Assumption::ALL`].
            pub const fn may_rest_on(self) -> &'static [Assumption] {
                match self {
                    $(Self::$id => &[$(Assumption::$assumption),*],)+
                }
            }
        }
    };
}
with_rules!(table);

impl RuleId {
    /// Whether what it finds is wrong for certain where it is asked about, so that `preset: strict` denies it.
    pub const fn is_certain(self) -> bool {
        // `allowedSubjects` of an identity binding in Azure may permit what RBAC does not, and no cluster shows them.
        !matches!(self, Self::IdentityBindingRbac)
    }

    /// The rule of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A value for each rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerRule<T>([T; RuleId::ALL.len()]);

impl<T: Copy> PerRule<T> {
    /// The values that `value` gives.
    pub fn from_fn(value: impl Fn(RuleId) -> T) -> Self {
        Self(RuleId::ALL.map(value))
    }

    /// The value of a rule.
    pub fn get(&self, rule: RuleId) -> T {
        // INVARIANT: the array has an element for each rule.
        #[allow(clippy::indexing_slicing)]
        self.0[rule as usize]
    }

    /// Changes the value of a rule.
    pub fn set(&mut self, rule: RuleId, value: T) {
        if let Some(slot) = self.0.get_mut(rule as usize) {
            *slot = value;
        }
    }
}
