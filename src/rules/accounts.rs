//! What rules say about the service account that an object names.

use crate::finding::{Finding, FindingBuilder, Place, quote};
use crate::keys;

/// Says that a place names a service account that does not exist.
pub(super) fn missing(place: impl Into<Place>, namespace: &str, name: &str) -> FindingBuilder {
    let (name, namespace) = (quote(name), quote(namespace));
    let problem = ["names service account ", &name, ", which does not exist in namespace ", &namespace].concat();
    let fix = ["correct the name, or create it there with annotation ", keys::CLIENT_ID].concat();
    Finding::at(place, problem, fix)
}
