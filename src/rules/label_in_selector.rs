//! # What it finds
//!
//! A selector of a service that consists only of the label `azure.workload.identity/use`. A selector of a workload that
//! includes the label, and a selector of a service that has it among other labels, are notes.
//!
//! # Why it matters
//!
//! A selector with only this label selects every pod with an identity, including the pods of other applications. The
//! selector of a workload is immutable, so the label could not be removed later.
//!
//! # Example
//!
//! A service with `selector: {azure.workload.identity/use: "true"}`.
//!
//! # Fix
//!
//! Select by labels that identify the application, such as `app.kubernetes.io/name`.

use super::{Check, PodSubject, Rule, ServiceSubject};
use crate::finding::{Finding, Findings};
use crate::json::{Kind, Value};
use crate::keys;
use crate::rule::Severity;

pub(super) const RULE: Rule = Rule::new(&[Check::Workload(check_workload), Check::Service(check_service)]);

fn check_workload(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(selector) = subject.workload.and_then(|workload| workload.selector) else { return };
    // The selector of a replication controller is the labels themselves.
    check(subject.object, selector.field("matchLabels").unwrap_or(selector), true, findings);
}

fn check_service(subject: &ServiceSubject<'_>, findings: &mut Findings) {
    if let Some(selector) = subject.object.field("spec").and_then(|spec| spec.field("selector")) {
        check(subject.object, selector, false, findings);
    }
}

fn check(object: Value<'_>, labels: Value<'_>, is_fixed: bool, findings: &mut Findings) {
    let Some(label) = labels.field(keys::USE).filter(|label| label.kind() == Kind::String) else { return };
    let is_alone = labels.fields().nth(1).is_none();
    let problem = match (is_alone, is_fixed) {
        (true, _) => "is the only label of the selector: every pod with an identity is selected",
        (false, true) => "is part of a selector that cannot be changed later",
        (false, false) => "is part of a selector: pods that lose the label receive no requests",
    };
    let at_most = if is_alone && !is_fixed { Severity::Deny } else { Severity::Note };
    let make = || Finding::at(label.path_from(object), problem, "select by labels that name the application");
    findings.add_at_most(at_most, make);
}
