//! The issuer of the cluster as it was given: what is wrong with it, and what credentials are compared with.

use std::borrow::Cow;

use azure_workload_identity_policy::issuer::{Host, Issuer, Unreachable};

use super::compare::quote;

/// The issuer of the cluster.
pub(crate) struct ClusterIssuer<'a> {
    /// As it was given.
    pub(crate) given: &'a str,
    /// The issuer that credentials have to name; `None` if no credential can trust this one.
    pub(crate) wanted: Option<Cow<'a, str>>,
    /// What is wrong with what was given, and what to do about it.
    pub(crate) fault: Option<String>,
}

impl<'a> ClusterIssuer<'a> {
    /// Judges an issuer that was given. Where only its form shows that it is not the cluster's, `--issuer` is at fault and not the
    /// cluster: the setting `issuer` is checked when it is read, and clusters report what they have.
    pub(crate) fn new(given: &'a str) -> Self {
        let issuer = Issuer::new(given);
        if issuer.lacks_slash() && issuer.unreachable().is_none() {
            let right = [given, "/"].concat();
            let fault = format!(
                "--issuer is {} without the slash at its end, which each issuer of AKS and Arc has: give {}",
                quote(given),
                quote(&right)
            );
            return Self { given, wanted: Some(Cow::Owned(right)), fault: Some(fault) };
        }
        let fault = fault(issuer, given);
        let wanted = fault.is_none().then_some(Cow::Borrowed(given));
        Self { given, wanted, fault }
    }
}

/// What is wrong with an issuer that no credential can trust.
fn fault(issuer: Issuer<'_>, given: &str) -> Option<String> {
    if given.trim().is_empty() {
        let message =
            "--issuer is empty: give the issuer of the cluster, or enable it; az prints nothing where it is off";
        return Some(message.to_owned());
    }
    if issuer.host() == Host::IdentityBinding {
        return Some(format!(
            "--issuer is {}, the issuer of an identity binding, which no token of a pod has: give that of the cluster",
            quote(given)
        ));
    }
    let why = match issuer.unreachable()? {
        Unreachable::NotHttps if issuer.host() != Host::Other => {
            return Some(format!(
                "--issuer is {}, which is no https URL: give it as the cluster reports it",
                quote(given)
            ));
        }
        Unreachable::NotHttps => "is no https URL",
        Unreachable::InCluster => "only the cluster itself can resolve",
        Unreachable::PrivateName => "is no host on the internet",
        Unreachable::PrivateAddress => "is no address on the internet",
    };
    Some(format!(
        "the issuer of the cluster is {}, which {why}; Entra ID reads the keys of an issuer over the internet: publish the discovery document and the keys at a public https URL, and set --service-account-issuer of the API server to it",
        quote(given)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_issuer_is_compared_as_it_is() {
        for given in ["https://eastus.oic.prod-aks.azure.com/t/c/", "https://oidc.example.com/clusters/blue"] {
            let issuer = ClusterIssuer::new(given);
            assert_eq!((issuer.wanted.as_deref(), issuer.fault), (Some(given), None));
        }
    }

    #[test]
    fn of_a_slash_that_is_missing_the_argument_is_at_fault() {
        for given in ["https://eastus.oic.prod-aks.azure.com/t/c", "https://europe.oic.prod-arc.azure.com/t/c"] {
            let issuer = ClusterIssuer::new(given);
            assert_eq!(issuer.wanted, Some(Cow::Owned(format!("{given}/"))));
            assert!(issuer.fault.is_some_and(|fault| fault.starts_with("--issuer is ")));
        }
    }

    #[test]
    fn no_credential_can_trust_an_issuer_that_cannot_be_right() {
        for (given, words) in [
            ("", "--issuer is empty"),
            ("https://ib.oic.prod-aks.azure.com/t/c", "identity binding"),
            (
                "eastus.oic.prod-aks.azure.com/t/c",
                "--issuer is \"eastus.oic.prod-aks.azure.com/t/c\", which is no https URL",
            ),
            ("kubernetes/serviceaccount", "is no https URL"),
            ("https://kubernetes.default.svc", "only the cluster itself can resolve"),
            ("https://master:6443", "is no host on the internet"),
            ("https://[fd00::1]/", "is no address on the internet"),
        ] {
            let issuer = ClusterIssuer::new(given);
            assert_eq!(issuer.wanted, None, "{given}");
            assert!(issuer.fault.as_deref().is_some_and(|fault| fault.contains(words)), "{:?}", issuer.fault);
        }
    }
}
