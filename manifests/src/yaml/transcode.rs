//! Writes JSON from the events of the YAML parser, and notes the origin of each node. No tree is made: what an anchor names is copied
//! from the JSON that was written for it.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, ScalarStyle, Span, StructureStyle, Tag};
use json::DEPTH_LIMIT;

use super::refusals::{Refusals, Written};
use super::scalar::{self, Scalar};
use super::{Alias, Document, NO_ALIAS, Origins, Repeated, StoredOrigin, Style, SyntaxError};
use mapping::Merge;

mod mapping;

/// How many bytes of JSON aliases may add to those of the text, for each byte of text and in any case.
const ALIASED_BYTES: (usize, usize) = (4, 8 << 20);

pub(super) type Result<T = ()> = std::result::Result<T, SyntaxError>;

/// The state between the events of a document.
pub(super) struct Transcoder<'t> {
    text: &'t str,
    with_origins: bool,
    refusals: Refusals<'t>,
    /// The JSON of the document, and next to it that of values which are not in the document at their place: those of merge keys.
    buffers: Vec<Buffer>,
    /// The buffer that is being written.
    current: usize,
    aliases: Vec<Alias>,
    open: Vec<Frame>,
    /// The keys of the open mappings.
    keys: Vec<Key>,
    anchors: HashMap<usize, Anchor>,
    /// The number of the last anchor. The parser counts them.
    last_anchor: usize,
    /// The keys that are set more than once.
    repeated: Vec<Repeated>,
    /// Where the document starts.
    start: usize,
    counts: AliasCounts,
    /// How many bytes of JSON aliases may still add, in all documents together.
    alias_bytes_left: usize,
}

#[derive(Default)]
struct Buffer {
    json: String,
    nodes: Vec<StoredOrigin>,
}

/// What go.yaml.in/yaml/v2 counts to recognise a document that is a bomb of aliases.
#[derive(Clone, Copy, Default)]
struct AliasCounts {
    /// Nodes, those behind aliases counted each time.
    decoded: usize,
    /// Nodes that came through an alias.
    aliased: usize,
}

#[derive(Clone, Copy)]
struct Key {
    /// The JSON of the key in the current buffer.
    json: (u32, u32),
    /// The number of its node in the current buffer.
    node: u32,
    /// Where it is in the text.
    written: (u32, u32),
}

#[derive(Clone)]
enum Anchor {
    /// The node is being read.
    Open,
    Known(WrittenValue),
}

/// A value that has been written.
#[derive(Clone)]
struct WrittenValue {
    buffer: usize,
    json: Range<usize>,
    nodes: Range<usize>,
    aliases: Range<usize>,
    decoded: usize,
    /// How many arrays and objects are in each other in it.
    depth: usize,
    is_mapping: bool,
}

/// A collection that is open.
struct Frame {
    kind: ValueKind,
    /// Where the value starts in buffer, nodes, aliases and counts.
    json: usize,
    nodes: usize,
    aliases: usize,
    decoded: usize,
    anchor: usize,
    depth: usize,
    /// How many anchors there were before.
    anchors_before: usize,
    /// Where the first key of a mapping is in `keys`.
    keys: usize,
    /// The column of the first key or dash.
    column: usize,
    is_flow: bool,
    is_empty: bool,
    /// Its merge keys.
    merges: Vec<Merge>,
    /// The buffer to go back to, for the value of a merge key.
    outer_buffer: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    Sequence,
    /// A mapping that expects a key.
    Key,
    /// A mapping that expects the value of the last key.
    Value,
    /// A mapping that expects the value of a merge key.
    Merge,
    /// The list of mappings behind a merge key.
    MergeList,
}

impl<'t> Transcoder<'t> {
    pub(super) fn new(text: &'t str, with_origins: bool) -> Self {
        Self {
            text,
            with_origins,
            refusals: Refusals::new(text),
            buffers: vec![Buffer::default()],
            current: 0,
            aliases: Vec::new(),
            open: Vec::new(),
            keys: Vec::new(),
            anchors: HashMap::new(),
            last_anchor: 0,
            repeated: Vec::new(),
            start: 0,
            counts: AliasCounts::default(),
            alias_bytes_left: text.len().saturating_mul(ALIASED_BYTES.0).saturating_add(ALIASED_BYTES.1),
        }
    }

