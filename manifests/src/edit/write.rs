//! From planned changes to changes of the text.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use json::{Document, Kind, NodeId, Value};

use super::layout::layout;
use super::place::Child;
use super::plan::{Collection, Plan};
use super::render::{Flow, TextLayout, is_collection};
use super::scalar::{self, Context};
use crate::edit::TextEdit;
use crate::opened::Opened;
use crate::yaml::Style;

/// The changes of the text that a plan asks for, laid out as the text of `around` is, in order; `None` if they overlap or it is not
/// known how to write one of them.
pub(super) fn edits<'a>(opened: &Opened<'a>, plan: &Plan, around: Value<'a>) -> Option<Vec<TextEdit>> {
    let mut writer = Writer { opened, layout: layout(opened, around)?, node: opened.root.id(), edits: Vec::new() };
    for (key, name) in &plan.renamed {
        writer.node = *key;
        writer.rename(*key, name)?;
    }
    for (value, text) in &plan.replaced {
        writer.node = *value;
        writer.set(opened.root.at(*value), text)?;
    }
    for (value, members) in &plan.merged {
        writer.node = *value;
        writer.merge(opened.root.at(*value), members)?;
    }
    // A collection that is used several times may be changed for all uses alike: once in the text.
    let mut written = BTreeMap::new();
    for (id, change) in &plan.collections {
        writer.node = *id;
        let value = opened.root.at(*id);
        let span = opened.origin(value)?.span;
        let before = writer.edits.len();
        writer.change(value, change)?;
        let own: Vec<_> = writer.edits.iter().skip(before).map(|edit| (edit.span.clone(), edit.text.clone())).collect();
        if written.get(&(span.start, span.end)) == Some(&own) {
            writer.edits.truncate(before);
        } else {
            written.insert((span.start, span.end), own);
        }
    }
    writer.finish()
}

/// A change of the text, and the node for which it is made.
struct Edit {
    span: Range<usize>,
    text: String,
    node: NodeId,
}

struct Writer<'w, 'a> {
    opened: &'w Opened<'a>,
    layout: TextLayout<'a>,
    /// What is being changed.
    node: NodeId,
    edits: Vec<Edit>,
}

