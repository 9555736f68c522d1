//! Changes, sorted by the collection that they change; and, where a place in the text is used several times through aliases, other
//! changes to the same effect.

use std::collections::{BTreeMap, BTreeSet};

use json::{Change, Changes, Document, End, Kind, NodeId, Value};

use super::place::Child;
use crate::opened::Opened;

/// What is changed.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Values that are replaced as a whole, and their new JSON.
    pub(super) replaced: BTreeMap<NodeId, String>,
    /// Keys, and their new names.
    pub(super) renamed: BTreeMap<NodeId, String>,
    /// Mappings that are written as an alias, and the members that are added to them: they become mappings that merge the alias.
    pub(super) merged: BTreeMap<NodeId, Vec<(String, String)>>,
    /// Collections to which children are added or from which they are removed.
    pub(super) collections: BTreeMap<NodeId, Collection>,
}

/// What happens to the children of a collection.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Collection {
    /// The children that are removed.
    pub(super) removed: BTreeSet<NodeId>,
    /// The JSON of elements added before the first one.
    pub(super) first: Vec<String>,
    /// The keys and the JSON of children added behind the last one.
    pub(super) last: Vec<(Option<String>, String)>,
}

/// What is done about places that are used several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// They are changed for all.
    Keep,
    /// An alias on the way to a change is replaced by what it stands for.
    Expand,
    /// Besides, aliases of what is changed are replaced by what they stood for.
    Freeze,
}

impl Plan {
    /// Plans changes.
    pub(super) fn new(opened: &Opened<'_>, changes: &Changes, sharing: Sharing) -> Option<Self> {
        let mut plan = Self::default();
        let mut expansions = BTreeSet::new();
        let mut direct = Vec::new();
        for change in changes.iter() {
            let on_the_way = if sharing == Sharing::Keep { None } else { expansion(opened, change) };
            match on_the_way {
                Some(value) => {
                    expansions.insert(value);
                }
                None => direct.push(change),
            }
        }
        if sharing == Sharing::Freeze {
            let changed: Vec<_> =
                direct.iter().filter_map(|change| opened.origin(opened.root.at(node(change)))).collect();
            let mut uses = Vec::new();
            add_uses(opened, opened.root, &mut uses)?;
            for child in uses {
                let is_concerned = opened.origin(child.value).is_some_and(|origin| {
                    changed.iter().any(|other| origin.span.start < other.span.end && other.span.start < origin.span.end)
                });
                if is_concerned {
                    expansions.insert(child.value.id());
                }
            }
        }
        for value in expansions {
            if let Some(members) = added_members(changes, opened.root.at(value))
                && opened.lineage(value).last().is_some_and(|(_, child)| !child.is_merged)
            {
                plan.merged.insert(value, members);
                continue;
            }
            let mut text = Vec::new();
            // The writer would add what belongs behind the value, too.
            let own: Changes = inside(changes, opened.root.at(value)).cloned().collect();
            own.write(opened.root.at(value), &mut text);
            plan.put(opened, value, String::from_utf8(text).ok()?)?;
        }
        for change in direct {
            plan.add(opened, change)?;
        }
        Some(plan)
    }

    fn add(&mut self, opened: &Opened<'_>, change: &Change) -> Option<()> {
        match change {
            Change::Replace { value, text } => {
                let (old, lineage) = (opened.root.at(*value), opened.lineage(*value));
                match lineage.last() {
                    Some((_, child)) if child.is_alias || child.is_merged => self.put(opened, *value, text.clone())?,
                    _ => self.refine(opened, old, Document::parse(text.as_bytes()).ok()?.root())?,
                }
            }
            Change::Rename { key, name } => {
                self.renamed.insert(*key, name.clone());
            }
            Change::Remove { container, child } => {
                self.collection(*container).removed.insert(*child);
            }
            Change::Insert { container, end, key, text } => {
                let collection = self.collection(*container);
                match end {
                    End::First if key.is_none() => collection.first.push(text.clone()),
                    _ => collection.last.push((key.clone(), text.clone())),
                }
            }
        }
        Some(())
    }

    fn collection(&mut self, id: NodeId) -> &mut Collection {
        self.collections.entry(id).or_default()
    }

    /// Puts a value where another one is written: in the place of an alias, or as a member besides a merge that has it.
    fn put(&mut self, opened: &Opened<'_>, value: NodeId, text: String) -> Option<()> {
        match opened.lineage(value).pop() {
            Some((container, child)) if child.is_merged => {
                let key = child.key?.as_str()?.into_owned();
                self.collection(container.id()).last.push((Some(key), text));
            }
            _ => {
                self.replaced.insert(value, text);
            }
        }
        Some(())
    }

