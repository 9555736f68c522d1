//! The clouds of Azure.

/// The cloud that is meant where none is named.
pub const DEFAULT: &str = "AzurePublicCloud";

/// Their names, as upstream takes them, and the URL of their Entra ID.
/// Source: go-autorest v0.11.30, `autorest/azure/environments.go`.
const CLOUDS: [(&str, &str); 6] = [
    (DEFAULT, "https://login.microsoftonline.com/"),
    ("AzureCloud", "https://login.microsoftonline.com/"),
    ("AzureUSGovernmentCloud", "https://login.microsoftonline.us/"),
    ("AzureUSGovernment", "https://login.microsoftonline.us/"),
    ("AzureChinaCloud", "https://login.chinacloudapi.cn/"),
    ("AzureGermanCloud", "https://login.microsoftonline.de/"),
];

/// The hosts of their Entra ID: those above, their aliases, and clouds that upstream does not know.
/// Source: instance discovery of Microsoft's authentication libraries, for one `KnownMetadataProvider` of MSAL for Java.
const HOSTS: [(&str, &str); 13] = [
    ("login.microsoftonline.com", DEFAULT),
    ("login.windows.net", DEFAULT),
    ("login.microsoft.com", DEFAULT),
    ("sts.windows.net", DEFAULT),
    ("login.microsoftonline.us", "AzureUSGovernmentCloud"),
    ("login.usgovcloudapi.net", "AzureUSGovernmentCloud"),
    ("login-us.microsoftonline.com", "AzureUSGovernmentCloud"),
    ("login.chinacloudapi.cn", "AzureChinaCloud"),
    ("login.partner.microsoftonline.cn", "AzureChinaCloud"),
    ("login.microsoftonline.de", "AzureGermanCloud"),
    ("login.sovcloud-identity.fr", "Bleu"),
    ("login.sovcloud-identity.de", "Delos"),
    ("login.sovcloud-identity.sg", "GovSG"),
];

/// The audiences of tokens for their Entra ID.
/// Source: learn.microsoft.com, "Workload identity federation", and the documentation of AKS in these clouds.
const AUDIENCES: [(&str, &str); 3] = [
    ("api://AzureADTokenExchange", DEFAULT),
    ("api://AzureADTokenExchangeUSGov", "AzureUSGovernmentCloud"),
    ("api://AzureADTokenExchangeChina", "AzureChinaCloud"),
];

/// The cloud whose Entra ID accepts tokens for an audience.
pub fn cloud_of_audience(audience: &str) -> Option<&'static str> {
    AUDIENCES.iter().find_map(|(known, cloud)| (*known == audience).then_some(*cloud))
}

/// The cloud of the AKS or Arc cluster that has an issuer.
pub fn cloud_of_issuer(url: &str) -> Option<&'static str> {
    let host = url.strip_prefix("https://")?.split(['/', ':']).next()?;
    let clouds = [(".azure.com", DEFAULT), (".azure.us", "AzureUSGovernmentCloud"), (".azure.cn", "AzureChinaCloud")];
    clouds.into_iter().find_map(|(domain, cloud)| host.ends_with(domain).then_some(cloud))
}

/// The hosts of Entra ID, each with the cloud that it belongs to.
pub fn hosts() -> impl Iterator<Item = (&'static str, &'static str)> {
    HOSTS.into_iter()
}

/// The names.
pub fn names() -> impl Iterator<Item = &'static str> {
    CLOUDS.iter().map(|(name, _)| *name)
}

/// The URL of a cloud's Entra ID, by the cloud's name in any case; an empty name is the default's.
pub fn authority_host(name: &str) -> Option<&'static str> {
    let name = if name.is_empty() { DEFAULT } else { name };
    CLOUDS.iter().find_map(|(cloud, host)| cloud.eq_ignore_ascii_case(name).then_some(*host))
}

/// The cloud whose Entra ID has this URL, by any of its hosts.
pub fn cloud_of(url: &str) -> Option<&'static str> {
    let (scheme, host) = url.trim_end_matches('/').split_once("://")?;
    let (_, cloud) = HOSTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(host))?;
    scheme.eq_ignore_ascii_case("https").then_some(*cloud)
}

/// Whether two URLs are of the same Entra ID.
pub fn same_authority(one: &str, other: &str) -> bool {
    same_url(one, other) || cloud_of(one).is_some_and(|cloud| cloud_of(other) == Some(cloud))
}

/// Whether two URLs are equal, ignoring a slash at the end.
pub fn same_url(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_is_known_by_its_host() {
        for (name, url) in CLOUDS {
            let alias = match name {
                "AzureCloud" => DEFAULT,
                "AzureUSGovernment" => "AzureUSGovernmentCloud",
                name => name,
            };
            assert_eq!(cloud_of(url), Some(alias));
        }
    }

    #[test]
    fn look_alikes_are_of_no_cloud() {
        for url in [
            "http://login.microsoftonline.com/",
            "login.microsoftonline.com",
            "https://login.microsoftonline.com.example.com/",
            "https://login.microsoftonline.com@example.com/",
            "https://login.microsoftonline.com\\@example.com/",
            "https://login.microsoftonline.com:8443/",
            "https://login-microsoftonline.com/",
            "https://login.partner.microsoftonline.com/",
            "https://login.microsoftonline.com/common/",
            "https:///",
            "",
        ] {
            assert_eq!(cloud_of(url), None, "{url}");
        }
    }

    #[test]
    fn aliases_are_one_authority() {
        assert!(same_authority("https://login.chinacloudapi.cn/", "https://LOGIN.partner.microsoftonline.cn"));
        assert!(same_authority("https://login.local/adfs", "https://login.local/adfs/"));
        assert!(!same_authority("https://login.chinacloudapi.cn/", "https://login.microsoftonline.com/"));
    }
}
