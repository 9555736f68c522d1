//! Suppression suppresses nothing.
//!
//! # What it finds
//!
//! A comment `# azwi-check: ignore[RULE] REASON` that suppresses nothing: the finding is gone, the comment is not in its line or the
//! line above, or there is no rule of this name.
//!
//! # Why it matters
//!
//! The comment would hide the next finding of the rule in this place.
//!
//! # Example
//!
//! `azure.workload.identity/use: "true" # azwi-check: ignore[label-value] the old spelling`
//!
//! # Fix
//!
//! Remove the comment, or correct the name of the rule.

use azure_workload_identity_policy::finding::{Applicability, quote};

use crate::correction::PlaceOf;
use crate::report::{Correction, PlacedEdit};
use crate::rule::Rule;
use crate::suppressions::{Fault, Suppression};

/// What the comment names in vain. `used` says which of its rules suppressed something.
pub(crate) fn check(suppression: &Suppression, used: &[bool], text: &str, place: &PlaceOf<'_>) -> Vec<Fault> {
    let problem =
        |span, problem, fix, correction| Fault { rule: Rule::UnusedSuppression, span, problem, fix, correction };
    if suppression.rules.is_empty() {
        let fix = "write `# azwi-check: ignore[RULE] REASON`".to_owned();
        return vec![problem(
            suppression.span.clone(),
            "the comment names no rule and is ignored".to_owned(),
            fix,
            None,
        )];
    }
    let unused = suppression.rules.iter().zip(used).filter(|(_, used)| !**used).map(|(rule, _)| rule);
    let problems = unused.map(|(span, name)| {
        let removal = (suppression.rules.len() == 1).then(|| {
            let edit = PlacedEdit { place: place(suppression.removal(text)), text: String::new() };
            suggestion(edit, "removed the comment".to_owned())
        });
        if Rule::from_name(name).is_some() {
            let what = format!("the comment suppresses no finding of {name}");
            return problem(span.clone(), what, "remove it".to_owned(), removal);
        }
        let what = format!("{} is not the name of a rule", quote(name));
        match Rule::nearest(name) {
            Some(near) => {
                let edit = PlacedEdit { place: place(span.clone()), text: near.name().to_owned() };
                let correction = suggestion(edit, format!("{name} -> {near}"));
                problem(span.clone(), what, format!("did you mean {near}?"), Some(correction))
            }
            None => problem(span.clone(), what, "`azwi-check rules` lists the names".to_owned(), None),
        }
    });
    problems.collect()
}

/// A check of other files, or with other settings, may find what the comment suppresses; and the comment holds the words of a person.
fn suggestion(edit: PlacedEdit, done: String) -> Correction {
    Correction { applicability: Applicability::Suggestion, edits: vec![edit], done, is_secret: false }
}
