//! Which members a mapping has in the end: keys that are set again, and merge keys.
//!
//! The reader of Kubernetes sets one key after the other, those of a merge where it stands, and what is set last counts.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::super::{Repeated, Repetition, SyntaxError, scalar};
use super::{Anchor, Buffer, Key, Result, Transcoder, ValueKind, WrittenValue};

/// Up to this many keys of a mapping are compared each with each to find a repeated one.
const FEW_KEYS: usize = 12;

/// A merge key of a mapping.
pub(super) struct Merge {
    /// How many keys the mapping had before.
    keys_before: usize,
    /// Where it is in the text.
    offset: usize,
    /// What is merged, with the alias through which it comes. Of a list, the first one counts.
    pieces: Vec<(WrittenValue, Option<Range<usize>>)>,
}

impl Merge {
    /// Where `<<` is written.
    fn span(&self) -> Range<usize> {
        self.offset..self.offset + 2
    }
}

/// A member that a mapping can take from another.
struct Member {
    /// The number of the merge key, and of the piece behind it.
    from: (usize, usize),
    /// The key as JSON.
    name: String,
    /// The value in the JSON of the piece.
    value: Range<usize>,
    /// Key and value among the nodes of the piece.
    nodes: Range<usize>,
}

/// What sets a key of a mapping.
#[derive(Clone, Copy)]
enum Setter {
    /// The key of this number of the mapping itself.
    Own(usize),
    /// The member of this number that is merged.
    Merged(usize),
}

/// Which of the keys of a mapping, and of the members that are merged, count.
struct Counting {
    own: Vec<bool>,
    merged: Vec<bool>,
}

