//! Where the nodes of a document are in its text.

use std::ops::Range;

use json::{Kind, NodeId, Value};

use crate::opened::Opened;
use crate::yaml::{Origin, Style};

/// A child of a collection, as it is written there.
#[derive(Clone, Debug)]
pub(super) struct Child<'a> {
    pub(super) key: Option<Value<'a>>,
    pub(super) value: Value<'a>,
    /// Where the key is written; absent for elements.
    pub(super) key_span: Option<Range<usize>>,
    /// Where the value is written: the alias, if it is one; empty if nothing is written.
    pub(super) span: Range<usize>,
    /// Whether the value is an alias.
    pub(super) is_alias: bool,
    /// Whether the member came through `<<`: it is not written here.
    pub(super) is_merged: bool,
    pub(super) style: Style,
}

impl<'a> Opened<'a> {
    /// Where a node is written; through an alias: where its anchor is.
    pub fn origin(&self, value: Value<'a>) -> Option<Origin> {
        match self.document {
            Some(document) => document.origins.of(value.id()),
            None => Some(Origin { span: value.span(), style: Style::of_json(value.kind()), alias: None }),
        }
    }

    /// The child of a collection.
    pub(super) fn child(&self, container: Value<'a>, key: Option<Value<'a>>, value: Value<'a>) -> Option<Child<'a>> {
        let around = self.origin(container)?.alias;
        let origin = self.origin(value)?;
        let key_origin = key.map(|key| self.origin(key));
        let key_origin = match key_origin {
            Some(None) => return None,
            Some(origin) => origin,
            None => None,
        };
        // `*alias: value` counts as merged: its key is not written here either.
        let is_merged = key_origin.as_ref().is_some_and(|key| key.alias != around);
        let is_alias = origin.alias != around;
        let span = if is_alias { self.alias_span(origin.alias, around)? } else { origin.span };
        let key_span = key_origin.map(|key| key.span);
        Some(Child { key, value, key_span, span, is_alias, is_merged, style: origin.style })
    }

    /// Where the alias is written that leads from the text of a collection to `inner`.
    fn alias_span(&self, inner: Option<usize>, around: Option<usize>) -> Option<Range<usize>> {
        let origins = &self.document?.origins;
        let mut alias = origins.alias(inner?)?;
        while alias.outer != around {
            alias = origins.alias(alias.outer?)?;
        }
        Some(alias.span.clone())
    }

    /// The children of a collection, in the order of the JSON.
    pub(super) fn children(&self, container: Value<'a>) -> Option<Vec<Child<'a>>> {
        let elements = container.elements().map(|value| self.child(container, None, value));
        let members = container.member_nodes().map(|(key, value)| self.child(container, Some(key), value));
        elements.chain(members).collect()
    }

    /// The last element of a list that is not behind a node.
    pub(super) fn element_at(&self, list: Value<'a>, node: NodeId) -> Option<Value<'a>> {
        let is_before = |element: &Value<'a>| element.id() <= node;
        if self.elements.first().is_some_and(|first| list.elements().next() == Some(*first)) {
            let after = self.elements.partition_point(is_before);
            return self.elements.get(after.checked_sub(1)?).copied();
        }
        list.elements().take_while(is_before).last()
    }

    /// The collections from the root to a node, each with the child that leads to the node. Keys count as children, too.
    pub(super) fn lineage(&self, node: NodeId) -> Vec<(Value<'a>, Child<'a>)> {
        let mut lineage = Vec::new();
        let mut at = self.root;
        while at.id() != node {
            // Numbers rise, so the child that holds the node is the last one that is not behind it.
            let members = at.member_nodes().map(|(key, value)| (Some(key), value));
            let first = |(key, value): &(Option<Value<'a>>, Value<'a>)| key.unwrap_or(*value).id();
            let member = members.take_while(|child| first(child) <= node).last();
            let child = member.or_else(|| self.element_at(at, node).map(|element| (None, element)));
            let Some((key, value)) = child else { break };
            let Some(child) = self.child(at, key, value) else { break };
            lineage.push((at, child));
            if key.is_some_and(|key| key.id() == node) {
                break;
            }
            at = value;
        }
        lineage
    }

    /// The end of what is written of a child, without comments behind it.
    pub(super) fn end(&self, child: &Child<'a>) -> Option<usize> {
        if child.span.is_empty() {
            return match &child.key_span {
                Some(key) => Some(self.properties_end(self.colon_end(key.end)?)),
                None => Some(self.properties_end(child.span.start)),
            };
        }
        if child.is_alias { Some(child.span.end) } else { self.content_end(child.value) }
    }

    /// The end of the content of a value that is written where its origin says.
    pub fn content_end(&self, value: Value<'a>) -> Option<usize> {
        let origin = self.origin(value)?;
        match origin.style {
            Style::Literal | Style::Folded => Some(self.block_scalar_end(&origin.span)),
            Style::BlockMapping | Style::BlockSequence => {
                let last = self.children(value)?.into_iter().rfind(|child| !child.is_merged);
                let last = last.and_then(|last| self.end(&last)).unwrap_or(origin.span.start);
                // A merge may be written behind the last member. White space may be the end of a text, where it counts.
                Some(last.max(self.trimmed_end(&origin.span)))
            }
            _ => Some(origin.span.end),
        }
    }

    /// The end of a block scalar: behind its last line, without its line break. If line breaks at its end count, behind the last
    /// empty line.
    fn block_scalar_end(&self, span: &Range<usize>) -> usize {
        let end = self.trimmed_end(span);
        let header = self.slice(span.start..self.line_end(span.start));
        let header = header.split('#').next().unwrap_or_default();
        if !header.contains('+') {
            return end;
        }
        let mut end = self.line_end(end);
        while let Some(next) = self.next_line(end) {
            let line_end = self.line_end(next);
            if next == self.text.len() || !self.slice(next..line_end).trim().is_empty() {
                break;
            }
            end = line_end;
        }
        end
    }

    /// The end of a span without the white space at its end.
    fn trimmed_end(&self, span: &Range<usize>) -> usize {
        span.start + self.slice(span.clone()).trim_end_matches([' ', '\t', '\r', '\n']).len()
    }

    /// Behind the colon that follows a key.
    pub(super) fn colon_end(&self, key_end: usize) -> Option<usize> {
        let rest = self.text.get(key_end..)?;
        let before = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        rest.get(before..)?.starts_with(':').then_some(key_end + before + 1)
    }

    /// Behind the anchor and tag that follow a position on its line; the position itself if there are none.
    pub(super) fn properties_end(&self, from: usize) -> usize {
        let mut end = from;
        loop {
            let rest = self.text.get(end..).unwrap_or_default();
            let token = rest.trim_start_matches([' ', '\t']);
            if !token.starts_with(['&', '!']) {
                return end;
            }
            let length = token.find([' ', '\t', '\r', '\n', ',', ']', '}']).unwrap_or(token.len());
            end += rest.len() - token.len() + length;
        }
    }

    /// A part of the text.
    pub(super) fn slice(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    /// Where the line of a position starts.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let before = self.slice(0..at);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        // A byte order mark is no character of the first line.
        if start == 0 && before.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { start }
    }

    /// Where the line of a position ends, without its line break.
    pub fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let is_last = line.len() == rest.len();
        at + if is_last { line.len() } else { line.strip_suffix('\r').unwrap_or(line).len() }
    }

    /// Where the line after a line end starts.
    pub(super) fn next_line(&self, line_end: usize) -> Option<usize> {
        let rest = self.text.get(line_end..)?;
        let newline = rest.strip_prefix('\r').unwrap_or(rest);
        newline.starts_with('\n').then(|| line_end + rest.len() - newline.len() + 1)
    }

    /// The end of the line before a line start, if it is a line of the document.
    pub(super) fn previous_line_end(&self, line_start: usize) -> Option<usize> {
        if self.document.is_some_and(|document| line_start <= document.span.start) {
            return None;
        }
        let before = self.slice(0..line_start).strip_suffix('\n')?;
        Some(before.strip_suffix('\r').unwrap_or(before).len())
    }

    /// The column of a position in characters, from 0.
    pub(super) fn column(&self, at: usize) -> usize {
        self.slice(self.line_start(at)..at).chars().count()
    }

    /// Whether only white space is before a position on its line.
    pub(super) fn is_first_on_line(&self, at: usize) -> bool {
        self.slice(self.line_start(at)..at).trim().is_empty()
    }

    /// The comments in a part of the text, in which the scalars of `values` are.
    pub(super) fn comments(&self, part: Range<usize>, children: &[&Child<'a>]) -> Option<Vec<&'a str>> {
        let mut scalars = Vec::new();
        for child in children {
            self.add_scalars(child, &mut scalars)?;
        }
        scalars.sort_by_key(|span| span.start);
        let (mut comments, mut at) = (Vec::new(), part.start);
        for span in scalars.iter().chain([&(part.end..part.end)]) {
            if span.start < at {
                continue;
            }
            let mut gap = at..span.start;
            while let Some(hash) = self.comment_in(&gap) {
                // A comment before a scalar ends before it, one behind all may end behind the part.
                let end = self.line_end(hash);
                comments.push(self.slice(hash..end));
                gap.start = end.min(gap.end);
            }
            at = span.end;
        }
        Some(comments)
    }

    /// Where a comment starts in a part of the text that holds no scalars.
    fn comment_in(&self, part: &Range<usize>) -> Option<usize> {
        let text = self.slice(part.clone());
        let hashes = text.match_indices('#').map(|(at, _)| part.start + at);
        let mut comments = hashes
            .filter(|at| matches!(self.text.as_bytes().get(at.wrapping_sub(1)), None | Some(b' ' | b'\t' | b'\n')));
        comments.next()
    }

    /// Adds where the scalars and keys of a child are written, in which `#` begins no comment.
    fn add_scalars(&self, child: &Child<'a>, spans: &mut Vec<Range<usize>>) -> Option<()> {
        if child.is_merged {
            return Some(());
        }
        spans.extend(child.key_span.clone());
        if child.is_alias {
            spans.push(child.span.clone());
        } else if matches!(child.style, Style::Literal | Style::Folded) {
            // Comments may be in its first line.
            let header = self.block_header_end(child.span.start);
            let next = self.next_line(self.line_end(header)).unwrap_or(child.span.end);
            spans.push(child.span.start..header);
            spans.push(next..self.block_scalar_end(&child.span).max(next));
        } else if matches!(child.value.kind(), Kind::Array | Kind::Object) {
            for inner in self.children(child.value)? {
                self.add_scalars(&inner, spans)?;
            }
        } else {
            spans.push(child.span.clone());
        }
        Some(())
    }

    /// Behind the indicators of a block scalar: `|-`.
    pub(super) fn block_header_end(&self, start: usize) -> usize {
        let header = self.slice(start..self.line_end(start));
        start + header.find([' ', '\t']).unwrap_or(header.len())
    }
}
