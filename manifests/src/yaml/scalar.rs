//! What a scalar stands for: the rules of go.yaml.in/yaml/v2, the YAML 1.1 reader below `sigs.k8s.io/yaml`.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The namespace of YAML's own tags: `!!int` is short for it and `int`.
const YAML: &str = "tag:yaml.org,2002:";

/// A scalar's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    /// One that only fits without a sign.
    Unsigned(u64),
    Float(f64),
    Text(Cow<'a, str>),
}

/// What a scalar's text stands for; `plain` says that it is written without quotes and not as a block. The error says what is wrong.
pub(super) fn resolve<'a>(text: &'a str, plain: bool, tag: Option<&str>) -> Result<Scalar<'a>, String> {
    let Some(tag) = tag else {
        return Ok(if plain { untagged(text) } else { Scalar::Text(Cow::Borrowed(text)) });
    };
    let mismatch = || format!("the tag says that this is {}, which it is not", described(tag));
    match (tag.strip_prefix(YAML), untagged(text)) {
        (Some("binary"), _) => binary(text).map(|text| Scalar::Text(Cow::Owned(text))),
        (Some("timestamp"), _) => {
            Err("the tag `!!timestamp` is not supported; remove it: times are texts to Kubernetes".to_owned())
        }
        (Some("float"), Scalar::Integer(integer)) => {
            // As Go converts it: to the nearest float.
            #[allow(clippy::cast_precision_loss)]
            let float = integer as f64;
            Ok(Scalar::Float(float))
        }
        (Some("bool"), value @ Scalar::Bool(_))
        | (Some("int"), value @ (Scalar::Integer(_) | Scalar::Unsigned(_)))
        | (Some("float"), value @ Scalar::Float(_))
        | (Some("null"), value @ Scalar::Null) => Ok(value),
        (Some("bool" | "int" | "float" | "null"), _) => Err(mismatch()),
        // `!!str`, and tags that have a meaning only to the application.
        _ => Ok(Scalar::Text(Cow::Borrowed(text))),
    }
}

fn described(tag: &str) -> &'static str {
    match tag.strip_prefix(YAML) {
        Some("bool") => "a boolean",
        Some("int") => "a whole number",
        Some("float") => "a number",
        _ => "null",
    }
}

fn binary(text: &str) -> Result<String, String> {
    let encoded: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let bytes = STANDARD.decode(encoded).map_err(|_| "the value behind `!!binary` is not base64".to_owned())?;
    String::from_utf8(bytes).map_err(|_| {
        "the value behind `!!binary` is not UTF-8 text, which JSON cannot hold; remove the tag to keep the base64 text"
            .to_owned()
    })
}

/// What a plain scalar stands for.
fn untagged(text: &str) -> Scalar<'_> {
    let as_text = || Scalar::Text(Cow::Borrowed(text));
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text).unwrap_or_else(as_text)
        }
        b'+' | b'-' | b'0'..=b'9' => number(text).or_else(|| not_finite(text)).unwrap_or_else(as_text),
        b'.' => fraction(text).or_else(|| not_finite(text)).unwrap_or_else(as_text),
        _ => as_text(),
    }
}

/// Whether a key of this text may have been written as a boolean or a number.
pub(super) fn may_be_no_text(key: &str) -> bool {
    matches!(untagged(key), Scalar::Bool(_) | Scalar::Integer(_) | Scalar::Unsigned(_) | Scalar::Float(_))
}

fn word<'a>(text: &str) -> Option<Scalar<'a>> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => return None,
    })
}

fn not_finite<'a>(text: &str) -> Option<Scalar<'a>> {
    Some(Scalar::Float(match text {
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => f64::INFINITY,
        "-.inf" | "-.Inf" | "-.INF" => f64::NEG_INFINITY,
        _ => return None,
    }))
}

/// A number that starts with a sign or a digit. Underscores may be anywhere behind it.
fn number<'a>(text: &str) -> Option<Scalar<'a>> {
    // Nothing else can be in a number; images, times and addresses end here.
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')) {
        return None;
    }
    let text = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..)?),
        Some(b'+') => (false, text.get(1..)?),
        _ => (false, &*text),
    };
    let has_sign = unsigned.len() < text.len();
    if let Some(magnitude) = magnitude(unsigned) {
        if let Some(integer) = with_sign(negative, magnitude) {
            return Some(Scalar::Integer(integer));
        }
        if !has_sign {
            return Some(Scalar::Unsigned(magnitude));
        }
    }
    if is_decimal(unsigned) {
        return finite(&text);
    }
    // Go's reader looks at binary numbers a second time, with a sign behind the prefix.
    let digits = text.strip_prefix("0b")?;
    let (negative, digits) = digits
        .strip_prefix('-')
        .map_or_else(|| (false, digits.strip_prefix('+').unwrap_or(digits)), |digits| (true, digits));
    with_sign(negative, from_digits(digits, 2)?).map(Scalar::Integer)
}

