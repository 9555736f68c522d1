//! One pass over the text: checks the grammar of RFC 8259 and notes where each value is.

use std::num::NonZero;
use std::ops::Range;
use std::{fmt, iter};

use crate::node::{Kind, LONGEST_TEXT, Node};
use crate::order::ByName;

/// How many arrays and objects may be open at once: what `serde_json`, with which Kubewarden's host reads our answer, takes.
pub const DEPTH_LIMIT: usize = 127;

/// Up to this many keys of an object are compared each with each to find a repeated one; more are sorted.
const FEW_KEYS: usize = 12;

/// The numbers from here on are nearer to infinity than to the largest 64-bit float, which schemas do use as a bound, also rounded
/// up (`1.7976931348623158e308`): how many digits they have before the decimal point, and the first of them.
const TOO_LARGE: (i64, &[u8]) = (309, b"17976931348623158079");

const REPEATED_KEY: &str = "an object has the same key twice";

/// Why a text is no JSON that we accept, and where. It never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    reason: &'static str,
    line: usize,
    column: usize,
}

impl SyntaxError {
    /// What is wrong, without the place.
    pub const fn reason(&self) -> &'static str {
        self.reason
    }

    /// Whether all that is wrong so far is a key that comes twice, for readers to which the last one counts.
    pub fn is_repeated_key(&self) -> bool {
        self.reason == REPEATED_KEY
    }

    /// The line and the column in bytes, both from 1.
    pub const fn position(&self) -> (usize, usize) {
        (self.line, self.column)
    }

    /// `column` counts bytes from 1, as most editors and `serde_json` do.
    fn new(text: &[u8], at: usize, reason: &'static str) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        Self {
            reason,
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            column: 1 + before.len() - line_start,
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {} column {}", self.reason, self.line, self.column)
    }
}

impl std::error::Error for SyntaxError {}

/// The position behind what a step has read, which is never 0; `None` if the scan stops there. It fits into a register.
type Behind = Option<NonZero<usize>>;

/// Reads the whole of `text` into nodes in document order: a container is followed by its children, an object's key by
/// its value.
pub(super) fn scan(text: &[u8]) -> Result<(&str, Vec<Node>), SyntaxError> {
    if text.len() > LONGEST_TEXT {
        return Err(SyntaxError::new(text, 0, "the text is longer than 256 MiB"));
    }
    let as_str = std::str::from_utf8(text)
        .map_err(|error| SyntaxError::new(text, error.valid_up_to(), "the text is not UTF-8"))?;
    let mut scanner = Scanner {
        text,
        open: Vec::with_capacity(16),
        // Kubernetes objects hold a value in every 9 to 16 bytes. Allocated last, so that an allocator that can lets it grow in place.
        nodes: Vec::with_capacity(text.len() / 12 + 8),
        stop: (0, ""),
    };
    if scanner.document().is_some() {
        scanner.nodes.shrink_to_fit();
        return Ok((as_str, scanner.nodes));
    }
    let (at, reason) = scanner.stop;
    Err(SyntaxError::new(text, at, reason))
}

/// The position is passed from step to step, not kept here, so that it stays in a register: this is where most of a request's
/// time goes.
struct Scanner<'a> {
    text: &'a [u8],
    /// The arrays and objects that are open, innermost last.
    open: Vec<Open>,
    nodes: Vec<Node>,
    /// Where and why the scan has stopped.
    stop: (usize, &'static str),
}

/// An array or object that is open.
#[derive(Clone, Copy)]
struct Open {
    node: usize,
    is_object: bool,
}

