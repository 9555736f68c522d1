//! The steps from a pod to its federated credential.

use std::borrow::Cow;

use azure_workload_identity_policy::cluster::{AccountLookup, Cluster, Freshness, LookupError, ServiceAccount};
use azure_workload_identity_policy::container_identity::ContainerIdentity;
use azure_workload_identity_policy::environment::{Resolved, Variable};
use azure_workload_identity_policy::finding::{Finding, quote};
use azure_workload_identity_policy::identity::Identity;
use azure_workload_identity_policy::ids::is_client_id;
use azure_workload_identity_policy::inquiry::{Inquiry, ObjectOrigin};
use azure_workload_identity_policy::json::{Document, Reading, Value};
use azure_workload_identity_policy::keys;
use azure_workload_identity_policy::kinds::pod_template_of;
use azure_workload_identity_policy::layout::Layout;
use azure_workload_identity_policy::mounts::{Volumes, injected_volume};
use azure_workload_identity_policy::pod::Pod;
use azure_workload_identity_policy::rule::{RuleId, Severity, Topic};
use azure_workload_identity_policy::settings::{Guard, Settings};
use azure_workload_identity_policy::{decide, examine};

use super::changes::{Change, created, last_change};
use super::containers;
use super::credentials;
use super::explanation::{Detail, Explanation, Step, StepState, StepTopic};
use super::gather::{Facts, Reply, of_text};
use super::question::{Question, Unanswered};
use super::webhooks::InstalledPolicy;
use crate::azure::AzureFile;
use crate::chain::quoted;

/// How many other pods and webhooks are named.
pub(super) const NAMED: usize = 10;

/// The longest message of a controller that is shown, in characters.
const MESSAGE_LENGTH: usize = 400;

/// The service account as the library asks for it.
struct OneAccount(Result<ServiceAccount, LookupError>);

impl Cluster for OneAccount {
    fn service_account(&self, _: &str, _: &str, _: Freshness) -> Result<ServiceAccount, LookupError> {
        self.0.clone()
    }

    fn may_use_identity(&self, _: &str, _: &str, _: &str) -> Result<bool, LookupError> {
        Err(LookupError::Unknown)
    }
}

/// What all steps look at.
pub(super) struct Explainer<'e, 'a> {
    pub(super) facts: &'e Facts,
    pub(super) pod: &'e Pod<'a>,
    /// The object of the service account, if it could be read.
    account_object: Option<Value<'a>>,
    account: &'e Result<ServiceAccount, LookupError>,
    containers: Vec<ContainerIdentity<'e>>,
    volumes: &'e Volumes<'e>,
    findings: Vec<(StepTopic, Severity, Finding)>,
    pub(super) created: Option<String>,
}

/// A document that may be missing.
pub(super) fn document(answer: &Reply) -> Result<Document<'_>, Unanswered> {
    let text = answer.as_ref().map_err(Clone::clone)?;
    Document::parse(text.as_bytes()).map_err(|_| Unanswered::Failed("the answer is no JSON".to_owned()))
}

/// Explains what was gathered.
pub(super) fn explain(facts: &Facts, credentials: &[AzureFile]) -> Result<Explanation, String> {
    let unreadable = |_| "the pod cannot be read: the answer is no JSON".to_owned();
    let pod_document = Document::parse(facts.pod.as_bytes()).map_err(unreadable)?;
    let account_document = document(&facts.service_account);
    let account_object = account_document.as_ref().ok().map(Document::root);
    let account = match (&account_object, &facts.service_account) {
        (Some(object), _) => Ok(ServiceAccount::read(*object, &mut Reading::default())),
        (None, Err(Unanswered::Missing)) => Err(LookupError::Missing),
        (None, _) => Err(LookupError::Unknown),
    };
    let pod = Pod::read(pod_document.root(), &mut Reading::default());
    let cluster = OneAccount(account.clone());
    let default_settings = Settings::default();
    let volumes = Volumes::new(&pod, None, &|audience| default_settings.is_azure_audience(audience));
    let lookup = AccountLookup::new(&cluster, Some(&facts.namespace), pod.service_account(), Freshness::Cached);
    let identity = Identity::new(&pod, &lookup, &default_settings);
    let containers = pod
        .all_containers()
        .map(|it| ContainerIdentity::new(&pod, it, &volumes, None, identity.includes(&it.name)))
        .collect();
    let findings = findings(facts, pod_document.root(), account_object, &cluster);
    let explainer = Explainer {
        facts,
        pod: &pod,
        account_object,
        account: &account,
        containers,
        volumes: &volumes,
        findings,
        created: created(pod_document.root()).filter(|_| !facts.is_template),
    };
    Ok(explainer.explanation(credentials))
}

