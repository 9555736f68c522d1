//! From a path in an object to a place in the text.

use std::ops::Range;

use json::{Document, Part, Path, Segment, Value};

use crate::opened::Opened;
use crate::yaml::{self, Style};

/// How far a path leads.
#[derive(Clone, Copy)]
pub struct Followed<'v> {
    /// The innermost value that exists.
    pub at: Value<'v>,
    /// Its key, if it is a member.
    key: Option<Value<'v>>,
    /// Whether it is what the path names.
    pub is_whole: bool,
    /// How many steps of the path lead to it.
    steps: usize,
}

/// Follows a path from an object.
pub fn follow<'v>(object: Value<'v>, path: &Path) -> Followed<'v> {
    let mut followed = Followed { at: object, key: None, is_whole: true, steps: 0 };
    for segment in path.segments() {
        let next = match segment {
            Segment::Key(name) => {
                followed.at.key_of(name).zip(followed.at.get(name)).map(|(key, value)| (Some(key), value))
            }
            Segment::Index(index) => followed.at.elements().nth(*index).map(|element| (None, element)),
        };
        let Some((key, at)) = next else { return Followed { is_whole: false, ..followed } };
        followed = Followed { at, key, is_whole: true, steps: followed.steps + 1 };
    }
    followed
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The part.
    pub span: Range<usize>,
    /// The aliases through which the node came, the innermost first.
    pub aliases: Vec<Range<usize>>,
}

impl Opened<'_> {
    /// The place that a path from an object leads to: the value, or the key where the key is meant or the value extends over several
    /// lines. For what is missing it is the innermost existing object around it.
    pub fn locate(&self, object: Value<'_>, path: &Path, part: Part) -> Located {
        let Followed { mut at, key, is_whole, steps } = follow(object, path);
        if let Some(located) = self.locate_in_text(at, path.segments().get(steps..).unwrap_or_default(), part) {
            return located;
        }
        // An object as a whole is shown by its kind.
        if at == object
            && let (Some(kind), true) = (at.get("kind"), path.segments().is_empty() || !is_whole)
        {
            at = kind;
        }
        let value = self.of(at);
        match key {
            Some(key) if part == Part::Key || !is_whole || self.is_long(&value.span) => self.of(key),
            _ => Located { span: self.first_line(value.span), ..value },
        }
    }

    /// The place that further steps lead to in a string that is a document by itself, such as a patch, if it is written so that its
    /// lines are those of the document: as a literal block.
    fn locate_in_text(&self, string: Value<'_>, steps: &[Segment], part: Part) -> Option<Located> {
        let text = string.as_str().filter(|_| !steps.is_empty())?;
        let origin = self.document?.origins.of(string.id()).filter(|origin| origin.style == Style::Literal)?;
        let start = origin.span.start + self.text.get(origin.span.clone())?.find('\n')? + 1;
        let block = self.text.get(start..origin.span.end)?;
        let document = yaml::documents(block, true).next()?.ok()?;
        // The same without its indentation is not always the same.
        if yaml::documents(&text, false).next()?.ok()?.json != document.json {
            return None;
        }
        let json = Document::parse(document.json.as_bytes()).ok()?;
        let mut path = Path::default();
        for step in steps {
            path.push(step.clone());
        }
        let located = Opened::new(block, json.root(), Some(&document)).locate(json.root(), &path, part);
        let moved = |span: Range<usize>| span.start + start..span.end + start;
        Some(Located { span: moved(located.span), aliases: located.aliases.into_iter().map(moved).collect() })
    }

    /// The place of a value: its first line, if it extends over several.
    pub fn locate_value(&self, value: Value<'_>) -> Located {
        let located = self.of(value);
        Located { span: self.first_line(located.span), aliases: located.aliases }
    }

    fn of(&self, value: Value<'_>) -> Located {
        let Some(document) = self.document else { return Located { span: value.span(), aliases: Vec::new() } };
        let origins = &document.origins;
        let Some(origin) = origins.of(value.id()) else { return Located { span: 0..0, aliases: Vec::new() } };
        let mut aliases = Vec::new();
        let mut next = origin.alias;
        while let Some(alias) = next.and_then(|alias| origins.alias(alias)) {
            aliases.push(alias.span.clone());
            next = alias.outer;
        }
        Located { span: origin.span.clone(), aliases }
    }

    /// Whether a part of the text is empty or extends over several lines.
    fn is_long(&self, span: &Range<usize>) -> bool {
        self.text.get(span.clone()).is_none_or(|text| text.is_empty() || text.trim_end().contains('\n'))
    }

    fn first_line(&self, span: Range<usize>) -> Range<usize> {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        span.start..span.start + line.trim_end().len()
    }

    /// Whether a value is written in this part of the text.
    pub fn is_at(&self, value: Value<'_>, span: &Range<usize>) -> bool {
        self.of(value).span == *span
    }

    /// A value as it is written, unless that takes several lines.
    pub fn on_one_line(&self, value: Value<'_>) -> Option<&str> {
        self.text.get(self.of(value).span).filter(|text| !text.is_empty() && !text.contains('\n'))
    }

    /// The text of a scalar as it is written, without quotes; `None` for other styles.
    pub fn plain_text(&self, value: Value<'_>) -> Option<&str> {
        let Some(document) = self.document else { return Some(self.text.get(value.span()).unwrap_or_default()) };
        let origin = document.origins.of(value.id()).filter(|origin| origin.style == Style::Plain)?;
        self.text.get(origin.span.clone())
    }
}
