//! Findings: what a rule reports about an object, as data.

use std::borrow::Cow;
use std::fmt;

use crate::assumption::Assumptions;
use crate::formats::is_guid;
pub use crate::json::Part;
use crate::json::{Changes, Path};
use crate::rule::{RuleId, Severity};

/// One thing that is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: RuleId,
    /// Where, in the object that was examined.
    pub place: Place,
    /// What is wrong, as the end of a sentence that begins with the path.
    pub problem: String,
    /// What to do about it.
    pub fix: String,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
    /// Changes to the object that do what `fix` says.
    #[cfg(feature = "repairs")]
    pub repair: Option<Repair>,
    /// What decides which severity it has, besides its rule.
    pub weight: Weight,
    /// Whether injection is impossible until this is fixed. A pod that is to be injected is then rejected whatever the severity of
    /// the rule.
    pub blocks_injection: bool,
}

impl Finding {
    /// A finding at a place, with the severity of its rule. [`Findings`] fills in the rule.
    pub fn at<'t>(
        place: impl Into<Place>,
        problem: impl Into<Cow<'t, str>>,
        fix: impl Into<Cow<'t, str>>,
    ) -> FindingBuilder {
        FindingBuilder::from_texts(place.into(), problem.into(), fix.into())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}; {}", self.rule, self.place.path, self.problem, self.fix)
    }
}

/// A correction of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Whether it can be made unasked.
    pub applicability: Applicability,
    /// What it changes.
    pub changes: Changes,
}

/// Whether a correction can be made unasked. What can is less than what cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "repairs", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum Applicability {
    /// It has one sensible meaning, and nothing is lost.
    Safe,
    /// A person decides: something that works may be lost, another correction may be meant, or the correction is wrong if something
    /// is true that the object does not show.
    Suggestion,
}

impl Repair {
    /// A correction with one sensible meaning, with which nothing is lost.
    pub(crate) fn safe(changes: Changes) -> Self {
        Self { applicability: Applicability::Safe, changes }
    }

    /// A correction that a person decides about.
    pub(crate) fn suggestion(changes: Changes) -> Self {
        Self { applicability: Applicability::Suggestion, changes }
    }

    /// A correction that is safe if a condition is true.
    pub(crate) fn safe_if(is_safe: bool, changes: Changes) -> Self {
        if is_safe { Self::safe(changes) } else { Self::suggestion(changes) }
    }
}

/// A finding whose rule and weight are still to be filled in.
#[derive(Debug)]
pub struct FindingBuilder {
    place: Place,
    problem: String,
    fix: String,
    related: Vec<Related>,
    #[cfg(feature = "repairs")]
    repair: Option<Repair>,
    blocks_injection: bool,
}

impl FindingBuilder {
    // Not inlined, like all that only runs when something is wrong: there the module's size counts, not time.
    #[inline(never)]
    fn from_texts(place: Place, problem: Cow<'_, str>, fix: Cow<'_, str>) -> Self {
        let (problem, fix) = (problem.into_owned(), fix.into_owned());
        Self {
            place,
            problem,
            fix,
            related: Vec::new(),
            #[cfg(feature = "repairs")]
            repair: None,
            blocks_injection: false,
        }
    }

    /// Says that injection is impossible until this is fixed.
    #[must_use]
    pub fn blocks_injection(self) -> Self {
        Self { blocks_injection: true, ..self }
    }

    /// Adds a place in the same object that has to do with it.
    #[must_use]
    pub fn related(mut self, path: Path, text: &'static str) -> Self {
        self.related.push(Related { object: ObjectRef::Examined, path, text });
        self
    }

    /// Adds a place on a service account that has to do with it.
    #[must_use]
    pub fn related_service_account(
        mut self,
        namespace: &str,
        name: &str,
        annotation: &str,
        text: &'static str,
    ) -> Self {
        let object = ObjectRef::ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() };
        let path = Path::default().key("metadata").key("annotations").key(annotation);
        self.related.push(Related { object, path, text });
        self
    }

    /// Adds the correction that does what `fix` says, unless it changes nothing or the feature `repairs` is off.
    #[must_use]
    pub fn repair(self, repair: impl FnOnce() -> Repair) -> Self {
        #[cfg(feature = "repairs")]
        return Self { repair: Some(repair()).filter(|repair| !repair.changes.is_empty()), ..self };
        #[cfg(not(feature = "repairs"))]
        {
            let _ = repair;
            self
        }
    }

    fn build(self, rule: RuleId, weight: Weight) -> Finding {
        Finding {
            rule,
            place: self.place,
            problem: self.problem,
            fix: self.fix,
            related: self.related,
            #[cfg(feature = "repairs")]
            repair: self.repair,
            weight,
            blocks_injection: self.blocks_injection,
        }
    }
}

/// A place in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path of a value.
    pub path: Path,
    /// What of it is meant.
    pub part: Part,
}

impl Place {
    /// The key at the end of this path.
    pub fn key(path: Path) -> Self {
        Self { path, part: Part::Key }
    }

    /// The missing member at the end of this path.
    pub fn absence(path: Path) -> Self {
        Self { path, part: Part::Absence }
    }
}

impl From<Path> for Place {
    fn from(path: Path) -> Self {
        Self { path, part: Part::Value }
    }
}

