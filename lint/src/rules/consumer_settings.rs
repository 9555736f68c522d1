//! Consumer of an identity cannot work with its settings.
//!
//! # What it finds
//!
//! Settings of software that uses an identity besides labelled pods, such as CSI drivers, External Secrets, KEDA, cert-manager and Flux.
//! Settings with which the consumer cannot work, by its own code, are an error. Settings that have no effect, and those that rest on
//! something that the files do not show, are a warning. Settings that select something else than workload identity are a note.
//! `docs/consumers.md` describes what each consumer reads. The severity that is configured is the highest that a finding gets.
//!
//! # Why it matters
//!
//! Unknown and misspelt fields are dropped or ignored. The error comes later, in the status of the object or the events of a pod, or not at
//! all: the consumer then uses another identity.
//!
//! # Example
//!
//! A `SecretProviderClass` with the parameter `clientId`: the provider reads `clientID`.
//!
//! # Fix
//!
//! Write what the message says. If the consumer is configured so that it works, suppress the finding.

use azure_workload_identity_policy::assumption::Assumption;
use azure_workload_identity_policy::json::Part;
use azure_workload_identity_policy::rule::Severity;

use crate::certainty::{Certainty, Things};
use crate::consumers::{Effect, SettingFault};
use crate::draft::{Draft, DraftSubject, Request};
use crate::options::Options;
use crate::rule::Rule;

/// What is wrong with a setting of an object, whose file something may add to.
pub(crate) fn draft(fault: SettingFault, object: usize, kind: &str, is_taken: bool, options: &Options<'_>) -> Draft {
    let severity = fault.effect.severity().min(options.severity_of(Rule::ConsumerSettings));
    let is_doubtful = is_taken && fault.is_absence;
    let certainty = if is_doubtful {
        Certainty::lowered_by(Assumption::NothingAdded, Things { account: None, kind })
    } else {
        Certainty::default()
    };
    let part = match fault.effect {
        _ if fault.is_absence => Part::Absence,
        Effect::Ignored => Part::Key,
        _ => Part::Value,
    };
    Draft {
        rule: Rule::ConsumerSettings,
        severity: if is_doubtful { severity.min(Severity::Note) } else { severity },
        certainty,
        place: Request { object, path: fault.path, part },
        related: Vec::new(),
        subject: DraftSubject::Finding { problem: fault.problem, fix: fault.fix, repair: None },
    }
}
