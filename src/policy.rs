//! The policy: from an admission review to a verdict.

use crate::cluster::{Cluster, LookupError, ServiceAccount};
use crate::finding::{Finding, Severity, name};
use crate::identity::Identity;
use crate::inject::inject;
use crate::json::{Document, Edits, TypeMismatch, Value};
use crate::keys;
use crate::pod::Pod;
use crate::response::Response;
use crate::review::Review;
use crate::rules::{self, Subject};
use crate::settings::{OptIn, Problem, Settings};

/// What the policy makes of an object.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The object, as messages name it: `pod shop/web`.
    pub subject: String,
    /// What is wrong with it, each with the severity that counts.
    pub findings: Vec<(Severity, Finding)>,
    /// The identity that it gets.
    pub client_id: Option<String>,
    /// The tenant of that identity.
    pub tenant_id: Option<String>,
    /// What is to be changed; nothing if the object is denied.
    pub edits: Edits,
}

impl Verdict {
    /// True if the object is refused.
    pub fn is_denied(&self) -> bool {
        self.findings.iter().any(|(severity, _)| *severity == Severity::Deny)
    }
}

/// Answers the host's call `validate`: takes `{"request": …, "settings": …}`, gives a validation response.
pub fn validate(payload: &[u8], cluster: &dyn Cluster) -> Vec<u8> {
    let document = match Document::parse(payload) {
        Ok(document) => document,
        Err(error) => return Response::unreadable(&error.to_string()).to_json(),
    };
    let root = document.root();
    let Some(request) = root.field("request") else {
        return Response::unreadable("it has no request").to_json();
    };
    let settings = root.field("settings");
    let settings = match settings.map_or_else(|| Ok(Settings::default()), Settings::read) {
        Ok(settings) => settings,
        Err(problems) => return Response::misconfigured(&describe(&problems)).to_json(),
    };
    match Review::read(request).and_then(|review| Ok((judge(&review, &settings, cluster)?, review.object))) {
        Ok((verdict, object)) => Response::of(&verdict).with_mutation(object, verdict.edits).to_json(),
        Err(mismatch) => Response::unreadable(&mismatch.describe(request)).to_json(),
    }
}

/// Answers the host's call `validate_settings`: takes the settings, gives a settings validation response.
pub fn validate_settings(payload: &[u8]) -> Vec<u8> {
    let problems = match Document::parse(payload) {
        Ok(document) => Settings::read(document.root()).err().map(|problems| describe(&problems)),
        Err(error) => Some(format!("the settings cannot be read: {error}")),
    };
    crate::response::settings_validation(problems.as_deref())
}

/// Judges what is to be stored.
pub fn judge<'a>(
    review: &Review<'a>,
    settings: &Settings<'_>,
    cluster: &dyn Cluster,
) -> Result<Verdict, TypeMismatch<'a>> {
    match review.object {
        Some(object) if review.creates_pod() => {
            let pod = Pod::read(object)?;
            Ok(judge_pod(object, &pod, review.namespace.as_deref(), settings, cluster))
        }
        _ => Ok(Verdict::default()),
    }
}

fn judge_pod(
    object: Value<'_>,
    pod: &Pod<'_>,
    namespace: Option<&str>,
    settings: &Settings<'_>,
    cluster: &dyn Cluster,
) -> Verdict {
    let mut verdict = Verdict::default();
    let opt_in = settings.inject.as_ref().map_or(OptIn::Label, |inject| inject.opt_in);
    // A label of another value is an answer too; only a pod that says nothing follows its service account.
    let may_follow = opt_in == OptIn::ServiceAccount && pod.labels.get(keys::USE).is_none();
    if pod.is_mirror() || !(pod.is_labelled() || may_follow) {
        return verdict;
    }
    let namespace = namespace.or(pod.namespace()).unwrap_or("default");
    let service_account = cluster.service_account(namespace, pod.service_account());
    if !pod.is_labelled() && !follows(&service_account) {
        return verdict;
    }

    let identity = Identity::resolve(pod, service_account.as_ref().ok(), settings);
    let subject =
        Subject { object, namespace, pod, service_account: service_account.as_ref(), identity: &identity, settings };
    verdict.subject = format!("pod {}/{}", name(namespace), name(pod.display_name()));
    verdict.client_id = identity.client_id.map(str::to_owned);
    verdict.tenant_id = identity.tenant_id.map(str::to_owned);
    verdict.findings = weigh(rules::check(&subject), &subject);
    if let Some(settings) = &settings.inject
        && !verdict.is_denied()
    {
        // `None` leaves the edits empty, and comes together with a finding that denies.
        let _ = inject(pod, &identity, settings, &mut verdict.edits);
    }
    verdict
}

/// True if a pod without the label gets the identity of this service account.
fn follows(service_account: &Result<ServiceAccount, LookupError>) -> bool {
    match service_account {
        Ok(account) => account.client_id.as_ref().is_some_and(|id| !id.is_empty()),
        // A pod that asks for nothing is not held up by a look-up that failed.
        Err(_) => false,
    }
}

/// Gives each finding the severity that counts and drops those that are off.
fn weigh(findings: Vec<Finding>, subject: &Subject<'_>) -> Vec<(Severity, Finding)> {
    let settings = subject.settings;
    let exempt = settings.exemptions.cover(subject.namespace, subject.pod.service_account());
    findings
        .into_iter()
        .map(|finding| {
            let severity = if finding.blocks_injection && settings.inject.is_some() {
                Severity::Deny
            } else if exempt {
                Severity::Off
            } else {
                settings.severities.of(finding.rule).min(finding.at_most)
            };
            (severity, finding)
        })
        .filter(|(severity, _)| *severity != Severity::Off)
        .collect()
}

fn describe(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
