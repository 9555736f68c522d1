//! What is wrong with a text, in words for people.

use std::borrow::Cow;
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
    // The first byte of the text has none before it.
    if part.start == 0 && !part.is_empty() {
        return forbidden_at(text, 0).or_else(|| forbidden(text, 1..part.end));
    }
    let bytes = text.as_bytes();
    let (chunks, rest) = bytes.get(part.clone())?.as_chunks::<CHUNK>();
    let (chunks_before, _) = bytes.get(part.start.checked_sub(1)?..part.end)?.as_chunks::<CHUNK>();
    // The bytes of a chunk all at once, each with the one before it; one by one only where there is something.
    let is_suspicious = |(chunk, before): (&[u8; CHUNK], &[u8; CHUNK])| {
        let pairs = chunk.iter().zip(before);
        let hits = pairs
            .map(|(byte, before)| u8::from(is_suspect(*byte)) | (u8::from(*byte == b'-') & u8::from(*before == b'\n')));
        hits.fold(0, |all, hit| all | hit) != 0
    };
    let suspicious = chunks.iter().zip(chunks_before).enumerate().filter(|(_, pair)| is_suspicious(*pair));
    let in_chunk = |index: usize| part.start + index * CHUNK..part.start + (index + 1) * CHUNK;
    let mut places = suspicious.flat_map(|(index, _)| in_chunk(index)).chain(part.end - rest.len()..part.end);
    places.find_map(|at| forbidden_at(text, at))
}

/// How many bytes are looked at in one step.
const CHUNK: usize = 32;

fn forbidden_at(text: &str, at: usize) -> Option<SyntaxError> {
    let bytes = text.as_bytes();
    let byte = bytes.get(at)?;
    let message = if is_suspect(*byte) {
        character(text, at)
    } else if *byte == b'-'
        && at.checked_sub(1).and_then(|before| bytes.get(before)).is_none_or(|before| *before == b'\n')
    {
        separator(text, at)
    } else {
        None
    };
    message.map(|message| SyntaxError::new(at, message))
}

/// Whether a byte is, or begins, a character that may be forbidden.
fn is_suspect(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0b..=0x1f | 0x7f | 0xc2 | 0xe2 | 0xef)
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
        '\u{feff}' if !may_be_byte_order_mark(text, at) => Some("a byte order mark inside of the text; remove it"),
        '\0' => Some("a NUL character; a text in UTF-16 has to be saved as UTF-8"),
        '\u{1}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
            Some("a control character; remove it, or write it as an escape in double quotes, such as \"\\x1b\"")
        }
        _ => None,
    }
}

/// A byte order mark at the beginning of a document is skipped, and behind other text in a line it is a part of it.
fn may_be_byte_order_mark(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let line = before.trim_end_matches([' ', '\t', '\u{feff}']);
    if !line.is_empty() && !line.ends_with('\n') {
        return true;
    }
    let previous = line.trim_end_matches(['\r', '\n']);
    let previous = previous.get(previous.rfind('\n').map_or(0, |end| end + 1)..).unwrap_or_default();
    before.is_empty() || (before.ends_with('\n') && line.len() - previous.len() < 3 && previous.starts_with("---"))
}

/// What is wrong with a line that separates documents. kubectl splits the text at such lines before it reads YAML.
fn separator(text: &str, line_start: usize) -> Option<&'static str> {
    let rest = text.get(line_start..)?.strip_prefix("---")?;
    let line = rest.lines().next().unwrap_or_default();
    let behind = line.trim_start();
    let is_alone = behind.is_empty() || (behind.starts_with('#') && behind.len() < line.len());
    (!is_alone).then_some("only a comment may follow `---` on its line; move the rest to the next line")
}

