//! How strings are written in YAML: without quotes only where every reader of YAML, 1.1 or 1.2, reads the string.

use std::fmt::Write as _;

use crate::yaml::Style;

/// Where a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// In a block collection.
    Block,
    /// In a flow collection.
    Flow,
    /// In a JSON text, or a flow collection whose keys are in double quotes.
    Json,
}

/// A string on one line, in the quotes of `style` where they can hold it.
pub(super) fn string(text: &str, style: Style, context: Context) -> String {
    match style {
        Style::SingleQuoted if context != Context::Json && is_printable(text) => {
            ["'", &text.replace('\'', "''"), "'"].concat()
        }
        Style::SingleQuoted | Style::DoubleQuoted => double_quoted(text),
        _ if context != Context::Json && is_plain(text, context) => text.to_owned(),
        _ => double_quoted(text),
    }
}

/// A string in double quotes, as JSON and YAML both read it.
fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    for character in json::text(text).chars() {
        // Readers of YAML 1.1 take some of these for line breaks, others are not printable.
        if matches!(character, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            // Writing to a string cannot fail.
            let _ = write!(quoted, "\\u{:04x}", u32::from(character));
        } else {
            quoted.push(character);
        }
    }
    quoted
}

/// Whether single quotes or none can hold the text on one line.
fn is_printable(text: &str) -> bool {
    text.chars().all(|it| matches!(it, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{2030}'..='\u{d7ff}' | '\u{10000}'..))
}

/// Whether a literal block can hold the text.
pub(super) fn is_literal(text: &str) -> bool {
    let lines = text.strip_suffix('\n').unwrap_or(text);
    lines.contains('\n')
        && !lines.starts_with([' ', '\t', '\n', '#'])
        && !lines.ends_with('\n')
        && lines.split('\n').all(|line| is_printable(line) && !line.ends_with(' '))
}

/// Whether a text without quotes is a string to every reader.
fn is_plain(text: &str, context: Context) -> bool {
    let mut first = text.chars();
    let starts_well = match (first.next(), first.next()) {
        (Some('-'), Some(second)) => (second == '-' || second.is_alphanumeric()) && !text.starts_with("---"),
        (Some('.'), Some(second)) => second.is_alphanumeric() || second == '/',
        (Some(first), _) => first.is_alphanumeric() || matches!(first, '/' | '_' | '$' | '('),
        (None, _) => false,
    };
    let is_ordinary = |it: char| it.is_alphanumeric() || " _-./@+=()$%~*&!|<>;^:#,".contains(it);
    let is_ordinary_in_flow = |it: char| !",:*&!|<>#".contains(it);
    starts_well
        && !text.ends_with([' ', ':'])
        && text.chars().all(is_ordinary)
        && (context == Context::Block || text.chars().all(is_ordinary_in_flow))
        && !text.contains(": ")
        && !text.contains(" #")
        && !is_word(text)
        && !is_like_a_number(text)
}

/// Whether some reader takes the text for a boolean or null.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan", "-.inf"];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether some reader may take the text for a number, a time or a date. A GUID is none of them.
fn is_like_a_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let starts_with_digit = unsigned.strip_prefix('.').unwrap_or(unsigned).starts_with(|it: char| it.is_ascii_digit());
    let is_date = {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        digits == 4 && text.get(4..).is_some_and(|rest| rest.starts_with('-'))
    };
    let is_number = || {
        let body = unsigned.bytes();
        // Hexadecimal, octal and binary numbers, exponents, base 60, and digits in groups.
        body.clone().all(|it| {
            it.is_ascii_hexdigit() || matches!(it, b'x' | b'X' | b'o' | b'O' | b'.' | b'_' | b':' | b'+' | b'-' | b',')
        }) && body.filter(|it| matches!(it, b'-' | b'+')).count() <= 1
    };
    starts_with_digit && (is_date || is_number())
}
