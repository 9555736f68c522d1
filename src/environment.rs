//! What an environment variable of a container is in the end, as the kubelet makes it.
//!
//! The kubelet takes the variables of services and of `envFrom` first, then the entries of `env` in their order: an entry
//! replaces whatever had its name, and its value may refer by `$(NAME)` to all that comes before it. A reference to nothing stays
//! as it is written, and `$$` stands for `$`. Source: `makeEnvironmentVariables` in Kubernetes' `pkg/kubelet/kubelet_pods.go`,
//! and `third_party/forked/golang/expansion`.
//!
//! The model answers for the container as it is or, given the variables that injection adds, as injection will make it: they
//! come last, and only those whose name no entry has.

use std::borrow::Cow;

use crate::formats::present;
use crate::json::Value;
use crate::pod::{Container, EnvVar, Pod};

/// How many references are followed for one variable. Each may stand for a value with further references, so that without a
/// bound a small pod could make a value of any size.
const MAX_REFERENCES: u32 = 16;

/// The longest value that is put together from references, in bytes.
const MAX_EXPANDED: usize = 64 * 1024;

/// A variable that injection adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InjectedVariable<'p> {
    /// Its name.
    pub name: &'p str,
    /// Its value; `None` if it cannot be known here.
    pub value: Option<Cow<'p, str>>,
}

/// A variable of a container.
#[derive(Clone, Debug)]
pub struct Variable<'p> {
    /// The entry of `env` that sets it, the last one of its name; `None` if there is none.
    pub entry: Option<&'p EnvVar<'p>>,
    /// What it is.
    pub value: Resolved<'p>,
}

/// What a variable is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved<'p> {
    /// Nothing sets it.
    Unset,
    /// This text, which may be empty.
    Text(Cow<'p, str>),
    /// This text, in which a `$(NAME)` is left that nothing sets.
    Unresolved(Cow<'p, str>),
    /// It is set, but to a value that is not in the pod.
    Elsewhere(ValueSource<'p>),
    /// It may be set, to a value that is not in the pod.
    Maybe(ValueSource<'p>),
}

/// Where a value comes from that is not in the pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueSource<'p> {
    /// `valueFrom`, by its kind: `fieldRef`, `secretKeyRef`, ... A field of the pod is not known either: labels and annotations
    /// may still change.
    Reference(Cow<'p, str>),
    /// `envFrom`: all keys of a Secret or ConfigMap.
    EnvFrom,
    /// The address of a service.
    Service,
    /// Injection, by a webhook whose settings are not known or from a service account that could not be read.
    Injection,
    /// On Windows: entries whose names differ in case. Which of them counts is not defined.
    Spellings,
    /// More references than are followed here.
    References,
}

impl Variable<'_> {
    /// Its text, if that is known. A reference that is left in it is a part of the text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Resolved::Text(text) | Resolved::Unresolved(text) => Some(text),
            Resolved::Unset | Resolved::Elsewhere(_) | Resolved::Maybe(_) => None,
        }
    }

    /// Whether a process sees no value for certain: the variable is unset or empty.
    pub fn is_missing(&self) -> bool {
        match &self.value {
            Resolved::Unset => true,
            Resolved::Text(text) => present(Some(text)).is_none(),
            Resolved::Unresolved(_) | Resolved::Elsewhere(_) | Resolved::Maybe(_) => false,
        }
    }

    /// Whether injection sets it, rather than the container.
    pub fn is_injected(&self) -> bool {
        self.entry.is_none() && matches!(self.value, Resolved::Text(_) | Resolved::Elsewhere(ValueSource::Injection))
    }
}

/// The environment of a container.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'p> {
    pod: &'p Pod<'p>,
    entries: &'p [EnvVar<'p>],
    env_from: Option<Value<'p>>,
    injected: &'p [InjectedVariable<'p>],
    windows: bool,
}

