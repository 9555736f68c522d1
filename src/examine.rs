//! Examination: what rules find about an object, and what injection would change in it. Nothing is decided here.

use crate::assumption::Grounds;
use crate::cluster::{AccountLookup, Cluster, Freshness, NoMore, ServiceAccount};
use crate::federated::{FederatedCredential, SUBJECT_PREFIX, service_account_of};
use crate::finding::{self, Count, Finding, Findings};
use crate::identity::Identity;
use crate::inject::inject;
use crate::inquiry::{Inquiry, Operation};
use crate::issuer::Issuer;
use crate::json::{Changes, Reading, TypeMismatch, Value};
use crate::keys;
use crate::pod::Pod;
use crate::rule::{PerRule, RuleId, Severity};
use crate::rules;
use crate::settings::{Inject, OptIn, Settings};
use crate::subject::{
    EphemeralContainersSubject, FederatedCredentialSubject, Holder, KeyUse, Models, Outer, PodSubject,
    ServiceAccountSubject, ServiceSubject, Subject, SubjectKind, Template, Workload, controller, is_being_deleted,
};

/// The result of an examination.
#[derive(Debug, Default)]
pub struct Examination<'a> {
    /// The object as messages name it: `pod shop/web`; empty if the object is not judged.
    pub subject: String,
    /// Values of the wrong type. An admission request with one is not examined further: the API server would reject it too.
    pub mismatches: Vec<TypeMismatch<'a>>,
    /// What rules found, in the order of the rules. Rules that are off do not run.
    pub findings: Vec<Finding>,
    /// How often each rule found something; not all of it is kept in `findings`.
    pub counts: Vec<Count>,
    /// What injection changes; empty if nothing is injected.
    pub changes: Changes,
    /// The client id of the identity that the pod gets.
    pub client_id: Option<String>,
    /// The tenant of that identity.
    pub tenant_id: Option<String>,
    /// What is known where the object was examined. Who knows more, or less, says so before the decision.
    pub grounds: Grounds,
    /// Whether the object is exempt from being judged.
    pub is_exempt: bool,
    /// Whether the object is a pod that this policy injects.
    pub is_injected: bool,
}

/// Examines an object.
pub fn examine<'a>(inquiry: &Inquiry<'a>, settings: &Settings<'_>, cluster: &dyn Cluster) -> Examination<'a> {
    let mut reading = inquiry.reading.clone();
    let mut examination = Examination::default();
    if let Some(object) = inquiry.object
        && !(inquiry.operation == Operation::Update && is_being_deleted(object))
        && let Some(kind) = SubjectKind::of(inquiry, settings, &mut reading)
        && !kind.is_unchanged(inquiry, settings)
    {
        let namespace = match kind {
            // It may be cluster-scoped.
            SubjectKind::Workload { is_custom: true, .. } | SubjectKind::FederatedCredential => {
                inquiry.namespace.clone()
            }
            _ if inquiry.is_admission() => Some(inquiry.namespace_or_default()),
            // Who applies a file says which one is meant.
            _ => Some(inquiry.namespace.clone().unwrap_or_default()),
        };
        let namespace = namespace.as_deref();
        examination.grounds = Grounds::new(inquiry.origin, matches!(kind, SubjectKind::Pod));
        let findings = Findings::default();
        let mut examiner =
            Examiner { inquiry, object, namespace, settings, cluster, reading, findings, result: &mut examination };
        examiner.examine(kind);
        reading = examiner.reading;
        (examination.findings, examination.counts) = examiner.findings.into_parts();
    }
    examination.mismatches = reading.into_mismatches();
    examination
}

/// For how many templates of an object service accounts are looked up.
const TEMPLATES_WITH_LOOKUPS: usize = 20;

/// What is common to examining objects of all kinds.
struct Examiner<'e, 'a> {
    inquiry: &'e Inquiry<'a>,
    object: Value<'a>,
    /// `None` if it is not known whether the object has one; empty if it has one that is not known.
    namespace: Option<&'e str>,
    settings: &'e Settings<'e>,
    cluster: &'e dyn Cluster,
    reading: Reading<'a>,
    findings: Findings,
    result: &'e mut Examination<'a>,
}

impl<'e, 'a> Examiner<'e, 'a> {
    fn examine(&mut self, kind: SubjectKind<'a>) {
        match kind {
            SubjectKind::Pod => {
                let pod = Pod::read(self.object, &mut self.reading);
                // A mirror pod cannot be changed, and it has no service account.
                if !pod.is_mirror() {
                    let _ = self.pod(&pod, None);
                }
            }
            SubjectKind::Workload { templates, is_custom } if controller(self.object).is_none() => {
                self.templates(&templates, is_custom);
            }
            SubjectKind::Workload { .. } => {}
            SubjectKind::EphemeralContainers => self.ephemeral_containers(),
            SubjectKind::ServiceAccount => self.service_account(),
            SubjectKind::Service => self.service(),
            SubjectKind::FederatedCredential => self.federated_credential(),
        }
    }

