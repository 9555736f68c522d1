//! What is wrong with a text, in words for people.

use std::ops::Range;

use granit_parser::ErrorKind;

use super::SyntaxError;

/// What is wrong with a tab where a key may begin.
pub(super) const TAB: &str = "a tab is used for indentation; use spaces";

/// What is wrong with a line `...` that ends nothing.
pub(super) const LONELY_END: &str = "the line `...` ends a document, but there is none before it; remove the line";

/// The first place in a part of the text with something that may be nowhere in it: a control character, something that is a line break
/// only to some readers, or a separator with text behind it.
pub(super) fn forbidden(text: &str, part: Range<usize>) -> Option<SyntaxError> {
    let bytes = text.as_bytes().get(part.clone())?;
    let mut at = part.start;
    // Runs of bytes that need no look, then one that does.
    for run in bytes.split_inclusive(|byte| is_suspect(*byte)) {
        at += run.len();
        let last = at - 1;
        let message = match text.as_bytes().get(last) {
            Some(b'\n') => separator(text, at).map(|message| (at, message)),
            Some(byte) if is_suspect(*byte) => character(text, last).map(|message| (last, message)),
            _ => None,
        };
        if let Some((offset, message)) = message {
            return Some(SyntaxError::new(offset, message));
        }
    }
    if part.start == 0 {
        return separator(text, 0).map(|message| SyntaxError::new(0, message));
    }
    None
}

/// Whether a byte is, or begins, a character that may be forbidden, or ends a line.
fn is_suspect(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0a..=0x1f | 0x7f | 0xc2 | 0xe2 | 0xef)
}

/// What is wrong with the character at a position.
fn character(text: &str, at: usize) -> Option<&'static str> {
    let rest = text.get(at..)?;
    match rest.chars().next()? {
        '\r' if rest.starts_with("\r\n") => None,
        '\r' => Some("a carriage return without a line feed; lines end with a line feed, or with both"),
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some(
            "a character that is a line break to Kubernetes (U+0085, U+2028 or U+2029); write it as an escape in double quotes, \
             such as \"\\u2028\"",
        ),
        '\u{feff}' if rest.starts_with("\u{feff}\u{feff}") => Some("two byte order marks; remove one"),
        '\0' => Some("a NUL character; a text in UTF-16 has to be saved as UTF-8"),
        '\u{1}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
            Some("a control character; remove it, or write it as an escape in double quotes, such as \"\\x1b\"")
        }
        _ => None,
    }
}

/// What is wrong with a line that separates documents. kubectl splits the text at such lines before it reads YAML.
fn separator(text: &str, line_start: usize) -> Option<&'static str> {
    let rest = text.get(line_start..)?.strip_prefix("---")?;
    let line = rest.lines().next().unwrap_or_default();
    let behind = line.trim_start();
    let is_alone = behind.is_empty() || (behind.starts_with('#') && behind.len() < line.len());
    (!is_alone).then_some("only a comment may follow `---` on its line; move the rest to the next line")
}

/// Words for an error of the parser.
pub(super) fn describe(text: &str, offset: usize, kind: &ErrorKind) -> SyntaxError {
    SyntaxError::new(offset, words(text, offset, kind))
}

fn words(text: &str, offset: usize, kind: &ErrorKind) -> String {
    let _ = (text, offset);
    kind.to_string()
}
