//! Selector includes the label azure.workload.identity/use.
//!
//! # What it finds
//!
//! A selector of a service that consists only of the label `azure.workload.identity/use`. A selector of a service that has the
//! label among others, and a selector of a workload that includes it under `matchLabels` or `matchExpressions`, are notes.
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

const ALONE: &str = "is the only label of the selector: every pod with an identity is selected";
const FIXED: &str = "is part of a selector that cannot be changed later";
const AMONG_OTHERS: &str = "is part of a selector: pods that lose the label receive no requests";
const FIX: &str = "select by labels that name the application";

fn check_workload(subject: &PodSubject<'_>, findings: &mut Findings) {
    let Some(selector) = subject.workload.and_then(|workload| workload.selector) else { return };
    let expressions = || selector.field("matchExpressions").into_iter().flat_map(Value::elements);
    // The selector of a replication controller is the labels themselves.
    let labels = selector.field("matchLabels").unwrap_or(selector);
    check(subject.object, labels, true, findings);
    let selects_by_label = |expression: &Value<'_>| {
        let is = |member, texts: [&str; 2]| {
            expression.field(member).and_then(Value::as_str).is_some_and(|text| texts.contains(&text.as_ref()))
        };
        is("key", [keys::USE; 2]) && is("operator", ["In", "Exists"])
    };
    for expression in expressions().filter(selects_by_label) {
        let is_alone = labels == selector && expressions().nth(1).is_none();
        let problem = if is_alone { ALONE } else { FIXED };
        findings.add_minor(Severity::Note, || Finding::at(subject.path_of(expression), problem, FIX));
    }
}

fn check_service(subject: &ServiceSubject<'_>, findings: &mut Findings) {
    if let Some(selector) = subject.object.field("spec").and_then(|spec| spec.field("selector")) {
        check(subject.object, selector, false, findings);
    }
}

fn check(object: Value<'_>, labels: Value<'_>, is_fixed: bool, findings: &mut Findings) {
    let Some(label) = labels.field(keys::USE).filter(|label| label.kind() == Kind::String) else { return };
    let is_alone = labels.fields().nth(1).is_none();
    let (importance, problem) = match (is_fixed, is_alone) {
        (false, true) => (Severity::Deny, ALONE),
        (false, false) => (Severity::Note, AMONG_OTHERS),
        (true, true) => (Severity::Note, ALONE),
        (true, false) => (Severity::Note, FIXED),
    };
    findings.add_minor(importance, || Finding::at(label.path_from(object), problem, FIX));
}
