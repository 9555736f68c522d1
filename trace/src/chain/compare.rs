//! How two texts differ that should be equal, and what a subject names.

use azure_workload_identity_policy::federated::SUBJECT_PREFIX;

/// The longest text that is shown whole, in characters. Two issuers often differ in their last character.
const SHOWN: usize = 600;

/// A part of a token or credential as messages show it: quoted, and cut only if it is far longer than such a part is.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

/// How two texts differ, if that is something which is easily overlooked.
pub(super) fn slight_difference(one: &str, other: &str) -> Option<&'static str> {
    let strip = |text: &str| text.chars().filter(|it| !it.is_whitespace()).collect::<String>();
    if one.strip_suffix('/') == Some(other) || other.strip_suffix('/') == Some(one) {
        Some("the trailing slash")
    } else if one.eq_ignore_ascii_case(other) {
        Some("upper and lower case")
    } else if strip(one) == strip(other) {
        Some("white space")
    } else if plain(one).trim_end_matches('/') == plain(other).trim_end_matches('/') {
        Some("white space, case or the trailing slash")
    } else {
        None
    }
}

/// A text without white space and case.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|it| !it.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The namespace and name that a subject is meant to name, without white space and case; `None` if it is none of a service account.
pub(super) fn meant_account(subject: &str) -> Option<(String, String)> {
    let (namespace, name) = written_account(subject)?;
    Some((namespace.to_lowercase(), name.to_lowercase()))
}

/// The same, in the case in which it is written.
fn written_account(subject: &str) -> Option<(String, String)> {
    let text: String = subject.chars().filter(|it| !it.is_whitespace()).collect();
    let (prefix, rest) = text.split_at_checked(SUBJECT_PREFIX.len())?;
    let (namespace, name) = rest.split_once([':', '/']).filter(|_| prefix.eq_ignore_ascii_case(SUBJECT_PREFIX))?;
    Some((namespace.to_owned(), name.to_owned()))
}

/// As [`slight_difference`]; the parts of a subject are also parted by a slash, as elsewhere in Kubernetes.
pub(super) fn slight_subject_difference(one: &str, other: &str) -> Option<&'static str> {
    let is_slash = one != other && one == other.replace('/', ":");
    if is_slash { Some("the slash, which has to be a colon") } else { slight_difference(one, other) }
}

/// How the subject of a credential differs from the one that a token has.
pub(super) fn subjects(own: (&str, &str), credential: &str) -> String {
    let expected = [SUBJECT_PREFIX, own.0, ":", own.1].concat();
    if let Some(what) = slight_subject_difference(&expected, credential) {
        return format!("differs in {what}: it is {}, the token's is {}", quote(credential), quote(&expected));
    }
    let is = |one: &str, other: &str| plain(one) == plain(other);
    match written_account(credential) {
        Some((namespace, name)) if is(&name, own.1) && !is(&namespace, own.0) => {
            format!("differs in the namespace: it is {}, the credential says {}", quote(own.0), quote(&namespace))
        }
        Some((namespace, name)) if is(&namespace, own.0) && !is(&name, own.1) => {
            format!("differs in the name: it is {}, the credential says {}", quote(own.1), quote(&name))
        }
        _ => format!("is {}, the token's is {}", quote(credential), quote(&expected)),
    }
}

/// How a part of a credential differs from that of a token. `whose` says whose the token's is.
pub(super) fn texts(own: &str, credential: &str, whose: &str) -> String {
    match slight_difference(own, credential) {
        Some(what) => format!("differs in {what}: it is {}, {whose} is {}", quote(credential), quote(own)),
        None => format!("is {}, {whose} is {}", quote(credential), quote(own)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overlooked_is_named() {
        for (one, other, what) in [
            ("https://a/b/", "https://a/b", Some("the trailing slash")),
            ("https://a/b", "https://a/B", Some("upper and lower case")),
            ("https://a/b", " https://a/b", Some("white space")),
            ("https://a/b/", "https://A/b ", Some("white space, case or the trailing slash")),
            ("https://a/b", "https://a/c", None),
        ] {
            assert_eq!(slight_difference(one, other), what, "{one} {other}");
            assert_eq!(slight_difference(other, one), what, "{other} {one}");
        }
    }

    #[test]
    fn subjects_are_compared_part_by_part() {
        let own = ("shop", "api");
        for (subject, words) in [
            (
                "system:serviceaccount:default:api",
                "differs in the namespace: it is \"shop\", the credential says \"default\"",
            ),
            ("system:serviceaccount:shop:web", "differs in the name: it is \"api\", the credential says \"web\""),
        ] {
            assert_eq!(subjects(own, subject), words);
        }
        assert!(subjects(own, "system:serviceaccount:shop:WEB").ends_with("the credential says \"WEB\""));
        assert!(subjects(own, "system:serviceaccount:shop:API").starts_with("differs in upper and lower case"));
        assert!(subjects(own, "system:serviceaccount:shop/api").starts_with("differs in the slash"));
        assert!(subjects(own, "repo:org/shop").starts_with("is \"repo:org/shop\""));
    }
}
