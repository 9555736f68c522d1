//! How sure a finding is: what it takes for true that the files do not show.

use azure_workload_identity_policy::assumption::{Assumption, Assumptions, Grounds};
use azure_workload_identity_policy::rule::Severity;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{v1, values};

/// How sure a finding is. How important it is, is its severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub enum Confidence {
    /// Only somebody else can tell whether it is right: a note at most.
    Low,
    /// Only the running cluster tells: a warning at most.
    Medium,
    /// The files show it.
    #[default]
    High,
}

/// How sure a finding is, and why it is not surer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
pub struct Certainty {
    /// How sure it is.
    pub confidence: Confidence,
    /// What it takes for true that may not be; empty if `confidence` is high. docs/cli.md describes each.
    #[serde(rename = "restsOn", serialize_with = "v1::names")]
    #[schemars(with = "Vec<String>", extend("items" = {"enum": Assumption::ALL.map(Assumption::name)}))]
    #[cfg_attr(feature = "typescript", tsify(type = "string[]"))]
    pub doubtful: Assumptions,
    /// Those of them because of which it is less severe than its rule.
    #[serde(skip)]
    pub lowered_by: Assumptions,
    /// Why it is less severe than its rule, in words; absent if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// The things that doubts are about, by name where it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Things<'n> {
    /// The service account.
    pub account: Option<&'n str>,
    /// The kind of the object.
    pub kind: &'n str,
}

impl Certainty {
    /// The certainty of a finding on these grounds, whose severity is `severity` if all that it rests on is true.
    pub(crate) fn new(grounds: Grounds, rests_on: Assumptions, severity: Severity, things: Things<'_>) -> Self {
        let confidence = match grounds.limit(rests_on) {
            Severity::Deny => Confidence::High,
            Severity::Warn => Confidence::Medium,
            Severity::Note | Severity::Off => Confidence::Low,
        };
        let lowered_by = grounds.lowering(rests_on, severity);
        Self { confidence, doubtful: grounds.doubtful(rests_on), lowered_by, doubt: reason(lowered_by, things) }
    }

    /// The certainty of a finding that is a note because this may be wrong.
    pub(crate) fn lowered_by(assumption: Assumption, things: Things<'_>) -> Self {
        let lowered_by = assumption.into();
        Self { lowered_by, doubt: reason(lowered_by, things), ..Self::not_lowered(assumption) }
    }

    /// The certainty of a finding of a rule that takes this for true, and has its severity for that.
    pub fn not_lowered(assumption: Assumption) -> Self {
        Self { confidence: Confidence::Low, doubtful: assumption.into(), ..Self::default() }
    }
}

/// Why a finding is less severe than its rule.
fn reason(lowered_by: Assumptions, things: Things<'_>) -> Option<String> {
    let doubts: Vec<_> = lowered_by.iter().map(|assumption| doubt(assumption, things)).collect();
    (!doubts.is_empty()).then(|| doubts.join("; "))
}

/// Why an assumption may be wrong.
pub fn doubt(assumption: Assumption, Things { account, kind }: Things<'_>) -> String {
    let account = || account.map_or_else(|| "a service account".to_owned(), |name| format!("service account {name}"));
    match assumption {
        Assumption::WholeObject => "the file has only a part of the object".to_owned(),
        Assumption::NothingAdded => {
            "an overlay or a patch may add it, which --kustomize DIR and --render show".to_owned()
        }
        Assumption::Reader if kind == values::KIND => {
            "nothing shows what the chart makes of it, which --render does".to_owned()
        }
        Assumption::Reader => format!("nothing shows what becomes of labels and annotations of kind {kind}"),
        Assumption::Absence => format!("{} may be applied from elsewhere", account()),
        Assumption::Account => format!("{} may have annotations that no file shows", account()),
        Assumption::FinalValue => "the value is filled in later".to_owned(),
        Assumption::Variables => "a ConfigMap or Secret may set the variable".to_owned(),
        Assumption::Access => "a role or a binding may be applied from elsewhere".to_owned(),
        Assumption::Issuer => "the issuer may be that of another cluster".to_owned(),
        Assumption::Application => "the application may mean it so, or do the rest by itself".to_owned(),
    }
}