    /// Examines the templates of a workload. What they share is examined with the first of them.
    fn templates(&mut self, templates: &[Template<'a>], is_custom: bool) {
        let selector = self.object.field("spec").and_then(|spec| spec.field("selector"));
        let mut judged = None::<&Template<'a>>;
        for (position, template) in templates.iter().enumerate() {
            // Each lookup may become a request to the API server.
            if position == TEMPLATES_WITH_LOOKUPS {
                self.cluster = &NoMore;
            }
            let mismatches = self.reading.mismatches().len();
            let own = template.around.iter().skip(template.shared_with(judged));
            let around = own.map(|object| Outer::read(*object, &mut self.reading)).collect();
            let pod = Pod::read(template.value, &mut self.reading);
            // Nothing is known of the schema of a custom kind: what does not read as a pod template is none.
            if is_custom && self.inquiry.is_admission() && self.reading.mismatches().len() > mismatches {
                self.reading.forget_from(mismatches);
                continue;
            }
            if self.pod(&pod, Some(&Workload { around, selector: selector.filter(|_| judged.is_none()) })) {
                judged = Some(template);
            }
        }
    }

    /// Examines a pod, or the pods that a workload makes, unless they are exempt.
    fn pod(&mut self, pod: &Pod<'a>, workload: Option<&Workload<'a>>) -> bool {
        let (settings, namespace, name) = (self.settings, self.namespace(), pod.service_account());
        if self.is_unreadable() {
            return false;
        }
        let inject_settings = settings.inject.as_ref().filter(|_| workload.is_none());
        // A label of another value is an answer too; only a pod that says nothing follows its service account.
        let may_follow = settings.inject.as_ref().is_some_and(|inject| inject.opt_in == OptIn::ServiceAccount)
            && pod.labels.get(keys::USE).is_none();
        let is_exempt = settings.exemptions.cover(namespace, name);
        let may_be_injected = inject_settings.is_some() && (pod.is_labelled() || may_follow);
        if is_exempt && !may_be_injected {
            return false;
        }
        let freshness = if pod.is_labelled() { Freshness::Confirmed } else { Freshness::Cached };
        let service_account = AccountLookup::new(self.cluster, self.namespace, name, freshness);
        let identity = Identity::new(pod, &service_account, settings);
        let wants_identity = pod.is_labelled() || (may_follow && identity.client_id().is_some());
        let is_injected = inject_settings.is_some() && wants_identity;

        let injection = inject_settings.filter(|_| wants_identity);
        let (changes, added_length) = injection.map(|settings| changes(pod, &identity, settings)).unwrap_or_default();
        let around = workload.map(|workload| workload.around.as_slice()).unwrap_or_default();
        let keys = KeyUse::in_template(pod, around, settings);
        let models = Models::default();
        let subject = PodSubject {
            object: self.object,
            workload,
            namespace,
            pod,
            keys: &keys,
            service_account: &service_account,
            wants_identity,
            may_follow,
            identity: &identity,
            settings,
            added_length,
            models: &models,
        };
        let subject = if workload.is_some() { Subject::PodTemplate(&subject) } else { Subject::Pod(&subject) };
        self.name(pod.display_name());
        (self.result.is_exempt, self.result.is_injected) = (is_exempt, is_injected);
        self.check(subject);
        if wants_identity && self.result.client_id.is_none() {
            self.result.client_id = identity.client_id().map(str::to_owned);
            self.result.tenant_id = identity.tenant_id().map(str::to_owned);
        }
        if is_injected {
            self.result.changes = changes;
        }
        true
    }

    fn ephemeral_containers(&mut self) {
        let pod = Pod::read(self.object, &mut self.reading);
        if self.is_unreadable() {
            return;
        }
        self.result.is_exempt = self.settings.exemptions.cover(self.namespace(), pod.service_account());
        self.name(pod.display_name());
        self.check(Subject::EphemeralContainers(&EphemeralContainersSubject {
            object: self.object,
            old_object: self.inquiry.old_object,
            pod: &pod,
            settings: self.settings,
        }));
    }

    fn service_account(&mut self) {
        let Outer { labels, annotations, .. } = Outer::read(self.object, &mut self.reading);
        let name = self.reading.string(self.object.field("metadata"), "name");
        if self.is_unreadable() {
            return;
        }
        // The stored object is not judged: where it makes no sense, the annotations count as new.
        let mut old_reading = Reading::default();
        let old = self.inquiry.old_object.map(|old| ServiceAccount::read(old, &mut old_reading));
        self.result.is_exempt = self.settings.exemptions.cover(self.namespace(), &name);
        self.name(&name);
        self.check(Subject::ServiceAccount(&ServiceAccountSubject {
            object: self.object,
            namespace: self.namespace(),
            name: &name,
            labels: &labels,
            annotations: &annotations,
            keys: &KeyUse::on(Holder::ServiceAccount, self.object, &labels, &annotations, self.settings),
            old: old.as_ref().filter(|_| old_reading.mismatches().is_empty()),
            settings: self.settings,
        }));
    }

    fn service(&mut self) {
        if self.is_unreadable() {
            return;
        }
        self.result.is_exempt = self.settings.exemptions.cover_namespace(self.namespace());
        self.name("");
        self.check(Subject::Service(&ServiceSubject { object: self.object }));
    }

    fn federated_credential(&mut self) {
        let credential = FederatedCredential::read(self.object, &self.inquiry.group, &mut self.reading);
        if self.is_unreadable() {
            return;
        }
        let [issuer, subject] = [&credential.issuer, &credential.subject]
            .map(|claim| claim.as_ref().map(|claim| claim.text.as_ref()).unwrap_or_default());
        let own = self.settings.issuer.as_deref();
        let is_of_this_cluster = own.is_some_and(|own| Issuer::new(own).is_near(issuer));
        let trusted = Issuer::new(issuer);
        // AKS makes the credential of identity bindings, with parts of its own. Those of GitHub and others have nothing to do with service
        // accounts.
        let is_concerned = !trusted.is_identity_binding()
            && (trusted.is_azure_cluster() || is_of_this_cluster || subject.starts_with(SUBJECT_PREFIX));
        if !is_concerned {
            return;
        }
        let account = service_account_of(subject);
        let lookup =
            account.map(|(namespace, name)| AccountLookup::new(self.cluster, Some(namespace), name, Freshness::Cached));
        let exemptions = &self.settings.exemptions;
        self.result.is_exempt = exemptions.cover_namespace(self.namespace())
            || account.is_some_and(|(namespace, name)| exemptions.cover(namespace, name));
        self.name("");
        self.check(Subject::FederatedCredential(&FederatedCredentialSubject {
            object: self.object,
            credential: &credential,
            is_of_this_cluster,
            service_account: lookup.as_ref(),
            settings: self.settings,
        }));
    }

    /// The namespace; empty if there is none, or it is not known.
    fn namespace(&self) -> &'e str {
        self.namespace.unwrap_or_default()
    }

