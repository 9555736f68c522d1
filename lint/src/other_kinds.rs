//! Objects of kinds that the policy does not know but that may hand labels and annotations to pods: kustomizations, the values of a
//! `HelmRelease`, Tekton tasks, kinds of operators; and files of values.

use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::{Reading, Value};
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_policy::subject::SubjectKind;

use crate::draft::Draft;
use crate::fragments::{fragments, is_read};
use crate::values::{self, MARK};

/// What is wrong with labels and annotations of workload identity in an object of another kind.
pub(crate) fn check(object: Value<'_>, inquiry: &Inquiry<'_>, settings: &Settings<'_>, position: usize) -> Vec<Draft> {
    if !object.raw().contains(MARK) || SubjectKind::of(inquiry, settings, &mut Reading::default()).is_some() {
        return Vec::new();
    }
    let mut parts = fragments(object, inquiry);
    parts.extend(values::fragments(object).into_iter().filter(|part| !is_read(&inquiry.group, &part.at)));
    parts.iter().flat_map(|part| part.check(object, inquiry, settings, position)).collect()
}