/// Words for an error of the parser: what is wrong, and what to do where there is a usual cause.
pub(super) fn describe(text: &str, offset: usize, kind: &ErrorKind) -> SyntaxError {
    let words = words(text, offset, kind);
    if words != TAB {
        return SyntaxError::new(offset, words);
    }
    // The parser may have read on to what is behind the tab.
    let line = text.get(..offset).unwrap_or_default().rfind('\n').map_or(0, |end| end + 1);
    let tab = text.get(line..).and_then(|line| line.find(|character| character != ' '));
    let tab = tab.map(|at| line + at).filter(|at| text.as_bytes().get(*at) == Some(&b'\t'));
    SyntaxError::new(tab.unwrap_or(offset), words)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn words(text: &str, offset: usize, kind: &ErrorKind) -> Cow<'static, str> {
    use ErrorKind as Kind;
    Cow::Borrowed(match kind {
        Kind::TabNotAllowed | Kind::TabInBlockIndentation | Kind::TabAtBlockScalarStart | Kind::TabInIndentation => TAB,
        Kind::TabInPlainScalar => "a tab is where a text without quotes cannot have one; use spaces, or quotes",
        Kind::UnknownAnchor => {
            return match anchor_name(text, offset) {
                Some(name) => format!("`*{name}` refers to an anchor that is not defined above it; a text that begins with `*` needs quotes").into(),
                None => "an alias refers to an anchor that is not defined above it; a text that begins with `*` needs quotes".into(),
            };
        }
        Kind::MissingAnchorOrAliasName => {
            "a name has to follow `&` or `*`; a text that begins with one of them needs quotes"
        }
        Kind::AnchorCountOverflow => "too many anchors",
        Kind::UnclosedQuotedScalar => "a quoted text is not closed; add the closing quote",
        Kind::DocumentIndicatorInQuotedScalar => {
            "a quoted text is not closed before the line that ends the document; add the closing quote, or indent the line"
        }
        Kind::InvalidQuotedScalarIndent | Kind::InvalidFlowScalarIndent => {
            "this line of a text in quotes or brackets is not indented; a closing quote or bracket may be missing above, else indent the line"
        }
        Kind::InvalidTrailingSingleQuotedScalar => {
            "something follows the closing quote; write a single quote within single quotes twice, and a key is followed by `: `"
        }
        Kind::InvalidTrailingDoubleQuotedScalar => {
            "something follows the closing quote; write a double quote within double quotes as `\\\"`, and a key is followed by `: `"
        }
        Kind::UnknownQuotedScalarEscape => {
            "an escape that double quotes do not know; write a backslash as `\\\\`, or use single quotes"
        }
        Kind::InvalidQuotedScalarHexEscape | Kind::InvalidUnicodeEscape => {
            "an escape with wrong digits; `\\x` takes two hexadecimal digits, `\\u` four, `\\U` eight"
        }
        Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate => "one half of a surrogate pair; write the character itself",
        Kind::UnclosedFlowCollection { open: '[' } | Kind::UnexpectedEofFlowSequence => {
            "the bracket `[` is not closed; add `]`"
        }
        Kind::UnclosedFlowCollection { .. }
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping => "the brace `{` is not closed; add `}`",
        Kind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("`{open}` is closed with `{close}`").into();
        }
        Kind::MisplacedFlowCollectionEnd => {
            "a closing bracket or brace without an opening one; a text that begins with it needs quotes"
        }
        Kind::ExpectedFlowMappingSeparator => {
            "expected `,` or `}`; a text with `{`, `}`, `[`, `]` or `,` needs quotes here"
        }
        Kind::ExpectedFlowSequenceSeparator => {
            "expected `,` or `]`; a text with `{`, `}`, `[`, `]` or `,` needs quotes here"
        }
        Kind::FlowMappingValueAdjacentCollection | Kind::InvalidColonPlacement => {
            "a colon where there cannot be a key; a bracket or brace above may not be closed"
        }
        Kind::BlockEntryInFlowCollection => {
            "a list with dashes cannot be in brackets; a closing bracket may be missing above"
        }
        Kind::PlainScalarStartsWithDashFlowIndicator => {
            "a text that begins with `-` and a bracket, brace or comma needs quotes"
        }
        Kind::BlockSequenceEntryNotAllowed => {
            "a list cannot begin here; put the dash on a line of its own, or the text in quotes"
        }
        Kind::InvalidBlockEntryWhitespace => "a space has to follow the dash, not a tab",
        Kind::ExpectedBlockSequenceEntry | Kind::UnexpectedEofBlockSequence => {
            "expected a dash as in the lines above; the indentation of this line fits no list or mapping"
        }
        Kind::ExpectedBlockMappingKey | Kind::UnexpectedEofBlockMapping => {
            "expected a key; check the indentation of this line and of the one above"
        }
        Kind::InvalidIndentation => "the indentation of this line fits none of the lines above",
        Kind::MappingValueNotAllowed => {
            "a colon where there cannot be a value; a text with `: ` in it needs quotes, else check the indentation of this line"
        }
        Kind::MappingKeyNotAllowed => {
            "a key cannot begin here; check the indentation of this line and of the one above"
        }
        Kind::InvalidMappingValueWhitespace => "a space has to follow the colon, not a tab",
        Kind::SimpleKeyExpected => "expected `: ` behind the key; the colon, or the space behind it, is missing",
        Kind::InvalidSimpleKey => "a key has to be on one line, with at most 1024 characters and its colon behind it",
        Kind::CommentInterceptedScalar => {
            "a comment cannot be within a text of several lines; the line below it continues the text, a colon or a dash may be missing"
        }
        Kind::CommentNotSeparated => "a space has to be before `#`; a text that contains it needs quotes",
        Kind::ExpectedDocumentStart => {
            "something follows the end of the document's value; check the indentation of this line, or begin a document with `---`"
        }
        Kind::InvalidDocumentEnd => "only a comment may follow `...` on its line",
        Kind::BomInsideDocument => "a byte order mark inside of the text; remove it",
        Kind::UnexpectedCharacter { character } => {
            return format!("a text cannot begin with `{}`; put it in quotes", character.escape_debug()).into();
        }
        Kind::UnexpectedEndOfPlainScalar | Kind::ExpectedNodeContent => "expected a value",
        Kind::ExpectedWhitespace => "expected a space",
        Kind::ZeroBlockScalarIndent => "the digit behind `|` or `>` is at least 1",
        Kind::InvalidBlockScalarHeader => {
            "only `+`, `-`, a digit and a comment may follow `|` or `>`; a text that begins with one of them needs quotes"
        }
        Kind::InvalidBlockScalarIndent => {
            "the first lines of this text are empty, but have more spaces than its first word; remove the spaces"
        }
        Kind::RecursionLimitExceeded => "lists and mappings are nested too deep",
        Kind::DirectiveDisallowed | Kind::MissingDocumentEndBeforeDirective => {
            "kubectl does not read a document that begins with `%`; remove the line, or put the text in quotes"
        }
        Kind::UndeclaredTagHandle
        | Kind::ExpectedTagBang
        | Kind::InvalidGlobalTagCharacter
        | Kind::InvalidTagTerminator
        | Kind::MissingTagUri
        | Kind::UnclosedVerbatimTag
        | Kind::InvalidTagEscape
        | Kind::InvalidTagUtf8LeadingByte
        | Kind::InvalidTagUtf8TrailingByte
        | Kind::InvalidTagUtf8 => "a tag that cannot be read; a text that begins with `!` needs quotes",
        // Of directives and of sources that are no texts in memory: they cannot occur.
        _ => "this is not YAML",
    })
}

/// The name behind the `*` at a position.
fn anchor_name(text: &str, offset: usize) -> Option<&str> {
    const LONGEST: usize = 64;
    let rest = text.get(offset..)?.strip_prefix('*')?;
    let end = rest
        .find(|character: char| !character.is_ascii_alphanumeric() && !matches!(character, '-' | '_'))
        .unwrap_or(rest.len());
    rest.get(..end).filter(|name| (1..=LONGEST).contains(&name.len()))
}