    /// Whether the request is rejected because a value of the wrong type was met.
    fn is_unreadable(&self) -> bool {
        self.inquiry.is_admission() && !self.reading.mismatches().is_empty()
    }

    /// Runs the rules that can matter.
    fn check(&mut self, subject: Subject<'_>) {
        let (is_exempt, is_injected) = (self.result.is_exempt, self.result.is_injected);
        let severities = &self.settings.severities;
        let is_on = PerRule::from_fn(|rule: RuleId| {
            (!is_exempt && severities.of(rule) != Severity::Off) || (is_injected && rules::guards_injection(rule))
        });
        rules::check(subject, &is_on, &mut self.findings);
    }

    /// Names the object as messages do.
    fn name(&mut self, pod_name: &str) {
        let metadata = self.object.field("metadata");
        let own = metadata.and_then(|metadata| metadata.field("name")).and_then(Value::as_str);
        let own = own.as_deref().filter(|name| !name.is_empty()).unwrap_or(pod_name);
        let kind = match self.inquiry.kind.as_ref() {
            "ServiceAccount" => "service account".to_owned(),
            "FederatedIdentityCredential" => "federated credential".to_owned(),
            kind => kind.to_ascii_lowercase(),
        };
        let (namespace, slash) = match self.namespace() {
            "" => Default::default(),
            namespace => (finding::name(namespace), "/"),
        };
        self.result.subject = [&kind, " ", &namespace, slash, &finding::name(own)].concat();
    }
}

/// What injection changes, and how much it adds; nothing if the identity cannot be injected, which comes with a finding that says
/// why.
fn changes(pod: &Pod<'_>, identity: &Identity<'_>, settings: &Inject<'_>) -> (Changes, usize) {
    let mut changes = Changes::default();
    let injected = inject(pod, identity, settings, &mut changes);
    let added_length = changes.added_length();
    (injected.map(|()| changes).unwrap_or_default(), added_length)
}