impl Scanner<'_> {
    /// Reads all of the text; returns its end.
    fn document(&mut self) -> Behind {
        let mut at = self.skip_white_space(0);
        loop {
            // At a value.
            match self.byte(at) {
                b'"' => at = self.string(at)?.get(),
                b'{' => {
                    let inside = self.enter(at, Kind::Object)?;
                    at = self.skip_white_space(inside.get());
                    if self.byte(at) != b'}' {
                        at = self.key(at)?.get();
                        continue;
                    }
                }
                b'[' => {
                    let inside = self.enter(at, Kind::Array)?;
                    at = self.skip_white_space(inside.get());
                    if self.byte(at) != b']' {
                        continue;
                    }
                }
                b't' => at = self.word(at, b"true", Kind::Bool)?.get(),
                b'f' => at = self.word(at, b"false", Kind::Bool)?.get(),
                b'n' => at = self.word(at, b"null", Kind::Null)?.get(),
                b'-' | b'0'..=b'9' => at = self.number(at)?.get(),
                _ => return self.stop_instead(at, "expected a JSON value"),
            }
            // Behind a value, or in an empty array or object.
            loop {
                at = self.skip_white_space(at);
                let Some(innermost) = self.open.last().copied() else {
                    let is_end = at == self.text.len();
                    return if is_end {
                        NonZero::new(at)
                    } else {
                        self.stop(at, "something follows the end of the JSON value")
                    };
                };
                let (closing, reason) =
                    if innermost.is_object { (b'}', "expected `,` or `}`") } else { (b']', "expected `,` or `]`") };
                let byte = self.byte(at);
                if byte == closing {
                    at = self.leave(at, innermost)?.get();
                } else if byte == b',' {
                    at = self.skip_white_space(at + 1);
                    if innermost.is_object {
                        at = self.key(at)?.get();
                    }
                    break;
                } else {
                    return self.stop_instead(at, reason);
                }
            }
        }
    }

    /// Opens an array or object; returns the position behind its bracket.
    fn enter(&mut self, at: usize, kind: Kind) -> Behind {
        if self.open.len() == DEPTH_LIMIT {
            return self.stop(at, "arrays and objects are nested too deeply");
        }
        self.open.push(Open { node: self.nodes.len(), is_object: kind == Kind::Object });
        self.nodes.push(Node::open(at, kind));
        NonZero::new(at + 1)
    }

    /// Closes the innermost array or object; returns the position behind its bracket.
    fn leave(&mut self, at: usize, innermost: Open) -> Behind {
        if innermost.is_object
            && let Some(repeated) = self.repeated_key(innermost.node)
        {
            return self.stop(repeated, REPEATED_KEY);
        }
        self.open.pop();
        let next = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(innermost.node) {
            node.close(at + 1, next);
        }
        NonZero::new(at + 1)
    }

    /// Reads a key and its colon; returns the position of its value.
    fn key(&mut self, at: usize) -> Behind {
        if self.byte(at) != b'"' {
            return self.stop_instead(at, "expected a key in double quotes");
        }
        let end = self.string(at)?.get();
        let colon = self.skip_white_space(end);
        if self.byte(colon) != b':' {
            return self.stop_instead(colon, "expected `:`");
        }
        NonZero::new(self.skip_white_space(colon + 1))
    }

    /// Where an object has a key that it has before. Such a key has no agreed meaning: readers differ on which one wins, so that
    /// what we checked might not be what the API server stores.
    fn repeated_key(&self, object: usize) -> Option<usize> {
        for (count, key) in self.keys(object).enumerate() {
            if key.is_escaped() || count == FEW_KEYS {
                return self.repeated_of_many(object);
            }
            let name = key.bytes(self.text);
            let is_same = |other: Node| other.span().len() == name.len() && other.bytes(self.text) == name;
            if self.keys(object).take(count).any(is_same) {
                return Some(key.span().start);
            }
        }
        None
    }

    fn repeated_of_many(&self, object: usize) -> Option<usize> {
        let names: Vec<_> = self.keys(object).map(|key| key.decoded(self.text)).collect();
        let name = |position: usize| names.get(position).map_or::<&[u8], _>(b"", AsRef::as_ref);
        let repeated = ByName::new(names.len(), &name).repeated(&name)?;
        self.keys(object).nth(repeated).map(|key| key.span().start)
    }

    /// The keys of the object that was opened last, all of which has been read.
    fn keys(&self, object: usize) -> impl Iterator<Item = Node> {
        let mut index = object + 1;
        iter::from_fn(move || {
            let key = self.nodes.get(index).copied()?;
            index = self.nodes.get(index + 1)?.next() as usize;
            Some(key)
        })
    }

    /// Reads a string; returns the position behind its closing quote.
    fn string(&mut self, at: usize) -> Behind {
        let mut end = at + 1;
        let mut escaped = false;
        loop {
            end = self.skip_plain_characters(end);
            match self.byte(end) {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    end += 2;
                }
                _ => return self.stop_instead(end, "a control character in a string"),
            }
        }
        if escaped && let Some(unknown) = self.unknown_escape(at + 1..end) {
            return self.stop(unknown, "an escape in a string that JSON does not know");
        }
        self.leaf(at..end + 1, Kind::String, escaped)
    }

    /// The next quote, backslash or control character from `at` on, eight bytes at a step.
    fn skip_plain_characters(&self, mut at: usize) -> usize {
        const ONES: u64 = u64::MAX / 255;
        const HIGH: u64 = ONES * 0x80;
        // The classic trick: a byte that is zero borrows into its high bit. A false hit, possible only above a true one,
        // is never the lowest.
        let zero_byte = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
        while let Some(word) = self.text.get(at..at + 8).and_then(|bytes| bytes.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*word);
            let quote = zero_byte(word ^ (ONES * u64::from(b'"')));
            let backslash = zero_byte(word ^ (ONES * u64::from(b'\\')));
            let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
            let hit = quote | backslash | control;
            if hit != 0 {
                return at + (hit.trailing_zeros() / 8) as usize;
            }
            at += 8;
        }
        while !matches!(self.byte(at), b'"' | b'\\' | 0..0x20) {
            at += 1;
        }
        at
    }

    fn unknown_escape(&self, content: Range<usize>) -> Option<usize> {
        let start = content.start;
        unescape(self.text.get(content).unwrap_or_default(), |_| {}).err().map(|at| start + at)
    }

    /// Reads a number; returns the position behind it.
    fn number(&mut self, at: usize) -> Behind {
        let start = if self.byte(at) == b'-' { at + 1 } else { at };
        let point = self.digits(start)?.get();
        if point - start > 1 && self.byte(start) == b'0' {
            return self.stop(point, "a number with a leading zero");
        }
        let mut end = if self.byte(point) == b'.' { self.digits(point + 1)?.get() } else { point };
        let mantissa = start..end;
        let mut exponent: i64 = 0;
        if matches!(self.byte(end), b'e' | b'E') {
            let negative = self.byte(end + 1) == b'-';
            let digits = if negative || self.byte(end + 1) == b'+' { end + 2 } else { end + 1 };
            end = self.digits(digits)?.get();
            for digit in self.text.get(digits..end).unwrap_or_default() {
                exponent = exponent.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
            }
            if negative {
                exponent = -exponent;
            }
        }
        let magnitude = exponent.saturating_add(i64::try_from(point - start).unwrap_or(i64::MAX));
        if magnitude >= TOO_LARGE.0 && exceeds_float(self.text.get(mantissa).unwrap_or_default(), magnitude) {
            return self.stop(end, "a number that is too large");
        }
        self.leaf(at..end, Kind::Number, false)
    }

    /// Reads one digit or more; returns the position behind them.
    fn digits(&mut self, at: usize) -> Behind {
        let mut end = at;
        while self.byte(end).is_ascii_digit() {
            end += 1;
        }
        if end > at { NonZero::new(end) } else { self.stop_instead(at, "expected a digit") }
    }

    fn word(&mut self, at: usize, word: &'static [u8], kind: Kind) -> Behind {
        let end = at + word.len();
        if self.text.get(at..end) != Some(word) {
            return self.stop(at, "expected a JSON value");
        }
        self.leaf(at..end, kind, false)
    }

    /// Notes a value without children; returns the position behind it.
    fn leaf(&mut self, span: Range<usize>, kind: Kind, escaped: bool) -> Behind {
        let end = NonZero::new(span.end);
        let next = self.nodes.len() + 1;
        self.nodes.push(Node::leaf(span, next, kind, escaped));
        end
    }

    /// Notes why the scan stops where something else, or nothing, is in place of what `reason` names.
    #[cold]
    fn stop_instead(&mut self, at: usize, reason: &'static str) -> Behind {
        if at < self.text.len() {
            self.stop(at, reason)
        } else {
            self.stop(self.text.len(), "the text ends in the middle of a JSON value")
        }
    }

    /// Notes why the scan stops.
    #[cold]
    fn stop(&mut self, at: usize, reason: &'static str) -> Behind {
        self.stop = (at, reason);
        None
    }

    /// The byte at a position; a control character, which fits nowhere, behind the end.
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn skip_white_space(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\n' | b'\r' | b'\t') {
            at += 1;
        }
        at
    }
}