impl<'p> Environment<'p> {
    /// The environment of a container of `pod`, with the variables that injection adds to it: none if it takes no part.
    pub fn new(pod: &'p Pod<'p>, container: &'p Container<'p>, injected: &'p [InjectedVariable<'p>]) -> Self {
        Self {
            pod,
            entries: &container.env,
            env_from: container.object.field("envFrom"),
            injected,
            windows: pod.is_for_windows(),
        }
    }

    /// The variable of this name. On Windows processes compare names without case.
    pub fn get(&self, name: &str) -> Variable<'p> {
        let is_same = |other: &str| other == name || (self.windows && other.eq_ignore_ascii_case(name));
        let last = self.entries.iter().enumerate().rfind(|(_, entry)| is_same(&entry.name));
        // Neither webhooks nor the kubelet compare without case.
        let sets = |name: &str| self.entries.iter().any(|entry| entry.name == name);
        let injected = self.injected.iter().find(|variable| variable.name == name && !sets(name));
        let is_only_spelling =
            |name: &str| !self.windows || self.entries.iter().all(|other| other.name == name || !is_same(&other.name));
        let mut budget = MAX_REFERENCES;
        let value = match (last, injected) {
            (None, None) => self.set_otherwise(name),
            (None, Some(variable)) => match &variable.value {
                Some(value) => Resolved::Text(value.clone()),
                None => Resolved::Elsewhere(ValueSource::Injection),
            },
            (Some((position, entry)), None) if is_only_spelling(&entry.name) => self.value_of(position, &mut budget),
            (Some(_), _) => Resolved::Elsewhere(ValueSource::Spellings),
        };
        Variable { entry: last.map(|(_, entry)| entry), value }
    }

    /// The entries whose value refers to one of `names` although no earlier entry sets it, each with the first of these names. The
    /// kubelet leaves the reference unchanged.
    pub fn unresolved_references<'n>(
        &self,
        names: &'n [&'n str],
    ) -> impl Iterator<Item = (&'p EnvVar<'p>, &'n str)> + use<'p, 'n> {
        let mut is_set: Vec<bool> = names.iter().map(|name| self.set_otherwise(name) != Resolved::Unset).collect();
        self.entries.iter().filter_map(move |entry| {
            let position = |name: &str| names.iter().position(|asked| *asked == name);
            let unresolved = Pieces::of(&entry.value).find_map(|piece| match piece {
                Piece::Reference(name) => position(name).filter(|at| is_set.get(*at) == Some(&false)),
                Piece::Text(_) => None,
            });
            if let Some(is_set) = position(&entry.name).and_then(|at| is_set.get_mut(at)) {
                *is_set = true;
            }
            Some((entry, *names.get(unresolved?)?))
        })
    }

    /// What sets a name that no entry sets.
    fn set_otherwise(&self, name: &str) -> Resolved<'p> {
        let by_env_from = |from: Value<'p>| {
            let prefix = from.field("prefix").and_then(Value::as_str).unwrap_or_default();
            let start = name.get(..prefix.len());
            let key = name.get(prefix.len()..).unwrap_or_default();
            start.is_some_and(|start| start == prefix || (self.windows && start.eq_ignore_ascii_case(&prefix)))
                && is_key(key)
        };
        if self.env_from.is_some_and(|list| list.elements().any(by_env_from)) {
            Resolved::Maybe(ValueSource::EnvFrom)
        } else if self.may_be_of_service(name) {
            Resolved::Maybe(ValueSource::Service)
        } else {
            Resolved::Unset
        }
    }

    /// Whether a variable of this name may hold the address of a service. Source: Kubernetes' `pkg/kubelet/envvars`.
    fn may_be_of_service(&self, name: &str) -> bool {
        // The API server's own service is always there.
        (self.pod.has_service_links() || name.starts_with("KUBERNETES_"))
            && (name.ends_with("_SERVICE_HOST") || name.ends_with("_PORT") || name.contains("_PORT_"))
    }

    /// The value that an entry gives.
    fn value_of(&self, position: usize, budget: &mut u32) -> Resolved<'p> {
        let Some(entry) = self.entries.get(position) else { return Resolved::Unset };
        if !entry.value.is_empty() {
            return self.expand(&entry.value, position, budget);
        }
        match entry.value_from.and_then(|source| source.fields().next()) {
            None => Resolved::Text(Cow::Borrowed("")),
            Some((kind, source)) => {
                let is_optional = source.field("optional").and_then(Value::as_bool) == Some(true);
                let source = ValueSource::Reference(kind);
                // Without the key the entry counts for nothing.
                if is_optional { Resolved::Maybe(source) } else { Resolved::Elsewhere(source) }
            }
        }
    }

    /// The text with each reference replaced by what comes before the entry at `position`.
    fn expand(&self, text: &'p str, position: usize, budget: &mut u32) -> Resolved<'p> {
        if !text.bytes().any(|byte| byte == b'$') {
            return Resolved::Text(Cow::Borrowed(text));
        }
        let mut expanded = String::with_capacity(text.len());
        let mut is_unresolved = false;
        for piece in Pieces::of(text) {
            match piece {
                Piece::Text(text) => expanded.push_str(text),
                Piece::Reference(name) => match self.value_before(name, position, budget) {
                    Resolved::Text(value) => expanded.push_str(&value),
                    Resolved::Unresolved(value) => {
                        is_unresolved = true;
                        expanded.push_str(&value);
                    }
                    Resolved::Unset => {
                        is_unresolved = true;
                        expanded.extend(["$(", name, ")"]);
                    }
                    Resolved::Elsewhere(source) | Resolved::Maybe(source) => return Resolved::Elsewhere(source),
                },
            }
            if expanded.len() > MAX_EXPANDED.max(text.len()) {
                return Resolved::Elsewhere(ValueSource::References);
            }
        }
        let expanded = Cow::Owned(expanded);
        if is_unresolved { Resolved::Unresolved(expanded) } else { Resolved::Text(expanded) }
    }

    /// The value that a name has before the entry at `position`.
    fn value_before(&self, name: &str, position: usize, budget: &mut u32) -> Resolved<'p> {
        let Some(left) = budget.checked_sub(1) else { return Resolved::Elsewhere(ValueSource::References) };
        *budget = left;
        let earlier = self.entries.get(..position).unwrap_or_default();
        match earlier.iter().rposition(|entry| entry.name == name) {
            Some(earlier) => self.value_of(earlier, budget),
            None => self.set_otherwise(name),
        }
    }
}

