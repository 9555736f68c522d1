//! One text, many documents: where each begins and ends, and going on behind one that cannot be read.

use granit_parser::{Event, Options, Parser, Span, StrInput};

use super::json_stream::JsonStream;
use super::problem;
use super::transcode::Transcoder;
use super::{Document, SyntaxError};

/// Reads the documents of a text, one after the other; an error ends the document in which it is, and reading goes on with the next.
/// Empty documents, and those that are null, are left out. `with_origins` says whether origins are wanted.
///
/// A text of JSON objects, one after the other, is read as JSON, as kubectl does: nothing is read behind an error.
pub fn documents(text: &str, with_origins: bool) -> impl Iterator<Item = Result<Document, SyntaxError>> {
    let json = JsonStream::of(text, with_origins);
    let yaml = json.is_none().then(|| yaml(text, with_origins));
    json.into_iter().flatten().chain(yaml.into_iter().flatten())
}

fn yaml(text: &str, with_origins: bool) -> Documents<'_> {
    Documents {
        text,
        parser: Parser::new_from_str_with_options(text, options()),
        state: StreamState::Reading,
        checked: 0,
        start: 0,
        is_first: true,
        transcoder: Transcoder::new(text, with_origins),
    }
}

fn options() -> Options {
    let mut options = Options::default();
    // A text without a line feed at its end is read as if it had one, which is how kubectl reads lines.
    options.block_scalar_eof_without_line_feed = false;
    // kubectl separates documents before it reads them, and so its reader never sees what a directive is for.
    options.disallow_directives = true;
    options.emit_comments = false;
    options.emit_anchor_events = true;
    // More than the JSON may have; nesting is bounded by the transcoder, with a message that says so.
    options.flow_nesting_limit = 255;
    options.block_nesting_limit = 255;
    options
}

struct Documents<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    state: StreamState,
    /// Up to where the text was searched for what is forbidden everywhere.
    checked: usize,
    /// Where the current document starts.
    start: usize,
    is_first: bool,
    transcoder: Transcoder<'t>,
}

enum StreamState {
    Reading,
    /// The last document could not be read; the rest of it is to be skipped.
    Failed,
    Done,
}

impl Iterator for Documents<'_> {
    type Item = Result<Document, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.state {
                StreamState::Done => return None,
                StreamState::Failed => {
                    // The text is in memory, so the only possible error is a syntax error, which comes again as that of a document.
                    let goes_on = self.parser.proceed_next_document();
                    self.state = if goes_on == Ok(false) { StreamState::Done } else { StreamState::Reading };
                }
                StreamState::Reading => {}
            }
            match self.document() {
                Ok(Some(document)) if document.json == "null" => {}
                Ok(Some(document)) => return Some(Ok(document)),
                Ok(None) => {
                    self.state = StreamState::Done;
                    return self.check(self.text.len()).err().map(Err);
                }
                Err(error) => {
                    self.state = StreamState::Failed;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Documents<'_> {
    /// Reads the next document; `None` at the end of the text.
    fn document(&mut self) -> Result<Option<Document>, SyntaxError> {
        if u32::try_from(self.text.len()).is_err() {
            self.state = StreamState::Done;
            return Err(SyntaxError::new(0, "the text is longer than 4 GiB"));
        }
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|error| {
                let offset = error.marker().byte_offset().unwrap_or(self.start);
                // What is forbidden everywhere is often why the parser stops later on.
                self.check(self.text.len().min(offset + 1))
                    .err()
                    .unwrap_or_else(|| problem::describe(self.text, offset, error.kind()))
            })?;
            match event {
                Event::StreamStart => {}
                Event::StreamEnd => {
                    self.check_head(self.text.len())?;
                    return Ok(None);
                }
                Event::DocumentStart(explicit, _) => self.begin(explicit, span)?,
                Event::DocumentEnd => {
                    // The document goes on to where the next begins, comments included.
                    let is_closed = start_of(span) < end_of(span);
                    let end = match self.parser.peek() {
                        Some(Ok((_, next))) if !is_closed => start_of(*next),
                        _ => start_of(span),
                    };
                    let end = end.max(self.start);
                    self.check(end)?;
                    let document = self.transcoder.finish(end)?;
                    if document.json == "null" && is_closed {
                        return Err(SyntaxError::new(end, problem::LONELY_END));
                    }
                    self.start = end_of(span);
                    return Ok(Some(document));
                }
                event => self.transcoder.event(event, span)?,
            }
        }
        Ok(None)
    }

    fn begin(&mut self, explicit: bool, span: Span) -> Result<(), SyntaxError> {
        let at = start_of(span);
        self.check_head(at)?;
        if explicit {
            let rest = self.text.get(at..).unwrap_or_default();
            self.start = at + rest.find('\n').map_or(rest.len(), |end| end + 1);
        } else if self.is_first {
            self.start = 0;
        } else {
            return Err(SyntaxError::new(
                at,
                "kubectl ignores what follows the line `...`; begin a document with `---`",
            ));
        }
        self.is_first = false;
        self.transcoder.begin(self.start);
        Ok(())
    }

    /// Before the first document there may only be comments.
    fn check_head(&mut self, end: usize) -> Result<(), SyntaxError> {
        if !self.is_first {
            return Ok(());
        }
        let head = self.text.get(..end).unwrap_or_default();
        let first = head.len() - head.trim_start_matches('\u{feff}').len();
        let lonely_end = match head.get(first..) {
            Some(head) if head.starts_with("...") => Some(first),
            _ => head.find("\n...").map(|at| at + 1),
        };
        if let Some(offset) = lonely_end {
            return Err(SyntaxError::new(offset, problem::LONELY_END));
        }
        self.transcoder.begin(0);
        self.transcoder.finish(end).map(drop)
    }

    /// Searches the text up to `end` for what may be nowhere in it.
    fn check(&mut self, end: usize) -> Result<(), SyntaxError> {
        let from = self.checked;
        self.checked = end.max(from);
        match problem::forbidden(self.text, from..self.checked) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// The parser counts bytes in texts that are in memory.
fn start_of(span: Span) -> usize {
    span.start.byte_offset().unwrap_or_default()
}

fn end_of(span: Span) -> usize {
    span.end.byte_offset().unwrap_or_default()
}
