//! One pass over the text: checks the grammar of RFC 8259 and notes where each value is.

use std::collections::BTreeSet;
use std::fmt;

use super::document::{Kind, Node};

/// How many arrays and objects may be open at once: what `serde_json`, with which Kubewarden's host reads our answer, takes.
pub const DEPTH_LIMIT: usize = 127;

/// Up to this many keys of an object are compared each with each to find a repeated one; more go into a tree.
const FEW_KEYS: usize = 12;

/// The largest 64-bit float, as which the host reads what is no whole number, and which schemas do use as a bound: how many
/// digits it has before the decimal point, and the first of them.
const LARGEST_FLOAT: (i64, &[u8]) = (309, b"17976931348623157");

/// Why a text is no JSON that we accept, and where. It never quotes the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    reason: &'static str,
    line: usize,
    column: usize,
}

impl SyntaxError {
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

/// Where and why the scan stopped; becomes a [`SyntaxError`] once, at the end.
struct Stop {
    at: usize,
    reason: &'static str,
}

type Step = Result<(), Stop>;

/// Reads the whole of `text` into nodes in document order: a container is followed by its children, an object's key by
/// its value.
pub(super) fn scan(text: &[u8]) -> Result<Vec<Node>, SyntaxError> {
    if u32::try_from(text.len()).is_err() {
        return Err(SyntaxError::new(text, 0, "the text is longer than 4 GiB"));
    }
    if let Err(error) = std::str::from_utf8(text) {
        return Err(SyntaxError::new(text, error.valid_up_to(), "the text is not UTF-8"));
    }
    // Kubernetes objects hold a value in every 12 to 16 bytes; too few only means growing once.
    let mut scanner = Scanner { text, at: 0, nodes: Vec::with_capacity(text.len() / 12 + 8), keys: Vec::new() };
    match scanner.document() {
        Ok(()) => Ok(scanner.nodes),
        Err(stop) => Err(SyntaxError::new(text, stop.at, stop.reason)),
    }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Key nodes of the objects that are open, innermost last.
    keys: Vec<u32>,
}

impl Scanner<'_> {
    fn document(&mut self) -> Step {
        self.skip_white_space();
        self.value(0)?;
        self.skip_white_space();
        if self.at == self.text.len() { Ok(()) } else { self.stop("something follows the end of the JSON value") }
    }

    fn value(&mut self, depth: usize) -> Step {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.container(Kind::Object, depth, Self::members),
            Some(b'[') => self.container(Kind::Array, depth, Self::elements),
            Some(b't') => self.word(b"true", Kind::Bool),
            Some(b'f') => self.word(b"false", Kind::Bool),
            Some(b'n') => self.word(b"null", Kind::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.stop("expected a JSON value"),
            None => self.cut_off(),
        }
    }

    fn container(&mut self, kind: Kind, depth: usize, content: fn(&mut Self, usize) -> Step) -> Step {
        if depth == DEPTH_LIMIT {
            return self.stop("arrays and objects are nested too deeply");
        }
        let node = self.open(kind);
        self.at += 1;
        self.skip_white_space();
        content(self, depth + 1)?;
        self.at += 1;
        self.close(node);
        Ok(())
    }

    /// Up to, not including, the closing bracket.
    fn elements(&mut self, depth: usize) -> Step {
        if self.peek() == Some(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if self.ends_at(b']', "expected `,` or `]`")? {
                return Ok(());
            }
        }
    }

    /// Up to, not including, the closing brace.
    fn members(&mut self, depth: usize) -> Step {
        if self.peek() == Some(b'}') {
            return Ok(());
        }
        let outer_keys = self.keys.len();
        loop {
            match self.peek() {
                Some(b'"') => {}
                Some(_) => return self.stop("expected a key in double quotes"),
                None => return self.cut_off(),
            }
            self.keys.push(self.next_index());
            self.string()?;
            self.skip_white_space();
            match self.peek() {
                Some(b':') => self.at += 1,
                Some(_) => return self.stop("expected `:`"),
                None => return self.cut_off(),
            }
            self.skip_white_space();
            self.value(depth)?;
            if self.ends_at(b'}', "expected `,` or `}`")? {
                break;
            }
        }
        self.check_keys_differ(outer_keys)?;
        self.keys.truncate(outer_keys);
        Ok(())
    }

