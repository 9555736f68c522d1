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

/// Passes the table of rules to a macro: the module of the rule, its id, its name and its recommended severity, in the order in which
/// findings are shown.
macro_rules! with_rules {
    ($macro:ident) => {
        $macro! {
            label_value LabelValue "label-value" Deny,
            label_missing LabelMissing "label-missing" Warn,
            label_placement LabelPlacement "label-placement" Warn,
            label_on_service_account LabelOnServiceAccount "label-on-service-account" Note,
            label_in_selector LabelInSelector "label-in-selector" Warn,
            misspelt_key MisspeltKey "misspelt-key" Deny,
            unknown_key UnknownKey "unknown-key" Warn,
            misplaced_key MisplacedKey "misplaced-key" Warn,
            annotation_without_label AnnotationWithoutLabel "annotation-without-label" Warn,
            token_expiration TokenExpiration "token-expiration" Deny,
            skip_containers SkipContainers "skip-containers" Warn,
            proxy_value ProxyValue "proxy-value" Deny,
            proxy_port ProxyPort "proxy-port" Deny,
            proxy_host_network ProxyHostNetwork "proxy-host-network" Deny,
            proxy_twice ProxyTwice "proxy-twice" Warn,
            proxy_platform ProxyPlatform "proxy-platform" Deny,
            proxy_forbidden ProxyForbidden "proxy-forbidden" Off,
            service_account_missing ServiceAccountMissing "service-account-missing" Deny,
            default_service_account DefaultServiceAccount "default-service-account" Warn,
            client_id_missing ClientIdMissing "client-id-missing" Warn,
            client_id_format ClientIdFormat "client-id-format" Deny,
            tenant_id_format TenantIdFormat "tenant-id-format" Deny,
            static_credentials StaticCredentials "static-credentials" Warn,
            client_override ClientOverride "client-override" Warn,
            endpoint_override EndpointOverride "endpoint-override" Deny,
            field_ref FieldRef "field-ref" Deny,
            unmanaged_token UnmanagedToken "unmanaged-token" Warn,
            hard_coded_path HardCodedPath "hard-coded-path" Warn,
            env_reference EnvReference "env-reference" Warn,
            token_platform TokenPlatform "token-platform" Warn,
            reserved_name ReservedName "reserved-name" Deny,
            mount_clash MountClash "mount-clash" Deny,
            identity_not_allowed IdentityNotAllowed "identity-not-allowed" Deny,
            identity_binding_rbac IdentityBindingRbac "identity-binding-rbac" Warn,
            identity_changed IdentityChanged "identity-changed" Warn,
            federated_credential_audience FederatedCredentialAudience "federated-credential-audience" Deny,
            federated_credential_subject FederatedCredentialSubject "federated-credential-subject" Deny,
            federated_credential_issuer FederatedCredentialIssuer "federated-credential-issuer" Deny,
            pod_identity_leftover PodIdentityLeftover "pod-identity-leftover" Warn,
            ephemeral_container EphemeralContainer "ephemeral-container" Warn,
            injection_missing InjectionMissing "injection-missing" Deny,
            container_not_injected ContainerNotInjected "container-not-injected" Warn,
            lookup_failed LookupFailed "lookup-failed" Deny,
            injection_size InjectionSize "injection-size" Deny,
        }
    };
}
pub(crate) use with_rules;

macro_rules! table {
    ($($module:ident $id:ident $name:literal $severity:ident,)+) => {
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
