//! JSON of which parts may not be known: what a plan leaves open, what an expression comes to only in a deployment.

use azure_workload_identity_policy::json::{Document, Kind, Value};

/// A value, and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Node<'v> {
    pub(super) content: Content<'v>,
    /// The value of the file that it is, or from which it was made.
    pub(super) origin: Value<'v>,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Content<'v> {
    Null,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Node<'v>>),
    Object(Vec<(String, Node<'v>)>),
    /// It is not known; the end of a sentence says why.
    Unknown(&'static str),
}

/// Where the parts of a value are `true` that nobody knows, or that nobody may print. Source: `after_unknown` and `sensitive_values` of
/// Terraform.
#[derive(Clone, Copy, Default)]
pub(super) struct Mask<'v> {
    pub(super) unknown: Option<Value<'v>>,
    pub(super) sensitive: Option<Value<'v>>,
}

/// Why something is absent in a plan.
pub(super) const AFTER_APPLY: &str = "is known only after `terraform apply`";

/// Why something is not read.
const SENSITIVE: &str = "is sensitive in Terraform, and not read";

impl<'v> Node<'v> {
    /// A value of a file.
    pub(super) fn of(value: Value<'v>) -> Self {
        Self::masked(value, Mask::default())
    }

    /// A value of a file of which parts are not known.
    pub(super) fn masked(value: Value<'v>, mask: Mask<'v>) -> Self {
        let is_set = |mask: Option<Value<'v>>| mask.and_then(Value::as_bool) == Some(true);
        let content = if is_set(mask.unknown) {
            Content::Unknown(AFTER_APPLY)
        } else if is_set(mask.sensitive) {
            Content::Unknown(SENSITIVE)
        } else {
            match value.kind() {
                Kind::Array => {
                    let at = |mask: Option<Value<'v>>, index| mask?.elements().nth(index);
                    let masks = |index| Mask { unknown: at(mask.unknown, index), sensitive: at(mask.sensitive, index) };
                    let elements = value.elements().enumerate();
                    Content::List(elements.map(|(index, value)| Self::masked(value, masks(index))).collect())
                }
                Kind::Object => {
                    let masks = |key: &str| {
                        let at = |mask: Option<Value<'v>>| mask?.field(key);
                        Mask { unknown: at(mask.unknown), sensitive: at(mask.sensitive) }
                    };
                    let members = value.fields().map(|(key, value)| {
                        let node = Self::masked(value, masks(&key));
                        (key.into_owned(), node)
                    });
                    let mut members: Vec<_> = members.collect();
                    // What is not known at all has no value beside the mask.
                    let open = mask.unknown.into_iter().flat_map(Value::fields);
                    let open = open.filter(|(key, mask)| mask.as_bool() == Some(true) && value.field(key).is_none());
                    members.extend(open.map(|(key, _)| {
                        (key.into_owned(), Self { content: Content::Unknown(AFTER_APPLY), origin: value })
                    }));
                    Content::Object(members)
                }
                _ => scalar(value),
            }
        };
        Self { content, origin: value }
    }

    /// The JSON that a text holds, at the place of the text.
    pub(super) fn within(text: &str, origin: Value<'v>) -> Option<Self> {
        fn copy<'v>(value: Value<'_>, origin: Value<'v>) -> Node<'v> {
            let content = match value.kind() {
                Kind::Array => Content::List(value.elements().map(|value| copy(value, origin)).collect()),
                Kind::Object => Content::Object(
                    value.fields().map(|(key, value)| (key.into_owned(), copy(value, origin))).collect(),
                ),
                _ => scalar(value),
            };
            Node { content, origin }
        }
        let document = Document::parse(text.as_bytes()).ok()?;
        Some(copy(document.root(), origin))
    }

    /// A member, unless it is null.
    pub(super) fn field(&self, key: &str) -> Option<&Self> {
        let Content::Object(members) = &self.content else { return None };
        let found = members.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        found.filter(|value| !matches!(value.content, Content::Null))
    }

    /// The first of several members.
    pub(super) fn any(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().find_map(|key| self.field(key))
    }

    /// What a path of members leads to.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.field(key))
    }

    /// Adds the first of several members, of which a provider requires one, if none is there: then a plan does not know it.
    pub(super) fn require(&mut self, keys: &[&str]) {
        let is_missing = self.any(keys).is_none();
        if let (Content::Object(members), Some(key)) = (&mut self.content, keys.first().filter(|_| is_missing)) {
            members.push(((*key).to_owned(), Self { content: Content::Unknown(AFTER_APPLY), origin: self.origin }));
        }
    }

    /// The text, unless it is empty.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The text of a member, unless it is empty.
    pub(super) fn text_of(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.field(key)?.text()).map(String::from)
    }

    /// The type, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Object(_) => "an object",
            Content::Unknown(_) => "not known",
        }
    }
}

fn scalar<'v>(value: Value<'_>) -> Content<'v> {
    match value.kind() {
        Kind::Bool => Content::Bool(value.as_bool().unwrap_or_default()),
        Kind::Number => Content::Number(value.as_i64().unwrap_or_default()),
        Kind::String => Content::Text(value.as_str().unwrap_or_default().into_owned()),
        _ => Content::Null,
    }
}
