//! The issuer of the cluster as it was given: what is wrong with it, and what credentials are compared with.

use std::borrow::Cow;

use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_policy::issuer::{Host, Issuer, IssuerFault};

use super::command::quoted;
use super::compare::quote;
use crate::azure::AzureCluster;

/// The issuer of the cluster.
pub(crate) struct ClusterIssuer<'a> {
    /// As it was given.
    pub(crate) given: &'a str,
    /// The issuer that credentials have to name; `None` if no credential can trust this one.
    pub(crate) wanted: Option<Cow<'a, str>>,
    /// What is wrong with what was given, and what to do about it.
    pub(crate) fault: Option<String>,
    /// How it is read, if not as it was given.
    pub(crate) note: Option<String>,
    /// The cluster in Azure that it is of, if one has it.
    pub(super) cluster: Option<&'a AzureCluster>,
    /// Why it may be that of another cluster.
    pub(super) doubt: Option<String>,
}

impl<'a> ClusterIssuer<'a> {
    /// Judges an issuer; `whose` says where it comes from, as the start of a sentence. The end that only the issuers of its host have is
    /// not worth an error: they are read with it.
    pub(crate) fn new(given: &'a str, whose: &str) -> Self {
        let issuer = Issuer::new(given);
        let right = issuer.corrected();
        match right.filter(|right| Issuer::new(right).fault().is_none()) {
            Some(right) => {
                let (given_text, right_text) = (quote(given), quote(&right));
                let note = match given.strip_suffix('/') {
                    None if right.strip_suffix('/') == Some(given) => format!(
                        "{whose} is {given_text} without the slash at its end, which each issuer of AKS and Arc has: it is read as {right_text}"
                    ),
                    _ => format!(
                        "{whose} is {given_text}, whose end no issuer of its host has: it is read as {right_text}"
                    ),
                };
                Self {
                    given,
                    wanted: Some(Cow::Owned(right)),
                    fault: None,
                    note: Some(note),
                    cluster: None,
                    doubt: None,
                }
            }
            None => {
                let fault = fault(issuer, given, whose);
                let wanted = fault.is_none().then_some(Cow::Borrowed(given));
                Self { given, wanted, fault, note: None, cluster: None, doubt: None }
            }
        }
    }

    /// The issuer that was given, with where it was given, or else that of the cluster in Azure's data, if there is one cluster.
    pub(super) fn find(given: Option<(&'a str, &str)>, clusters: &[&'a AzureCluster]) -> Option<Self> {
        let Some((given, whose)) = given else {
            let (cluster, others) = clusters.split_first()?;
            let is_same = |other: &&AzureCluster| (&other.name, &other.issuer) == (&cluster.name, &cluster.issuer);
            return others.iter().all(is_same).then(|| Self::of(cluster)).flatten();
        };
        let issuer = Self::new(given, whose);
        let wanted = issuer.wanted.as_deref();
        let cluster = clusters.iter().find(|cluster| wanted.is_some() && cluster.issuer.as_deref() == wanted).copied();
        let others: Vec<_> =
            clusters.iter().filter_map(|cluster| Some((cluster, cluster.issuer.as_deref()?))).collect();
        let doubt = match others.first() {
            Some((other, of_other)) if cluster.is_none() && wanted.is_some() => Some(format!(
                "{whose} is {}, but cluster {} has issuer {}: give the issuer, or the data, of the cluster that the files are for",
                quote(given),
                quote(&other.name),
                quote(of_other)
            )),
            _ => None,
        };
        Some(Self { cluster, doubt, ..issuer })
    }

    /// The issuer of a cluster; `None` if its data does not tell it.
    fn of(cluster: &'a AzureCluster) -> Option<Self> {
        let name = quote(&cluster.name);
        if cluster.has_issuer == Some(false) {
            let fault = format!("cluster {name} has no issuer: run `{}`", enable(cluster, "--enable-oidc-issuer"));
            let cluster = Some(cluster);
            return Some(Self { given: "", wanted: None, fault: Some(fault), note: None, cluster, doubt: None });
        }
        let issuer = Self::new(cluster.issuer.as_deref()?, &format!("the issuer of cluster {name}"));
        Some(Self { cluster: Some(cluster), ..issuer })
    }

    /// What to do about a cluster whose workload identity is off, which then has no webhook of Azure.
    pub(super) fn without_webhook(&self) -> Option<(String, &'a FilePlace)> {
        let cluster = self.cluster.filter(|cluster| cluster.has_workload_identity == Some(false))?;
        let message = format!(
            "workload identity is off in cluster {}: unless another webhook injects, run `{}`",
            quote(&cluster.name),
            enable(cluster, "--enable-workload-identity")
        );
        Some((message, &cluster.place))
    }
}

