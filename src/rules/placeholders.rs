//! Values that are still to be filled in, by envsubst, Flux or a template.

use crate::inquiry::Origin;
use crate::rule::Severity;

/// The highest severity of a wrong value: one that is still to be filled in is wrong only where it is about to be stored.
pub(super) fn severity_of(value: &str, origin: Origin) -> Severity {
    let is_variable = value.bytes().any(|byte| byte == b'$')
        || ["{{", "#{", "<%", "__"].iter().any(|opening| value.contains(opening));
    if is_variable && origin == Origin::File { Severity::Note } else { Severity::Deny }
}