/// Whether a number is larger than any float: `magnitude` is how many digits it has before the decimal point, leading zeros
/// and exponent counted in.
#[cold]
fn exceeds_float(mantissa: &[u8], magnitude: i64) -> bool {
    let digits = || mantissa.iter().filter(|byte| **byte != b'.');
    let zeros = digits().take_while(|digit| **digit == b'0').count();
    let significant = || digits().skip(zeros).take(TOO_LARGE.1.len());
    let magnitude = magnitude.saturating_sub(i64::try_from(zeros).unwrap_or(i64::MAX));
    significant().next().is_some() && magnitude.cmp(&TOO_LARGE.0).then_with(|| significant().cmp(TOO_LARGE.1)).is_ge()
}

/// Gives `push` the text that the content of a JSON string stands for, piece by piece. The error is the offset of an
/// escape that JSON does not know (a surrogate without its pair is one).
pub(super) fn unescape(content: &[u8], mut push: impl FnMut(&[u8])) -> Result<(), usize> {
    let mut rest = content;
    while let Some(plain) = rest.iter().position(|byte| *byte == b'\\') {
        let at = content.len() - rest.len() + plain;
        let (before, escape) = rest.split_at(plain);
        push(before);
        let byte = match escape.get(1) {
            Some(b'u') => {
                let (character, length) = unicode_escape(escape).ok_or(at)?;
                push(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = escape.get(length..).unwrap_or_default();
                continue;
            }
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            _ => return Err(at),
        };
        push(&[byte]);
        rest = escape.get(2..).unwrap_or_default();
    }
    push(rest);
    Ok(())
}

/// The character of `\uXXXX`, or of a surrogate pair of two such, and its length in bytes.
fn unicode_escape(escape: &[u8]) -> Option<(char, usize)> {
    let unit = |from: usize| {
        let digits = escape.get(from..from + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0u16, |unit, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            Some(unit << 4 | u16::try_from(digit).ok()?)
        })
    };
    let first = unit(0)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, 6));
    }
    match char::decode_utf16([first, unit(6)?]).next() {
        Some(Ok(character)) => Some((character, 12)),
        _ => None,
    }
}