/// What the rules find about the pod and its service account as they are, with their recommended severities.
fn findings(
    facts: &Facts,
    pod: Value<'_>,
    account: Option<Value<'_>>,
    cluster: &OneAccount,
) -> Vec<(StepTopic, Severity, Finding)> {
    let guard = (!facts.is_template).then(|| Guard { layouts: Layout::ALL.to_vec() });
    let settings = Settings { guard, ..Settings::default() };
    let of = |object: Value<'_>, kind: &'static str| {
        let mut inquiry = Inquiry::of_object(object);
        // Objects in a list have neither kind nor version.
        (inquiry.kind, inquiry.version, inquiry.group) = (Cow::Borrowed(kind), Cow::Borrowed("v1"), Cow::Borrowed(""));
        (inquiry.origin, inquiry.namespace) = (ObjectOrigin::Admission, Some(facts.namespace.clone().into()));
        decide(examine(&inquiry, &settings, cluster), &settings).findings
    };
    let of_pod = of(pod, "Pod").into_iter();
    let mut all: Vec<_> =
        of_pod.map(|(severity, finding)| (StepTopic::of(finding.rule.topic()), severity, finding)).collect();
    let of_account = account.map(|account| of(account, "ServiceAccount")).unwrap_or_default();
    for (severity, finding) in of_account {
        if all.iter().all(|(_, _, known)| known.rule != finding.rule) {
            all.push((StepTopic::ServiceAccount, severity, finding));
        }
    }
    all
}

impl StepTopic {
    /// The step that findings about a topic belong to.
    const fn of(topic: Topic) -> Self {
        match topic {
            Topic::Label => Self::Label,
            Topic::ServiceAccount => Self::ServiceAccount,
            Topic::FederatedCredential => Self::FederatedCredential,
            Topic::Proxy | Topic::Variables | Topic::Token | Topic::Injection => Self::Injection,
        }
    }
}

impl Explainer<'_, '_> {
    fn explanation(&self, credentials: &[AzureFile]) -> Explanation {
        let (namespace, name) = (&self.facts.namespace, self.pod.display_name());
        let subject = match self.facts.owners.first().filter(|_| self.facts.is_template) {
            Some(owner) => format!("pod template of {} {namespace}/{}", owner.kind, owner.name),
            None => format!("Pod {namespace}/{name}"),
        };
        let lists = [&self.facts.cluster_policies, &self.facts.policies].map(document);
        let policies: Vec<_> = lists.iter().flatten().flat_map(|list| InstalledPolicy::all(list.root())).collect();
        let injecting = policies.iter().find(|policy| policy.injects());
        let mut steps = vec![self.pod_step(), self.label_step(), self.account_step()];
        steps.push(self.webhook_step(&policies));
        if self.facts.is_template {
            let text = "what injection makes of the pods of the template";
            steps.push(Step::new(StepTopic::Injection, StepState::Ok, text));
        } else {
            steps.push(self.injection_step());
            steps.extend(self.age_step());
        }
        steps.push(credentials::step(self.facts, injecting.map(|policy| policy.settings.raw()), credentials));
        let said: Vec<_> = steps.iter().flat_map(|step| &step.said).copied().collect();
        for step in &mut steps {
            let link = step.link;
            let of_step = |topic: StepTopic, finding: &Finding| topic == link && !said.contains(&finding.rule);
            for (_, severity, finding) in self.findings.iter().filter(|(topic, _, finding)| of_step(*topic, finding)) {
                match severity {
                    Severity::Deny => step.broken(finding.to_string()),
                    _ => step.details.push(Detail::Warning(finding.to_string())),
                }
            }
        }
        // Of a template there is nothing to say but what is wrong.
        steps.retain(|step| !self.facts.is_template || step.link != StepTopic::Injection || !step.is_bare());
        // That no pod can be created is mostly because of another step.
        let is_cause = self.facts.is_template && steps.iter().all(|step| step.state != StepState::Broken);
        if let (Some(step), Some(failure)) = (steps.first_mut(), self.failure()) {
            if is_cause {
                step.broken(failure);
            } else {
                step.details.push(Detail::Warning(failure));
            }
        }
        Explanation { subject, steps }
    }