fn with_sign(negative: bool, magnitude: u64) -> Option<i64> {
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// The value of digits with the prefix of Go's literals, if it fits: `0x`, `0o`, `0b`, `0`.
fn magnitude(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let (radix, digits) = match bytes {
        [b'0'] => return Some(0),
        [b'0', b'x' | b'X', _, ..] => (16, text.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, text.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, text.get(2..)?),
        [b'0', ..] => (8, text.get(1..)?),
        _ => (10, text),
    };
    from_digits(digits, radix)
}

/// As the standard library, without a sign.
fn from_digits(digits: &str, radix: u32) -> Option<u64> {
    let starts_with_digit = digits.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if starts_with_digit { u64::from_str_radix(digits, radix).ok() } else { None }
}

/// Whether this is a decimal number without a sign, perhaps with a fraction and an exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_right = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && are_digits(digits)
    });
    let mantissa_is_right = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            are_digits(whole) && are_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && are_digits(mantissa),
    };
    exponent_is_right && mantissa_is_right
}

/// A decimal number that a float can hold.
fn finite<'a>(text: &str) -> Option<Scalar<'a>> {
    text.parse().ok().filter(|float: &f64| float.is_finite()).map(Scalar::Float)
}

/// A number that starts with its point. Underscores may only be between digits.
fn fraction<'a>(text: &str) -> Option<Scalar<'a>> {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let mut underscores = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'_');
    if !underscores.all(|(at, _)| is_digit(bytes.get(at.wrapping_sub(1))) && is_digit(bytes.get(at + 1))) {
        return None;
    }
    let text = if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    if is_decimal(&text) { finite(&text) } else { None }
}

impl Scalar<'_> {
    /// Writes the value as JSON. The error says why JSON cannot hold it.
    pub(super) fn write(&self, json: &mut String) -> Result<(), &'static str> {
        let written = match self {
            Self::Null => json.write_str("null"),
            Self::Bool(value) => json.write_str(if *value { "true" } else { "false" }),
            Self::Integer(value) => write!(json, "{value}"),
            Self::Unsigned(value) => write!(json, "{value}"),
            Self::Float(value) if value.is_finite() => write_float(*value, json),
            Self::Float(_) => {
                return Err("JSON has no infinity and no `nan`; put the value in quotes if it is meant as text");
            }
            Self::Text(text) => {
                write_text(text, json);
                Ok(())
            }
        };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
        Ok(())
    }

    /// The value as the key of a mapping, as `sigs.k8s.io/yaml` makes it a text. The error says why it cannot be one.
    pub(super) fn into_key(self) -> Result<String, &'static str> {
        Ok(match self {
            Self::Null => return Err("the key is null; put it in quotes if it is meant as text"),
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Unsigned(_) => return Err("the key is a number that is too large; put it in quotes"),
            Self::Float(value) => float_key(value),
            Self::Text(text) => text.into_owned(),
        })
    }
}

/// Writes a float as Go's `encoding/json` does: the fewest digits that give it back, an exponent only for very large and small ones.
fn write_float(value: f64, json: &mut String) -> fmt::Result {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
        return write!(json, "{value}");
    }
    let written = format!("{value:e}");
    match written.split_once('e') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => write!(json, "{mantissa}e+{exponent}"),
        _ => json.write_str(&written),
    }
}

/// A float as `sigs.k8s.io/yaml` writes it in a key: Go's format `g` with the precision of 32 bits.
fn float_key(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    #[allow(clippy::cast_possible_truncation)]
    let value = value as f32;
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let written = format!("{value:e}");
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// Writes a text as a JSON string. Equal texts are written alike.
pub(super) fn write_text(text: &str, json: &mut String) {
    json.push('"');
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_length(rest.as_bytes()));
        json.push_str(plain);
        let Some(byte) = special.bytes().next() else { break };
        match byte {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\n' => json.push_str("\\n"),
            b'\r' => json.push_str("\\r"),
            b'\t' => json.push_str("\\t"),
            _ => {
                let written = write!(json, "\\u{byte:04x}");
                debug_assert!(written.is_ok(), "writing to a string does not fail");
            }
        }
        rest = special.get(1..).unwrap_or_default();
    }
    json.push('"');
}

/// How many bytes stand for themselves in a JSON string.
fn plain_length(bytes: &[u8]) -> usize {
    const CHUNK: usize = 32;
    let is_special = |byte: u8| matches!(byte, 0..0x20 | b'"' | b'\\');
    // The bytes of a chunk all at once.
    let (chunks, _) = bytes.as_chunks::<CHUNK>();
    let is_plain = |chunk: &&[u8; CHUNK]| chunk.iter().fold(0, |hit, byte| hit | u8::from(is_special(*byte))) == 0;
    let plain = chunks.iter().take_while(is_plain).count() * CHUNK;
    let rest = bytes.get(plain..).unwrap_or_default();
    plain + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}
