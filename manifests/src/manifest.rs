//! Whether a text that cannot be read is meant to be a manifest: only then is that an error. A repository has many YAML and JSON files
//! that other programs read, some with comments, tags or keys that YAML and JSON do not have.

use std::borrow::Cow;

/// The keys that every object has.
const KEYS: [&str; 2] = ["apiVersion", "kind"];

const QUOTES: [char; 2] = ['"', '\''];

/// Whether a text has the keys of an object somewhere, as YAML or JSON write them, outside of comments.
///
/// Indentation says nothing: it may be what is wrong.
pub fn looks_like_one(text: &str) -> bool {
    // In UTF-16, one byte of each ASCII character is NUL, and the byte order mark is no UTF-8.
    let text = if text.contains('\0') { text.replace('\0', "").into() } else { Cow::Borrowed(text) };
    KEYS.iter().all(|key| text.lines().any(|line| has_key(line, key)))
}

fn has_key(line: &str, key: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with('#') || line.starts_with("//") {
        return false;
    }
    line.match_indices(key).any(|(at, _)| {
        let (before, behind) = (line.get(..at).unwrap_or_default(), line.get(at + key.len()..).unwrap_or_default());
        // A quote may be missing: that may be what is wrong.
        let before = before.strip_suffix(QUOTES).unwrap_or(before);
        let behind = behind.strip_prefix(QUOTES).unwrap_or(behind);
        let is_start =
            before.chars().next_back().is_none_or(|last| last.is_whitespace() || "{[,\u{feff}\u{fffd}".contains(last));
        is_start && behind.trim_start().starts_with(':')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_has_both_keys() {
        for text in [
            "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n",
            "\u{feff}apiVersion: v1\r\nkind: Pod\r\n\tx",
            "  kind : Pod\n apiVersion: v1\n",
            "- apiVersion: v1\n  'kind': Pod\n",
            "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",,}",
            "{apiVersion: v1, kind: Pod",
            "\"apiVersion: v1\nkind: Pod\n",
            "{\n  // a comment\n  \"kind\" : \"Pod\",\n  \"apiVersion\": \"v1\",\n}",
            "a\0p\0i\0V\0e\0r\0s\0i\0o\0n\0:\0 \0v\x001\0\n\0k\0i\0n\0d\0:\0 \0P\0o\0d\0",
        ] {
            assert!(looks_like_one(text), "{text:?}");
        }
    }

    #[test]
    fn other_texts_do_not_have_both() {
        for text in [
            "",
            "{\n  // for the editor\n  \"compilerOptions\": {},\n}\n",
            "apiVersion: v2\nname: web\n",
            "kind: Pod\n",
            "# apiVersion: v1\n# kind: Pod\nreplicas: [\n",
            "the apiVersion and the kind: of a thing",
            "mykind: x\napiVersions: y\n",
            "x.apiVersion: 1\nx-kind: 2\n",
        ] {
            assert!(!looks_like_one(text), "{text:?}");
        }
    }
}
