//! Excerpts of manifests without the values of variables, which may be secrets: reports are in the logs of CI.

use std::borrow::Cow;

/// What stands for a character.
const MASK: u8 = b'*';

/// Lines of a manifest in which everything behind a key `value` is masked, except the positions that are to be shown. Positions do
/// not change.
pub(super) fn masked<'t>(lines: &'t str, is_shown: &dyn Fn(usize) -> bool) -> Cow<'t, str> {
    let mut masked = Vec::new();
    let mut start = 0;
    for line in lines.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        if let Some(behind) = behind_value(content) {
            let hidden = start + behind..start + content.len();
            masked.extend(hidden.filter(|position| !is_shown(*position)));
        }
        start += line.len();
    }
    if masked.is_empty() {
        return Cow::Borrowed(lines);
    }
    let mut bytes = lines.as_bytes().to_vec();
    for position in masked {
        if let Some(byte) = bytes.get_mut(position) {
            *byte = MASK;
        }
    }
    // What is shown begins and ends between characters, as all positions of findings do.
    String::from_utf8(bytes).map_or(Cow::Borrowed(""), Cow::Owned)
}

/// Where the value begins of the first member `value` in a line.
fn behind_value(line: &str) -> Option<usize> {
    let mut starts = line.match_indices("value").map(|(start, _)| start);
    starts.find_map(|start| {
        let (before, rest) = (line.get(..start)?, line.get(start + "value".len()..)?);
        let is_key =
            before.chars().next_back().is_none_or(|it| matches!(it, ' ' | '\t' | '{' | ',' | '-' | '"' | '\''));
        let value = rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim_start();
        (is_key && !value.is_empty()).then(|| line.len() - value.len())
    })
}

/// Whether a line is a member or an element, and not a part of a text of several lines.
pub(super) fn is_structure(line: &str) -> bool {
    let line = line.trim();
    line.contains(": ") || line.ends_with(':') || line.starts_with("- ") || line.contains('{') || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_a_value_is_masked() {
        for (line, expected) in [
            ("    value: hunter2", "    value: *******"),
            ("  - value: \"hunter 2\" # secret", "  - value: *******************"),
            ("- {name: A, value: hunter2}", "- {name: A, value: ********"),
            ("{\"name\": \"A\", \"value\":\"hunter2\"},", "{\"name\": \"A\", \"value\":***********"),
            ("    value: h\u{fc}nter\r\n", "    value: *******\r\n"),
            ("    value: |", "    value: *"),
            ("    value:", "    value:"),
            ("    valueFrom: {secretKeyRef: {name: a}}", "    valueFrom: {secretKeyRef: {name: a}}"),
            ("    name: value", "    name: value"),
            ("    my-value: hunter2", "    my-value: *******"),
            ("    somevalue: 1", "    somevalue: 1"),
        ] {
            assert_eq!(masked(line, &|_| false), expected);
        }
    }

    #[test]
    fn what_a_message_is_about_is_shown() {
        let line = "- {name: AZURE_CLIENT_ID, value: wrong, extra: hunter2}";
        let at = line.find("wrong").unwrap_or_default();
        let expected = "- {name: AZURE_CLIENT_ID, value: wrong*****************";
        assert_eq!(masked(line, &|position| (at..at + 5).contains(&position)), expected);
    }

    #[test]
    fn parts_of_long_texts_are_no_structure() {
        for line in ["  eyJhbGciOiJSUzI1NiJ9.eyJ", "-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQ", ""] {
            assert!(!is_structure(line), "{line}");
        }
        for line in ["  env:", "- name: A", "- a", "  name: web", "{name: a}", "# comment"] {
            assert!(is_structure(line), "{line}");
        }
    }
}