    /// After a value: true at the closing bracket, false after a comma.
    fn ends_at(&mut self, closing: u8, reason: &'static str) -> Result<bool, Stop> {
        self.skip_white_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.skip_white_space();
                Ok(false)
            }
            Some(byte) if byte == closing => Ok(true),
            Some(_) => Err(Stop { at: self.at, reason }),
            None => Err(self.end_of_text()),
        }
    }

    /// A key that comes twice has no agreed meaning: readers differ on which one wins, so that what we checked might not
    /// be what the API server stores.
    fn check_keys_differ(&mut self, from: usize) -> Step {
        let (text, nodes) = (self.text, &self.nodes);
        let node = |index: u32| nodes.get(index as usize).copied().unwrap_or(Node::NULL);
        let same = |a: Node, b: Node| {
            if a.escaped || b.escaped {
                a.decoded(text) == b.decoded(text)
            } else {
                // Lengths first: most keys differ by it.
                a.end - a.start == b.end - b.start && a.bytes(text) == b.bytes(text)
            }
        };
        let keys = self.keys.get(from..).unwrap_or_default();
        let repeated = if keys.len() <= FEW_KEYS {
            keys.iter().enumerate().find_map(|(position, key)| {
                let earlier = keys.get(..position).unwrap_or_default();
                let key = node(*key);
                earlier.iter().any(|other| same(node(*other), key)).then_some(key)
            })
        } else {
            // Not a hash map: without random seeds, which the guest has not, an adversary could make it slow.
            let mut seen = BTreeSet::new();
            keys.iter().map(|key| node(*key)).find(|key| !seen.insert(key.decoded(text)))
        };
        match repeated {
            Some(key) => Err(Stop { at: key.start as usize, reason: "an object has the same key twice" }),
            None => Ok(()),
        }
    }

    fn string(&mut self) -> Step {
        let index = self.open(Kind::String);
        self.at += 1;
        let mut escaped = false;
        loop {
            self.skip_plain_characters();
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => return self.stop("a control character in a string"),
                None => return self.cut_off(),
            }
        }
        self.at += 1;
        self.close(index);
        if escaped {
            self.check_escapes(index)?;
        }
        Ok(())
    }

    /// Advances to the next quote, backslash or control character, eight bytes at a step.
    fn skip_plain_characters(&mut self) {
        const ONES: u64 = u64::MAX / 255;
        const HIGH: u64 = ONES * 0x80;
        // The classic trick: a byte that is zero borrows into its high bit. A false hit, possible only above a true one,
        // merely ends the wide loop early.
        let zero_byte = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (words, _) = rest.as_chunks::<8>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            let quote = zero_byte(word ^ (ONES * u64::from(b'"')));
            let backslash = zero_byte(word ^ (ONES * u64::from(b'\\')));
            let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
            let hit = quote | backslash | control;
            if hit != 0 {
                self.at += (hit.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while let Some(byte) = self.peek() {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return;
            }
            self.at += 1;
        }
    }

    fn check_escapes(&mut self, index: u32) -> Step {
        let Some(node) = self.nodes.get_mut(index as usize) else { return Ok(()) };
        node.escaped = true;
        let start = node.start as usize + 1;
        let content = self.text.get(start..node.end as usize - 1).unwrap_or_default();
        unescape(content, |_| {})
            .map_err(|at| Stop { at: start + at, reason: "an escape in a string that JSON does not know" })
    }

    fn number(&mut self) -> Step {
        let index = self.open(Kind::Number);
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let start = self.at;
        let whole = self.digits()?;
        if whole > 1 && self.text.get(start) == Some(&b'0') {
            return self.stop("a number with a leading zero");
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let mantissa = start..self.at;
        let mut exponent: i64 = 0;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            let negative = self.peek() == Some(b'-');
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            let digits = self.digits()?;
            for digit in self.text.get(self.at - digits..self.at).unwrap_or_default() {
                exponent = exponent.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
            }
            if negative {
                exponent = -exponent;
            }
        }
        let magnitude = exponent.saturating_add(i64::try_from(whole).unwrap_or(i64::MAX));
        if magnitude >= LARGEST_FLOAT.0 && exceeds_float(self.text.get(mantissa).unwrap_or_default(), magnitude) {
            return self.stop("a number that is too large");
        }
        self.close(index);
        Ok(())
    }

    /// One digit or more; how many.
    fn digits(&mut self) -> Result<usize, Stop> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        match self.at - start {
            0 if self.peek().is_none() => Err(self.end_of_text()),
            0 => Err(Stop { at: self.at, reason: "expected a digit" }),
            count => Ok(count),
        }
    }

    fn word(&mut self, word: &'static [u8], kind: Kind) -> Step {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return self.stop("expected a JSON value");
        }
        let index = self.open(kind);
        self.at += word.len();
        self.close(index);
        Ok(())
    }

    fn open(&mut self, kind: Kind) -> u32 {
        let index = self.next_index();
        self.nodes.push(Node { start: self.offset(), kind, ..Node::NULL });
        index
    }

    fn close(&mut self, index: u32) {
        let (end, next) = (self.offset(), self.next_index());
        if let Some(node) = self.nodes.get_mut(index as usize) {
            node.end = end;
            node.next = next;
        }
    }

    // INVARIANT: `scan` refuses texts over 4 GiB, and each node takes at least a byte of text, so neither cast truncates.
    #[allow(clippy::cast_possible_truncation)]
    fn next_index(&self) -> u32 {
        self.nodes.len() as u32
    }

    #[allow(clippy::cast_possible_truncation)]
    fn offset(&self) -> u32 {
        self.at as u32
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn stop(&self, reason: &'static str) -> Step {
        Err(Stop { at: self.at, reason })
    }

    fn end_of_text(&self) -> Stop {
        Stop { at: self.text.len(), reason: "the text ends in the middle of a JSON value" }
    }

    fn cut_off(&self) -> Step {
        Err(self.end_of_text())
    }
}

/// True if a number is larger than any float: `magnitude` is how many digits it has before the decimal point, leading zeros
/// and exponent counted in.
#[cold]
fn exceeds_float(mantissa: &[u8], magnitude: i64) -> bool {
    let digits = || mantissa.iter().filter(|byte| **byte != b'.');
    let zeros = digits().take_while(|digit| **digit == b'0').count();
    let significant = || digits().skip(zeros).take(LARGEST_FLOAT.1.len());
    let magnitude = magnitude.saturating_sub(i64::try_from(zeros).unwrap_or(i64::MAX));
    significant().next().is_some()
        && magnitude.cmp(&LARGEST_FLOAT.0).then_with(|| significant().cmp(LARGEST_FLOAT.1)).is_gt()
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
