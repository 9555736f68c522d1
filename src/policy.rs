//! The policy: from an admission review to a verdict.

use std::borrow::Cow;

use crate::cluster::{Cluster, Patience, ServiceAccount};
use crate::finding::{self, Finding, Severity};
use crate::identity::Identity;
use crate::inject::inject;
use crate::json::{Kind, TypeMismatch, Value};
use crate::keys;
use crate::pod::{Pod, StringMap};
use crate::review::Review;
use crate::rules::{self, EphemeralContainersSubject, PodSubject, ServiceAccountSubject, ServiceSubject, Workload};
use crate::settings::{OptIn, Settings};
use crate::verdict::Verdict;
use crate::workload::{self, Target};

/// Judges what is to be stored.
pub fn judge<'a>(
    review: &Review<'a>,
    settings: &Settings<'_>,
    cluster: &dyn Cluster,
) -> Result<Verdict, TypeMismatch<'a>> {
    let Some(object) = review.object else { return Ok(Verdict::default()) };
    let target = Target::of(review, settings)?;
    if workload::is_being_deleted(object) || target.is_unchanged(review, settings) {
        return Ok(Verdict::default());
    }
    let court = Court { review, object, settings, cluster };
    match target {
        Target::Pod => court.pod(&Pod::read(object)?),
        Target::Workload { template: Some(template) } if !workload::has_controller(object) => court.workload(template),
        Target::EphemeralContainers => court.ephemeral_containers(),
        Target::ServiceAccount => court.service_account(),
        Target::Service => court.service(),
        Target::Workload { .. } | Target::Other => Ok(Verdict::default()),
    }
}

/// What is common to judging objects of all kinds.
struct Court<'c, 'a> {
    review: &'c Review<'a>,
    object: Value<'a>,
    settings: &'c Settings<'c>,
    cluster: &'c dyn Cluster,
}