/// A place that has to do with a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The object.
    pub object: ObjectRef,
    /// The place in it.
    pub path: Path,
    /// What it has to do with the finding.
    pub text: &'static str,
}

/// The object that a related place is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectRef {
    /// The object that was examined.
    Examined,
    /// Another one of the objects that were examined together, by its position.
    Other(usize),
    /// A service account.
    ServiceAccount {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
}

/// How many findings of one rule and weight are kept for one object.
const PER_RULE: usize = 10;

/// How many findings are kept for one object, except that the first of each rule and weight always is.
const PER_REVIEW: usize = 50;

/// The findings of one object. A request can be made to break a rule thousands of times, so only some are kept and the rest is
/// counted; a decision does not depend on it, since at least one of each rule and weight is kept.
#[derive(Debug)]
pub struct Findings {
    rule: RuleId,
    kept: Vec<Finding>,
    counts: Vec<Count>,
}

/// What decides which severity a finding has, besides its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// What it takes for true that the object does not show.
    pub rests_on: Assumptions,
    /// How important it is at most, whatever the severity of its rule.
    pub importance: Severity,
}

/// How often a rule was broken with findings of one weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The rule.
    pub rule: RuleId,
    /// The weight of these findings.
    pub weight: Weight,
    /// How many are kept.
    pub kept: usize,
    /// How many are only counted.
    pub more: usize,
}

impl Default for Findings {
    fn default() -> Self {
        Self { rule: RuleId::LabelValue, kept: Vec::new(), counts: Vec::new() }
    }
}

impl Findings {
    /// Says of which rule the findings are that follow.
    pub(crate) fn begin(&mut self, rule: RuleId) {
        self.rule = rule;
    }

    /// Adds a finding that rests on nothing but the object, which `make` makes if it is kept.
    pub(crate) fn add(&mut self, make: impl FnOnce() -> FindingBuilder) {
        self.add_resting_on(Assumptions::NONE, make);
    }

    /// As [`add`](Self::add), for a finding that rests on assumptions.
    pub(crate) fn add_resting_on(&mut self, rests_on: impl Into<Assumptions>, make: impl FnOnce() -> FindingBuilder) {
        self.add_weighing(Weight { rests_on: rests_on.into(), importance: Severity::Deny }, make);
    }

    /// As [`add`](Self::add), for a finding that is less important than others of the rule.
    pub(crate) fn add_minor(&mut self, importance: Severity, make: impl FnOnce() -> FindingBuilder) {
        self.add_weighing(Weight { rests_on: Assumptions::NONE, importance }, make);
    }

    /// As [`add`](Self::add), for a finding of any weight.
    pub(crate) fn add_weighing(&mut self, weight: Weight, make: impl FnOnce() -> FindingBuilder) {
        if self.count(weight) {
            self.keep(make(), weight);
        }
    }

    /// The findings that are kept, in the order of the rules, and the counts of all.
    pub(crate) fn into_parts(self) -> (Vec<Finding>, Vec<Count>) {
        (self.kept, self.counts)
    }

    /// Counts a finding of the current rule; whether it is to be kept.
    #[inline(never)]
    fn count(&mut self, weight: Weight) -> bool {
        let (rule, total) = (self.rule, self.kept.len());
        // Rules run one after the other: the current one is at the end.
        let position = self.counts.iter().rposition(|count| (count.rule, count.weight) == (rule, weight));
        let position = position.unwrap_or(self.counts.len());
        if position == self.counts.len() {
            self.counts.push(Count { rule, weight, kept: 0, more: 0 });
        }
        let Some(count) = self.counts.get_mut(position) else { return false };
        let is_kept = count.kept == 0 || (count.kept < PER_RULE && total < PER_REVIEW);
        if is_kept {
            count.kept += 1;
        } else {
            count.more += 1;
        }
        is_kept
    }

    #[inline(never)]
    fn keep(&mut self, finding: FindingBuilder, weight: Weight) {
        self.kept.push(finding.build(self.rule, weight));
    }
}

/// A name as messages show it: as it is, or quoted if it is no valid name.
pub fn name(name: &str) -> Cow<'_, str> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if (1..=NAME_LENGTH).contains(&name.len()) && name.bytes().all(is_name) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(quote(name))
    }
}

/// How long the name of an object may be.
const NAME_LENGTH: usize = 253;

/// How much of a value a message quotes, in characters.
const QUOTE_LENGTH: usize = 64;

/// A value as messages show it: quoted, escaped, and cut if it is long.
#[inline(never)]
pub fn quote(value: &str) -> String {
    match value.char_indices().nth(QUOTE_LENGTH) {
        Some((end, _)) => format!("{:?}…", value.get(..end).unwrap_or_default()),
        None => format!("{value:?}"),
    }
}

/// An object as messages name it: `"NAMESPACE/NAME"`, or `"NAME"` if the namespace is not known.
#[inline(never)]
pub fn quote_namespaced(namespace: &str, name: &str) -> String {
    let slash = if namespace.is_empty() { "" } else { "/" };
    quote(&[namespace, slash, name].concat())
}

/// An id from an environment variable as messages show it: a value that is no id may be a secret.
#[inline(never)]
pub fn quote_id(value: &str) -> String {
    if is_guid(value) { quote(value) } else { "another value".to_owned() }
}
