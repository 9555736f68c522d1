//! The check: what the rules find in the objects of all files, with the places in the texts.

use std::borrow::{Borrow, BorrowMut, Cow};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};

use azure_workload_identity_policy::assumption::{Assumption, Assumptions};
use azure_workload_identity_policy::cluster::{Cluster, Freshness, LookupError, ServiceAccount};
use azure_workload_identity_policy::finding::{Applicability, Finding, ObjectRef, Part};
use azure_workload_identity_policy::inquiry::Inquiry;
use azure_workload_identity_policy::json::{Document, Value};
use azure_workload_identity_policy::kinds::pod_template_of;
use azure_workload_identity_policy::pod::STORAGE_DRIVERS;
use azure_workload_identity_policy::rule::{RuleId, Severity};
use azure_workload_identity_policy::{decide, examine, merge_causes};

use crate::certainty::{Certainty, Things};
use crate::concern::concerns_identity;
use crate::consumers::mounts::{self, MountSource};
use crate::consumers::neighbours::Neighbours;
use crate::consumers::{Consumer, ConsumerObject, Consumption};
use crate::diagnose::report;
use crate::draft::{Draft, DraftSubject, Request};
use crate::file::{File, Object};
use crate::options::Options;
use crate::other_kinds;
use crate::report::Report;
use crate::rule::Rule;
use crate::rules::consumer_settings;
use crate::set::Set;
use crate::workers::Workers;

/// Checks files together: their service accounts and RBAC objects are the cluster.
pub fn check(files: &[File], options: &Options<'_>, workers: &impl Workers) -> Report {
    let set = Set::new(files, options.cluster_state);
    let neighbours = Neighbours::new(&set, options.namespace.as_deref());
    let examined = workers.map(files.len(), |file| examine_file(&set, &neighbours, options, file));
    let mut findings = Vec::with_capacity(set.objects.len());
    let (mut drafts, mut identity) = (Vec::new(), 0);
    for Examined { found, others, concerns_identity } in examined.into_iter().flatten() {
        drafts.extend(others);
        findings.push(found);
        identity += usize::from(concerns_identity);
    }
    let position_of = |position: usize, _: &str, name: &str| {
        let (place, object) = set.object(position)?;
        set.account(place, namespace_of(object, options), name)?.object
    };
    merge_causes(&mut findings, &position_of);
    for (position, found) in findings.into_iter().enumerate() {
        drafts.extend(found.into_iter().map(|found| draft(found, position, &position_of)));
    }
    let mut report = report(&set, &drafts, options, workers);
    report.summary.identity = identity;
    report
}

/// What is found in an object.
#[derive(Default)]
struct Examined {
    /// By rules of the policy.
    found: Vec<Judged>,
    /// Otherwise.
    others: Vec<Draft>,
    /// Whether it has to do with workload identity.
    concerns_identity: bool,
}

/// A finding with the severity that counts.
struct Judged {
    severity: Severity,
    certainty: Certainty,
    finding: Finding,
}

impl Borrow<Finding> for Judged {
    fn borrow(&self) -> &Finding {
        &self.finding
    }
}

impl BorrowMut<Finding> for Judged {
    fn borrow_mut(&mut self) -> &mut Finding {
        &mut self.finding
    }
}

/// The namespace that an object is in, if it is known.
pub fn namespace_of<'o>(object: &'o Object, options: &'o Options<'_>) -> Option<&'o str> {
    object.name.namespace.as_deref().or(options.namespace.as_deref())
}

/// What is found in each object of a file.
fn examine_file(set: &Set<'_>, neighbours: &Neighbours<'_>, options: &Options<'_>, file: usize) -> Vec<Examined> {
    let mut examined = Vec::new();
    for (mut position, file, part) in set.parts_of(file) {
        // It was parsed when the file was read.
        let Ok(document) = Document::parse(part.json(file).as_bytes()) else { continue };
        for object in &part.objects {
            examined.push(examine_object(set, neighbours, options, position, object, document.root().at(object.node)));
            position += 1;
        }
    }
    examined
}

