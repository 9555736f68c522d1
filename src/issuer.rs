//! Issuers of tokens: whose an issuer is, whether it ends with a slash, and whether Entra ID can read its keys.
//!
//! All is judged by the URL alone. Entra ID compares the issuer of a federated credential with that of the token exactly, and there is no
//! general rule for the slash: only for the hosts that are known here.
//!
//! Sources: learn.microsoft.com, "Create an `OpenID` Connect provider for your cluster", "Set up identity bindings" (both for AKS), and
//! "Deploy and configure workload identity federation in Azure Arc-enabled Kubernetes"; the hosts of other clouds are those that clusters
//! there report; azure.github.io/azure-workload-identity, "Managed Clusters" (EKS, GKE) and "`OpenID` Connect Issuer" (blob storage);
//! docs.github.com and docs.gitlab.com, "`OpenID` Connect".

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::formats::is_https_url;

/// An issuer, as a credential or a person writes it.
#[derive(Clone, Copy, Debug)]
pub struct Issuer<'t> {
    text: &'t str,
}

/// Whose issuer it is, as far as its host tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// An AKS cluster, of any cloud.
    Aks,
    /// A cluster that Azure Arc connects.
    Arc,
    /// Identity bindings: AKS exchanges the tokens of pods for tokens of this issuer, and keeps the credential that trusts it.
    IdentityBinding,
    /// An EKS cluster.
    Eks,
    /// A GKE cluster.
    Gke,
    /// GitHub Actions, or those of a GitHub Enterprise Server.
    GitHub,
    /// GitLab.
    GitLab,
    /// A container in Azure's blob storage, to which the discovery document of a cluster was published. Whether such an issuer ends with
    /// a slash is up to the flag of the API server.
    Blob,
    /// Entra ID itself.
    Entra,
    /// Somebody else.
    Other,
}

/// Why a text cannot be the issuer of a cluster whose keys Entra ID reads, which it does over the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerFault {
    /// It is not an https URL.
    NotHttps,
    /// It is the URL of the discovery document.
    Discovery,
    /// Its host is a name that only the cluster itself can resolve.
    InCluster,
    /// Its host is a name of this machine or of a private network.
    PrivateName,
    /// Its host is an address of this machine or of a private network.
    PrivateAddress,
}

/// What follows an issuer in the URL of its discovery document.
pub const DISCOVERY: &str = ".well-known/openid-configuration";

impl<'t> Issuer<'t> {
    /// The issuer that a text names.
    pub fn new(text: &'t str) -> Self {
        Self { text }
    }

    /// Whether the text stands for no issuer: so do `az` and `jq` print it where a cluster has none.
    pub fn is_absent(self) -> bool {
        matches!(self.text.trim(), "" | "None" | "null")
    }

    /// Whose it is.
    pub fn host(self) -> Host {
        let rest = self.without_scheme();
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        match host {
            _ if self.is_azure_cluster() && is_arc(host) => Host::Arc,
            _ if self.is_azure_cluster() => Host::Aks,
            _ if self.is_identity_binding() => Host::IdentityBinding,
            "container.googleapis.com" => Host::Gke,
            "token.actions.githubusercontent.com" => Host::GitHub,
            "gitlab.com" => Host::GitLab,
            "sts.windows.net" | "login.microsoftonline.com" | "login.microsoftonline.us" | "login.chinacloudapi.cn" => {
                Host::Entra
            }
            _ if path == "_services/token" => Host::GitHub,
            _ if host.starts_with("oidc.eks.") && host.contains(".amazonaws.com") => Host::Eks,
            _ if BLOBS.iter().any(|blobs| host.ends_with(blobs)) => Host::Blob,
            _ => Host::Other,
        }
    }

    /// Whether it signs the tokens of the service accounts of an AKS or Arc cluster, and nothing else. Such an issuer ends with a slash.
    pub fn is_azure_cluster(self) -> bool {
        let host = self.authority();
        let is_aks = azure_base(host)
            // The last is that of the first clusters.
            .is_some_and(|base| base.ends_with(".oic.prod-aks") && base != BINDING || base == "oidc.prod-aks");
        is_aks || is_arc(host)
    }

