//! What identifiers look like.

/// A GUID as Entra ID writes client and tenant ids: `8-4-4-4-12` hexadecimal digits, any case, nothing around them.
pub fn is_guid(text: &str) -> bool {
    let is_digit = |(position, byte): (usize, u8)| match position {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_digit)
}

/// A domain name with at least one dot: what Entra ID takes in the place of a tenant's GUID.
pub fn is_domain_name(text: &str) -> bool {
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_host_label)
}

/// Letters, digits and, inside, hyphens (RFC 1123), up to 63. So is the kind of a Kubernetes object.
pub(super) fn is_host_label(text: &str) -> bool {
    text.len() <= 63 && is_made_of(text, b"-")
}

/// The name part of a Kubernetes qualified name (a label or annotation key without its prefix), in any case.
pub(super) fn is_qualified_name(text: &str) -> bool {
    text.len() <= 63 && is_made_of(text, b"-_.")
}

/// An `https` URL with a host, and without what a token endpoint must not have: user, query, fragment, white space.
pub(super) fn is_https_url(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    if rest.chars().any(|c| matches!(c, '@' | '?' | '#' | '\\') || c.is_whitespace() || c.is_control()) {
        return false;
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        // A colon inside the brackets of an IPv6 address begins no port.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_ipv6 = |host: &str| {
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).is_some_and(|host| {
            host.contains(':') && host.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
        })
    };
    (host.split('.').all(is_host_label) || is_ipv6(host)) && port.is_none_or(is_port)
}

/// A port from 1 to 65535, without a sign.
fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// An image reference: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`.
pub(super) fn is_image_reference(text: &str) -> bool {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    let last_part = rest.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match rest.rfind(':') {
        Some(colon) if colon >= last_part => (rest.get(..colon), rest.get(colon + 1..)),
        _ => (Some(rest), None),
    };
    let is_part = |part: &str| is_made_of(part, b"-_.") && !has_capitals(part);
    let is_host = |part: &str| {
        let (host, port) = part.split_once(':').unwrap_or((part, "1"));
        host.split('.').all(is_host_label) && is_port(port)
    };
    let is_tag = |tag: &str| (1..=128).contains(&tag.len()) && consists_of(tag, b"-_.") && !tag.starts_with(['-', '.']);
    let is_digest = |digest: &str| {
        digest.split_once(':').is_some_and(|(algorithm, hex)| {
            is_qualified_name(algorithm) && hex.len() >= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    name.is_some_and(|name| {
        let mut parts = name.split('/');
        let first = parts.next().unwrap_or_default();
        let single = !name.contains('/');
        (is_part(first) || (!single && is_host(first))) && parts.all(is_part)
    }) && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest)
}

/// A Kubernetes quantity: a decimal number, and perhaps a suffix or an exponent.
pub(super) fn is_quantity(text: &str) -> bool {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit() && byte != b'.').unwrap_or(text.len());
    let (number, suffix) = text.as_bytes().split_at(end);
    let is_suffix = match suffix {
        []
        | [b'n' | b'u' | b'm' | b'k' | b'M' | b'G' | b'T' | b'P' | b'E']
        | [b'K' | b'M' | b'G' | b'T' | b'P' | b'E', b'i'] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            !exponent.is_empty() && exponent.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    is_suffix && number.iter().any(u8::is_ascii_digit) && number.iter().filter(|byte| **byte == b'.').count() <= 1
}

/// The name of a Kubernetes object: lower-case letters, digits, hyphens and dots (RFC 1123 subdomain).
pub fn is_object_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_host_label) && !has_capitals(text)
}

/// A namespace, or a service account as `NAMESPACE/NAME`; `*` stands for any characters.
pub(super) fn is_pattern(text: &str) -> bool {
    !text.is_empty() && consists_of(text, b"-.*") && !has_capitals(text)
}

/// An API version as objects name it: `GROUP/VERSION`, or `v1` for the core group.
pub(super) fn is_api_version(text: &str) -> bool {
    match text.split_once('/') {
        Some((group, version)) => is_object_name(group) && is_host_label(version),
        None => text == "v1",
    }
}

/// A JSON pointer (RFC 6901) to something in an object, without empty steps; `*` stands for each element of a list.
pub(super) fn is_object_pointer(text: &str) -> bool {
    // Its escapes are `~0` and `~1`; `-` stands for what follows the last element, which is nothing.
    let is_step = |step: &str| !matches!(step, "" | "-") && !step.replace("~0", "").replace("~1", "").contains('~');
    text.strip_prefix('/').is_some_and(|steps| steps.split('/').all(is_step) && !steps.starts_with('*'))
}

/// A value, unless it is empty. To injection and to the SDKs of Azure an empty annotation or variable is a missing one, and so is a
/// null one, which Go decodes as empty.
pub fn present(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}

/// Whether the text is letters, digits and `others`, and begins and ends with a letter or digit.
fn is_made_of(text: &str, others: &[u8]) -> bool {
    let alphanumeric = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(alphanumeric) && text.ends_with(alphanumeric) && consists_of(text, others)
}

/// Whether the text is letters, digits and `others`.
#[inline(never)]
fn consists_of(text: &str, others: &[u8]) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

#[inline(never)]
fn has_capitals(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
}