    /// Replaces a value by changing as little as possible of it, so that comments and styles in it stay.
    fn refine(&mut self, opened: &Opened<'_>, old: Value<'_>, new: Value<'_>) -> Option<()> {
        if is_same(old, new) {
            return Some(());
        }
        let children = opened.children(opened.root.at(old.id()))?;
        match (old.kind(), new.kind()) {
            (Kind::Object, Kind::Object) if old.members().any(|(key, _)| new.get(&key).is_some()) => {
                for child in &children {
                    let key = child.key?.as_str()?;
                    match new.get(&key) {
                        Some(new) => self.refine_child(opened, child, new)?,
                        None => {
                            self.collection(old.id()).removed.insert(child.value.id());
                        }
                    }
                }
                for (key, new) in new.members().filter(|(key, _)| old.get(key).is_none()) {
                    self.collection(old.id()).last.push((Some(key.into_owned()), new.raw().to_owned()));
                }
            }
            (Kind::Array, Kind::Array) if !old.is_empty() && !new.is_empty() => {
                let mut elements = new.elements();
                for child in &children {
                    match elements.next() {
                        Some(new) => self.refine_child(opened, child, new)?,
                        None => {
                            self.collection(old.id()).removed.insert(child.value.id());
                        }
                    }
                }
                for new in elements {
                    self.collection(old.id()).last.push((None, new.raw().to_owned()));
                }
            }
            _ => {
                self.replaced.insert(old.id(), new.raw().to_owned());
            }
        }
        Some(())
    }

    fn refine_child(&mut self, opened: &Opened<'_>, child: &Child<'_>, new: Value<'_>) -> Option<()> {
        if is_same(child.value, new) {
            Some(())
        } else if child.is_alias || child.is_merged {
            self.put(opened, child.value.id(), new.raw().to_owned())
        } else {
            self.refine(opened, child.value, new)
        }
    }
}

/// The node of which a change says that it changes.
pub(super) fn node(change: &Change) -> NodeId {
    match change {
        Change::Replace { value, .. } => *value,
        Change::Rename { key, .. } => *key,
        Change::Remove { container, .. } | Change::Insert { container, .. } => *container,
    }
}

/// The members that changes add to an object; `None` if there are none, or something else of it changes.
fn added_members(changes: &Changes, object: Value<'_>) -> Option<Vec<(String, String)>> {
    let members: Option<Vec<_>> = inside(changes, object)
        .map(|change| match change {
            Change::Insert { container, key: Some(key), text, .. } if *container == object.id() => {
                Some((key.clone(), text.clone()))
            }
            _ => None,
        })
        .collect();
    members.filter(|members| !members.is_empty() && !object.is_empty())
}

/// The changes of a value and of what is in it.
fn inside<'c>(changes: &'c Changes, value: Value<'_>) -> impl Iterator<Item = &'c Change> {
    let span = value.span();
    changes.iter().filter(move |change| {
        let at = value.at(node(change)).span();
        span.start <= at.start && at.end <= span.end
    })
}

/// The value of the first alias or merge on the way to a change.
fn expansion(opened: &Opened<'_>, change: &Change) -> Option<NodeId> {
    let lineage = opened.lineage(node(change));
    let (_, child) = lineage.into_iter().find(|(_, child)| child.is_alias || child.is_merged)?;
    let is_replaced_itself = matches!(change, Change::Replace { value, .. } if *value == child.value.id());
    (!is_replaced_itself).then(|| child.value.id())
}

/// Adds the children below a value that are aliases or came through merges. What is below those is written elsewhere.
fn add_uses<'a>(opened: &Opened<'a>, value: Value<'a>, uses: &mut Vec<Child<'a>>) -> Option<()> {
    for child in opened.children(value)? {
        if child.is_alias || child.is_merged {
            uses.push(child);
        } else {
            add_uses(opened, child.value, uses)?;
        }
    }
    Some(())
}

/// Whether two values are the same JSON. Members may be in another order; null is not absent.
pub(super) fn is_same(one: Value<'_>, other: Value<'_>) -> bool {
    match (one.kind(), other.kind()) {
        (Kind::Object, Kind::Object) => {
            let mut others = other.members();
            // Most members are in the same place, and a lookup takes longer the more there are.
            let have_same = one.members().all(|(key, value)| match others.next() {
                Some((other_key, other_value)) if other_key == key => is_same(value, other_value),
                Some(_) => other.get(&key).is_some_and(|other| is_same(value, other)),
                None => false,
            });
            have_same && others.next().is_none()
        }
        (Kind::Array, Kind::Array) => {
            let mut others = other.elements();
            one.elements().all(|value| others.next().is_some_and(|other| is_same(value, other)))
                && others.next().is_none()
        }
        (Kind::String, Kind::String) => one.as_str() == other.as_str(),
        (one_kind, other_kind) => one_kind == other_kind && one.raw() == other.raw(),
    }
}