    /// Whether it is that of identity bindings.
    pub fn is_identity_binding(self) -> bool {
        azure_base(self.authority()) == Some(BINDING)
    }

    /// Whether it lacks the slash that issuers of its host end with.
    pub fn lacks_slash(self) -> bool {
        self.is_azure_cluster() && !self.text.ends_with('/')
    }

    /// It with the end that issuers of its host have, if it has another one: the slash that was left out or added, or the path of the
    /// discovery document. `None` if its host has no rule.
    pub fn corrected(self) -> Option<String> {
        let issuer = self.text.strip_suffix(DISCOVERY).unwrap_or(self.text).trim_end_matches('/');
        let slash = match self.host() {
            Host::Aks | Host::Arc => "/",
            Host::Eks | Host::Gke => "",
            _ => return None,
        };
        Some([issuer, slash].concat()).filter(|right| right != self.text)
    }

    /// Whether two issuers are probably meant to be equal: they differ only in scheme, trailing slashes, case or white space.
    pub fn is_near(self, other: &str) -> bool {
        self.without_scheme().eq_ignore_ascii_case(Issuer::new(other).without_scheme())
    }

    /// Without what people leave out or add: scheme, slashes at the end, white space.
    #[inline(never)]
    fn without_scheme(self) -> &'t str {
        let issuer = self.text.trim().trim_end_matches('/');
        let rest = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"));
        rest.unwrap_or(issuer)
    }

    #[inline(never)]
    fn authority(self) -> &'t str {
        self.without_scheme().split('/').next().unwrap_or_default()
    }

    /// Why Entra ID cannot reach it; `None` if nothing in the URL speaks against it.
    pub fn fault(self) -> Option<IssuerFault> {
        if !is_https_url(self.text) {
            return Some(IssuerFault::NotHttps);
        }
        if self.without_scheme().ends_with(DISCOVERY) {
            return Some(IssuerFault::Discovery);
        }
        let authority = self.authority();
        if let Some(address) = authority.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let is_public = address.parse().is_ok_and(is_public_v6);
            return (!is_public).then_some(IssuerFault::PrivateAddress);
        }
        let host = authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let last = host.rsplit('.').next().unwrap_or_default();
        // Resolvers take a name for an IPv4 address if its last label is a number.
        if last.starts_with(|first: char| first.is_ascii_digit()) {
            let is_public = host.parse().is_ok_and(is_public_v4);
            return (!is_public).then_some(IssuerFault::PrivateAddress);
        }
        // The domain of a cluster may be another than `cluster.local`.
        if host == "kubernetes.default"
            || host.starts_with("kubernetes.default.")
            || last == "svc"
            || host.ends_with(".cluster.local")
        {
            return Some(IssuerFault::InCluster);
        }
        (host == last || PRIVATE_DOMAINS.contains(&last) || host.ends_with(".home.arpa"))
            .then_some(IssuerFault::PrivateName)
    }
}

/// The host of identity bindings, without the domain.
const BINDING: &str = "ib.oic.prod-aks";

/// What a host in Azure has before `.azure.com`, or before that of another cloud.
#[inline(never)]
fn azure_base(host: &str) -> Option<&str> {
    // The last label depends on the cloud: `com`, `us` or `cn`.
    host.rsplit_once('.')?.0.strip_suffix(".azure")
}

/// Whether a host is that of Arc, or one that Arc had in its preview.
fn is_arc(host: &str) -> bool {
    azure_base(host).is_some_and(|base| base.ends_with(".oic.prod-arc"))
        || (host.starts_with("oidcdiscovery-") && host.ends_with(".azurefd.net"))
}

/// The hosts of blob storage in each cloud.
const BLOBS: [&str; 3] = [".blob.core.windows.net", ".blob.core.usgovcloudapi.net", ".blob.core.chinacloudapi.cn"];

/// Top-level domains that are reserved for one machine or network. Sources: RFC 6761, RFC 6762, and the resolution of ICANN about
/// `internal`.
const PRIVATE_DOMAINS: [&str; 6] = ["localhost", "local", "internal", "test", "invalid", "onion"];

/// Whether the internet routes an address. Source: IANA's registry of special-purpose IPv4 addresses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    match address.octets() {
        // This network, carrier-grade NAT, protocol assignments, benchmarks, and multicast with all that follows.
        [0 | 224..=255, ..] | [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18..=19, ..] => false,
        _ => !(address.is_private() || address.is_loopback() || address.is_link_local() || address.is_documentation()),
    }
}