    /// Why an owner cannot create pods.
    fn failure(&self) -> Option<String> {
        let mut owners = self.facts.owners.iter().rev();
        owners.find_map(|owner| {
            let message = of_text(owner.object.as_ref()?.as_ref().ok()?, failure).flatten()?;
            Some(format!("{} {} cannot create pods: {message}", owner.kind, owner.name))
        })
    }

    /// What a person changes: the object that has the template of the pod.
    fn top(&self) -> Option<(&str, &str)> {
        self.facts.owners.last().map(|owner| (owner.kind.as_str(), owner.name.as_str()))
    }

    pub(super) fn is_injected(&self) -> bool {
        injected_volume(self.pod).is_some()
    }

    /// Whether the pod uses its service account without the label: by a token volume of its own, or by a CSI driver.
    pub(super) fn needs_no_label(&self) -> Option<&'static str> {
        let settings = Settings::default();
        if self.pod.volumes.iter().any(|volume| settings.is_token_for_azure(volume)) {
            Some("the pod has a token volume of its own")
        } else if self.pod.lends_identity_to_csi_driver() {
            Some("a CSI driver uses the service account of the pod")
        } else {
            None
        }
    }

    fn restart(&self) -> String {
        let namespace = quoted(&self.facts.namespace);
        match self.top() {
            Some((kind @ ("Deployment" | "StatefulSet" | "DaemonSet"), name)) => {
                let (kind, name) = (kind.to_ascii_lowercase(), quoted(name));
                format!("kubectl rollout restart {kind} {name} --namespace {namespace}")
            }
            _ => format!("kubectl delete pod {} --namespace {namespace}", quoted(self.pod.display_name())),
        }
    }

    /// Says how to make the pod anew.
    pub(super) fn advise_restart(&self, step: &mut Step) {
        if self.top().is_some() {
            step.fix("create the pod again:");
            step.command(self.restart());
        } else {
            step.fix("delete the pod and create it again: no controller does it");
        }
    }

    fn pod_step(&self) -> Step {
        let mut step = Step::new(StepTopic::Pod, StepState::Ok, "");
        let phase = self.pod.object.field("status").and_then(|status| status.field("phase")?.as_str());
        step.text = match (&self.created, &phase) {
            _ if self.facts.is_template => "there is no pod; this is about the pod that the template makes".to_owned(),
            (Some(created), Some(phase)) => format!("created {created}, {phase}"),
            (Some(created), None) => format!("created {created}"),
            (None, _) => "exists".to_owned(),
        };
        if let Some(end) = self.end() {
            step.details.push(Detail::Warning(format!("the pod does not run any more: {end}")));
        }
        if self.pod.is_mirror() {
            step.broken("it is a static pod of a node, which cannot have an identity");
        }
        if !self.facts.is_template {
            let owners: Vec<_> =
                self.facts.owners.iter().map(|owner| format!("{} {}", owner.kind, owner.name)).collect();
            step.fact(if owners.is_empty() {
                "no controller made it".to_owned()
            } else {
                format!("made by {}", owners.join(", of "))
            });
        }
        for owner in &self.facts.owners {
            if let Some(Err(why)) = &owner.object {
                let why = match why {
                    Unanswered::Missing => "does not exist any more".to_owned(),
                    Unanswered::Forbidden => "cannot be read: RBAC does not allow it".to_owned(),
                    Unanswered::NoSuchKind => "cannot be read: the cluster does not have the kind".to_owned(),
                    Unanswered::Failed(why) => format!("cannot be read: {why}"),
                };
                step.details.push(Detail::Unknown(format!("{} {} {why}", owner.kind, owner.name)));
            }
        }
        for other in self.facts.others.iter().take(NAMED) {
            let line = of_text(other, |object| {
                let pod = Pod::read(object, &mut Reading::default());
                let volume = if injected_volume(&pod).is_some() { "has a token volume" } else { "has no token volume" };
                let created = created(object).unwrap_or_default();
                format!("another pod: {}, created {created}, {volume}", pod.display_name())
            });
            step.details.extend(line.map(Detail::Fact));
        }
        if let Some(more @ 1..) = self.facts.others.len().checked_sub(NAMED) {
            step.fact(format!("and {more} more pods"));
        }
        step
    }

    /// Why the pod has failed, if it has: it was evicted, or its node is gone.
    fn end(&self) -> Option<String> {
        let status = self.pod.object.field("status")?;
        let text = |key| status.field(key).and_then(Value::as_str).unwrap_or_default();
        if text("phase") != "Failed" {
            return None;
        }
        let parts = [text("reason"), text("message")];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let end = if parts.is_empty() { "it failed".to_owned() } else { parts.join(": ") };
        Some(end.chars().take(MESSAGE_LENGTH).collect())
    }

    fn label_step(&self) -> Step {
        let mut step = Step::new(StepTopic::Label, StepState::Ok, format!("{}: \"true\"", keys::USE));
        // That the label is missing or wrong, or need not be there, is said here.
        step.said.extend([RuleId::LabelMissing, RuleId::LabelValue]);
        if self.pod.is_labelled() {
            if let Some(change) = self.label_change() {
                step.fact(format!("set or changed {}, after the pod was created", at(&change)));
            }
            return step;
        }
        if let Some(why) = self.needs_no_label() {
            step.text = format!("no label, and none is needed: {why}");
            return step;
        }
        let holder = match self.top() {
            Some((kind, name)) => format!("the pod template of {kind} {name}"),
            None => "the pod".to_owned(),
        };
        match self.pod.labels.get(keys::USE) {
            None => step.broken(format!("the pod has no label {}: it asks for no identity", keys::USE)),
            Some("false") => step.broken(format!("the label {} is \"false\": the pod asks for no identity", keys::USE)),
            Some(other) => step.broken(format!("the label {} is {}, which is ignored", keys::USE, quote(other))),
        }
        step.say("the pod does not ask for an identity");
        if self.template_is_labelled() && !self.facts.is_template {
            step.fact(format!("{holder} has the label now: the pod is older"));
            self.advise_restart(&mut step);
        } else {
            step.fix(format!("add {}: \"true\" to the labels of {holder}, and create the pod again", keys::USE));
        }
        step
    }

    /// When the label was last set, if that was after the pod was created.
    pub(super) fn label_change(&self) -> Option<Change> {
        let change = last_change(self.pod.object, "labels", keys::USE)?;
        Some(change).filter(|change| self.created.as_ref().is_some_and(|created| change.time > *created))
    }

    fn template_is_labelled(&self) -> bool {
        let text = self.facts.owners.last().and_then(|owner| owner.object.as_ref()?.as_ref().ok());
        let is_labelled = |object: Value<'_>| {
            let Inquiry { group, kind, .. } = Inquiry::of_object(object);
            let template = pod_template_of(&group, &kind, object)?;
            let label = template.field("metadata")?.field("labels")?.field(keys::USE)?;
            label.as_str().map(|label| label == "true")
        };
        text.and_then(|text| of_text(text, is_labelled).flatten()) == Some(true)
    }

    fn account_step(&self) -> Step {
        let (namespace, name) = (&self.facts.namespace, &self.facts.service_account_name);
        let mut step = Step::new(StepTopic::ServiceAccount, StepState::Ok, format!("{namespace}/{name}"));
        let account = match self.account {
            Ok(account) => account,
            Err(LookupError::Missing) => {
                step.said.push(RuleId::ServiceAccountMissing);
                step.broken("it does not exist; create it, or name another in spec.serviceAccountName");
                return step;
            }
            Err(_) => {
                let question = Question::ServiceAccount { namespace, name };
                let why = self.facts.service_account.as_ref().err();
                step.said.extend([RuleId::ServiceAccountMissing, RuleId::LookupFailed]);
                step.unknown(why.map_or_else(|| "it cannot be read".to_owned(), |why| why.explain(&question)));
                return step;
            }
        };
        for (key, value) in [
            (keys::CLIENT_ID, &account.client_id),
            (keys::TENANT_ID, &account.tenant_id),
            (keys::TOKEN_EXPIRATION, &account.token_expiration),
        ] {
            let Some(value) = value else { continue };
            let change = self.account_object.and_then(|object| last_change(object, "annotations", key));
            let change = change.map(|change| format!(" (set {} at the latest)", at(&change))).unwrap_or_default();
            step.fact(format!("{key}: {}{change}", quote(value)));
        }
        let mut participants = self.containers.iter().filter(|it| it.takes_part);
        if account.usable_client_id().is_none() && participants.any(|it| it.client_id.is_missing()) {
            step.said.push(RuleId::ClientIdMissing);
            step.broken(format!("it has no annotation {}, and a container sets no AZURE_CLIENT_ID", keys::CLIENT_ID));
            step.command(format!(
                "kubectl annotate serviceaccount {} --namespace {} {}=CLIENT_ID",
                quoted(name),
                quoted(namespace),
                keys::CLIENT_ID
            ));
            if !self.facts.is_template {
                step.fix("then create the pod again: it keeps what it was created with");
            }
        }
        step
    }

    fn injection_step(&self) -> Step {
        let mut step = Step::new(StepTopic::Injection, StepState::Ok, "");
        match injected_volume(self.pod) {
            Some(volume) => {
                let layout = containers::layout_of(&self.containers, volume);
                step.text = match layout {
                    Some(layout) => format!("injected, with the layout of {}", layout.name()),
                    None => "injected, but no container has the volume at the path of a known layout".to_owned(),
                };
                step.fact(containers::describe_volume(volume));
            }
            None => match self.needs_no_label() {
                Some(why) if !self.pod.is_labelled() => step.text = format!("not injected: {why}"),
                _ => {
                    step.said.push(RuleId::InjectionMissing);
                    step.say("not injected");
                    step.broken("the pod has no token volume");
                }
            },
        }
        if self.is_injected() || self.pod.volumes.iter().any(|it| Settings::default().is_token_for_azure(it)) {
            let lines = self.containers.iter().flat_map(|it| containers::describe(it, self.volumes));
            step.details.extend(lines.map(Detail::Fact));
        }
        if self.is_injected() {
            self.check_tenant(&mut step);
        }
        step
    }

    /// Without a tenant SDKs make no credential. The webhook sets none where neither it nor the service account names one.
    fn check_tenant(&self, step: &mut Step) {
        let mut participants = self.containers.iter().filter(|it| it.takes_part).peekable();
        // Without a client id either, the pod is older than what its service account says, or nothing says it.
        let is_alone = |it: &ContainerIdentity<'_>| it.tenant_id.is_missing() && !it.client_id.is_missing();
        if participants.peek().is_none() || !participants.all(is_alone) {
            return;
        }
        step.broken("no container has AZURE_TENANT_ID: SDKs fail before they ask Entra ID");
        step.fix(format!(
            "set the tenant where the webhook or the policy is installed, or annotate the service account with {}",
            keys::TENANT_ID
        ));
    }

    /// Whether the pod has what its service account says today. Nothing to say without injection.
    fn age_step(&self) -> Option<Step> {
        if !self.is_injected() {
            return None;
        }
        let account = self.account.as_ref().ok()?;
        let mut step =
            Step::new(StepTopic::Age, StepState::Ok, "the pod has the client id and tenant id of its service account");
        let mut is_own = false;
        for (key, what, wanted) in [
            (keys::CLIENT_ID, "client id", account.usable_client_id()),
            (keys::TENANT_ID, "tenant id", account.usable_tenant_id()),
        ] {
            let Some(wanted) = wanted else { continue };
            let change = self.account_object.and_then(|object| last_change(object, "annotations", key));
            let later = change.filter(|it| self.created.as_ref().is_some_and(|created| it.time > *created));
            let participants = || self.containers.iter().filter(|it| it.takes_part);
            let is_in_none = participants().all(|it| variable_of(it, key).value == Resolved::Unset);
            for it in participants() {
                let variable = variable_of(it, key);
                let is_set = variable.value != Resolved::Unset;
                let Some(value) = known(variable).filter(|value| !value.eq_ignore_ascii_case(wanted)) else { continue };
                let value = match &*value {
                    "" => format!("no {what}"),
                    id if is_client_id(id) => format!("{what} {}", quote(id)),
                    // It may be a secret.
                    _ => format!("a {what} that is no id"),
                };
                let differs =
                    format!("container {} has {value}, the service account says {}", it.container.name, quote(wanted));
                step.said.push(RuleId::ClientOverride);
                match &later {
                    Some(change) => step.broken(format!(
                        "the {what} of the service account was changed {}, after the pod was created: {differs}",
                        at(change)
                    )),
                    // Injection sets the variable if the service account has the annotation. Kubernetes does not track the changes of
                    // a service account that was created without annotations.
                    // Where others have the id, the container itself came later.
                    None if !is_set && is_in_none => {
                        step.broken(format!("{differs}: it got its annotation after the pod was created"));
                    }
                    None if !is_set => {}
                    None => {
                        is_own = true;
                        step.fact(differs);
                    }
                }
            }
        }
        if step.state == StepState::Broken {
            // A pod that is older than the annotations is not one that injection missed.
            step.said.push(RuleId::InjectionMissing);
            step.say("the service account was changed after the pod was created");
            step.fact("variables are set when a pod is created: restart it");
            self.advise_restart(&mut step);
        } else if is_own {
            step.say("containers have other ids than the service account");
        }
        Some(step)
    }
}

