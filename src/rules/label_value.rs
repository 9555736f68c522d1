//! Label azure.workload.identity/use is neither "true" nor "false".
//!
//! # What it finds
//!
//! A label `azure.workload.identity/use` on a pod or pod template whose value is neither `true` nor `false`.
//!
//! # Why it matters
//!
//! Only the value `true`, in lower case, has an effect. With any other value, the pod starts without an identity, and no
//! error is reported. Its first request for a token fails, or returns a token for the identity of the node.
//!
//! # Example
//!
//! `azure.workload.identity/use: "True"`
//!
//! # Fix
//!
//! Set the label to `"true"`, in quotes, or to `"false"` if the pod needs no identity.

use super::repairs::{is_selected, replace_string};
use super::{Check, PodSubject, Rule};
use crate::assumption::Assumptions;
use crate::finding::{Finding, Findings, Repair, quote};
use crate::json::Changes;
use crate::keys;

pub(super) const RULE: Rule = Rule::new(&[Check::Template(check)]);

fn check(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(value) = subject.pod.labels.get(keys::USE) else { return };
    if matches!(value, "true" | "false") {
        return;
    }
    findings.add_resting_on(Assumptions::of_value(value), || {
        Finding::at(
            subject.pod_path(&["metadata", "labels", keys::USE]),
            format!("is {}, which is ignored", quote(value)),
            "write \"true\", or \"false\" for no identity",
        )
        // A word has one meaning, whatever its case.
        .repair(|| Repair::safe_if(!is_selected(subject, keys::USE), in_lower_case(subject, value)))
    });
}

/// The repair of a value that is right but for case and white space.
fn in_lower_case(subject: &PodSubject<'_>, value: &str) -> Changes {
    let lower = value.trim().to_ascii_lowercase();
    let label = subject.pod.metadata.and_then(|metadata| metadata.field("labels")?.field(keys::USE));
    if matches!(lower.as_str(), "true" | "false") { replace_string(label, &lower) } else { Changes::default() }
}