/// Whether the internet routes an address: only `2000::/3` is assigned. Source: IANA's registry of IPv6 address space.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Documentation.
        [0x2001, 0xdb8, ..] => false,
        // 6to4.
        [0x2002, high, low, ..] => {
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        [0x2000..=0x3fff, ..] => true,
        _ => address.to_ipv4_mapped().is_some_and(is_public_v4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_known_by_their_host() {
        for (issuer, host) in [
            ("https://oidc.prod-aks.azure.com/00000000-0000-0000-0000-000000000000/", Host::Aks),
            ("https://eastus.oic.prod-aks.azure.com/t/c", Host::Aks),
            ("eastus.oic.prod-aks.azure.com/t/c/", Host::Aks),
            ("http://usgovvirginia.oic.prod-aks.azure.us/t/c/", Host::Aks),
            ("https://chinanorth2.oic.prod-aks.azure.cn/t/c/", Host::Aks),
            ("https://northeurope.oic.prod-arc.azure.com/t/c/", Host::Arc),
            ("https://oidcdiscovery-northamerica-endpoint-gbcge4adgqebgxev.000.azurefd.net/t/c/", Host::Arc),
            ("https://ib.oic.prod-aks.azure.com/t/c", Host::IdentityBinding),
            ("https://ib.oic.prod-aks.azure.us/t/c/", Host::IdentityBinding),
            ("", Host::Other),
            ("https://prod-aks.azure.com/", Host::Other),
            ("https://eastus.oic.prod-aks.azure.com.example.com/t/c/", Host::Other),
            ("https://example.com/eastus.oic.prod-aks.azure.com/", Host::Other),
            ("https://token.actions.githubusercontent.com", Host::GitHub),
            ("https://token.actions.githubusercontent.com/shop-enterprise", Host::GitHub),
            ("https://git.example.com/_services/token", Host::GitHub),
            ("https://gitlab.com", Host::GitLab),
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF", Host::Eks),
            ("https://oidc.eks.cn-north-1.amazonaws.com.cn/id/0123456789ABCDEF0123456789ABCDEF", Host::Eks),
            ("https://container.googleapis.com/v1/projects/p/locations/l/clusters/c", Host::Gke),
            ("https://shop.blob.core.windows.net/oidc/", Host::Blob),
            ("https://shop.blob.core.usgovcloudapi.net/oidc", Host::Blob),
            ("https://sts.windows.net/t/", Host::Entra),
            ("https://login.microsoftonline.com/t/v2.0", Host::Entra),
            ("https://oidc.example.com/clusters/blue", Host::Other),
        ] {
            assert_eq!(Issuer::new(issuer).host(), host, "{issuer}");
        }
    }

    #[test]
    fn clusters_of_azure_have_a_slash_and_others_what_they_have() {
        for (issuer, lacks) in [
            ("https://eastus.oic.prod-aks.azure.com/t/c", true),
            ("https://eastus.oic.prod-aks.azure.com/t/c/", false),
            ("https://europe.oic.prod-arc.azure.com/t/c", true),
            ("https://ib.oic.prod-aks.azure.com/t/c", false),
            ("https://container.googleapis.com/v1/projects/p/locations/l/clusters/c", false),
        ] {
            assert_eq!(Issuer::new(issuer).lacks_slash(), lacks, "{issuer}");
        }
    }

    #[test]
    fn an_end_is_corrected_where_the_host_has_a_rule() {
        for (issuer, right) in [
            ("https://eastus.oic.prod-aks.azure.com/t/c", Some("https://eastus.oic.prod-aks.azure.com/t/c/")),
            ("https://eastus.oic.prod-aks.azure.com/t/c/", None),
            (
                "https://eastus.oic.prod-aks.azure.com/t/c/.well-known/openid-configuration",
                Some("https://eastus.oic.prod-aks.azure.com/t/c/"),
            ),
            (
                "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c/",
                Some("https://container.googleapis.com/v1/projects/p/locations/l/clusters/c"),
            ),
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/0A/", Some("https://oidc.eks.eu-west-1.amazonaws.com/id/0A")),
            // The API server's flag decides.
            ("https://shop.blob.core.windows.net/oidc", None),
            ("https://oidc.example.com/.well-known/openid-configuration", None),
        ] {
            assert_eq!(Issuer::new(issuer).corrected().as_deref(), right, "{issuer}");
        }
    }

    #[test]
    fn what_is_printed_where_there_is_no_issuer_is_none() {
        assert!(["", " \n", "None", "null"].iter().all(|text| Issuer::new(text).is_absent()));
        assert!(!Issuer::new("https://oidc.example.com").is_absent());
    }

    #[test]
    fn an_issuer_is_near_if_only_what_people_overlook_differs() {
        let issuer = Issuer::new("https://oidc.example.com/Shop/");
        assert!([" oidc.example.com/shop", "http://oidc.example.com/shop//"].iter().all(|other| issuer.is_near(other)));
        assert!(!issuer.is_near("https://oidc.example.com/other/"));
    }

    #[test]
    fn what_the_internet_does_not_reach_is_told_by_the_url() {
        use IssuerFault::{Discovery, InCluster, NotHttps, PrivateAddress, PrivateName};

        for (issuer, why) in [
            ("https://oidc.example.com/clusters/blue", None),
            ("https://oidc.example.com:8443/", None),
            ("https://20.50.1.2/", None),
            ("https://[2603:1020::1]:443/", None),
            ("https://[::ffff:20.50.1.2]/", None),
            ("https://eastus.oic.prod-aks.azure.com/t/c/", None),
            ("https://svc.example.com/", None),
            ("https://kubernetes.example.com/", None),
            ("", Some(NotHttps)),
            ("kubernetes/serviceaccount", Some(NotHttps)),
            ("http://oidc.example.com/", Some(NotHttps)),
            ("https://user@oidc.example.com/", Some(NotHttps)),
            ("https://oidc.example.com/ ", Some(NotHttps)),
            ("https://", Some(NotHttps)),
            ("https://oidc.example.com/blue/.well-known/openid-configuration", Some(Discovery)),
            ("https://kubernetes.default.svc.cluster.local", Some(InCluster)),
            ("https://kubernetes.default.svc", Some(InCluster)),
            ("https://KUBERNETES.default.svc:443/", Some(InCluster)),
            ("https://kubernetes.default.svc.k8s.example.com/", Some(InCluster)),
            ("https://oidc.auth.svc.cluster.local/", Some(InCluster)),
            ("https://kubernetes/", Some(PrivateName)),
            ("https://localhost:6443", Some(PrivateName)),
            ("https://api.localhost/", Some(PrivateName)),
            ("https://master.corp.internal:6443/", Some(PrivateName)),
            ("https://nas.local/", Some(PrivateName)),
            ("https://nas.home.arpa/", Some(PrivateName)),
            ("https://10.20.0.7:6443/", Some(PrivateAddress)),
            ("https://172.16.0.1/", Some(PrivateAddress)),
            ("https://192.168.1.1/", Some(PrivateAddress)),
            ("https://127.0.0.1:8443/", Some(PrivateAddress)),
            ("https://169.254.169.254/", Some(PrivateAddress)),
            ("https://100.64.0.1/", Some(PrivateAddress)),
            ("https://0.0.0.0/", Some(PrivateAddress)),
            ("https://255.255.255.255/", Some(PrivateAddress)),
            // Other spellings of addresses.
            ("https://127.1/", Some(PrivateAddress)),
            ("https://0x7f.0x1/", Some(PrivateAddress)),
            ("https://2130706433/", Some(PrivateAddress)),
            ("https://[::1]:6443/", Some(PrivateAddress)),
            ("https://[::]/", Some(PrivateAddress)),
            ("https://[fe80::1]/", Some(PrivateAddress)),
            ("https://[fd00:1::1]/", Some(PrivateAddress)),
            ("https://[::ffff:10.0.0.1]/", Some(PrivateAddress)),
            ("https://[2002:a00:1::]/", Some(PrivateAddress)),
            ("https://[2001:db8::1]/", Some(PrivateAddress)),
        ] {
            assert_eq!(Issuer::new(issuer).fault(), why, "{issuer}");
        }
    }
}
