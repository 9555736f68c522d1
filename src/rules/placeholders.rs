//! Values that are still to be filled in, by envsubst, Flux or a template.

use crate::formats::is_variable;
use crate::inquiry::Origin;
use crate::rule::Severity;

/// The highest severity of a wrong value: one that is still to be filled in is wrong only where it is about to be stored.
pub(super) fn severity_of(value: &str, origin: Origin) -> Severity {
    if is_variable(value) && origin == Origin::File { Severity::Note } else { Severity::Deny }
}
