//! What is left of a collection all of whose children are removed.

use json::{Change, Changes, NodeId, Value};

use crate::opened::Opened;

/// The members that mean the same empty and absent.
const SAME_IF_EMPTY: [&str; 3] = ["env", "annotations", "labels"];

/// The changes with the removal of what they leave empty, instead of that of its last children; `None` if they leave nothing empty.
pub(super) fn without_empty(opened: &Opened<'_>, changes: &Changes) -> Option<Changes> {
    let mut is_any = false;
    let mut kept = Vec::<Change>::new();
    for change in changes.iter() {
        let emptied = match change {
            Change::Remove { container, .. } if is_emptied(opened.root.at(*container), changes) => {
                removal(opened, *container)
            }
            _ => None,
        };
        is_any |= emptied.is_some();
        let change = emptied.unwrap_or_else(|| change.clone());
        if !kept.contains(&change) {
            kept.push(change);
        }
    }
    is_any.then(|| kept.into_iter().collect())
}

/// Whether all children of a collection are removed, and none is added.
fn is_emptied(collection: Value<'_>, changes: &Changes) -> bool {
    let id = collection.id();
    let removed =
        changes.iter().filter(|change| matches!(change, Change::Remove { container, .. } if *container == id));
    let is_extended =
        changes.iter().any(|change| matches!(change, Change::Insert { container, .. } if *container == id));
    !is_extended && removed.count() == collection.elements().count() + collection.member_nodes().count()
}

/// The removal of a collection, if it is a member that may be absent.
fn removal(opened: &Opened<'_>, collection: NodeId) -> Option<Change> {
    let (holder, child) = opened.lineage(collection).pop()?;
    let key = child.key?.as_str()?;
    let may_be_absent = SAME_IF_EMPTY.contains(&key.as_ref());
    may_be_absent.then(|| Change::Remove { container: holder.id(), child: collection })
}