/// Whether a Secret or ConfigMap may have this key.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// A part of a value.
#[derive(Clone, Copy, Debug)]
enum Piece<'t> {
    /// Text that stands for itself.
    Text(&'t str),
    /// The name in `$(NAME)`; it ends at the first parenthesis.
    Reference(&'t str),
}

/// Takes a value apart.
struct Pieces<'t> {
    rest: &'t str,
    /// Set once no parenthesis closes: then none does further on.
    has_no_closer: bool,
}

impl<'t> Pieces<'t> {
    fn of(text: &'t str) -> Self {
        Self { rest: text, has_no_closer: false }
    }

    /// Takes `length` bytes and returns them; `skip` bytes after them are dropped.
    fn take(&mut self, length: usize, skip: usize) -> &'t str {
        let taken = self.rest.get(..length).unwrap_or_default();
        self.rest = self.rest.get(length + skip..).unwrap_or_default();
        taken
    }
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    #[inline(never)]
    fn next(&mut self) -> Option<Piece<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let find = |text: &str, byte: u8| text.bytes().position(|other| other == byte);
        match find(self.rest, b'$') {
            Some(0) => {}
            dollar => return Some(Piece::Text(self.take(dollar.unwrap_or(self.rest.len()), 0))),
        }
        let after = self.rest.get(1..).unwrap_or_default();
        if after.starts_with('$') {
            return Some(Piece::Text(self.take(1, 1)));
        }
        if after.starts_with('(') && !self.has_no_closer {
            if let Some(closer) = find(self.rest, b')') {
                self.take(2, 0);
                return Some(Piece::Reference(self.take(closer - 2, 1)));
            }
            self.has_no_closer = true;
        }
        let next_dollar = find(after, b'$').map_or(self.rest.len(), |length| length + 1);
        Some(Piece::Text(self.take(next_dollar, 0)))
    }
}
