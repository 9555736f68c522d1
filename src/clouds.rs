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

/// The names.
pub fn names() -> impl Iterator<Item = &'static str> {
    CLOUDS.iter().map(|(name, _)| *name)
}

/// The URL of a cloud's Entra ID, by the cloud's name in any case; an empty name is the default's.
pub fn authority_host(name: &str) -> Option<&'static str> {
    let name = if name.is_empty() { DEFAULT } else { name };
    CLOUDS.iter().find_map(|(cloud, host)| cloud.eq_ignore_ascii_case(name).then_some(*host))
}

/// True for the URL of some cloud's Entra ID.
pub fn is_authority_host(url: &str) -> bool {
    CLOUDS.iter().any(|(_, host)| same_url(host, url))
}

/// Whether two URLs are equal, ignoring a slash at the end.
pub fn same_url(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}
