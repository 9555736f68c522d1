//! What identifiers look like.

/// A GUID as Entra ID writes client and tenant ids: `8-4-4-4-12` hexadecimal digits, any case, nothing around them.
pub fn is_guid(text: &str) -> bool {
    let mut groups = text.split('-');
    [8, 4, 4, 4, 12].iter().all(|length| {
        groups.next().is_some_and(|group| group.len() == *length && group.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }) && groups.next().is_none()
}

/// A domain name with at least one dot: what Entra ID takes in the place of a tenant's GUID.
pub fn is_domain_name(text: &str) -> bool {
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_host_label)
}

/// Letters, digits and, inside, hyphens (RFC 1123), up to 63. So is the kind of a Kubernetes object.
pub(super) fn is_host_label(text: &str) -> bool {
    text.len() <= 63
        && begins_and_ends_alphanumeric(text)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The name part of a Kubernetes qualified name (a label or annotation key without its prefix), in any case.
pub(super) fn is_qualified_name(text: &str) -> bool {
    text.len() <= 63
        && begins_and_ends_alphanumeric(text)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
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
    let is_part = |part: &str| {
        begins_and_ends_alphanumeric(part)
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
    };
    let is_host = |part: &str| {
        let (host, port) = part.split_once(':').unwrap_or((part, "1"));
        host.split('.').all(is_host_label) && is_port(port)
    };
    let is_tag = |tag: &str| {
        tag.len() <= 128
            && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    };
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
    const SUFFIXES: [&str; 16] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let exponent = suffix.strip_prefix(['e', 'E']).map(|digits| digits.strip_prefix(['+', '-']).unwrap_or(digits));
    let is_exponent = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.bytes().any(|byte| byte.is_ascii_digit())
        && number.matches('.').count() <= 1
        && (SUFFIXES.contains(&suffix) || exponent.is_some_and(is_exponent))
}

/// The name of a Kubernetes object: lower-case letters, digits, hyphens and dots (RFC 1123 subdomain).
pub(super) fn is_object_name(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_host_label) && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// A namespace, or a service account as `NAMESPACE/NAME`; `*` stands for any characters.
pub(super) fn is_pattern(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'*'))
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
    // Its escapes are `~0` and `~1`.
    let is_step = |step: &str| !step.is_empty() && !step.replace("~0", "").replace("~1", "").contains('~');
    text.strip_prefix('/').is_some_and(|steps| steps.split('/').all(is_step) && !steps.starts_with('*'))
}

fn begins_and_ends_alphanumeric(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(alphanumeric) && text.ends_with(alphanumeric)
}
