//! What the parser reads, but the reader of Kubernetes refuses or reads otherwise. It is refused here too, so that the JSON is never
//! another than that of kubectl. Nothing here changes a value.

use std::ops::Range;

use super::transcode::Result;
use super::{Style, SyntaxError, problem};

/// Follows the nodes of a document, and looks at what is written between and in them.
pub(super) struct Refusals<'t> {
    text: &'t str,
    /// Where the document starts.
    start: usize,
    /// Where the last scalar, alias or bracket ended.
    last_end: usize,
    /// If that was a plain scalar, the column from which tabs behind it are harmless.
    plain_column: Option<usize>,
    /// How many flow collections are open.
    flow_depth: usize,
    /// Whether the last key of a flow mapping has a `?`.
    is_explicit_key: bool,
}

/// A scalar as it is written.
pub(super) struct Written<'s> {
    /// What it says.
    pub(super) text: &'s str,
    pub(super) span: &'s Range<usize>,
    pub(super) style: Style,
    /// Where its first character is; of a block scalar that is behind its header.
    pub(super) content: usize,
    pub(super) is_key: bool,
    /// The first column inside of the collection that holds it; `None` if it is the whole document.
    pub(super) column: Option<usize>,
}

impl<'t> Refusals<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, start: 0, last_end: 0, plain_column: None, flow_depth: 0, is_explicit_key: false }
    }

    /// Begins a document, whatever became of the one before.
    pub(super) fn begin(&mut self, start: usize) {
        (self.start, self.last_end, self.plain_column, self.flow_depth) = (start, start, None, 0);
    }

    /// Where the last scalar, alias or bracket ended.
    pub(super) fn last_end(&self) -> usize {
        self.last_end
    }

    /// A collection begins, which `end` is behind the bracket of.
    pub(super) fn enter(&mut self, is_flow: bool, end: usize) {
        self.flow_depth += usize::from(is_flow);
        self.ends(end);
    }

    /// A collection ends. A block collection has no end of its own; it ends with its last child.
    pub(super) fn leave(&mut self, is_flow: bool, range: &Range<usize>) {
        self.flow_depth -= usize::from(is_flow);
        if !range.is_empty() {
            self.ends(range.end);
        }
    }

    /// An alias.
    pub(super) fn alias(&mut self, range: &Range<usize>) -> Result {
        self.ends(range.end);
        self.is_explicit_key = false;
        self.name(range)
    }

    /// The merge key of a mapping, whose values begin at a column.
    pub(super) fn merge_key(&mut self, end: usize, column: Option<usize>) {
        self.last_end = end;
        self.plain_column = column.or(Some(0));
        self.is_explicit_key = false;
    }

    /// A scalar.
    #[inline]
    pub(super) fn scalar(&mut self, written: &Written<'_>) -> Result {
        let Written { text, span, style, content, is_key, column } = *written;
        match style {
            Style::Literal | Style::Folded => {
                self.block_indentation(span.start, content, column.is_none())?;
                self.block_end(span)?;
            }
            Style::DoubleQuoted => self.escapes(span)?,
            _ => {}
        }
        let is_plain = style == Style::Plain;
        self.last_end = span.end;
        self.plain_column = if is_plain && !span.is_empty() { column.or(Some(0)) } else { None };
        if is_plain && self.flow_depth > 0 {
            self.flow_scalar(text, span)?;
        } else if is_plain && text.len() < span.len() {
            // A tab in front of a line is not in the text.
            self.plain_lines(span, column.unwrap_or_default())?;
        }
        if is_key && self.flow_depth > 0 { self.flow_key(span) } else { Ok(()) }
    }

    fn ends(&mut self, end: usize) {
        self.last_end = end;
        self.plain_column = None;
    }

    /// What is between the last node and the next. `is_value` says whether the next is the value of a key.
    #[inline]
    pub(super) fn gap(&self, until: usize, is_value: impl FnOnce() -> bool) -> Result {
        let gap = self.text.get(self.last_end..until).unwrap_or_default();
        if self.flow_depth > 0 {
            return self.flow_gap(gap, until, is_value());
        }
        if gap.contains('\t') { self.tabs(gap) } else { Ok(()) }
    }

    /// A key without `?` has its colon on its line.
    fn flow_gap(&self, gap: &str, until: usize, is_value: bool) -> Result {
        // Where there is no value, the parser's place of it is before the colon.
        let is_before_colon = self.text.as_bytes().get(until) == Some(&b':');
        let before_colon = gap.split_once(':').map(|(before, _)| before).or(is_before_colon.then_some(gap));
        match before_colon {
            Some(before) if is_value && before.contains('\n') && !self.is_explicit_key => {
                Err(SyntaxError::new(self.last_end, "the colon has to be on the line of its key"))
            }
            _ => Ok(()),
        }
    }

    /// Where a key may begin in a block, no tab may be before it.
    fn tabs(&self, gap: &str) -> Result {
        let before = self.text.as_bytes().get(self.start..self.last_end).unwrap_or_default();
        let mut may_be_key = matches!(before.last(), None | Some(b'\n'));
        // White space behind a plain scalar belongs to it.
        let mut plain_column = self.plain_column;
        let mut line_start = 0;
        let mut bytes = gap.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'\n' => {
                    may_be_key = true;
                    line_start = at + 1;
                    continue;
                }
                b'\t' if may_be_key && plain_column.is_none_or(|column| at - line_start < column) => {
                    return Err(SyntaxError::new(self.last_end + at, problem::TAB));
                }
                // The last three are a byte order mark.
                b' ' | b'\t' | b'\r' | 0xef | 0xbb | 0xbf => continue,
                b'-' | b'?' => may_be_key = true,
                b':' => {}
                b'|' | b'>' => return Ok(()),
                b'#' => {
                    let length = gap.get(at..).and_then(|comment| comment.find('\n')).unwrap_or(gap.len() - at);
                    if length > 1 {
                        bytes.nth(length - 2);
                    }
                }
                b'&' | b'!' => {
                    may_be_key = false;
                    let length =
                        gap.get(at..).and_then(|word| word.find([' ', '\t', '\r', '\n'])).unwrap_or(gap.len() - at);
                    if length > 1 {
                        bytes.nth(length - 2);
                    }
                }
                _ => may_be_key = false,
            }
            plain_column = None;
        }
        Ok(())
    }

    /// A key without `?` is on one line.
    fn flow_key(&mut self, span: &Range<usize>) -> Result {
        let before = self.text.get(..span.start).unwrap_or_default();
        self.is_explicit_key = before.trim_end().ends_with('?');
        if self.is_explicit_key || !self.text.get(span.clone()).is_some_and(|key| key.contains('\n')) {
            return Ok(());
        }
        Err(SyntaxError::new(span.start, "a key has to be on one line; a comma or a closing quote may be missing"))
    }

    /// Some escapes are JSON's alone, and kubectl has another reader for JSON.
    fn escapes(&self, span: &Range<usize>) -> Result {
        let written = self.text.get(span.clone()).unwrap_or_default();
        if !written.contains('\\') {
            return Ok(());
        }
        let mut bytes = written.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            if byte != b'\\' {
                continue;
            }
            let escape = written.as_bytes().get(at + 1..).unwrap_or_default();
            let message = match escape {
                [b'/', ..] => "the escape `\\/` is only for JSON; leave out the backslash",
                [b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..] => {
                    "surrogates (`\\ud800` to `\\udfff`) are only for JSON; write the character itself, or `\\U` with eight digits"
                }
                _ => {
                    bytes.next();
                    continue;
                }
            };
            return Err(SyntaxError::new(span.start + at, message));
        }
        Ok(())
    }

    /// The name of an anchor, with the `&` or `*` before it.
    pub(super) fn name(&self, span: &Range<usize>) -> Result {
        let name = self.text.get(span.start + 1..span.end).unwrap_or_default();
        let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let ends = matches!(
            self.text.as_bytes().get(span.end),
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}')
        );
        if is_word && ends {
            return Ok(());
        }
        Err(SyntaxError::new(
            span.start,
            "the name of an anchor can only have letters, digits, `-` and `_`, and a space has to follow it",
        ))
    }

    /// The reader of Kubernetes takes more characters for a part of the tag than the parser.
    pub(super) fn tag(&self, tag: &Range<usize>) -> Result {
        let has_comment = self.text.get(tag.clone()).is_some_and(|tag| tag.contains('#'));
        match self.text.as_bytes().get(tag.end) {
            None | Some(b' ' | b'\t' | b'\r' | b'\n') if !has_comment => Ok(()),
            _ => Err(SyntaxError::new(tag.start, "a space has to follow the tag")),
        }
    }

    /// The lines of a plain text are not indented with tabs.
    fn plain_lines(&self, span: &Range<usize>, column: usize) -> Result {
        let written = self.text.get(span.clone()).unwrap_or_default();
        if !written.contains('\n') || !written.contains('\t') {
            return Ok(());
        }
        let has_tab = |line: &str| {
            line.bytes().take(column).take_while(|byte| matches!(byte, b' ' | b'\t')).any(|byte| byte == b'\t')
        };
        if written.lines().skip(1).any(has_tab) {
            return Err(SyntaxError::new(span.start, "a line of this text is indented with a tab; use spaces"));
        }
        Ok(())
    }

    /// What the reader of Kubernetes takes for an indicator in a flow collection, but the parser for a part of the text.
    fn flow_scalar(&self, text: &str, span: &Range<usize>) -> Result {
        if text.contains('?') || text.starts_with(':') {
            return Err(SyntaxError::new(
                span.start,
                "a text with `?` in it, or a colon in front, needs quotes in a list or mapping in brackets",
            ));
        }
        let ends_with_colon = self.text.as_bytes().get(..span.start).is_some_and(|before| before.ends_with(b":"));
        let is_followed = matches!(self.text.as_bytes().get(span.start), Some(b',' | b']' | b'}'));
        if span.is_empty() && ends_with_colon && is_followed {
            return Err(SyntaxError::new(span.start, "a value has to follow the colon, or a space"));
        }
        Ok(())
    }

    /// The first line of a block scalar shows its indentation, in which there may be no tab.
    fn block_indentation(&self, header: usize, content: usize, is_root: bool) -> Result {
        let written = self.text.get(header..=content).unwrap_or_default();
        let (header, indentation) = written.split_once('\n').unwrap_or_default();
        let is_explicit = header
            .split('#')
            .next()
            .is_some_and(|header| header.contains(|character: char| character.is_ascii_digit()));
        if indentation.contains('\t') && !is_explicit {
            return Err(SyntaxError::new(content, problem::TAB));
        }
        // The first character is that of the content.
        if is_root && !matches!(indentation.bytes().next_back(), None | Some(b'\n' | b'\r')) && indentation.len() <= 1 {
            return Err(SyntaxError::new(content, "a text behind `|` or `>` has to be indented"));
        }
        Ok(())
    }

    /// kubectl reads a last line without a line feed as one with it, the parser does not if there are only spaces in it.
    fn block_end(&self, span: &Range<usize>) -> Result {
        let behind = self.text.get(span.end..).unwrap_or_default();
        let keeps = self
            .text
            .get(span.clone())
            .and_then(|written| written.lines().next())
            .is_some_and(|header| header.contains('+'));
        if keeps && !behind.is_empty() && behind.bytes().all(|byte| byte == b' ' || byte == b'\t') {
            return Err(SyntaxError::new(
                span.end,
                "the last line has only spaces, which `+` keeps for some readers; remove them",
            ));
        }
        Ok(())
    }
}
