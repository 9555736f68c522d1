//! What of a file may be a secret, and is shown in no report: values of variables, what follows `=` in words of commands, the data of
//! Secrets, and texts with credentials in them.
//!
//! Reports are in the logs of CI and in tickets. Found by the places of values and not by words in the text: a value may be written in
//! any style. What variables of workload identity hold is shown, since messages are about it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use azure_workload_identity_policy::formats::present;
use azure_workload_identity_policy::ids::{is_client_id, is_tenant_id};
use azure_workload_identity_policy::json::{Kind, Value};
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::placeholder::has_placeholder;

use crate::file::File;
use crate::opened::Opened;
use crate::report::{Diagnostic, FilePlace};

/// Parts of a text that are not shown, in bytes: in order, and not overlapping.
pub type Secrets = Arc<[Range<usize>]>;

/// What stands for each byte that is not shown.
const MASK: &str = "*";

/// The shortest secret that is looked for in a text that a correction writes, in bytes: a shorter one is in too many words.
const SHORTEST: usize = 4;

/// Parts of texts that are credentials, in lower case.
const CREDENTIALS: [&str; 7] = ["accountkey=", "sharedaccess", "password=", "pwd=", "secret=", "sig=", "token="];

/// Notes in findings what of their files may be a secret.
pub(crate) fn hide(findings: &mut [Diagnostic], files: &[File]) {
    let files: HashMap<_, _> = files.iter().map(|file| (&*file.source.name, file)).collect();
    let mut known = HashMap::<Arc<str>, Secrets>::new();
    let mut hide = |place: &mut FilePlace| {
        let read = || files.get(&*place.source.name).map(|file| secrets(file)).unwrap_or_default();
        place.secrets = known.entry(Arc::clone(&place.source.name)).or_insert_with(read).clone();
    };
    for finding in findings {
        hide(&mut finding.place);
        finding.related.iter_mut().for_each(|related| hide(&mut related.place));
        let Some(correction) = &mut finding.correction else { continue };
        correction.edits.iter_mut().for_each(|edit| hide(&mut edit.place));
        let texts = || correction.edits.iter().map(|edit| edit.text.as_str()).chain([correction.done.as_str()]);
        correction.is_secret = texts().any(|text| holds_secret(text, &finding.place));
    }
}

/// Whether a text has a secret of the file in it.
fn holds_secret(text: &str, place: &FilePlace) -> bool {
    let secrets = place.secrets.iter().filter_map(|part| place.source.text.get(part.clone()));
    let mut secrets = secrets.map(|secret| secret.trim().trim_matches(['"', '\'']));
    secrets.any(|secret| secret.len() >= SHORTEST && text.contains(secret))
}

/// A part of a text, which begins at `start`, without what may be a secret. Positions do not change.
pub fn masked(part: &str, start: usize, secrets: &Secrets) -> String {
    let mut bytes = part.as_bytes().to_vec();
    for secret in secrets.iter() {
        let own = secret.start.saturating_sub(start)..secret.end.saturating_sub(start).min(bytes.len());
        for byte in bytes.get_mut(own).into_iter().flatten().filter(|byte| !matches!(**byte, b'\n' | b'\r')) {
            *byte = b'*';
        }
    }
    // The ends of a value are between characters; those of the part may be in one.
    String::from_utf8(bytes).unwrap_or_else(|_| MASK.repeat(part.len()))
}

/// What of a file may be a secret.
fn secrets(file: &File) -> Secrets {
    let mut found = Vec::new();
    file.each_document(&mut |_, json, document| {
        let opened = Opened::new(&file.source.text, json.root(), document);
        Search { opened: &opened, found: &mut found }.value(json.root());
        // What a key had that is set again is not in the JSON.
        let repeated = document.into_iter().flat_map(|document| &document.repeated);
        found.extend(repeated.map(|key| lost_value(&file.source.text, &key.first, key.again.start)));
    });
    found.sort_by_key(|part| (part.start, part.end));
    let mut merged = Vec::<Range<usize>>::with_capacity(found.len());
    for part in found {
        match merged.last_mut() {
            Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
            _ => merged.push(part),
        }
    }
    merged.into()
}

