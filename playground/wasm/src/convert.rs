//! Answers of the library as answers of the interface.

use std::collections::HashMap;
use std::sync::Arc;

use azure_workload_identity_lint::certainty;
use azure_workload_identity_lint::preview::{self, Cause, Unchanged};
use azure_workload_identity_lint::report::{self, Diagnostic, FilePlace, ReadError, Report};
use azure_workload_identity_lint::source::{Source, Utf16};
use azure_workload_identity_lint::{FilePreview, NamedPod, answers, edit};
use azure_workload_identity_policy::{finding, rule};
use azure_workload_identity_trace::chain::graph::{self, Graph, Group};
use azure_workload_identity_trace::chain::report::{self as chain, ChainReport};

use crate::interface::{
    self, Answer, Applicability, Break, Chain, ChainEdge, ChainNode, Chains, Check, Confidence, Finding, Json, Link,
    LinkState, NodeKind, Outcome, Place, PodPreview, Problem, Related, Severity, Skipped, Summary, TextEdit, Unknown,
    Verdict,
};

/// Converts answers; knows the offsets of the texts that it has met.
#[derive(Default)]
pub(crate) struct Convert<'s> {
    /// By the address of the text: names may occur twice.
    offsets: HashMap<*const u8, Utf16<'s>>,
}

impl<'s> Convert<'s> {
    pub(crate) fn check(&mut self, report: &'s Report) -> Check {
        let report::Summary { files, documents, objects, deny, warn, note, .. } = report.summary;
        let identity = report.summary.concerns_identity();
        let skipped = report.skipped.iter();
        Check {
            findings: self.findings(report),
            problems: problems(&report.errors),
            skipped: skipped.map(|it| Skipped { file: it.file.to_string(), reason: it.reason.to_string() }).collect(),
            summary: Summary { files, documents, objects, identity, deny, warn, note },
        }
    }

    pub(crate) fn answer(&mut self, answer: &'s answers::Answer) -> Answer {
        Answer {
            object: answer.object.to_string(),
            place: self.place(&answer.place),
            allowed: answer.is_allowed,
            text: answer.text.clone(),
        }
    }

    pub(crate) fn chains(&mut self, report: &'s ChainReport, graph: &'s Graph) -> Chains {
        let chains = report.chains.iter().zip(&graph.groups).map(|(chain, group)| self.chain(chain, group)).collect();
        Chains { chains, findings: self.findings(&report.report), problems: problems(&report.report.errors) }
    }

    fn chain(&mut self, chain: &'s chain::Chain, group: &'s Group) -> Chain {
        let node = |node: &'s graph::Node| ChainNode {
            id: node.id.clone(),
            kind: node.kind.into(),
            lines: node.lines.clone(),
            place: self.place_of(node.place.as_ref()),
        };
        let nodes = group.nodes.iter().map(node).collect();
        let edge = |edge: &graph::Edge| ChainEdge {
            from: edge.from.clone(),
            to: edge.to.clone(),
            label: edge.label.clone(),
            state: edge.state.into(),
        };
        let breaks = chain.breaks.iter().map(|it| Break {
            link: it.link.into(),
            message: it.message.clone(),
            place: self.place_of(it.place.as_ref()),
            command: it.command.clone(),
        });
        let breaks = breaks.collect();
        let unknown = chain.unknown.iter().map(|it| Unknown {
            link: it.link.into(),
            message: it.message.clone(),
            place: self.place_of(it.place.as_ref()),
            decides: it.decides,
        });
        let unknown = unknown.collect();
        Chain {
            title: group.title.clone(),
            service_account: chain.service_account.to_string(),
            place: self.place_of(chain.service_account.place.as_ref()),
            verdict: chain.verdict.into(),
            broken_at: chain.first_broken().map(Link::from),
            nodes,
            edges: group.edges.iter().map(edge).collect(),
            breaks,
            unknown,
        }
    }

    fn place_of(&mut self, place: Option<&'s FilePlace>) -> Option<Place> {
        place.map(|place| self.place(place))
    }

    fn findings(&mut self, report: &'s Report) -> Vec<Finding> {
        report.findings.iter().map(|finding| self.finding(finding)).collect()
    }

    fn finding(&mut self, finding: &'s Diagnostic) -> Finding {
        let related = finding.related.iter();
        let related = related.map(|it| Related { place: self.place(&it.place), message: it.message.clone() }).collect();
        let edits = finding.correction.as_ref().map(|correction| {
            let offsets = self.offsets(&finding.place.source);
            let edit = |edit: &report::TextEdit| {
                let span = offsets.span(&edit.span);
                TextEdit { from: span.start, to: span.end, text: edit.text.clone() }
            };
            correction.edits.iter().map(edit).collect()
        });
        Finding {
            rule: finding.rule.name().to_owned(),
            severity: severity(finding.severity),
            confidence: finding.certainty.confidence.into(),
            place: self.place(&finding.place),
            message: finding.message(),
            fix: finding.fix.clone(),
            doubt: finding.doubt().map(str::to_owned),
            object: finding.object.to_string(),
            related,
            edits,
            applicability: finding.correction.as_ref().map(|correction| correction.applicability.into()),
        }
    }

    fn place(&mut self, place: &'s FilePlace) -> Place {
        let span = self.offsets(&place.source).span(&place.span);
        let start = place.range.start;
        Place {
            file: place.source.name.to_string(),
            from: span.start,
            to: span.end,
            line: start.line,
            column: start.column,
        }
    }

    fn offsets(&mut self, source: &'s Source) -> &Utf16<'s> {
        self.offsets.entry(Arc::as_ptr(&source.text).cast()).or_insert_with(|| Utf16::new(&source.text))
    }
}