impl<'a> Writer<'_, 'a> {
    /// Puts the edits in order and joins those that touch. `None` if they overlap.
    fn finish(mut self) -> Option<Vec<TextEdit>> {
        // Where several collections end at one place, the innermost one, whose number is the highest, is added to first.
        self.edits.sort_by_key(|edit| (edit.span.start, edit.span.end, Reverse(edit.node)));
        let mut joined: Vec<TextEdit> = Vec::with_capacity(self.edits.len());
        for Edit { span, text, .. } in self.edits {
            match joined.last_mut() {
                Some(last) if span.start < last.span.end => return None,
                Some(last) if span.start == last.span.end => {
                    last.span.end = span.end;
                    last.text.push_str(&text);
                }
                _ => joined.push(TextEdit { span, text }),
            }
        }
        Some(joined)
    }

    fn edit(&mut self, span: Range<usize>, text: impl Into<String>) {
        self.edits.push(Edit { span, text: text.into(), node: self.node });
    }

    fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.edit(at..at, text);
    }

    /// Renames a key.
    fn rename(&mut self, key: NodeId, name: &str) -> Option<()> {
        let (container, _) = self.opened.lineage(key).pop()?;
        let (around, origin) = (self.opened.origin(container)?, self.opened.origin(self.opened.root.at(key))?);
        let context = if around.style == Style::BlockMapping { Context::Block } else { self.flow(container)?.context };
        self.edit(origin.span, scalar::string(name, origin.style, context));
        Some(())
    }

    /// Gives a value the JSON `text`.
    fn set(&mut self, value: Value<'a>, text: &str) -> Option<()> {
        let new = Document::parse(text.as_bytes()).ok()?;
        match self.opened.lineage(value.id()).pop() {
            Some((container, child)) => self.set_child(container, &child, new.root()),
            None => self.set_root(value, new.root()),
        }
    }

    fn set_root(&mut self, value: Value<'a>, new: Value<'_>) -> Option<()> {
        let origin = self.opened.origin(value)?;
        let is_block = matches!(origin.style, Style::BlockMapping | Style::BlockSequence);
        let children = self.opened.children(value)?;
        let comments = self.comments(origin.span.clone(), &children.iter().collect::<Vec<_>>())?;
        if origin.span.is_empty() {
            return None;
        }
        if is_block {
            let column = self.opened.column(origin.span.start);
            let comments = comments.iter().map(|comment| [comment, self.layout.new_line(column).as_str()].concat());
            let text = comments.chain([self.layout.block(new, column)]).collect::<String>();
            self.edit(origin.span.start..self.opened.content_end(value)?, text);
        } else {
            let lines = self.json_lines(origin.span.start);
            let text = self.layout.flow(new, Flow { lines, ..self.flow(value)? });
            self.replace_in_flow(origin.span, text, &comments);
        }
        Some(())
    }

    /// Replaces a part of a flow collection, or of a line, by a text and comments.
    fn replace_in_flow(&mut self, part: Range<usize>, mut text: String, comments: &[&str]) {
        if !comments.is_empty() {
            // What is in a collection is indented more than the key that it belongs to.
            let new_line = [self.layout.newline, self.indentation(part.start), "  "].concat();
            if !text.is_empty() || !self.opened.slice(0..part.start).ends_with([' ', '\t', '\n']) {
                text.push(' ');
            }
            text.push_str(&comments.join(&new_line));
            if !self.opened.slice(part.end..self.opened.line_end(part.end)).trim().is_empty() {
                text.push_str(&new_line);
            }
        }
        self.edit(part, text);
    }

    fn set_child(&mut self, container: Value<'a>, child: &Child<'a>, new: Value<'_>) -> Option<()> {
        match self.opened.origin(container)?.style {
            Style::BlockMapping | Style::BlockSequence => self.set_in_block(container, child, new),
            _ => self.set_in_flow(container, child, new),
        }
    }

    fn set_in_flow(&mut self, container: Value<'a>, child: &Child<'a>, new: Value<'_>) -> Option<()> {
        let flow = self.flow(container)?;
        let comments = self.comments(child.span.clone(), &[child])?;
        let text = match new.as_str() {
            Some(text) => scalar::string(&text, child.style, flow.context),
            None => self.layout.flow(new, Flow { lines: self.json_lines(child.span.start), ..flow }),
        };
        if child.span.is_empty() {
            let end = self.opened.end(child)?;
            self.insert(end, [" ", &text].concat());
        } else {
            self.replace_in_flow(child.span.clone(), text, &comments);
        }
        Some(())
    }

    fn set_in_block(&mut self, container: Value<'a>, child: &Child<'a>, new: Value<'_>) -> Option<()> {
        let opened = self.opened;
        let is_block = matches!(child.style, Style::BlockMapping | Style::BlockSequence) && !child.is_alias;
        // Behind the colon or dash, and the anchor and tag that may follow.
        let (head, key_column) = match &child.key_span {
            Some(key) => (opened.colon_end(key.end)?, Some(opened.column(key.start))),
            None => (self.dash(container, child)? + 1, None),
        };
        let head = opened.properties_end(head);
        let end = opened.end(child)?;
        let is_below = !child.span.is_empty() && opened.line_end(head) < child.span.start;
        if is_block && is_collection(new) {
            let column = opened.column(child.span.start);
            // A comment behind what goes is not one on what comes.
            let end = if opened.is_first_on_line(child.span.start) { opened.line_end(end) } else { end };
            let comments = self.comments(child.span.start..end, &[child])?;
            let comments = comments.iter().map(|comment| [comment, self.layout.new_line(column).as_str()].concat());
            // A list may begin in the column of its key.
            let deeper = match key_column {
                Some(key) if key == column && new.kind() == Kind::Object => self.layout.step,
                _ => 0,
            };
            let text = [" ".repeat(deeper), self.layout.block(new, column + deeper)].concat();
            self.edit(child.span.start..end, comments.chain([text]).collect::<String>());
        } else if is_block {
            let text = self.scalar(new, Style::Plain);
            if is_below {
                self.insert(head, [" ", &text].concat());
                self.remove_lines(child.span.start, end, &[child])?;
            } else {
                let column = opened.column(child.span.start);
                let comments = self.comments(child.span.start..end, &[child])?;
                let comments = comments.iter().map(|comment| [&self.layout.new_line(column), *comment].concat());
                self.edit(child.span.start..end, std::iter::once(text).chain(comments).collect::<String>());
            }
        } else if matches!(child.style, Style::Literal | Style::Folded) && !child.is_alias {
            let header_end = opened.block_header_end(child.span.start);
            let lines = opened.line_end(header_end)..end.max(opened.line_end(header_end));
            match key_column {
                Some(column) if is_collection(new) => {
                    self.edit(head..header_end, "");
                    self.edit(lines, self.layout.behind_colon(new, column));
                }
                _ => {
                    let is_alone = header_end == opened.line_end(header_end);
                    let text = match new.as_str() {
                        None if is_alone => self.layout.block(new, opened.column(child.span.start)),
                        _ => self.scalar(new, Style::Plain),
                    };
                    self.edit(child.span.start..header_end, text);
                    self.edit(lines, "");
                }
            }
        } else if let (Some(column), true, false) = (key_column, is_collection(new), is_below) {
            let comments = self.comments(child.span.clone(), &[child])?;
            let new_line = self.layout.new_line(column + self.layout.step);
            let comments = comments.iter().map(|comment| [new_line.as_str(), comment].concat());
            let text = comments.chain([self.layout.behind_colon(new, column)]).collect::<String>();
            self.edit(head..end, "");
            self.insert(opened.line_end(end), text);
        } else {
            let column = if child.span.is_empty() { opened.column(head) + 1 } else { opened.column(child.span.start) };
            let is_alone = opened.slice(end..opened.line_end(end)).trim().is_empty();
            let text = match new.as_str() {
                Some(_) => self.scalar(new, child.style),
                None if is_collection(new) && !is_alone => self.layout.flow(new, Flow::YAML),
                None => self.layout.block(new, column),
            };
            if child.span.is_empty() {
                self.insert(head, [" ", &text].concat());
            } else {
                let comments = self.comments(child.span.clone(), &[child])?;
                self.replace_in_flow(child.span.clone(), text, &comments);
            }
        }
        Some(())
    }

    /// Puts a mapping that merges the alias and has more members in the place of an alias.
    fn merge(&mut self, value: Value<'a>, members: &[(String, String)]) -> Option<()> {
        let opened = self.opened;
        let (container, child) = opened.lineage(value.id()).pop()?;
        let merge = ["<<: ", opened.slice(child.span.clone())].concat();
        let mut key_column = None;
        if let (Style::BlockMapping, Some(key)) = (opened.origin(container)?.style, &child.key_span) {
            key_column = Some((opened.colon_end(key.end)?, opened.column(key.start)));
        }
        let mut texts = vec![merge];
        for (key, text) in members {
            let document = Document::parse(text.as_bytes()).ok()?;
            texts.push(match key_column {
                Some((_, column)) => self.layout.member(key, document.root(), column + self.layout.step),
                None => self.layout.flow_member(key, document.root(), Flow::YAML),
            });
        }
        if let Some((colon_end, column)) = key_column {
            let new_line = self.layout.new_line(column + self.layout.step);
            self.edit(colon_end..child.span.end, "");
            self.insert(opened.line_end(child.span.end), [new_line.as_str(), &texts.join(&new_line)].concat());
        } else {
            self.edit(child.span, ["{", &texts.join(", "), "}"].concat());
        }
        Some(())
    }

    /// A scalar or an empty collection on one line of a block collection.
    fn scalar(&self, new: Value<'_>, style: Style) -> String {
        match new.as_str() {
            Some(text) => scalar::string(&text, style, Context::Block),
            None => self.layout.flow(new, Flow::YAML),
        }
    }

    /// Adds and removes children of a collection.
    fn change(&mut self, collection: Value<'a>, change: &Collection) -> Option<()> {
        let opened = self.opened;
        let origin = opened.origin(collection)?;
        let children = opened.children(collection)?;
        let is_removed = |child: &Child<'a>| change.removed.contains(&child.value.id());
        if children.iter().any(|child| child.is_merged && is_removed(child)) {
            return None;
        }
        if children.iter().all(is_removed) {
            return self.set_collection(collection, change);
        }
        let written: Vec<_> = children.into_iter().filter(|child| !child.is_merged).collect();
        let is_block = matches!(origin.style, Style::BlockMapping | Style::BlockSequence);
        let mut position = 0;
        for run in written.chunk_by(|one, other| is_removed(one) == is_removed(other)) {
            let (start, end) = (position, position + run.len());
            position = end;
            if !run.first().is_some_and(is_removed) {
                continue;
            }
            let (previous, next) = (start.checked_sub(1).and_then(|it| written.get(it)), written.get(end));
            if is_block {
                self.remove_from_block(collection, run, next)?;
            } else {
                self.remove_from_flow(run, previous, next)?;
            }
        }
        if is_block {
            self.insert_in_block(collection, change, origin.span)
        } else {
            self.insert_in_flow(collection, change, &written, origin.span)
        }
    }

    /// Gives a collection all of whose children go, or that has none, new children.
    fn set_collection(&mut self, collection: Value<'a>, change: &Collection) -> Option<()> {
        let elements = change.first.iter().chain(change.last.iter().map(|(_, text)| text)).map(String::as_str);
        let text = if collection.kind() == Kind::Array {
            ["[", &elements.collect::<Vec<_>>().join(","), "]"].concat()
        } else {
            let members = change.last.iter().map(|(key, text)| {
                let key = json::text(key.as_deref().unwrap_or_default());
                [&key, ":", text].concat()
            });
            ["{", &members.collect::<Vec<_>>().join(","), "}"].concat()
        };
        self.set(collection, &text)
    }

    /// Removes neighbouring children from a block collection that keeps others.
    fn remove_from_block(&mut self, collection: Value<'a>, run: &[Child<'a>], next: Option<&Child<'a>>) -> Option<()> {
        let opened = self.opened;
        let (first, last) = (run.first()?, run.last()?);
        let start = self.start(collection, first)?;
        let end = opened.end(last)?;
        let run: Vec<_> = run.iter().collect();
        if opened.is_first_on_line(start) {
            return self.remove_lines(start, end, &run);
        }
        // The first child stands behind a dash; the next one moves up to it.
        let next = self.start(collection, next?)?;
        let column = opened.column(start);
        let comments = self.comments(start..next, &run)?;
        let comments = comments.iter().map(|comment| [comment, self.layout.new_line(column).as_str()].concat());
        self.edit(start..next, comments.collect::<String>());
        Some(())
    }

    /// Removes whole lines; comments in them stay.
    fn remove_lines(&mut self, start: usize, end: usize, removed: &[&Child<'a>]) -> Option<()> {
        let opened = self.opened;
        let indentation = self.layout.new_line(opened.column(start));
        let comments = self.comments(start..opened.line_end(end), removed)?;
        let line_start = opened.line_start(start);
        if let Some(previous) = opened.previous_line_end(line_start) {
            let comments = comments.iter().map(|comment| [indentation.as_str(), *comment].concat());
            self.edit(previous..opened.line_end(end), comments.collect::<String>());
        } else {
            let comments = comments.iter().map(|comment| [*comment, self.layout.newline].concat());
            let next = opened.next_line(opened.line_end(end)).unwrap_or(opened.text.len());
            self.edit(line_start..next, comments.collect::<String>());
        }
        Some(())
    }

    /// Adds children to a block collection that keeps some.
    fn insert_in_block(&mut self, collection: Value<'a>, change: &Collection, span: Range<usize>) -> Option<()> {
        let opened = self.opened;
        let column = opened.column(span.start);
        let gap = match opened.children(collection)?.first() {
            Some(child) if child.key.is_none() => opened.slice(span.start + 1..child.span.start).chars().count() + 1,
            _ => 2,
        };
        let gap = if (2..=8).contains(&gap) { gap } else { 2 };
        let new_line = self.layout.new_line(column);
        if !change.first.is_empty() {
            let elements = change.first.iter().map(|text| {
                let document = Document::parse(text.as_bytes()).ok()?;
                Some(self.layout.element(document.root(), column, gap))
            });
            let elements = elements.collect::<Option<Vec<_>>>()?.join(&new_line);
            match self.line_before(span.start) {
                Some(line_end) if opened.is_first_on_line(span.start) => {
                    self.insert(line_end, [new_line.as_str(), &elements].concat());
                }
                _ => self.insert(span.start, [&elements, new_line.as_str()].concat()),
            }
        }
        if !change.last.is_empty() {
            let at = self.with_comments(opened.content_end(collection)?, column);
            for (key, text) in &change.last {
                let document = Document::parse(text.as_bytes()).ok()?;
                let child = match key {
                    Some(key) => self.layout.member(key, document.root(), column),
                    None => self.layout.element(document.root(), column, gap),
                };
                self.insert(at, [new_line.as_str(), &child].concat());
            }
        }
        Some(())
    }

    /// The end of the line of a position, or of the last of the comments below it that are indented more than a column: those belong to
    /// what ends there.
    fn with_comments(&self, at: usize, column: usize) -> usize {
        let opened = self.opened;
        let mut end = opened.line_end(at);
        while let Some(next) = opened.next_line(end) {
            let line = opened.slice(next..opened.line_end(next));
            let comment = line.trim_start_matches(' ');
            if !comment.starts_with('#') || line.len() - comment.len() <= column {
                break;
            }
            end = opened.line_end(next);
        }
        end
    }

    /// The end of the line before a position and before the comments above it, which belong to what begins there.
    fn line_before(&self, at: usize) -> Option<usize> {
        let opened = self.opened;
        let indentation = opened.slice(opened.line_start(at)..at);
        let mut end = opened.previous_line_end(opened.line_start(at))?;
        loop {
            let line = opened.slice(opened.line_start(end)..end);
            let is_comment = line.strip_prefix(indentation).is_some_and(|line| line.starts_with('#'));
            match opened.previous_line_end(opened.line_start(end)).filter(|_| is_comment) {
                Some(previous) => end = previous,
                None if is_comment => return None,
                None => return Some(end),
            }
        }
    }

    /// Removes neighbouring children from a flow collection that keeps others.
    fn remove_from_flow(
        &mut self,
        run: &[Child<'a>],
        previous: Option<&Child<'a>>,
        next: Option<&Child<'a>>,
    ) -> Option<()> {
        let opened = self.opened;
        let start = self.flow_start(run.first()?)?;
        let end = opened.end(run.last()?)?;
        let run: Vec<_> = run.iter().collect();
        match (previous, next) {
            (_, Some(next)) => {
                let next = self.flow_start(next)?;
                if self.comments(start..next, &run)?.is_empty() {
                    self.edit(start..next, "");
                } else {
                    let comments = self.comments(start..end, &run)?;
                    let end = self.comma_end(end)?;
                    let rest = opened.slice(end..opened.line_end(end));
                    self.replace_in_flow(start..end + rest.len() - rest.trim_start().len(), String::new(), &comments);
                }
            }
            (Some(previous), None) => {
                let previous = opened.end(previous)?;
                if self.comments(previous..end, &run)?.is_empty() {
                    self.edit(previous..end, "");
                } else {
                    let comments = self.comments(start..end, &run)?;
                    self.edit(previous..self.comma_end(previous)?, "");
                    self.replace_in_flow(start..end, String::new(), &comments);
                }
            }
            (None, None) => return None,
        }
        Some(())
    }

    /// Adds children to a flow collection that keeps some.
    fn insert_in_flow(
        &mut self,
        collection: Value<'a>,
        change: &Collection,
        children: &[Child<'a>],
        span: Range<usize>,
    ) -> Option<()> {
        let opened = self.opened;
        let is_kept = |child: &&Child<'a>| !change.removed.contains(&child.value.id());
        let (first, last) = (children.iter().find(is_kept)?, children.iter().rfind(is_kept)?);
        let (start, end) = (self.flow_start(first)?, opened.end(last)?);
        let flow = self.flow(collection)?;
        let has_lines = opened.slice(span.clone()).contains('\n') && opened.is_first_on_line(self.flow_start(last)?);
        let inside = Flow { lines: self.json_lines(start).filter(|_| has_lines), ..flow };
        let separator = if has_lines {
            [self.layout.newline, self.indentation(self.flow_start(last)?)].concat()
        } else {
            flow.behind_comma.to_owned()
        };
        for text in &change.first {
            let document = Document::parse(text.as_bytes()).ok()?;
            self.insert(start, [&self.layout.flow(document.root(), inside), ",", &separator].concat());
        }
        let comma_end = self.comma_end(end).filter(|_| children.last().is_some_and(|child| is_kept(&child)));
        let is_line_over = has_lines && {
            let end = comma_end.unwrap_or(end);
            let rest = opened.slice(end..opened.line_end(end)).trim_start();
            rest.is_empty() || rest.starts_with('#')
        };
        for (position, (key, text)) in change.last.iter().enumerate() {
            let document = Document::parse(text.as_bytes()).ok()?;
            let text = match key {
                Some(key) => self.layout.flow_member(key, document.root(), inside),
                None => self.layout.flow(document.root(), inside),
            };
            match comma_end {
                // A comma behind the last child is allowed in YAML.
                Some(comma_end) if is_line_over => {
                    self.insert(opened.line_end(comma_end), [&separator, text.as_str(), ","].concat());
                }
                Some(comma_end) => self.insert(comma_end, [&separator, text.as_str(), ","].concat()),
                None if is_line_over => {
                    // A comment may be behind the last child, before the new line.
                    if position == 0 {
                        self.insert(end, ",");
                    }
                    let comma = if position + 1 == change.last.len() { "" } else { "," };
                    self.insert(opened.line_end(end), [&separator, text.as_str(), comma].concat());
                }
                None => self.insert(end, [",", &separator, text.as_str()].concat()),
            }
        }
        Some(())
    }

    /// How the children of a flow collection are written, but for lines.
    fn flow(&self, collection: Value<'a>) -> Option<Flow<'a>> {
        if self.opened.is_json() {
            return Some(self.layout.json);
        }
        let mut children = self.opened.children(collection)?.into_iter();
        let is_quoted = |key: &Range<usize>| self.opened.slice(key.clone()).starts_with('"');
        let is_json = children.next().is_some_and(|first| match (&first.key_span, first.value.kind()) {
            (Some(key), _) => is_quoted(key),
            (None, Kind::Object) => {
                let inner = self.opened.children(first.value).and_then(|children| children.into_iter().next());
                inner.and_then(|inner| inner.key_span).is_some_and(|key| is_quoted(&key))
            }
            _ => first.style == Style::DoubleQuoted,
        });
        Some(Flow { context: if is_json { Context::Json } else { Context::Flow }, ..Flow::YAML })
    }

    /// For JSON with a line for each child: what the line of a position begins with, and what deeper lines have more.
    fn json_lines(&self, at: usize) -> Option<(&'a str, &'a str)> {
        let step = self.layout.json_step?;
        Some((self.indentation(at), step))
    }

    /// The white space at the beginning of the line of a position.
    fn indentation(&self, at: usize) -> &'a str {
        let line = self.opened.slice(self.opened.line_start(at)..at);
        line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
    }

    /// Where a child of a block collection starts: its key, or its dash.
    fn start(&self, collection: Value<'a>, child: &Child<'a>) -> Option<usize> {
        match &child.key_span {
            Some(key) => Some(self.with_properties(key.start)),
            None => self.dash(collection, child),
        }
    }

    /// Where a child of a flow collection starts.
    fn flow_start(&self, child: &Child<'a>) -> Option<usize> {
        Some(self.with_properties(child.key_span.as_ref().unwrap_or(&child.span).start))
    }

    /// Where the anchor and tag before a position on its line start.
    fn with_properties(&self, at: usize) -> usize {
        let opened = self.opened;
        let mut start = at;
        loop {
            let line = opened.slice(opened.line_start(start)..start);
            let before = line.trim_end_matches([' ', '\t']);
            let token = before.rfind([' ', '\t', ',', '[', '{']).map_or(0, |space| space + 1);
            if before.len() == line.len() || !before.get(token..).unwrap_or_default().starts_with(['&', '!']) {
                return start;
            }
            start = opened.line_start(start) + token;
        }
    }

    /// The dash of an element of a block sequence.
    fn dash(&self, sequence: Value<'a>, element: &Child<'a>) -> Option<usize> {
        let opened = self.opened;
        let first = opened.origin(sequence)?.span.start;
        let before = sequence.elements().take_while(|other| other.id() < element.value.id()).last();
        let Some(before) = before else { return opened.slice(first..first + 1).starts_with('-').then_some(first) };
        let end = opened.end(&opened.child(sequence, None, before)?)?;
        let column = opened.column(first);
        let mut line = opened.next_line(opened.line_end(end))?;
        loop {
            let text = opened.slice(line..opened.line_end(line));
            let content = text.trim_start_matches(' ');
            if content.starts_with('-') && text.len() - content.len() == column {
                return Some(line + column);
            }
            if !content.is_empty() && !content.starts_with('#') {
                return None;
            }
            line = opened.next_line(opened.line_end(line))?;
        }
    }

    /// Behind the comma that follows a child of a flow collection.
    fn comma_end(&self, end: usize) -> Option<usize> {
        let rest = self.opened.text.get(end..)?;
        let before = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        rest.get(before..)?.starts_with(',').then_some(end + before + 1)
    }

    fn comments(&self, part: Range<usize>, children: &[&Child<'a>]) -> Option<Vec<&'a str>> {
        self.opened.comments(part, children)
    }
}