impl<'a> Court<'_, 'a> {
    fn pod(&self, pod: &Pod<'a>) -> Result<Verdict, TypeMismatch<'a>> {
        // Nothing can be changed in the image of a static pod, and it has no service account.
        if pod.is_mirror() {
            return Ok(Verdict::default());
        }
        self.template(pod, None)
    }

    fn workload(&self, template: Value<'a>) -> Result<Verdict, TypeMismatch<'a>> {
        let workload = Workload {
            labels: StringMap::read(self.object.field("metadata"), "labels")?,
            annotations: StringMap::read(self.object.field("metadata"), "annotations")?,
        };
        self.template(&Pod::read(template)?, Some(&workload))
    }

    /// Judges a pod, or the pods that a workload makes.
    fn template(&self, pod: &Pod<'a>, workload: Option<&Workload<'a>>) -> Result<Verdict, TypeMismatch<'a>> {
        let (settings, name) = (self.settings, pod.service_account());
        let namespace = self.namespace()?;
        let exempt = settings.exemptions.cover(&namespace, name);
        let inject_settings = settings.inject.as_ref().filter(|_| workload.is_none());
        // A label of another value is an answer too; only a pod that says nothing follows its service account.
        let may_follow = settings.inject.as_ref().is_some_and(|inject| inject.opt_in == OptIn::ServiceAccount)
            && pod.labels.get(keys::USE).is_none();
        if exempt && !(inject_settings.is_some() && (pod.is_labelled() || may_follow)) {
            return Ok(Verdict::default());
        }

        let service_account = if pod.is_labelled() {
            Some(self.cluster.service_account(&namespace, name, Patience::Sure))
        } else if may_follow || (!exempt && rules::label_missing_may_apply(pod, settings)) {
            Some(self.cluster.service_account(&namespace, name, Patience::Cached))
        } else {
            None
        };
        let known = service_account.as_ref().and_then(|account| account.as_ref().ok());
        let has_client_id = known.is_some_and(|account| account.client_id.as_ref().is_some_and(|id| !id.is_empty()));
        let identity = Identity::resolve(pod, known, settings);
        let wants_identity = pod.is_labelled() || (may_follow && has_client_id);
        let binding_access = match identity.client_id {
            Some(client_id) if wants_identity && workload.is_none() && rules::binding_access_matters(pod, settings) => {
                Some(self.cluster.may_use_identity(&namespace, name, client_id))
            }
            _ => None,
        };
        let subject = PodSubject {
            object: self.object,
            workload,
            namespace: &namespace,
            pod,
            keys: rules::keys_in_template(pod, workload, settings),
            service_account: service_account.as_ref().map(Result::as_ref),
            wants_identity,
            identity: &identity,
            binding_access: binding_access.as_ref().map(Result::as_ref),
            settings,
            is_live: self.cluster.is_live(),
        };

        let mut verdict = Verdict { subject: self.name(&namespace, pod.display_name()), ..Verdict::default() };
        verdict.findings = self.weigh(rules::check_pod(&subject), exempt, inject_settings.is_some() && wants_identity);
        if wants_identity {
            verdict.client_id = identity.client_id.map(str::to_owned);
            verdict.tenant_id = identity.tenant_id.map(str::to_owned);
        }
        if let Some(inject_settings) = inject_settings
            && wants_identity
            && !verdict.is_denied()
        {
            // `None` leaves the edits empty, and comes together with a finding that denies.
            let _ = inject(pod, &identity, inject_settings, &mut verdict.edits);
        }
        Ok(verdict)
    }

    fn ephemeral_containers(&self) -> Result<Verdict, TypeMismatch<'a>> {
        let pod = Pod::read(self.object)?;
        let namespace = self.namespace()?;
        let exempt = self.settings.exemptions.cover(&namespace, pod.service_account());
        let findings = rules::check_ephemeral_containers(&EphemeralContainersSubject {
            object: self.object,
            old_object: self.review.old_object,
            pod: &pod,
            settings: self.settings,
        });
        let subject = self.name(&namespace, pod.display_name());
        Ok(Verdict { subject, findings: self.weigh(findings, exempt, false), ..Verdict::default() })
    }

    fn service_account(&self) -> Result<Verdict, TypeMismatch<'a>> {
        let metadata = self.object.typed_field("metadata", Kind::Object)?;
        let name = metadata.map_or(Ok(None), |metadata| metadata.string_field("name"))?.unwrap_or_default();
        let namespace = self.namespace()?;
        let exempt = self.settings.exemptions.cover(&namespace, &name);
        let labels = StringMap::read(metadata, "labels")?;
        let annotations = StringMap::read(metadata, "annotations")?;
        let findings = rules::check_service_account(&ServiceAccountSubject {
            object: self.object,
            namespace: &namespace,
            name: &name,
            labels: &labels,
            annotations: &annotations,
            keys: rules::keys_in_service_account(&labels, &annotations, self.settings),
            // What is stored already is not judged; if it makes no sense, the annotations count as new.
            old: self.review.old_object.and_then(|old| ServiceAccount::read(old).ok()).as_ref(),
            settings: self.settings,
            is_live: self.cluster.is_live(),
        });
        let subject = self.name(&namespace, &name);
        Ok(Verdict { subject, findings: self.weigh(findings, exempt, false), ..Verdict::default() })
    }

    fn service(&self) -> Result<Verdict, TypeMismatch<'a>> {
        let namespace = self.namespace()?;
        let exempt = self.settings.exemptions.cover_namespace(&namespace);
        let findings = rules::check_service(&ServiceSubject { object: self.object });
        let subject = self.name(&namespace, "");
        Ok(Verdict { subject, findings: self.weigh(findings, exempt, false), ..Verdict::default() })
    }

    /// The namespace of the request, or of an object in a file.
    fn namespace(&self) -> Result<Cow<'a, str>, TypeMismatch<'a>> {
        if let Some(namespace) = &self.review.namespace {
            return Ok(namespace.clone());
        }
        let metadata = self.object.typed_field("metadata", Kind::Object)?;
        let own = metadata.map_or(Ok(None), |metadata| metadata.string_field("namespace"))?;
        Ok(own.filter(|namespace| !namespace.is_empty()).unwrap_or(Cow::Borrowed("default")))
    }

    /// The object as messages name it.
    fn name(&self, namespace: &str, pod_name: &str) -> String {
        let metadata = self.object.field("metadata");
        let own = metadata.and_then(|metadata| metadata.field("name")).and_then(Value::as_str);
        let own = own.filter(|name| !name.is_empty()).unwrap_or(Cow::Borrowed(pod_name));
        let kind = workload::spoken_kind(&self.review.kind);
        [&kind, " ", &finding::name(namespace), "/", &finding::name(&own)].concat()
    }

    /// Gives each finding the severity that counts and drops those that are off.
    fn weigh(&self, findings: Vec<Finding>, exempt: bool, injects: bool) -> Vec<(Severity, Finding)> {
        findings
            .into_iter()
            .map(|finding| {
                let severity = if finding.blocks_injection && injects {
                    Severity::Deny
                } else if exempt {
                    Severity::Off
                } else {
                    self.settings.severities.of(finding.rule).min(finding.at_most)
                };
                (severity, finding)
            })
            .filter(|(severity, _)| *severity != Severity::Off)
            .collect()
    }
}