/// Where the value of a key is written, by its indentation, which ends before the key is set again.
fn lost_value(text: &str, key: &Range<usize>, again: usize) -> Range<usize> {
    let before = text.get(..key.start).unwrap_or_default();
    let indent = key.start - before.rfind('\n').map_or(0, |at| at + 1);
    let rest = text.get(key.end..again).unwrap_or_default();
    let mut lines = rest.split_inclusive('\n');
    let first = lines.next().map_or(0, str::len);
    let is_inside = |line: &&str| {
        let own = line.len() - line.trim_start().len();
        line.trim().is_empty() || own > indent || (own == indent && line.trim_start().starts_with('-'))
    };
    key.end..key.end + first + lines.take_while(is_inside).map(str::len).sum::<usize>()
}

struct Search<'s, 'a> {
    opened: &'s Opened<'a>,
    found: &'s mut Vec<Range<usize>>,
}

impl<'a> Search<'_, 'a> {
    fn value(&mut self, value: Value<'a>) {
        let is_secret = value.field("kind").and_then(Value::as_str).as_deref() == Some("Secret");
        for (key, member) in value.members() {
            match (&*key, member.kind()) {
                ("data" | "stringData", _) if is_secret => self.all(member),
                ("env", Kind::Array) => member.elements().for_each(|variable| self.variable(variable)),
                ("env", Kind::Object) => member.members().for_each(|(name, value)| self.value_of(&name, value)),
                ("args" | "command", Kind::Array) => member.elements().for_each(|word| self.word(word)),
                _ => self.value(member),
            }
        }
        value.elements().for_each(|element| self.value(element));
        if value.as_str().is_some_and(|text| has_credentials(&text)) {
            self.all(value);
        }
    }

    fn variable(&mut self, variable: Value<'a>) {
        let name = variable.field("name").and_then(Value::as_str).unwrap_or_default();
        for (key, member) in variable.members() {
            if key == "value" { self.value_of(&name, member) } else { self.value(member) }
        }
    }

    fn value_of(&mut self, name: &str, value: Value<'a>) {
        if !value.as_str().is_some_and(|text| is_shown(name, &text)) {
            self.all(value);
        }
    }

    /// What follows the first `=` in a word of a command.
    fn word(&mut self, word: Value<'a>) {
        let Some(span) = self.opened.origin(word).map(|origin| origin.span) else { return };
        let text = self.opened.text.get(span.clone()).unwrap_or_default();
        let behind = text.find('=').map(|at| (at + 1, text.get(at + 1..).unwrap_or_default()));
        if word.as_str().is_some_and(|text| has_credentials(&text)) {
            self.all(word);
        } else if let Some((at, _)) = behind.filter(|(_, value)| !is_path_or_reference(value)) {
            self.found.push(span.start + at..span.end);
        }
    }

    /// All scalars in a value.
    fn all(&mut self, value: Value<'a>) {
        if matches!(value.kind(), Kind::Object | Kind::Array) {
            value.members().for_each(|(_, member)| self.all(member));
            value.elements().for_each(|element| self.all(element));
        } else {
            self.found.extend(self.opened.origin(value).map(|origin| origin.span));
        }
    }
}

/// Whether the value of a variable is no secret, and messages may be about it.
fn is_shown(name: &str, value: &str) -> bool {
    if present(Some(value)).is_none() || (has_placeholder(value) && value.len() < 100) {
        return true;
    }
    match name {
        keys::ENV_CLIENT_ID => is_client_id(value),
        keys::ENV_TENANT_ID => is_tenant_id(value),
        keys::ENV_CA_DATA => false,
        keys::ENV_TOKEN_CREDENTIALS => value.bytes().all(|byte| byte.is_ascii_alphabetic()),
        _ if keys::ENV_ENDPOINTS.contains(&name) => {
            let is_url_or_path = ["https://", "http://", "/"].iter().any(|start| value.starts_with(start));
            is_url_or_path && !value.contains(['@', '?'])
        }
        _ => is_path_or_reference(value),
    }
}

/// Whether a value names a file, or another variable.
fn is_path_or_reference(value: &str) -> bool {
    value.starts_with("/var/run/secrets/") || value.starts_with("$(")
}

fn has_credentials(text: &str) -> bool {
    let has_user = || {
        let behind = text.split_once("://").map_or("", |(_, behind)| behind);
        behind.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
    };
    let lower = text.to_ascii_lowercase();
    CREDENTIALS.iter().any(|mark| lower.contains(mark)) || has_user()
}
