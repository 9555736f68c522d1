//! The pod templates of an object: where they are, and which objects are around them.

use std::borrow::Cow;

use super::Outer;
use crate::inquiry::Inquiry;
use crate::json::{Kind, Reading, Value};
use crate::kinds;
use crate::settings::{CustomWorkload, Settings};

/// A pod template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template<'a> {
    /// The template.
    pub value: Value<'a>,
    /// The objects around it that have metadata of their own, outermost first: the workload, the job template of a `CronJob`.
    /// People take their labels for those of the pods.
    pub around: Vec<Value<'a>>,
}

/// The pod templates of an object; `None` if its kind has none.
pub(super) fn templates<'a>(
    inquiry: &Inquiry<'_>,
    object: Value<'a>,
    settings: &Settings<'_>,
    reading: &mut Reading<'a>,
) -> Option<Vec<Template<'a>>> {
    if let Some(pointer) = kinds::pod_template(&inquiry.group, &inquiry.kind) {
        let mut search = Search { reading: Some(reading), around: Vec::new(), found: Vec::new() };
        search.follow(object, pointer);
        return Some(search.found);
    }
    let api_version = match inquiry.group.as_ref() {
        "" => inquiry.version.clone(),
        group => [group, "/", &inquiry.version].concat().into(),
    };
    let is_of_kind =
        |workload: &&CustomWorkload<'_>| workload.kind == inquiry.kind && workload.api_version == api_version;
    let mut entries = settings.workloads.iter().filter(is_of_kind).peekable();
    entries.peek()?;
    let mut search = Search { reading: None, around: Vec::new(), found: Vec::new() };
    for workload in entries {
        search.follow(object, &workload.pod_template);
    }
    Some(search.found)
}

/// Whether the templates of an object and the keys of workload identity around them are those of the stored object. Empty templates
/// do not count.
pub(super) fn are_unchanged(new: &[Template<'_>], old: &[Template<'_>], settings: &Settings<'_>) -> bool {
    let is_empty = |list: &[Template<'_>]| list.iter().all(|template| template.value.is_empty());
    if new.len() != old.len() {
        return is_empty(new) && is_empty(old);
    }
    let mut previous = None;
    new.iter().zip(old).all(|(new, old)| {
        let shared = new.shared_with(previous.replace(new));
        let mut around = new.around.iter().zip(&old.around).skip(shared);
        new.value.same_as(old.value)
            && new.around.len() == old.around.len()
            && around.all(|(object, old)| {
                let [object, old] = [object, old].map(|object| Outer::read(*object, &mut Reading::default()));
                object.has_keys_of(&old, settings)
            })
    })
}

impl Template<'_> {
    /// How many of the outermost objects around it are around the previous template, too.
    pub(crate) fn shared_with(&self, previous: Option<&Self>) -> usize {
        let others = previous.map(|template| template.around.as_slice()).unwrap_or_default();
        self.around.iter().zip(others).take_while(|(object, other)| object == other).count()
    }
}

/// Follows a pointer.
struct Search<'r, 'a> {
    /// Collects values of the wrong type. Absent for a custom kind: nothing is known of its schema, so an object that the pointer
    /// does not fit is not wrong.
    reading: Option<&'r mut Reading<'a>>,
    around: Vec<Value<'a>>,
    found: Vec<Template<'a>>,
}

impl<'a> Search<'_, 'a> {
    /// Adds the objects that a JSON pointer leads to from `at`. In a list, `*` leads to each element: an extension.
    fn follow(&mut self, at: Value<'a>, pointer: &str) {
        let Some(rest) = pointer.strip_prefix('/') else {
            if self.is_object(at) {
                self.found.push(Template { value: at, around: self.around.clone() });
            }
            return;
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (step, rest) = rest.split_at(end);
        if at.kind() == Kind::Array && self.reading.is_none() {
            let position = step.parse().ok();
            for (index, element) in at.elements().enumerate() {
                if step == "*" || position == Some(index) {
                    self.follow(element, rest);
                }
            }
        } else if self.is_object(at)
            && let Some(member) = at.field(&unescaped(step))
        {
            let has_metadata = at.field("metadata").is_some_and(|metadata| metadata.kind() == Kind::Object);
            if has_metadata {
                self.around.push(at);
            }
            self.follow(member, rest);
            if has_metadata {
                self.around.pop();
            }
        }
    }

    fn is_object(&mut self, value: Value<'a>) -> bool {
        match &mut self.reading {
            Some(reading) => reading.expect(value, Kind::Object).is_some(),
            None => value.kind() == Kind::Object,
        }
    }
}

/// A step of a JSON pointer as the key that it stands for.
fn unescaped(step: &str) -> Cow<'_, str> {
    if step.contains('~') { step.replace("~1", "/").replace("~0", "~").into() } else { step.into() }
}
