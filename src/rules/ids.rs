//! What the rules about the formats of client and tenant ids share.

use super::PodSubject;
use crate::assumption::Assumptions;
use crate::finding::{Finding, Findings};
use crate::pod::Container;

/// Checks the variable of this name in each container, if its value is known. An empty one is the concern of other rules.
pub(super) fn check_variables(
    subject: &PodSubject<'_>,
    findings: &mut Findings,
    name: &str,
    is_id: fn(&str) -> bool,
    fix: &str,
) {
    let is_wrong = |id: &str| !id.is_empty() && !is_id(id);
    // Most containers set none, or a right one.
    let sets_wrong = |container: &Container<'_>| {
        container.env.iter().any(|variable| variable.name == name && is_wrong(&variable.value))
    };
    for container in subject.participants_where(&sets_wrong) {
        let variable = container.environment.get(name);
        let (Some(entry), Some(id)) = (variable.entry, variable.text().filter(|id| is_wrong(id))) else { continue };
        findings.add_resting_on(Assumptions::of_value_that_is(is_id, id), || {
            // The value stays unsaid: it may be a secret.
            let problem = ["sets ", name, " to a value that is no id"].concat();
            Finding::at(subject.path_of(entry.object), problem, fix)
        });
    }
}