impl Transcoder<'_> {
    pub(super) fn merge_key(&mut self, offset: usize) {
        let keys = self.keys.len();
        self.counts.decoded += 1;
        let Some(frame) = self.open.last_mut() else { return };
        let merge = Merge { keys_before: keys - frame.keys, offset, pieces: Vec::new() };
        if let Some(first) = frame.merges.last() {
            self.repeated.push(Repeated {
                key: "<<".to_owned(),
                first: first.span(),
                again: merge.span(),
                repetition: Repetition::MergeKey,
            });
        }
        frame.merges.push(merge);
        frame.kind = ValueKind::Merge;
    }

    /// Notes a mapping to be merged into the innermost one.
    pub(super) fn merge(&mut self, piece: WrittenValue, alias: Option<Range<usize>>) -> Result {
        let offset = alias.as_ref().map_or(self.refusals.last_end(), |range| range.start);
        self.spend(&piece, offset)?;
        let list = self.open.last().is_some_and(|frame| frame.kind == ValueKind::MergeList);
        let depth = self.open.len();
        let target = if list { depth.checked_sub(2) } else { depth.checked_sub(1) };
        if let Some(frame) = target.and_then(|target| self.open.get_mut(target)) {
            if let Some(merge) = frame.merges.last_mut() {
                merge.pieces.push((piece, alias));
            }
            if !list {
                frame.kind = ValueKind::Key;
            }
        }
        Ok(())
    }

    /// Gives the innermost mapping, all of which has been read, the members that count.
    pub(super) fn end_mapping(&mut self) -> Result {
        let has_merges = self.open.last().is_some_and(|frame| !frame.merges.is_empty());
        if has_merges || self.has_repeated_key() { self.assemble() } else { Ok(()) }
    }

    fn own_keys(&self) -> &[Key] {
        let from = self.open.last().map_or(0, |frame| frame.keys);
        self.keys.get(from..).unwrap_or_default()
    }

    fn has_repeated_key(&self) -> bool {
        let keys = self.own_keys();
        let json = self.buffers.get(self.current).map_or("", |buffer| &buffer.json);
        if keys.len() <= FEW_KEYS {
            let is_repeated = |(index, key): (usize, &Key)| {
                keys.get(..index).unwrap_or_default().iter().any(|first| first.same_as(key, json))
            };
            return keys.iter().enumerate().any(is_repeated);
        }
        let mut seen = HashSet::with_capacity(keys.len());
        keys.iter().any(|key| !seen.insert(key.bytes(json)))
    }

    #[cold]
    fn assemble(&mut self) -> Result {
        let own = self.own_keys().to_vec();
        let mut merges = self.open.last_mut().map(|frame| std::mem::take(&mut frame.merges)).unwrap_or_default();
        let members = self.members(&merges);
        let counting = self.counting(&own, &merges, &members)?;
        if counting.own.contains(&false) {
            self.keep_only(&own, &counting.own, &mut merges)?;
        }
        let mut members = members.into_iter().zip(counting.merged).peekable();
        for (number, merge) in merges.into_iter().enumerate() {
            for (index, (piece, alias)) in merge.pieces.into_iter().enumerate() {
                let through = alias.and_then(|span| {
                    let alias = self.push_alias(span, None)?;
                    Some((alias, self.replay_aliases(&piece, alias)))
                });
                while let Some((member, counts)) = members.next_if(|(member, _)| member.from == (number, index)) {
                    if counts {
                        self.write_member(&piece, &member, through)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The members of all that is merged.
    fn members(&self, merges: &[Merge]) -> Vec<Member> {
        let mut all = Vec::new();
        let pieces = merges.iter().enumerate().flat_map(|(number, merge)| {
            merge.pieces.iter().enumerate().map(move |(index, (piece, _))| ((number, index), piece))
        });
        for (from, piece) in pieces {
            let json = self.buffers.get(piece.buffer).and_then(|buffer| buffer.json.get(piece.json.clone()));
            // What the transcoder wrote can be read.
            let Ok(document) = json::Document::parse(json.unwrap_or_default().as_bytes()) else { continue };
            let starts = document.root().member_nodes().map(|(key, _)| key.id().index());
            let ends = starts.skip(1).chain([piece.nodes.len()]);
            all.extend(document.root().member_nodes().zip(ends).map(|((key, value), end)| Member {
                from,
                name: key.raw().to_owned(),
                value: value.span(),
                nodes: key.id().index()..end,
            }));
        }
        all
    }

    /// Finds out what counts. What is set again is noted.
    fn counting(&mut self, own: &[Key], merges: &[Merge], members: &[Member]) -> Result<Counting> {
        let json = self.buffers.get(self.current).map_or("", |buffer| &buffer.json);
        let mut last = HashMap::<&str, Setter>::with_capacity(own.len() + members.len());
        let mut merged = members.iter().enumerate().peekable();
        let merge_of = |member: &Member| merges.get(member.from.0);
        for number in 0..=own.len() {
            let is_next = |member: &Member| merge_of(member).is_some_and(|merge| merge.keys_before <= number);
            while let Some((index, member)) = merged.next_if(|(_, member)| is_next(member)) {
                match last.get(member.name.as_str()) {
                    Some(Setter::Merged(first)) if members.get(*first).is_some_and(|it| it.from.0 == member.from.0) => {
                        continue;
                    }
                    Some(Setter::Own(first)) => {
                        if let Some((first, merge)) = own.get(*first).zip(merge_of(member)) {
                            self.repeated.push(repeated(&member.name, first, merge.span(), Repetition::Merged)?);
                        }
                    }
                    _ => {}
                }
                last.insert(&member.name, Setter::Merged(index));
            }
            let Some(key) = own.get(number) else { break };
            let name = json.get(key.json()).unwrap_or_default();
            if let Some(Setter::Own(first)) = last.insert(name, Setter::Own(number))
                && let Some(first) = own.get(first)
            {
                self.repeated.push(repeated(name, first, key.written(), Repetition::Key)?);
            }
        }
        let mut counting = Counting { own: vec![false; own.len()], merged: vec![false; members.len()] };
        for setter in last.into_values() {
            let counts = match setter {
                Setter::Own(number) => counting.own.get_mut(number),
                Setter::Merged(number) => counting.merged.get_mut(number),
            };
            if let Some(counts) = counts {
                *counts = true;
            }
        }
        Ok(counting)
    }

    /// Writes the innermost mapping anew, with some of its own members.
    fn keep_only(&mut self, own: &[Key], counts: &[bool], merges: &mut [Merge]) -> Result {
        let Some((json, nodes)) = self.open.last_mut().map(|frame| {
            frame.is_empty = true;
            (frame.json, frame.nodes)
        }) else {
            return Ok(());
        };
        let Some(buffer) = self.buffers.get_mut(self.current) else { return Ok(()) };
        let whole = Buffer { json: buffer.json.split_off(json), nodes: buffer.nodes.split_off(nodes) };
        buffer.json.push('{');
        buffer.nodes.extend(whole.nodes.first());
        let ends = own.iter().skip(1).map(|next| (next.json().start - 1 - json, next.node as usize - nodes));
        let ends: Vec<_> = ends.chain([(whole.json.len(), whole.nodes.len())]).collect();
        let from = self.buffers.len();
        self.buffers.push(whole);
        for ((key, (json_end, nodes_end)), _) in own.iter().zip(ends).zip(counts).filter(|(_, counts)| **counts) {
            self.before_value(key.written().start)?;
            self.copy_json(from, key.json().start - json..json_end);
            self.copy_nodes(from, key.node as usize - nodes..nodes_end, None);
        }
        self.move_pieces((json, nodes), from, merges)
    }

    /// Lets anchors, and what is merged, name what a mapping was before it was written anew. Other anchors are not looked at.
    fn move_pieces(&mut self, (json, nodes): (usize, usize), to: usize, merges: &mut [Merge]) -> Result {
        let first_anchor = self.open.last().map_or(0, |frame| frame.anchors_before) + 1;
        let current = self.current;
        let mut is_used = false;
        let mut move_piece = |piece: &mut WrittenValue| {
            if piece.buffer == current && piece.json.start > json {
                is_used = true;
                piece.buffer = to;
                piece.json = piece.json.start - json..piece.json.end - json;
                piece.nodes = piece.nodes.start.saturating_sub(nodes)..piece.nodes.end.saturating_sub(nodes);
            }
        };
        for anchor in first_anchor..=self.last_anchor {
            if let Some(Anchor::Known(piece)) = self.anchors.get_mut(&anchor) {
                move_piece(piece);
            }
        }
        merges.iter_mut().flat_map(|merge| &mut merge.pieces).for_each(|(piece, _)| move_piece(piece));
        let Some(whole) = self.buffers.get_mut(to) else { return Ok(()) };
        if is_used {
            let length = whole.json.len();
            return self.spend_bytes(length, self.refusals.last_end());
        }
        *whole = Buffer::default();
        Ok(())
    }

    /// Writes a member that is merged from a piece.
    fn write_member(&mut self, piece: &WrittenValue, member: &Member, through: Option<(u32, u32)>) -> Result {
        self.before_value(self.refusals.last_end())?;
        if let Some(buffer) = self.buffers.get_mut(self.current) {
            buffer.json.push_str(&member.name);
            buffer.json.push(':');
        }
        let at = |range: &Range<usize>, start: usize| range.start + start..range.end + start;
        self.copy_json(piece.buffer, at(&member.value, piece.json.start));
        if self.with_origins {
            self.copy_nodes(piece.buffer, at(&member.nodes, piece.nodes.start), through);
        }
        Ok(())
    }
}

/// That a key, whose name is JSON, is set again.
fn repeated(name: &str, first: &Key, again: Range<usize>, repetition: Repetition) -> Result<Repeated> {
    // What the transcoder wrote can be read.
    let name = json::Document::parse(name.as_bytes()).ok().and_then(|name| name.root().as_str().map(String::from));
    let key = name.unwrap_or_default();
    if scalar::may_be_no_text(&key) {
        // The texts are the same only in JSON: to Kubernetes' reader `1` and `"1"` are two keys, in no order.
        let message = format!("the key {key} comes twice, of which kubectl takes any if one is in quotes; remove one");
        return Err(SyntaxError::new(again.start, message));
    }
    Ok(Repeated { key, first: first.written(), again, repetition })
}