fn severity(severity: rule::Severity) -> Severity {
    match severity {
        rule::Severity::Deny => Severity::Deny,
        rule::Severity::Warn => Severity::Warn,
        // Nothing that is off is found.
        rule::Severity::Note | rule::Severity::Off => Severity::Note,
    }
}

pub(crate) fn file_preview(preview: &FilePreview) -> interface::FilePreview {
    interface::FilePreview {
        name: preview.source.name.to_string(),
        text: edit::apply(&preview.source.text, &preview.edits),
        pods: preview.pods.iter().map(pod_preview).collect(),
    }
}

fn pod_preview(pod: &NamedPod) -> PodPreview {
    let (outcome, note, json) = match &pod.outcome {
        preview::Outcome::Injected { note } => (Outcome::Injected, note.clone(), None),
        preview::Outcome::Unwritable { before, after, note } => {
            (Outcome::Unwritable, note.clone(), Some(Json { before: before.clone(), after: after.clone() }))
        }
        preview::Outcome::Unchanged(Unchanged { reason, cause }) => {
            let outcome = match cause {
                Cause::NoIdentity => Outcome::NoIdentity,
                Cause::Rejected => Outcome::Rejected,
                Cause::Other => Outcome::Unchanged,
            };
            (outcome, Some(reason.clone()), None)
        }
    };
    PodPreview { object: pod.object.to_string(), path: pod.path.clone(), outcome, note, json }
}

/// Enums of the interface whose variants are those of an enum of the library.
macro_rules! mirrors {
    ($($own:ident of $library:ty: $($variant:ident)+;)+) => {$(
        impl From<$library> for $own {
            fn from(it: $library) -> Self {
                type Library = $library;
                match it {
                    $(Library::$variant => Self::$variant,)+
                }
            }
        }
    )+};
}

mirrors! {
    Applicability of finding::Applicability: Safe Suggestion;
    Confidence of certainty::Confidence: Low Medium High;
    Verdict of chain::ChainVerdict: Complete Broken Unknown;
    Link of chain::Link: Label ServiceAccount ClientId TenantId Audience Issuer Subject FederatedCredential;
    NodeKind of graph::NodeKind: Workload More ServiceAccount Client Token Credential Entra;
    LinkState of graph::State: Whole Open Unknown Broken;
}

fn problems(errors: &[ReadError]) -> Vec<Problem> {
    let problem =
        |error: &ReadError| Problem { file: error.file.to_string(), line: error.line, message: error.message.clone() };
    errors.iter().map(problem).collect()
}
