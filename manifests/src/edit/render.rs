//! New values as text: block YAML, flow YAML, JSON.

use json::{Kind, Value};

use super::scalar::{self, Context};
use crate::yaml::Style;

/// How a text is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextLayout<'t> {
    /// What ends a line.
    pub(super) newline: &'t str,
    /// By how much the members of a mapping are indented more than its key.
    pub(super) step: usize,
    /// By how much the elements of a list are indented more than its key.
    pub(super) list_step: usize,
    /// How flow collections of a JSON text are written.
    pub(super) json: Flow<'t>,
    /// In a JSON text with a line for each member: what deeper lines begin with besides.
    pub(super) json_step: Option<&'t str>,
}

/// How a flow collection is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow<'t> {
    /// [`Context::Flow`] or [`Context::Json`].
    pub(super) context: Context,
    /// What follows a colon.
    pub(super) behind_colon: &'t str,
    /// What follows a comma.
    pub(super) behind_comma: &'t str,
    /// Where each child has a line of its own: what a line begins with, and what the lines of children have more.
    pub(super) lines: Option<(&'t str, &'t str)>,
}

impl Flow<'_> {
    /// Flow collections of YAML, on one line.
    pub(super) const YAML: Self = Self { context: Context::Flow, behind_colon: " ", behind_comma: " ", lines: None };
}

impl TextLayout<'_> {
    /// A line break, and the indentation of the next line.
    pub(super) fn new_line(&self, column: usize) -> String {
        [self.newline, &" ".repeat(column)].concat()
    }

    /// A value that begins in a column of a block collection.
    pub(super) fn block(&self, value: Value<'_>, column: usize) -> String {
        let separator = self.new_line(column);
        match value.kind() {
            Kind::Object if !value.is_empty() => {
                let members = value.members().map(|(key, value)| self.member(&key, value, column));
                members.collect::<Vec<_>>().join(&separator)
            }
            Kind::Array if !value.is_empty() => {
                let elements = value.elements().map(|element| self.element(element, column, 2));
                elements.collect::<Vec<_>>().join(&separator)
            }
            _ => self.scalar(value, column),
        }
    }

    /// A member of a block mapping.
    pub(super) fn member(&self, key: &str, value: Value<'_>, column: usize) -> String {
        let key = scalar::string(key, Style::Plain, Context::Block);
        [&key, ":", &self.behind_colon(value, column)].concat()
    }

    /// An element of a block sequence, whose content begins `gap` columns behind the dash.
    pub(super) fn element(&self, value: Value<'_>, column: usize, gap: usize) -> String {
        let content = if is_collection(value) { column + gap } else { column };
        let space = " ".repeat(if is_collection(value) { gap.saturating_sub(1) } else { 1 });
        ["-", &space, &self.block(value, content)].concat()
    }

    /// What follows the colon of a key that begins in a column.
    pub(super) fn behind_colon(&self, value: Value<'_>, column: usize) -> String {
        if is_collection(value) {
            let column = column + if value.kind() == Kind::Array { self.list_step } else { self.step };
            [self.new_line(column), self.block(value, column)].concat()
        } else {
            [" ", &self.scalar(value, column)].concat()
        }
    }

    /// A scalar, or an empty collection, in a block collection whose column is given.
    fn scalar(&self, value: Value<'_>, column: usize) -> String {
        match value.as_str() {
            Some(text) if scalar::is_literal(&text) => {
                let (header, lines) = text.strip_suffix('\n').map_or(("|-", text.as_ref()), |lines| ("|", lines));
                let indentation = self.new_line(column + self.step);
                let lines = lines.split('\n').map(|line| match line {
                    "" => self.newline.to_owned(),
                    line => [&indentation, line].concat(),
                });
                std::iter::once(header.to_owned()).chain(lines).collect()
            }
            Some(text) => scalar::string(&text, Style::Plain, Context::Block),
            // Empty collections, too.
            None => value.raw().split_ascii_whitespace().collect(),
        }
    }

    /// A value in a flow collection.
    pub(super) fn flow(&self, value: Value<'_>, flow: Flow<'_>) -> String {
        let (open, close) = match value.kind() {
            Kind::Object => ("{", "}"),
            Kind::Array => ("[", "]"),
            Kind::String => return scalar::string(&value.as_str().unwrap_or_default(), Style::Plain, flow.context),
            _ => return value.raw().to_owned(),
        };
        if value.is_empty() {
            return [open, close].concat();
        }
        let inner = flow.lines.map(|(indentation, step)| [indentation, step].concat());
        let inside = Flow { lines: inner.as_deref().zip(flow.lines).map(|(inner, (_, step))| (inner, step)), ..flow };
        let elements = value.elements().map(|element| self.flow(element, inside));
        let members = value.members().map(|(key, value)| self.flow_member(&key, value, inside));
        let children: Vec<_> = elements.chain(members).collect();
        match (flow.lines, inside.lines) {
            (Some((indentation, _)), Some((inner, _))) => {
                let separator = [",", self.newline, inner].concat();
                let children = children.join(&separator);
                [open, self.newline, inner, &children, self.newline, indentation, close].concat()
            }
            _ => [open, &children.join(&[",", flow.behind_comma].concat()), close].concat(),
        }
    }

    /// A member of a flow mapping.
    pub(super) fn flow_member(&self, key: &str, value: Value<'_>, flow: Flow<'_>) -> String {
        let key = scalar::string(key, Style::Plain, flow.context);
        [&key, ":", flow.behind_colon, &self.flow(value, flow)].concat()
    }
}

/// Whether a value is a collection with children.
pub(super) fn is_collection(value: Value<'_>) -> bool {
    matches!(value.kind(), Kind::Object | Kind::Array) && !value.is_empty()
}
