//! The objects in a document, whatever the list is in which they come.

use std::borrow::Cow;

use json::{Kind, Value};

/// A value with an `apiVersion` and a `kind`.
#[derive(Clone, Debug)]
pub struct TypedObject<'v> {
    /// The object.
    pub value: Value<'v>,
    /// Its `apiVersion`.
    pub api_version: Cow<'v, str>,
    /// Its `kind`.
    pub kind: Cow<'v, str>,
}

/// The objects of a document in their order: the root, or the items of a list, also of lists in lists. Items of a typed list, such as
/// `PodList`, may leave out what they are, as the API server does in its answers. Values without `apiVersion` and `kind` are left out.
pub fn objects(root: Value<'_>) -> impl Iterator<Item = TypedObject<'_>> {
    Objects { root: Some(root), lists: Vec::new() }
}

/// An `apiVersion` and a `kind`.
type Type<'v> = (Cow<'v, str>, Cow<'v, str>);

struct Objects<'v> {
    /// The root, until it was looked at.
    root: Option<Value<'v>>,
    /// The lists that are open, one in the other.
    lists: Vec<List<'v>>,
}

struct List<'v> {
    /// The items that are still to come.
    items: Box<dyn Iterator<Item = Value<'v>> + 'v>,
    /// What items are that do not say it.
    item_type: Option<Type<'v>>,
}

impl<'v> Objects<'v> {
    /// What is looked at next, with the type that its list gives it.
    fn value(&mut self) -> Option<(Value<'v>, Option<Type<'v>>)> {
        if let Some(root) = self.root.take() {
            return Some((root, None));
        }
        loop {
            let list = self.lists.last_mut()?;
            match list.items.next() {
                Some(item) => return Some((item, list.item_type.clone())),
                None => self.lists.pop(),
            };
        }
    }
}

impl<'v> Iterator for Objects<'v> {
    type Item = TypedObject<'v>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (value, item_type) = self.value()?;
            let text = |key| value.field(key).and_then(Value::as_str).unwrap_or_default();
            let (api_version, kind) = match (text("kind"), item_type) {
                (kind, Some(item_type)) if kind.is_empty() => item_type,
                (kind, _) => (text("apiVersion"), kind),
            };
            if api_version.is_empty() || kind.is_empty() {
                continue;
            }
            let items = value.field("items").filter(|items| items.kind() == Kind::Array);
            let Some((items, item_kind)) = items.zip(item_kind(&kind)) else {
                return Some(TypedObject { value, api_version, kind });
            };
            let item_type = (!item_kind.is_empty()).then_some((api_version, item_kind));
            self.lists.push(List { items: Box::new(items.elements()), item_type });
        }
    }
}

/// The kind of the items of a list; empty for `List`, `None` for what is none.
fn item_kind<'v>(kind: &Cow<'v, str>) -> Option<Cow<'v, str>> {
    match kind {
        Cow::Borrowed(kind) => kind.strip_suffix("List").map(Cow::Borrowed),
        Cow::Owned(kind) => kind.strip_suffix("List").map(|kind| Cow::Owned(kind.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use json::Document;

    use super::*;

    #[test]
    fn objects_are_found_in_lists_of_every_form() {
        for (json, expected) in [
            (r#"{"apiVersion": "v1", "kind": "Pod", "id": 1}"#, "v1 Pod 1"),
            (
                r#"{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod", "id": 1}, {"id": 2}]}"#,
                "v1 Pod 1",
            ),
            (
                r#"{"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"id": 1}, {"apiVersion": "v1", "kind": "Pod", "id": 2}]}"#,
                "apps/v1 Deployment 1, v1 Pod 2",
            ),
            (
                r#"{"apiVersion": "v1", "kind": "List", "items": [
                    {"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "PodList", "items": [{"id": 1}, {"id": 2}]}]},
                    {"apiVersion": "v1", "kind": "Node", "id": 3}]}"#,
                "v1 Pod 1, v1 Pod 2, v1 Node 3",
            ),
            (r#"{"apiVersion": "v1", "kind": "PodList", "items": []}"#, ""),
            (r#"{"apiVersion": "v1", "kind": "AllowList", "items": {"id": 2}, "id": 1}"#, "v1 AllowList 1"),
            (r#"{"kind": "Pod", "id": 1}"#, ""),
            (r#"[{"apiVersion": "v1", "kind": "Pod", "id": 1}]"#, ""),
        ] {
            let document = Document::parse(json.as_bytes()).unwrap();
            let found = objects(document.root()).map(|TypedObject { value, api_version, kind }| {
                format!("{api_version} {kind} {}", value.get("id").map_or("", Value::raw))
            });
            assert_eq!(found.collect::<Vec<_>>().join(", "), expected, "{json}");
        }
    }
}
