//! How a text is laid out, as seen from what is there.

use std::collections::BTreeMap;

use json::{Kind, Value};

use super::render::{Flow, TextLayout};
use super::scalar::Context;
use crate::opened::Opened;
use crate::yaml::Style;

/// How far the end of the first line is looked for, in bytes.
const LINE_LENGTH: usize = 64 << 10;

/// How the text of a value is laid out: what most of its collections do.
pub(super) fn layout<'a>(opened: &Opened<'a>, value: Value<'a>) -> Option<TextLayout<'a>> {
    // A JSON text may be one long line.
    let start = opened.text.as_bytes().get(..LINE_LENGTH.min(opened.text.len())).unwrap_or_default();
    let newline = match start.split(|byte| *byte == b'\n').next() {
        Some([.., b'\r']) => "\r\n",
        _ => "\n",
    };
    let mut steps = Steps::default();
    if opened.document.is_some() {
        steps.add(opened, value)?;
    }
    let json = json_layout(opened);
    Some(TextLayout {
        newline,
        step: most(&steps.mappings, 2),
        list_step: most(&steps.lists, 0),
        json: json.0,
        json_step: json.1,
    })
}

/// How often children are indented by how much.
#[derive(Default)]
struct Steps {
    mappings: BTreeMap<usize, usize>,
    lists: BTreeMap<usize, usize>,
}

impl Steps {
    fn add(&mut self, opened: &Opened<'_>, value: Value<'_>) -> Option<()> {
        let value = opened.root.at(value.id());
        let origin = opened.origin(value)?;
        if !matches!(origin.style, Style::BlockMapping | Style::BlockSequence) {
            return Some(());
        }
        let column = opened.column(origin.span.start);
        for child in opened.children(value)?.iter().filter(|child| !child.is_alias && !child.is_merged) {
            let counts = match child.style {
                Style::BlockMapping if value.kind() == Kind::Object => Some(&mut self.mappings),
                Style::BlockSequence if value.kind() == Kind::Object => Some(&mut self.lists),
                _ => None,
            };
            let step = opened.column(child.span.start).checked_sub(column);
            if let (Some(counts), Some(step)) = (counts, step) {
                *counts.entry(step).or_default() += 1;
            }
            self.add(opened, child.value)?;
        }
        Some(())
    }
}

fn most(counts: &BTreeMap<usize, usize>, default: usize) -> usize {
    counts.iter().max_by_key(|(_, count)| **count).map_or(default, |(step, _)| *step)
}

/// How a JSON text is laid out, by its first member; and by how much deeper lines are indented, if each member has a line.
fn json_layout<'a>(opened: &Opened<'a>) -> (Flow<'a>, Option<&'a str>) {
    let json = Flow { context: Context::Json, ..Flow::YAML };
    let mut members = opened.root.member_nodes();
    let (Some((key, value)), None) = (members.next(), opened.document) else { return (json, None) };
    let before = opened.slice(opened.root.span().start + 1..key.span().start);
    let colon = opened.slice(key.span().end..value.span().start);
    let is_dense = !before.contains('\n') && colon == ":";
    let space = if is_dense { "" } else { " " };
    let step = before.rsplit_once('\n').map(|(_, indentation)| indentation);
    (Flow { behind_colon: space, behind_comma: space, ..json }, step)
}