fn examine_object(
    set: &Set<'_>,
    neighbours: &Neighbours<'_>,
    options: &Options<'_>,
    position: usize,
    object: &Object,
    value: Value<'_>,
) -> Examined {
    let (mut found, mut others) = (Vec::<Judged>::new(), Vec::new());
    let Some((place, _)) = set.object(position) else { return Examined::default() };
    let cluster = Files::new(set, position, namespace_of(object, options));
    let inquiry = inquiry(value, object, namespace_of(object, options));
    let consumed = ConsumerObject {
        value,
        position,
        group: object.name.group(),
        kind: &object.name.kind,
        name: &object.name.name,
        namespace: namespace_of(object, options),
        files: neighbours,
    };
    let consumption = consumption(&consumed, set);
    let is_consumer = !consumption.requests.is_empty() || !consumption.faults.is_empty();
    let is_taken = set.taken(place.file()).is_some();
    let kind = &object.name.kind;
    let drafts =
        consumption.faults.into_iter().map(|it| consumer_settings::draft(it, position, kind, is_taken, options));
    others.extend(drafts);
    for settings in &options.settings {
        let mut examination = examine(&inquiry, settings, &cluster);
        // An object with a name for messages is of a kind that the policy knows.
        if examination.subject.is_empty() {
            others.extend(other_kinds::check(value, &inquiry, settings, position));
        }
        let mismatches = std::mem::take(&mut examination.mismatches);
        for mismatch in mismatches.iter().take(WRONG_TYPES) {
            let request = Request { object: position, path: mismatch.value.path_from(value), part: Part::Value };
            others.push(Draft::wrong_type(request, mismatch.value.id(), mismatch.expected));
        }
        if let Some(more) = mismatches.len().checked_sub(WRONG_TYPES).filter(|more| *more > 0) {
            others.push(Draft::more(position, Severity::Deny, Rule::WrongType, more));
        }
        // Most objects have no findings.
        if !examination.findings.is_empty() {
            let is_partial = set.is_partial(place, &inquiry.group, &inquiry.kind, value);
            let unknown = &mut examination.grounds.unknown;
            *unknown = unknown.without(asked_of_files()).and(cluster.unknown(is_partial));
        }
        let grounds = examination.grounds;
        let verdict = decide(examination, settings);
        for (severity, mut finding) in verdict.findings {
            if is_excused(&finding, &consumed) {
                continue;
            }
            let is_of_hook = matches!(finding.rule, RuleId::LabelMissing | RuleId::ClientIdMissing) && is_hook(value);
            let severity = if is_of_hook { severity.min(Severity::Note) } else { severity };
            // A correction rests on what the finding rests on.
            if let (true, Some(repair)) = (finding.weight.rests_on.intersects(grounds.unknown), &mut finding.repair) {
                repair.applicability = Applicability::Suggestion;
            }
            let unseen = cluster.unseen.borrow();
            let account = unseen.first().filter(|_| unseen.len() == 1).map(String::as_str);
            let sure = settings.severities.of(finding.rule).min(finding.weight.importance);
            let certainty =
                Certainty::new(grounds, finding.weight.rests_on, sure, Things { account, kind: &object.name.kind });
            let is_same = |other: &&mut Judged| {
                other.finding.rule == finding.rule
                    && other.finding.place == finding.place
                    && other.finding.problem == finding.problem
            };
            match found.iter_mut().find(is_same) {
                Some(other) if other.severity >= severity => {}
                Some(other) => (other.severity, other.certainty) = (severity, certainty),
                None => found.push(Judged { severity, certainty, finding }),
            }
        }
        others.extend(
            verdict.more.into_iter().map(|(severity, rule, count)| Draft::more(position, severity, rule.into(), count)),
        );
    }
    // Several settings find the same again.
    let mut seen = HashSet::new();
    others.retain(|draft: &Draft| seen.insert((draft.rule, draft.place.path.clone())));
    let concerns_identity = is_consumer || concerns_identity(value, &object.name, &options.settings);
    Examined { found, others, concerns_identity }
}

