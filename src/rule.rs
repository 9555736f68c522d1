//! The table of rules: their ids, names and recommended severities. The checks themselves are in [`rules`](crate::rules).

use std::fmt;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// Passes the table of rules to a macro: the module of the rule, its id, its name, its recommended severity and its topic, in the
/// order in which findings are shown.
macro_rules! with_rules {
    ($macro:ident) => {
        $macro! {
            label_value LabelValue "label-value" Deny Label,
            label_missing LabelMissing "label-missing" Warn Label,
            label_placement LabelPlacement "label-placement" Warn Label,
            label_on_service_account LabelOnServiceAccount "label-on-service-account" Note ServiceAccount,
            label_in_selector LabelInSelector "label-in-selector" Warn Label,
            misspelt_key MisspeltKey "misspelt-key" Deny Label,
            unknown_key UnknownKey "unknown-key" Warn Label,
            misplaced_key MisplacedKey "misplaced-key" Warn Label,
            annotation_without_label AnnotationWithoutLabel "annotation-without-label" Warn Label,
            token_expiration TokenExpiration "token-expiration" Deny Token,
            skip_containers SkipContainers "skip-containers" Warn Injection,
            proxy_value ProxyValue "proxy-value" Deny Proxy,
            proxy_port ProxyPort "proxy-port" Deny Proxy,
            proxy_host_network ProxyHostNetwork "proxy-host-network" Deny Proxy,
            proxy_twice ProxyTwice "proxy-twice" Warn Proxy,
            proxy_platform ProxyPlatform "proxy-platform" Deny Proxy,
            proxy_forbidden ProxyForbidden "proxy-forbidden" Off Proxy,
            service_account_missing ServiceAccountMissing "service-account-missing" Deny ServiceAccount,
            default_service_account DefaultServiceAccount "default-service-account" Warn ServiceAccount,
            client_id_missing ClientIdMissing "client-id-missing" Warn ServiceAccount,
            client_id_format ClientIdFormat "client-id-format" Deny ServiceAccount,
            tenant_id_format TenantIdFormat "tenant-id-format" Deny ServiceAccount,
            static_credentials StaticCredentials "static-credentials" Warn Variables,
            client_override ClientOverride "client-override" Warn Variables,
            endpoint_override EndpointOverride "endpoint-override" Deny Variables,
            field_ref FieldRef "field-ref" Deny Variables,
            unmanaged_token UnmanagedToken "unmanaged-token" Warn Token,
            hard_coded_path HardCodedPath "hard-coded-path" Warn Token,
            env_reference EnvReference "env-reference" Warn Variables,
            token_platform TokenPlatform "token-platform" Warn Token,
            reserved_name ReservedName "reserved-name" Deny Token,
            mount_clash MountClash "mount-clash" Deny Token,
            identity_not_allowed IdentityNotAllowed "identity-not-allowed" Deny ServiceAccount,
            identity_binding_rbac IdentityBindingRbac "identity-binding-rbac" Warn ServiceAccount,
            identity_changed IdentityChanged "identity-changed" Warn ServiceAccount,
            federated_credential_audience FederatedCredentialAudience "federated-credential-audience" Deny FederatedCredential,
            federated_credential_subject FederatedCredentialSubject "federated-credential-subject" Deny FederatedCredential,
            federated_credential_issuer FederatedCredentialIssuer "federated-credential-issuer" Deny FederatedCredential,
            pod_identity_leftover PodIdentityLeftover "pod-identity-leftover" Warn Label,
            ephemeral_container EphemeralContainer "ephemeral-container" Warn Injection,
            injection_missing InjectionMissing "injection-missing" Deny Injection,
            container_not_injected ContainerNotInjected "container-not-injected" Warn Injection,
            lookup_failed LookupFailed "lookup-failed" Deny ServiceAccount,
            injection_size InjectionSize "injection-size" Deny Injection,
        }
    };
}
pub(crate) use with_rules;

macro_rules! table {
    ($($module:ident $id:ident $name:literal $severity:ident $topic:ident,)+) => {
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
        }
    };
}
with_rules!(table);

impl RuleId {
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
