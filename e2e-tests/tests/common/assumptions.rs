//! What the findings of each rule may rest on: the table that the cases are compared with.

use azure_workload_identity_policy::assumption::Assumption::{self, *};
use azure_workload_identity_policy::rule::RuleId;

/// What findings of a rule may rest on, in the order of [`Assumption::ALL`].
pub(crate) const fn rests_on(rule: RuleId) -> &'static [Assumption] {
    match rule {
        RuleId::LabelMissing
        | RuleId::LabelPlacement
        | RuleId::AnnotationWithoutLabel
        | RuleId::DefaultServiceAccount
        | RuleId::EndpointOverride
        | RuleId::EnvReference
        | RuleId::FieldRef
        | RuleId::HardCodedPath => &[WholeObject],
        RuleId::UnmanagedToken => &[WholeObject, Application],
        RuleId::IdentityNotAllowed | RuleId::ServiceAccountMissing => &[WholeObject, Absence, FinalValue],
        RuleId::ClientIdMissing => &[WholeObject, Account, Variables],
        RuleId::SkipContainers | RuleId::ProxyPort => &[WholeObject, FinalValue],
        RuleId::MisplacedKey => &[Reader],
        RuleId::LabelValue
        | RuleId::TokenExpiration
        | RuleId::ProxyValue
        | RuleId::ClientIdFormat
        | RuleId::TenantIdFormat
        | RuleId::FederatedCredentialAudience => &[FinalValue],
        RuleId::FederatedCredentialSubject => &[Absence, FinalValue, Application],
        RuleId::FederatedCredentialIssuer => &[FinalValue, Issuer],
        RuleId::IdentityBindingRbac => &[Access],
        RuleId::LabelOnServiceAccount
        | RuleId::LabelInSelector
        | RuleId::MisspeltKey
        | RuleId::UnknownKey
        | RuleId::ProxyHostNetwork
        | RuleId::ProxyTwice
        | RuleId::ProxyPlatform
        | RuleId::ProxyForbidden
        | RuleId::StaticCredentials
        | RuleId::ClientOverride
        | RuleId::TokenPlatform
        | RuleId::ReservedName
        | RuleId::MountClash
        | RuleId::IdentityChanged
        | RuleId::PodIdentityLeftover
        | RuleId::EphemeralContainer
        | RuleId::InjectionMissing
        | RuleId::ContainerNotInjected
        | RuleId::LookupFailed
        | RuleId::InjectionSize => &[],
    }
}