/// What consumers make of an object, and drivers of the volumes in its pods.
fn consumption(consumed: &ConsumerObject<'_, '_>, set: &Set<'_>) -> Consumption {
    let (group, kind) = (consumed.group, consumed.kind);
    let mut found = Consumption::default();
    let Some((place, _)) = set.object(consumed.position) else { return found };
    let mentions_driver = || STORAGE_DRIVERS.iter().any(|driver| consumed.value.raw().contains(driver));
    if Consumer::of(group, kind).next().is_some() {
        if !set.is_partial(place, group, kind, consumed.value) {
            found = Consumption::of(consumed);
        }
    } else if let Some(pod) = pod_of(consumed.value, group, kind).filter(|_| mentions_driver()) {
        for volume in mounts::of_pod(consumed, pod) {
            if let MountSource::Inline(inline) = volume.source {
                found.requests.extend(inline.requests);
                found.faults.extend(inline.faults);
            }
        }
    }
    found
}

/// The pod that an object of a built-in kind is, or its pod template.
fn pod_of<'v>(value: Value<'v>, group: &str, kind: &str) -> Option<Value<'v>> {
    if (group, kind) == ("", "Pod") { Some(value) } else { pod_template_of(group, kind, value) }
}

/// Whether other files show why a finding is none: a volume brings the identity without the label, the objects of a controller bring the
/// client id, or an operator makes the service account.
fn is_excused(finding: &Finding, object: &ConsumerObject<'_, '_>) -> bool {
    let pod = || pod_of(object.value, object.group, object.kind);
    let is_made = || {
        let account = pod().and_then(|pod| pod.field("spec")?.field("serviceAccountName")?.as_str());
        account.is_some_and(|name| object.files.maker_of_account(object.namespace, &name).is_some())
    };
    match finding.rule {
        RuleId::LabelMissing => pod().is_some_and(|pod| mounts::lend_identity(object, pod)),
        RuleId::ClientIdMissing => object.files.takes_client_of_objects(object.kind, object.name) || is_made(),
        RuleId::ServiceAccountMissing => is_made(),
        _ => false,
    }
}

/// Whether an object is a hook of Helm, which often runs as the service account of the chart and needs no identity.
fn is_hook(object: Value<'_>) -> bool {
    let annotations = object.field("metadata").and_then(|metadata| metadata.field("annotations"));
    annotations.is_some_and(|annotations| annotations.field("helm.sh/hook").is_some())
}

/// How many values of the wrong type are shown for one object; the rest is counted.
pub(crate) const WRONG_TYPES: usize = 50;

/// The question about an object in a file. Items of a list may leave out their kind.
pub fn inquiry<'a>(value: Value<'a>, object: &'a Object, namespace: Option<&'a str>) -> Inquiry<'a> {
    let (group, version) = object.name.api_version.split_once('/').unwrap_or(("", &object.name.api_version));
    let inquiry = Inquiry::of_object(value);
    Inquiry {
        group: Cow::Borrowed(group),
        version: Cow::Borrowed(version),
        kind: Cow::Borrowed(&object.name.kind),
        namespace: namespace.map(Cow::Borrowed),
        ..inquiry
    }
}

/// What files may tell, in contrast to what no file ever tells.
pub fn asked_of_files() -> Assumptions {
    let asked = [
        Assumption::WholeObject,
        Assumption::NothingAdded,
        Assumption::Absence,
        Assumption::Account,
        Assumption::Access,
    ];
    asked.into()
}