/// The variable into which injection writes an annotation of the service account.
fn variable_of<'i, 'p>(container: &'i ContainerIdentity<'p>, key: &str) -> &'i Variable<'p> {
    if key == keys::CLIENT_ID { &container.client_id } else { &container.tenant_id }
}

/// The value of a variable in the pod; empty if it is not set, `None` if it cannot be known.
fn known<'v>(variable: &'v Variable<'_>) -> Option<Cow<'v, str>> {
    if variable.is_missing() { Some(Cow::Borrowed("")) } else { variable.text().map(Cow::Borrowed) }
}

pub(super) fn at(change: &Change) -> String {
    if change.manager.is_empty() {
        format!("at {}", change.time)
    } else {
        format!("at {} by {}", change.time, change.manager)
    }
}

/// Why a workload cannot create pods, by its conditions.
fn failure(object: Value<'_>) -> Option<String> {
    let mut conditions = object.field("status")?.field("conditions")?.elements();
    let text = |condition: Value<'_>, key| condition.field(key).and_then(Value::as_str).map(Cow::into_owned);
    let is_failure = |condition: &Value<'_>| {
        text(*condition, "type").as_deref() == Some("ReplicaFailure")
            && text(*condition, "status").as_deref() == Some("True")
    };
    let message = text(conditions.find(is_failure)?, "message")?;
    Some(message.chars().take(MESSAGE_LENGTH).collect())
}
