//! What a policy is allowed to ask its host: host capabilities and kinds of objects.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use xtask::{capabilities::HOST_CAPABILITIES, metadata::ContextAwareResource};

/// What whoever installed a policy has granted it. The default grants nothing, as policy-server does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    host_capabilities: BTreeSet<String>,
    context_aware_resources: BTreeSet<ContextAwareResource>,
}

impl Grants {
    /// Grants host functions by name (`kubernetes/get_resource`) or by pattern (`oci/v1/*`, `*`), and lookups by kind.
    /// A name or pattern that fits no function of the host is an error.
    pub(crate) fn new(
        host_capabilities: BTreeSet<String>,
        context_aware_resources: BTreeSet<ContextAwareResource>,
    ) -> Result<Self> {
        for pattern in &host_capabilities {
            let known = HOST_CAPABILITIES
                .iter()
                .any(|(namespace, operation)| matches(pattern, &format!("{namespace}/{operation}")));
            ensure!(known, "host capability {pattern:?} fits no function of the host");
        }
        Ok(Self { host_capabilities, context_aware_resources })
    }

    /// As [`Self::new`], with kinds as pairs of apiVersion and kind.
    pub(crate) fn of(host_capabilities: &[&str], context_aware_resources: &[(&str, &str)]) -> Result<Self> {
        let resources = context_aware_resources.iter().map(|(api_version, kind)| ContextAwareResource {
            api_version: (*api_version).to_owned(),
            kind: (*kind).to_owned(),
        });
        Self::new(host_capabilities.iter().map(ToString::to_string).collect(), resources.collect())
    }

    pub(crate) fn check_capability(&self, function: &str) -> Result<(), String> {
        if self.host_capabilities.iter().any(|pattern| matches(pattern, function)) {
            return Ok(());
        }
        Err(format!(
            "Policy has not been granted access to the '{function}' host capability. The violation has been reported."
        ))
    }

    pub(crate) fn check_resource(&self, api_version: &str, kind: &str) -> Result<(), String> {
        let granted = |resource: &ContextAwareResource| resource.api_version == api_version && resource.kind == kind;
        if self.context_aware_resources.iter().any(granted) {
            return Ok(());
        }
        Err(format!(
            "Policy has not been granted access to Kubernetes {api_version}/{kind} resources. The violation has been reported."
        ))
    }
}

/// Whether a pattern stands for a function: `*` for all, `namespace/*` for all below, anything else for itself.
fn matches(pattern: &str, function: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(prefix) => prefix.ends_with('/') && function.starts_with(prefix),
        None => pattern == function,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granting(capability: &str) -> Result<Grants> {
        Grants::new([capability.to_owned()].into(), BTreeSet::new())
    }

    #[test]
    fn without_grants_everything_is_denied() {
        let denial = Grants::default().check_capability("kubernetes/get_resource").unwrap_err();

        assert_eq!(
            denial,
            "Policy has not been granted access to the 'kubernetes/get_resource' host capability. The violation has been reported."
        );
    }

    #[test]
    fn a_pattern_grants_everything_below_it() {
        for pattern in ["*", "oci/*", "oci/v1/*", "oci/v1/verify"] {
            granting(pattern).unwrap().check_capability("oci/v1/verify").unwrap();
        }
        granting("oci/v2/*").unwrap().check_capability("oci/v1/verify").unwrap_err();
    }

    #[test]
    fn a_pattern_that_fits_no_function_is_an_error() {
        for pattern in ["", "kubernetes", "oci/v1/oci_*", "kubernetes/get_resources", "dns/*"] {
            let error = granting(pattern).unwrap_err();
            assert_eq!(error.to_string(), format!("host capability {pattern:?} fits no function of the host"));
        }
    }

    #[test]
    fn kinds_are_compared_exactly() {
        let kind = ContextAwareResource { api_version: "v1".to_owned(), kind: "serviceaccount".to_owned() };
        let denial = Grants::new(BTreeSet::new(), [kind].into()).unwrap().check_resource("v1", "ServiceAccount");

        assert_eq!(
            denial.unwrap_err(),
            "Policy has not been granted access to Kubernetes v1/ServiceAccount resources. The violation has been reported."
        );
    }
}