/// The command that enables something in a cluster.
fn enable(cluster: &AzureCluster, option: &str) -> String {
    let program = if cluster.is_arc { "az connectedk8s update" } else { "az aks update" };
    let group = cluster.resource_group.as_deref().unwrap_or("GROUP");
    format!("{program} --name {} --resource-group {} {option}", quoted(&cluster.name), quoted(group))
}

/// How a cluster gets an issuer that Entra ID can read.
pub(super) const ENABLE: &str = "`az aks update --name CLUSTER --resource-group GROUP --enable-oidc-issuer`, for Arc `az connectedk8s update` with the same options";
const PUBLISH: &str = "on AKS, run `az aks update --enable-oidc-issuer`; for any other cluster, publish the discovery document and the keys at a public https URL, and set --service-account-issuer of the API server to it";

/// What is wrong with an issuer that no credential can trust.
fn fault(issuer: Issuer<'_>, given: &str, whose: &str) -> Option<String> {
    let is = format!("{whose} is {}", quote(given));
    if issuer.is_absent() {
        let nothing = if given.trim().is_empty() { "empty" } else { given.trim() };
        return Some(format!(
            "{whose} is {nothing}, which az prints where the issuer of a cluster is off: enable it with {ENABLE}"
        ));
    }
    let other = match issuer.host() {
        Host::IdentityBinding => Some("of an identity binding"),
        Host::GitHub => Some("of GitHub Actions"),
        Host::GitLab => Some("of GitLab"),
        Host::Entra => Some("of Entra ID itself"),
        _ => None,
    };
    if let Some(other) = other {
        return Some(format!("{is}, the issuer {other}, which no token of a pod has: give that of the cluster"));
    }
    let is_of_a_service = issuer.host() != Host::Other;
    let why = match issuer.fault()? {
        IssuerFault::NotHttps if is_of_a_service => {
            return Some(format!("{is}, which is no https URL: give it as the cluster reports it"));
        }
        IssuerFault::Discovery => {
            return Some(format!(
                "{is}, the URL of the discovery document: give what its member issuer says, as a rule without /.well-known/openid-configuration"
            ));
        }
        IssuerFault::NotHttps => "is no https URL",
        IssuerFault::InCluster => "only the cluster itself can resolve",
        IssuerFault::PrivateName => "is no host on the internet",
        IssuerFault::PrivateAddress => "is no address on the internet",
    };
    Some(format!("{is}, which {why}; Entra ID reads the keys of an issuer over the internet: {PUBLISH}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_issuer_is_compared_as_it_is() {
        for given in [
            "https://eastus.oic.prod-aks.azure.com/t/c/",
            "https://oidc.example.com/clusters/blue",
            "https://shop.blob.core.windows.net/oidc",
            "https://shop.blob.core.windows.net/oidc/",
        ] {
            let issuer = ClusterIssuer::new(given, "--issuer");
            assert_eq!((issuer.wanted.as_deref(), issuer.fault, issuer.note), (Some(given), None, None));
        }
    }

    #[test]
    fn an_end_that_the_host_does_not_have_is_read_as_it_has_it() {
        for (given, right) in [
            ("https://eastus.oic.prod-aks.azure.com/t/c", "https://eastus.oic.prod-aks.azure.com/t/c/"),
            ("https://europe.oic.prod-arc.azure.com/t/c", "https://europe.oic.prod-arc.azure.com/t/c/"),
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/0A/", "https://oidc.eks.eu-west-1.amazonaws.com/id/0A"),
        ] {
            let issuer = ClusterIssuer::new(given, "--issuer");
            assert_eq!((issuer.wanted.as_deref(), issuer.fault), (Some(right), None));
            assert!(issuer.note.is_some_and(|note| note.starts_with("--issuer is ")));
        }
    }

    #[test]
    fn no_credential_can_trust_an_issuer_that_cannot_be_right() {
        for (given, words) in [
            ("", "--issuer is empty"),
            ("None", "--issuer is None"),
            ("null", "--enable-oidc-issuer"),
            ("https://ib.oic.prod-aks.azure.com/t/c", "identity binding"),
            ("https://token.actions.githubusercontent.com", "GitHub Actions"),
            (
                "eastus.oic.prod-aks.azure.com/t/c",
                "--issuer is \"eastus.oic.prod-aks.azure.com/t/c\", which is no https URL",
            ),
            ("https://oidc.example.com/.well-known/openid-configuration", "the URL of the discovery document"),
            ("kubernetes/serviceaccount", "is no https URL"),
            ("https://kubernetes.default.svc", "only the cluster itself can resolve"),
            ("https://master:6443", "is no host on the internet"),
            ("https://[fd00::1]/", "is no address on the internet"),
        ] {
            let issuer = ClusterIssuer::new(given, "--issuer");
            assert_eq!(issuer.wanted, None, "{given}");
            assert!(issuer.fault.as_deref().is_some_and(|fault| fault.contains(words)), "{:?}", issuer.fault);
        }
    }
}
