//! Findings on their way to a place in a file.

use azure_workload_identity_policy::finding::{Part, Repair};
use azure_workload_identity_policy::json::{Kind, NodeId, Path};
use azure_workload_identity_policy::rule::Severity;

use crate::certainty::Certainty;
use crate::report::Correction;
use crate::rule::Rule;

/// A finding whose places are not known yet.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The rule.
    pub(crate) rule: Rule,
    /// The severity that counts.
    pub(crate) severity: Severity,
    /// How sure it is.
    pub(crate) certainty: Certainty,
    /// Where.
    pub(crate) place: Request,
    /// Other places, each with what it has to do with the finding.
    pub(crate) related: Vec<(Request, &'static str)>,
    /// What is wrong.
    pub(crate) subject: DraftSubject,
}

/// What is wrong.
#[derive(Debug)]
pub(crate) enum DraftSubject {
    /// A rule of the policy says it.
    Finding {
        /// What is wrong.
        problem: String,
        /// What to do.
        fix: String,
        /// What does it.
        repair: Option<Repair>,
    },
    /// A value has the wrong type.
    WrongType {
        /// The value.
        node: NodeId,
        /// What belongs there.
        expected: Kind,
    },
    /// A rule finds more than is shown.
    More(usize),
}

/// A place in an object.
#[derive(Debug)]
pub(crate) struct Request {
    /// The number of the object in the set.
    pub(crate) object: usize,
    /// The path in it.
    pub(crate) path: Path,
    /// What of it is meant.
    pub(crate) part: Part,
}

impl Draft {
    /// A value of the wrong type.
    pub(crate) fn wrong_type(place: Request, node: NodeId, expected: Kind) -> Self {
        let subject = DraftSubject::WrongType { node, expected };
        Self {
            rule: Rule::WrongType,
            severity: Severity::Deny,
            certainty: Certainty::default(),
            place,
            related: Vec::new(),
            subject,
        }
    }

    /// That a rule finds more in an object.
    pub(crate) fn more(object: usize, severity: Severity, rule: Rule, count: usize) -> Self {
        let place = Request { object, path: Path::default(), part: Part::Value };
        Self {
            rule,
            severity,
            certainty: Certainty::default(),
            place,
            related: Vec::new(),
            subject: DraftSubject::More(count),
        }
    }

    /// Its place, then its related places.
    pub(crate) fn requests(&self) -> impl Iterator<Item = &Request> {
        [&self.place].into_iter().chain(self.related.iter().map(|(request, _)| request))
    }
}

/// What a diagnostic says and offers.
pub(crate) struct Words {
    /// What is wrong.
    pub(crate) problem: String,
    /// What to do.
    pub(crate) fix: String,
    /// The change of the text that does it.
    pub(crate) correction: Option<Correction>,
}
