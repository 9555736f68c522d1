//! The decision on an object, and its words.

use std::fmt::Write as _;

use crate::examine::Examination;
use crate::finding::{Count, Finding, Weight};
use crate::json::Changes;
use crate::rule::{RuleId, Severity};
use crate::settings::Settings;

/// The longest message of a denial, in bytes. What does not fit is counted.
const MESSAGE_LENGTH: usize = 16 * 1024;

/// The most characters of a warning that the API server passes on. Source: `k8s.io/api/admission/v1`, `AdmissionResponse`.
const WARNING_LENGTH: usize = 256;

/// The decision on an object.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The object as messages name it: `pod shop/web`.
    pub subject: String,
    /// The findings, each with the severity that counts; none is off.
    pub findings: Vec<(Severity, Finding)>,
    /// How many more there are of a rule, with the severity that counts.
    pub more: Vec<(Severity, RuleId, usize)>,
    /// The client id of the identity that the pod gets.
    pub client_id: Option<String>,
    /// The tenant of that identity.
    pub tenant_id: Option<String>,
    /// Changes to the object; empty if it is denied.
    pub changes: Changes,
}

/// Decides on an examined object: gives each finding the severity that counts.
pub fn decide(examination: Examination<'_>, settings: &Settings<'_>) -> Verdict {
    let Examination {
        subject, findings, counts, changes, client_id, tenant_id, is_exempt, is_injected, grounds, ..
    } = examination;
    let configured = |rule, weight: Weight| {
        let most = weight.importance.min(grounds.limit(weight.rests_on));
        if is_exempt { Severity::Off } else { settings.severities.of(rule).min(most) }
    };
    let severity = |finding: &Finding| {
        let blocks = is_injected && finding.blocks_injection;
        if blocks { Severity::Deny } else { configured(finding.rule, finding.weight) }
    };
    let is_on = |severity: &Severity| *severity != Severity::Off;
    let findings = findings.into_iter().map(|finding| (severity(&finding), finding)).filter(|(it, _)| is_on(it));
    let more = counts.iter().filter(|count| count.more > 0);
    let more = more.map(|count: &Count| (configured(count.rule, count.weight), count.rule, count.more));
    let mut verdict = Verdict {
        subject,
        findings: findings.collect(),
        more: more.filter(|(it, _, _)| is_on(it)).collect(),
        client_id,
        tenant_id,
        changes,
    };
    if verdict.is_denied() {
        verdict.changes = Changes::default();
    }
    verdict
}

impl Verdict {
    /// Whether the object is rejected.
    pub fn is_denied(&self) -> bool {
        self.findings.iter().any(|(severity, _)| *severity == Severity::Deny)
    }

    /// The rules that found something, each once.
    pub fn rules(&self) -> Vec<RuleId> {
        let is_broken = |rule: &RuleId| self.findings.iter().any(|(_, finding)| finding.rule == *rule);
        RuleId::ALL.into_iter().filter(is_broken).collect()
    }

    /// The message of a denial: all reasons, so that one attempt shows them all.
    pub fn message(&self) -> Option<String> {
        if !self.is_denied() {
            return None;
        }
        let more = self.more_of(Severity::Deny);
        let count = self.with(Severity::Deny).count() + more.clone().map(|(_, count)| count).sum::<usize>();
        let plural = if count == 1 { "" } else { "s" };
        let mut message = format!("{count} workload identity problem{plural} in {}:", self.subject);
        let mut shown = 0;
        let lines = self.with(Severity::Deny).map(|finding| (1, finding.to_string()));
        let lines = lines.chain(more.map(|(rule, count)| (count, format!("{rule}: {count} more"))));
        for (findings, line) in lines {
            if message.len() + line.len() > MESSAGE_LENGTH {
                break;
            }
            shown += findings;
            message.push_str("\n- ");
            message.push_str(&line);
        }
        if shown < count {
            // Writing to a string cannot fail.
            let _ = write!(message, "\n- and {} more", count - shown);
        }
        Some(message)
    }

    /// The warnings, each as long as the API server takes.
    pub fn warnings(&self) -> Vec<String> {
        let findings = self.with(Severity::Warn).map(warning);
        let more = self.more_of(Severity::Warn).map(|(rule, count)| format!("{rule}: {count} more"));
        findings.chain(more).collect()
    }

    fn with(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |(of, _)| *of == severity).map(|(_, finding)| finding)
    }

    fn more_of(&self, severity: Severity) -> impl Iterator<Item = (RuleId, usize)> + Clone {
        self.more.iter().filter(move |(of, _, _)| *of == severity).map(|(_, rule, count)| (*rule, *count))
    }
}

/// A finding in as many characters as the API server takes. The problem is cut first: what to do matters more.
fn warning(finding: &Finding) -> String {
    let text = finding.to_string();
    let excess = text.chars().count().saturating_sub(WARNING_LENGTH);
    if excess == 0 {
        return text;
    }
    let kept = finding.problem.chars().count().saturating_sub(excess + 1);
    let problem: String = finding.problem.chars().take(kept).chain(['…']).collect();
    let text = Finding { problem, ..finding.clone() }.to_string();
    match text.char_indices().nth(WARNING_LENGTH) {
        Some(_) => text.chars().take(WARNING_LENGTH - 1).chain(['…']).collect(),
        None => text,
    }
}
