//! What findings rest on besides the object itself, and what that means for who asks.
//!
//! "Not sure" and "not important" are two axes. How important a finding is, is its severity. How sure it is depends on what it rests
//! on: admission sees the whole object and can ask the cluster; a file may be half of what reaches the cluster. A rule names the
//! assumptions of a finding where it makes it, who asks says which of them hold, and [`decide`](crate::decide) lowers the severity.

use crate::inquiry::ObjectOrigin;
use crate::placeholder::{has_placeholder, with_defaults};
use crate::rule::Severity;

/// Something that a finding takes for true and that the object does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// The file has the object as a whole: it is no patch.
    WholeObject,
    /// Nothing adds what the object lacks: no patch, no overlay, no base.
    NothingAdded,
    /// Labels and annotations belong to pods or a service account, as they seem to.
    Reader,
    /// What was looked up and not found does not exist when it is needed.
    Absence,
    /// The service account has the annotations that were read, and no others.
    Account,
    /// The value is final: no tool replaces what looks like a placeholder.
    FinalValue,
    /// A ConfigMap or Secret does not bring the variable.
    Variables,
    /// RBAC permits nothing besides what was read.
    Access,
    /// The issuer is that of the cluster.
    Issuer,
    /// The application does not do by itself what the manifest leaves out, or means what it does besides.
    Application,
}

impl Assumption {
    /// All assumptions.
    pub const ALL: [Self; 10] = [
        Self::WholeObject,
        Self::NothingAdded,
        Self::Reader,
        Self::Absence,
        Self::Account,
        Self::FinalValue,
        Self::Variables,
        Self::Access,
        Self::Issuer,
        Self::Application,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WholeObject => "whole-object",
            Self::NothingAdded => "nothing-added",
            Self::Reader => "reader",
            Self::Absence => "absence",
            Self::Account => "service-account",
            Self::FinalValue => "final-value",
            Self::Variables => "variables",
            Self::Access => "access",
            Self::Issuer => "issuer",
            Self::Application => "application",
        }
    }
}

/// A set of assumptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumptions(u16);

impl Assumptions {
    /// No assumption.
    pub const NONE: Self = Self(0);

    /// That a value is final, if it has a placeholder.
    pub fn of_value(value: &str) -> Self {
        // Where nothing replaces it any more, it need not be searched for.
        let may_be_filled_in = cfg!(feature = "repairs") && has_placeholder(value);
        if may_be_filled_in { Assumption::FinalValue.into() } else { Self::NONE }
    }

    /// As [`of_value`](Self::of_value), unless the value is wrong with the defaults of its placeholders too.
    pub fn of_value_that_is(is_right: impl Fn(&str) -> bool, value: &str) -> Self {
        let rests_on = Self::of_value(value);
        let is_wrong = !rests_on.is_empty() && with_defaults(value).is_some_and(|value| !is_right(&value));
        if is_wrong { Self::NONE } else { rests_on }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        Self(self.0 | other.into().0)
    }

    /// Those that are not in the other set.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether an assumption is in the set.
    pub const fn contains(self, assumption: Assumption) -> bool {
        self.0 & (1 << assumption as u16) != 0
    }

    /// Whether some assumption is in both sets.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The assumptions, in the order of [`Assumption::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Assumption> {
        Assumption::ALL.into_iter().filter(move |assumption| self.contains(*assumption))
    }
}

impl From<Assumption> for Assumptions {
    fn from(assumption: Assumption) -> Self {
        Self(1 << assumption as u16)
    }
}

impl<const N: usize> From<[Assumption; N]> for Assumptions {
    fn from(assumptions: [Assumption; N]) -> Self {
        assumptions.into_iter().collect()
    }
}

impl FromIterator<Assumption> for Assumptions {
    fn from_iter<I: IntoIterator<Item = Assumption>>(assumptions: I) -> Self {
        assumptions.into_iter().fold(Self::NONE, Self::and)
    }
}

/// What is known where an object is examined: which assumptions hold, and what becomes of a finding that rests on others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grounds {
    /// What nobody can tell before the object is applied: a finding that rests on it is a warning at most.
    open: Assumptions,
    /// What only somebody else can tell: a finding that rests on it is a note at most.
    pub unknown: Assumptions,
}

impl Grounds {
    /// The grounds of an object that comes from `origin`. A pod is made from what exists now; what a workload or a federated
    /// credential needs may be created a moment later.
    pub(crate) fn new(origin: ObjectOrigin, is_pod: bool) -> Self {
        let open = Assumptions::from([Assumption::Variables, Assumption::Issuer]);
        let open = if is_pod { open } else { open.and(Assumption::Absence) };
        let unknown = Assumptions::from(Assumption::Application);
        let of_file = [Assumption::Absence, Assumption::FinalValue, Assumption::Access];
        Self { open, unknown: if origin == ObjectOrigin::File { unknown.and(of_file) } else { unknown } }
    }

    /// The highest severity of a finding that rests on these assumptions.
    pub fn limit(self, rests_on: Assumptions) -> Severity {
        if rests_on.intersects(self.unknown) {
            Severity::Note
        } else if rests_on.intersects(self.open) {
            Severity::Warn
        } else {
            Severity::Deny
        }
    }

    /// Which of these assumptions may not hold.
    pub const fn doubtful(self, rests_on: Assumptions) -> Assumptions {
        Assumptions(rests_on.0 & (self.open.0 | self.unknown.0))
    }

    /// Those because of which a finding is less severe than `severity`, which it has otherwise.
    pub fn lowering(self, rests_on: Assumptions, severity: Severity) -> Assumptions {
        match self.limit(rests_on) {
            limit if limit >= severity => Assumptions::NONE,
            Severity::Warn => Assumptions(rests_on.0 & self.open.0),
            _ => Assumptions(rests_on.0 & self.unknown.0),
        }
    }
}
