//! What rules say about the service account that an object names.

use crate::cluster::LookupError;
use crate::finding::{Finding, FindingBuilder, Place, quote};
use crate::keys;

/// Says that a place names a service account that was not found.
pub(super) fn missing(error: &LookupError, place: impl Into<Place>, namespace: &str, name: &str) -> FindingBuilder {
    let name = quote(name);
    if *error == LookupError::Unknown {
        let problem = ["names service account ", &name, ", which is not among the files"].concat();
        let fix = "check that it exists, or give the service accounts of the cluster with --cluster-state";
        return Finding::at(place, problem, fix);
    }
    let mut problem = ["names service account ", &name, ", which does not exist"].concat();
    if !namespace.is_empty() {
        problem.push_str(" in namespace ");
        problem.push_str(&quote(namespace));
    }
    let fix = ["correct the name, or create it there with annotation ", keys::CLIENT_ID].concat();
    Finding::at(place, problem, fix)
}