    /// Begins a document, whatever became of the one before.
    pub(super) fn begin(&mut self, start: usize) {
        self.buffers.clear();
        self.buffers.push(Buffer::default());
        self.current = 0;
        self.aliases.clear();
        self.open.clear();
        self.keys.clear();
        self.anchors.clear();
        self.repeated.clear();
        self.start = start;
        self.refusals.begin(start);
        self.counts = AliasCounts::default();
    }

    /// The document that ends here.
    pub(super) fn finish(&mut self, end: usize) -> Result<Document> {
        self.refusals.gap(end, || self.expects_value())?;
        let buffer = self.buffers.first_mut().map(std::mem::take).unwrap_or_default();
        let origins = Origins { nodes: buffer.nodes, aliases: std::mem::take(&mut self.aliases) };
        Ok(Document {
            json: buffer.json,
            origins,
            repeated: std::mem::take(&mut self.repeated),
            is_json: false,
            span: self.start..end,
        })
    }

    pub(super) fn event(&mut self, event: Event<'_>, span: Span) -> Result {
        let range = span.byte_range().unwrap_or_default();
        if event.is_node() {
            self.refusals.gap(range.start, || self.expects_value())?;
        }
        if let Some(tag) = span.tag_span().and_then(|span| span.byte_range()) {
            self.refusals.tag(&tag)?;
        }
        match event {
            Event::Anchor(..) => self.refusals.name(&range),
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), range),
            Event::Alias(anchor) => self.alias(anchor, range),
            Event::SequenceStart(style, anchor, _) => self.enter(true, style, anchor, span),
            Event::MappingStart(style, anchor, _) => self.enter(false, style, anchor, span),
            Event::SequenceEnd | Event::MappingEnd => self.leave(range),
            // The events of documents are not for this, and others are not asked for.
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        range: Range<usize>,
    ) -> Result {
        let is_plain = style == ScalarStyle::Plain;
        let full_tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()));
        let expected = self.open.last().map_or(ValueKind::Sequence, |frame| frame.kind);
        if expected == ValueKind::Key
            && text == "<<"
            && full_tag.as_deref().map_or(is_plain, |tag| matches!(tag, "!" | "tag:yaml.org,2002:merge"))
        {
            self.refusals.merge_key(range.end, self.column());
            self.merge_key(range.start);
            return Ok(());
        }
        let content = range.start;
        let (span, style) = self.scalar_span(style, range);
        self.refusals.scalar(&Written {
            text,
            span: &span,
            style,
            content,
            is_key: expected == ValueKind::Key,
            column: self.column(),
        })?;
        let fail = |message: String| SyntaxError::new(span.start, message);
        let value = scalar::resolve(text, is_plain, full_tag.as_deref()).map_err(fail)?;
        self.before_value(span.start)?;
        let before = self.mark();
        self.counts.decoded += 1;
        if self.with_origins {
            #[allow(clippy::cast_possible_truncation)] // no text is longer than 4 GiB
            let node = StoredOrigin { start: span.start as u32, end: span.end as u32, alias: NO_ALIAS, style };
            if let Some(buffer) = self.buffers.get_mut(self.current) {
                buffer.nodes.push(node);
            }
        }
        if expected == ValueKind::Key {
            if anchor != 0 {
                self.anchored_key(anchor, &value, &span, style)?;
            }
            return self.key(value, &span);
        }
        if let Some(buffer) = self.buffers.get_mut(self.current) {
            value.write(&mut buffer.json).map_err(|message| fail(message.to_owned()))?;
        }
        if anchor != 0 {
            let piece = self.piece(before, 0, false);
            self.define(anchor, Anchor::Known(piece));
        }
        self.after_value();
        self.check_length(span.start)
    }

    /// Whether the next node is the value of a key.
    fn expects_value(&self) -> bool {
        self.open.last().is_some_and(|frame| matches!(frame.kind, ValueKind::Value | ValueKind::Merge))
    }

    /// The first column inside of the innermost collection.
    fn column(&self) -> Option<usize> {
        self.open.last().map(|frame| frame.column + 1)
    }

    /// Keeps the value of an anchored key apart, since it is written as a text in its place.
    fn anchored_key(&mut self, anchor: usize, value: &Scalar<'_>, span: &Range<usize>, style: Style) -> Result {
        let mut buffer = Buffer::default();
        value.write(&mut buffer.json).map_err(|message| SyntaxError::new(span.start, message))?;
        if self.with_origins {
            #[allow(clippy::cast_possible_truncation)] // no text is longer than 4 GiB
            buffer.nodes.push(StoredOrigin { start: span.start as u32, end: span.end as u32, alias: NO_ALIAS, style });
        }
        let piece = WrittenValue {
            buffer: self.buffers.len(),
            json: 0..buffer.json.len(),
            nodes: 0..buffer.nodes.len(),
            aliases: 0..0,
            decoded: 1,
            depth: 0,
            is_mapping: false,
        };
        self.buffers.push(buffer);
        self.define(anchor, Anchor::Known(piece));
        Ok(())
    }

    /// Writes a key and its colon.
    fn key(&mut self, value: Scalar<'_>, written: &Range<usize>) -> Result {
        let offset = written.start;
        let text = value.into_key().map_err(|message| SyntaxError::new(offset, message))?;
        if let Some(buffer) = self.buffers.get_mut(self.current) {
            let start = buffer.json.len();
            scalar::write_text(&text, &mut buffer.json);
            self.keys.push(Key::new(start..buffer.json.len(), buffer.nodes.len().saturating_sub(1), written));
            buffer.json.push(':');
        }
        self.after_value();
        self.check_length(offset)
    }

    /// The place of a scalar as [`super::Origin`] has it: the parser leaves out the indicator of a block scalar and the colon before nothing.
    fn scalar_span(&self, style: ScalarStyle, range: Range<usize>) -> (Range<usize>, Style) {
        match style {
            ScalarStyle::Plain => (self.plain_span(range), Style::Plain),
            ScalarStyle::SingleQuoted => (range, Style::SingleQuoted),
            ScalarStyle::DoubleQuoted => (range, Style::DoubleQuoted),
            ScalarStyle::Literal => (self.block_span(&range), Style::Literal),
            ScalarStyle::Folded => (self.block_span(&range), Style::Folded),
        }
    }

    fn plain_span(&self, range: Range<usize>) -> Range<usize> {
        let is_value = self.open.last().is_some_and(|frame| frame.kind == ValueKind::Value);
        if !range.is_empty() || !is_value {
            return range;
        }
        let behind = self.text.get(range.start..).unwrap_or_default();
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let at = if behind.as_bytes().get(blanks) == Some(&b':') { range.start + blanks + 1 } else { range.start };
        at..at
    }

    fn block_span(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.indicator([b'|', b'>'], range.start);
        let written = self.text.get(start..range.end).unwrap_or_default();
        // The parser has read the next line's indentation.
        let written = written.trim_end_matches([' ', '\t']);
        let header = written.lines().next().unwrap_or_default();
        let header = header.split('#').next().unwrap_or_default();
        if header.contains('+') {
            return start..start + written.len();
        }
        // Without `+`, empty lines at the end are no part of the text.
        let content = written.trim_end_matches([' ', '\t', '\r', '\n']);
        let behind = written.get(content.len()..).unwrap_or_default();
        let line_end = behind.find('\n').map_or(behind.len(), |end| end + 1);
        start..start + content.len() + line_end
    }

    /// Where the first of some indicators is between the last node and the next, or where the next is. Besides indicators there are only
    /// comments, anchors and tags.
    fn indicator(&self, wanted: [u8; 2], until: usize) -> usize {
        let mut at = self.refusals.last_end();
        loop {
            let rest = self.text.get(at..until).unwrap_or_default();
            match rest.bytes().next() {
                None => return until,
                Some(byte) if wanted.contains(&byte) => return at,
                Some(b'#') => at += rest.find('\n').unwrap_or(rest.len()),
                Some(b'&' | b'!') => at += rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len()),
                // INVARIANT: all other bytes here are of ASCII, or belong to a byte order mark.
                Some(_) => at += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Result {
        let fail = |message: &str| SyntaxError::new(range.start, message);
        let piece = match self.anchors.get(&anchor) {
            Some(Anchor::Known(piece)) => piece.clone(),
            Some(Anchor::Open) => return Err(fail("the alias is inside of what its anchor names")),
            None => return Err(fail("the alias refers to an anchor that is not defined above it")),
        };
        self.counts.decoded += 1;
        self.refusals.alias(&range)?;
        match self.open.last().map(|frame| frame.kind) {
            Some(ValueKind::Merge | ValueKind::MergeList) if piece.is_mapping => self.merge(piece, Some(range)),
            Some(ValueKind::Key) => {
                let json = self.buffers.get(piece.buffer).and_then(|buffer| buffer.json.get(piece.json.clone()));
                let parsed = json::Document::parse(json.unwrap_or_default().as_bytes());
                let value = parsed.as_ref().ok().map(json::Document::root);
                let key = value.and_then(|value| match (value.as_str(), value.as_bool()) {
                    (Some(text), _) => Some(text.into_owned()),
                    (_, Some(value)) => Some(value.to_string()),
                    _ => None,
                });
                let Some(key) = key else {
                    return Err(fail("an alias can only be a key if it stands for a text"));
                };
                self.before_value(range.start)?;
                let alias = self.push_alias(range.clone(), None);
                if let Some((node, alias)) = self.node_of(&piece).zip(alias)
                    && let Some(buffer) = self.buffers.get_mut(self.current)
                {
                    buffer.nodes.push(StoredOrigin { alias, ..node });
                }
                self.key(Scalar::Text(key.into()), &range)
            }
            _ => {
                self.before_value(range.start)?;
                self.spend(&piece, range.start)?;
                self.replay(&piece, range);
                self.after_value();
                self.check_length(self.refusals.last_end())
            }
        }
    }

    fn node_of(&self, piece: &WrittenValue) -> Option<StoredOrigin> {
        self.buffers.get(piece.buffer)?.nodes.get(piece.nodes.start).copied()
    }

    fn push_alias(&mut self, span: Range<usize>, outer: Option<usize>) -> Option<u32> {
        if !self.with_origins {
            return None;
        }
        self.aliases.push(Alias { span, outer });
        u32::try_from(self.aliases.len() - 1).ok()
    }

    fn define(&mut self, anchor: usize, value: Anchor) {
        self.last_anchor = self.last_anchor.max(anchor);
        self.anchors.insert(anchor, value);
    }

    /// Takes what an alias adds from the budget.
    fn spend(&mut self, piece: &WrittenValue, offset: usize) -> Result {
        self.counts.decoded += piece.decoded;
        self.counts.aliased += piece.decoded;
        if self.counts.are_excessive() {
            return Err(too_large(offset));
        }
        self.spend_bytes(piece.json.len(), offset)?;
        let depth = self.open.len() + piece.depth;
        if depth > DEPTH_LIMIT {
            return Err(too_deep(offset));
        }
        if let Some(frame) = self.open.last_mut() {
            frame.depth = frame.depth.max(piece.depth + 1);
        }
        Ok(())
    }

    /// Takes bytes that are written once more from the budget.
    fn spend_bytes(&mut self, length: usize, offset: usize) -> Result {
        self.alias_bytes_left = self.alias_bytes_left.checked_sub(length).ok_or_else(|| too_large(offset))?;
        Ok(())
    }

    /// Writes what an anchor names once more.
    fn replay(&mut self, piece: &WrittenValue, range: Range<usize>) {
        self.copy_json(piece.buffer, piece.json.clone());
        let Some(alias) = self.push_alias(range, None) else { return };
        let shift = self.replay_aliases(piece, alias);
        self.copy_nodes(piece.buffer, piece.nodes.clone(), Some((alias, shift)));
    }

    /// Writes the aliases in what an anchor names once more; returns by how much their numbers differ.
    fn replay_aliases(&mut self, piece: &WrittenValue, alias: u32) -> u32 {
        let first = self.aliases.len();
        for index in piece.aliases.clone() {
            if let Some(Alias { span, outer }) = self.aliases.get(index).cloned() {
                let outer = outer.map_or(alias as usize, |outer| outer - piece.aliases.start + first);
                self.aliases.push(Alias { span, outer: Some(outer) });
            }
        }
        u32::try_from(first - piece.aliases.start).unwrap_or_default()
    }

    /// Writes a part of a buffer's JSON once more.
    fn copy_json(&mut self, buffer: usize, part: Range<usize>) {
        let Some(target) = self.buffers.get_mut(self.current) else { return };
        if buffer == self.current {
            target.json.extend_from_within(part);
            return;
        }
        let mut json = std::mem::take(&mut target.json);
        json.push_str(self.buffers.get(buffer).and_then(|source| source.json.get(part)).unwrap_or_default());
        if let Some(target) = self.buffers.get_mut(self.current) {
            target.json = json;
        }
    }

    /// Writes a part of a buffer's nodes once more: those of an alias's own, and those of aliases in it with their new numbers.
    fn copy_nodes(&mut self, buffer: usize, part: Range<usize>, through: Option<(u32, u32)>) {
        for index in part {
            let Some(mut node) = self.buffers.get(buffer).and_then(|source| source.nodes.get(index)).copied() else {
                return;
            };
            if let Some((alias, shift)) = through {
                node.alias = if node.alias == NO_ALIAS { alias } else { node.alias + shift };
            }
            if let Some(target) = self.buffers.get_mut(self.current) {
                target.nodes.push(node);
            }
        }
    }

    fn enter(&mut self, is_sequence: bool, style: StructureStyle, anchor: usize, span: Span) -> Result {
        let range = span.byte_range().unwrap_or_default();
        let expected = self.open.last().map_or(ValueKind::Sequence, |frame| frame.kind);
        let is_flow = style == StructureStyle::Flow;
        let (mut offset, mut column) = (range.start, span.start.col());
        if is_sequence && !is_flow && matches!(expected, ValueKind::Value | ValueKind::Merge) {
            // To the parser a list whose dashes are below its key begins behind the first of them.
            offset = self.indicator([b'-'; 2], offset);
            let before = self.text.get(self.start..offset).unwrap_or_default();
            column = before.len() - before.rfind('\n').map_or(0, |end| end + 1);
        }
        if self.open.len() >= DEPTH_LIMIT {
            return Err(too_deep(offset));
        }
        self.counts.decoded += 1;
        self.refusals.enter(is_flow, range.end);
        let mut frame = Frame {
            kind: if is_sequence { ValueKind::Sequence } else { ValueKind::Key },
            json: 0,
            nodes: 0,
            aliases: self.aliases.len(),
            decoded: self.counts.decoded - 1,
            anchor,
            anchors_before: self.last_anchor,
            depth: 1,
            keys: self.keys.len(),
            column,
            is_flow,
            is_empty: true,
            merges: Vec::new(),
            outer_buffer: None,
        };
        match expected {
            ValueKind::Merge if is_sequence => {
                frame.kind = ValueKind::MergeList;
                self.open.push(frame);
                return Ok(());
            }
            ValueKind::Key => {
                return Err(SyntaxError::new(
                    offset,
                    "a key cannot be a list or a mapping; a text that begins with `[` or `{` needs quotes",
                ));
            }
            ValueKind::Merge | ValueKind::MergeList if !is_sequence => {
                frame.outer_buffer = Some(self.current);
                self.current = self.buffers.len();
                self.buffers.push(Buffer::default());
            }
            _ => self.before_value(offset)?,
        }
        if anchor != 0 {
            self.define(anchor, Anchor::Open);
        }
        if let Some(buffer) = self.buffers.get_mut(self.current) {
            frame.json = buffer.json.len();
            frame.nodes = buffer.nodes.len();
            buffer.json.push(if is_sequence { '[' } else { '{' });
            if self.with_origins {
                let style = match (is_sequence, is_flow) {
                    (true, true) => Style::FlowSequence,
                    (true, false) => Style::BlockSequence,
                    (false, true) => Style::FlowMapping,
                    (false, false) => Style::BlockMapping,
                };
                #[allow(clippy::cast_possible_truncation)] // no text is longer than 4 GiB
                buffer.nodes.push(StoredOrigin { start: offset as u32, end: offset as u32, alias: NO_ALIAS, style });
            }
        }
        self.open.push(frame);
        Ok(())
    }

    fn leave(&mut self, range: Range<usize>) -> Result {
        let is_flow = self.open.last().is_some_and(|frame| frame.is_flow);
        self.refusals.leave(is_flow, &range);
        let is_mapping = self.open.last().is_some_and(|frame| frame.kind == ValueKind::Key);
        if is_mapping {
            self.end_mapping()?;
        }
        let Some(frame) = self.open.pop() else { return Ok(()) };
        self.keys.truncate(frame.keys);
        if frame.kind == ValueKind::MergeList {
            if let Some(outer) = self.open.last_mut() {
                outer.kind = ValueKind::Key;
                outer.depth = outer.depth.max(frame.depth);
            }
            return Ok(());
        }
        let last_end = u32::try_from(self.refusals.last_end()).unwrap_or(u32::MAX);
        if let Some(buffer) = self.buffers.get_mut(self.current) {
            buffer.json.push(if is_mapping { '}' } else { ']' });
            if let Some(node) = buffer.nodes.get_mut(frame.nodes) {
                node.end = last_end.max(node.start);
            }
        }
        let piece = self.piece((frame.json, frame.nodes, frame.aliases, frame.decoded), frame.depth, is_mapping);
        if let Some(outer_buffer) = frame.outer_buffer {
            self.current = outer_buffer;
            if frame.anchor != 0 {
                self.define(frame.anchor, Anchor::Known(piece.clone()));
            }
            return self.merge(piece, None);
        }
        if frame.anchor != 0 {
            self.define(frame.anchor, Anchor::Known(piece));
        }
        if let Some(outer) = self.open.last_mut() {
            outer.depth = outer.depth.max(frame.depth + 1);
        }
        self.after_value();
        self.check_length(self.refusals.last_end())
    }

    /// What is before the next value: a comma, unless it is the first or has a key. Refuses what cannot be at this place.
    fn before_value(&mut self, offset: usize) -> Result {
        let Some(frame) = self.open.last_mut() else { return Ok(()) };
        match frame.kind {
            ValueKind::Value => return Ok(()),
            ValueKind::Merge | ValueKind::MergeList => {
                return Err(SyntaxError::new(
                    offset,
                    "the merge key `<<` takes an alias of a mapping, or a list of such",
                ));
            }
            ValueKind::Sequence | ValueKind::Key => {}
        }
        let is_first = std::mem::replace(&mut frame.is_empty, false);
        if let Some(buffer) = self.buffers.get_mut(self.current)
            && !is_first
        {
            buffer.json.push(',');
        }
        Ok(())
    }

    /// What is expected behind a value or key.
    fn after_value(&mut self) {
        if let Some(frame) = self.open.last_mut() {
            frame.kind = match frame.kind {
                ValueKind::Key => ValueKind::Value,
                ValueKind::Value => ValueKind::Key,
                other => other,
            };
        }
    }

    /// Where the next value will start: in the JSON, the nodes, the aliases and the counts.
    fn mark(&self) -> (usize, usize, usize, usize) {
        let (json, nodes) =
            self.buffers.get(self.current).map_or((0, 0), |buffer| (buffer.json.len(), buffer.nodes.len()));
        (json, nodes, self.aliases.len(), self.counts.decoded)
    }

    /// What has been written since a mark.
    fn piece(
        &self,
        (json, nodes, aliases, decoded): (usize, usize, usize, usize),
        depth: usize,
        is_mapping: bool,
    ) -> WrittenValue {
        let now = self.mark();
        WrittenValue {
            buffer: self.current,
            json: json..now.0,
            nodes: nodes..now.1,
            aliases: aliases..now.2,
            decoded: now.3 - decoded,
            depth,
            is_mapping,
        }
    }

    /// Refuses JSON that could not be read.
    fn check_length(&self, offset: usize) -> Result {
        let length = self.buffers.get(self.current).map_or(0, |buffer| buffer.json.len());
        if u32::try_from(length).is_ok() {
            Ok(())
        } else {
            Err(SyntaxError::new(offset, "the document is longer than 4 GiB"))
        }
    }
}

fn too_large(offset: usize) -> SyntaxError {
    SyntaxError::new(offset, "aliases make the document far larger than it is written")
}

fn too_deep(offset: usize) -> SyntaxError {
    SyntaxError::new(offset, format!("lists and mappings are nested more than {DEPTH_LIMIT} deep"))
}

impl Key {
    #[allow(clippy::cast_possible_truncation)] // `check_length` bounds the JSON
    fn new(json: Range<usize>, node: usize, written: &Range<usize>) -> Self {
        Self {
            json: (json.start as u32, json.end as u32),
            node: node as u32,
            written: (written.start as u32, written.end as u32),
        }
    }

    fn json(self) -> Range<usize> {
        self.json.0 as usize..self.json.1 as usize
    }

    fn written(self) -> Range<usize> {
        self.written.0 as usize..self.written.1 as usize
    }

    fn bytes(self, json: &str) -> &[u8] {
        json.as_bytes().get(self.json()).unwrap_or_default()
    }

    fn same_as(self, other: &Self, json: &str) -> bool {
        self.json.1 - self.json.0 == other.json.1 - other.json.0 && self.bytes(json) == other.bytes(json)
    }
}

impl AliasCounts {
    /// The bounds of go.yaml.in/yaml/v2: of 400,000 nodes nearly all may come through aliases, of 4,000,000 a tenth.
    fn are_excessive(self) -> bool {
        const FEW: f64 = 400_000.0;
        const MANY: f64 = 4_000_000.0;
        if self.aliased <= 100 || self.decoded <= 1000 {
            return false;
        }
        #[allow(clippy::cast_precision_loss)]
        let (aliased, decoded) = (self.aliased as f64, self.decoded as f64);
        let allowed = 0.99 - 0.89 * ((decoded - FEW) / (MANY - FEW)).clamp(0.0, 1.0);
        aliased / decoded > allowed
    }
}