/// A finding as a draft of what is reported.
fn draft(found: Judged, position: usize, position_of: &dyn Fn(usize, &str, &str) -> Option<usize>) -> Draft {
    let Judged { severity, certainty, finding } = found;
    let related = finding.related.into_iter().filter_map(|related| {
        let object = match &related.object {
            ObjectRef::Examined => position,
            ObjectRef::Other(position) => *position,
            ObjectRef::ServiceAccount { namespace, name } => position_of(position, namespace, name)?,
        };
        Some((Request { object, path: related.path, part: Part::Value }, related.text))
    });
    Draft {
        rule: finding.rule.into(),
        severity,
        certainty,
        related: related.collect(),
        place: Request { object: position, path: finding.place.path, part: finding.place.part },
        subject: DraftSubject::Finding { problem: finding.problem, fix: finding.fix, repair: finding.repair },
    }
}

/// The cluster that the files are, as one object sees it.
pub struct Files<'s, 'f> {
    set: &'s Set<'f>,
    position: usize,
    namespace: Option<&'s str>,
    /// The service accounts that were asked about and that the files do not show, or not as a whole.
    unseen: RefCell<BTreeSet<String>>,
    /// Whether a kustomization may add to a service account that was asked about.
    has_taken_account: Cell<bool>,
}

impl<'s, 'f> Files<'s, 'f> {
    /// The cluster as the object of this number sees it.
    pub fn new(set: &'s Set<'f>, position: usize, namespace: Option<&'s str>) -> Self {
        Self { set, position, namespace, unseen: RefCell::default(), has_taken_account: Cell::default() }
    }

    /// Whether a kustomization may add to an object of this number.
    fn is_taken(&self, position: Option<usize>) -> bool {
        let place = position.and_then(|position| self.set.object(position));
        place.is_some_and(|(place, _)| self.set.taken(place.file()).is_some())
    }

    /// What the files do not tell about the object, of what files may tell. To be asked when the object has been examined.
    pub(crate) fn unknown(&self, is_partial: bool) -> Assumptions {
        let knows_accounts = self.set.knows_all_accounts();
        let doubts = [
            (is_partial, Assumption::WholeObject),
            (is_partial || self.is_taken(Some(self.position)), Assumption::NothingAdded),
            (!knows_accounts, Assumption::Absence),
            (
                self.has_taken_account.get() || (!knows_accounts && !self.unseen.borrow().is_empty()),
                Assumption::Account,
            ),
            // Roles and bindings are often made by hand.
            (true, Assumption::Access),
        ];
        doubts.into_iter().filter_map(|(is_unknown, assumption)| is_unknown.then_some(assumption)).collect()
    }
}

impl Cluster for Files<'_, '_> {
    fn service_account(&self, asked: &str, name: &str, _: Freshness) -> Result<ServiceAccount, LookupError> {
        let place = self.set.object(self.position).map(|(place, _)| place);
        // A federated credential names the service account of any namespace; other objects ask about their own, which may not be known:
        // it is empty, or that of a request.
        let is_own = asked.is_empty() || asked == self.namespace.unwrap_or("default");
        let namespace = if is_own { self.namespace } else { Some(asked) };
        let account = place.and_then(|place| self.set.account(place, namespace, name));
        let is_taken = account.is_some_and(|account| self.is_taken(account.object));
        self.has_taken_account.set(is_taken || self.has_taken_account.get());
        if account.is_none() || is_taken {
            self.unseen.borrow_mut().insert(name.to_owned());
        }
        match account {
            Some(account) => Ok(account.account.clone()),
            // Kubernetes makes it in every namespace. Most likely it has no annotations.
            None if name == "default" => Ok(ServiceAccount::default()),
            None if self.set.knows_all_accounts() => Err(LookupError::Missing),
            None => Err(LookupError::Unknown),
        }
    }

    fn may_use_identity(&self, namespace: &str, service_account: &str, client_id: &str) -> Result<bool, LookupError> {
        Ok(self.set.may_use_identity(namespace, service_account, client_id))
    }
}
