//! What is wrong with credentials and service accounts as a set.

use std::collections::{BTreeMap, HashMap, HashSet};

use azure_workload_identity_lint::Options;
use azure_workload_identity_lint::certainty::Certainty;
use azure_workload_identity_lint::consumers::Consumer;
use azure_workload_identity_lint::diagnose::key;
use azure_workload_identity_lint::identities::is_identity;
use azure_workload_identity_lint::report::{Diagnostic, RelatedPlace};
use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_lint::rules::{
    federated_credential_duplicate, federated_credential_limit, federated_credential_unused, service_account_unused,
};
use azure_workload_identity_lint::set::Set;
use azure_workload_identity_lint::suppressions::Suppressions;
use azure_workload_identity_policy::assumption::Assumption;
use azure_workload_identity_policy::federated::SUBJECT_PREFIX;
use azure_workload_identity_policy::finding::quote;
use azure_workload_identity_policy::issuer::Issuer;
use azure_workload_identity_policy::keys;

use super::facts::{FaultFact, FileFacts, Use};
use super::index::Index;
use super::report::Chain;
use crate::azure::Credential;

/// What the findings rest on.
pub(super) struct ChainFindings<'a, 'f> {
    pub(super) set: &'a Set<'f>,
    pub(super) options: &'a Options<'a>,
    pub(super) index: &'a Index<'a>,
    pub(super) facts: &'a [FileFacts],
    pub(super) uses: &'a [Use],
    pub(super) chains: &'a [Chain],
}

impl ChainFindings<'_, '_> {
    /// What rules about the set find, without what comments suppress. `used` are the numbers of the service accounts that are used.
    pub(super) fn findings(&self, used: &[usize]) -> Vec<Diagnostic> {
        let mut findings = self.of_identities();
        findings.extend(self.unused_accounts(used));
        findings.extend(self.unused_credentials());
        findings.extend(self.settings());
        leave_out_suppressed(&mut findings, self.options);
        // Those of other files come last.
        let files = self.set.files.iter().zip(0..);
        let numbers: HashMap<_, _> = files.map(|(file, number)| (&file.source.name, number)).collect();
        let file = |it: &Diagnostic| numbers.get(&it.place.source.name).copied().unwrap_or(usize::MAX);
        findings.sort_by(|one, other| {
            let name = |it: &Diagnostic| it.place.source.name.clone();
            (file(one), name(one), key(one)).cmp(&(file(other), name(other), key(other)))
        });
        findings
    }

    /// The credentials of each identity: too many, and one that is there twice.
    fn of_identities(&self) -> Vec<Diagnostic> {
        let (index, options) = (self.index, self.options);
        let mut findings = Vec::new();
        for (owner, credentials) in by_identity(index) {
            let identity = credentials.first().and_then(|first| {
                index.identity_of(first).map(|identity| identity.name.clone()).or_else(|| first.identity.clone())
            });
            let identity = identity.map_or_else(|| owner.to_owned(), |name| quote(&name));
            if let Some((over, count)) = federated_credential_limit::check(&credentials) {
                let (object, words) = (over.object.clone(), federated_credential_limit::words(&identity, count));
                let found = Diagnostic::of_own_rule(Rule::FederatedCredentialLimit, over.place.clone(), words, options);
                findings.push(Diagnostic { object, ..found });
            }
            let trusted = credentials.iter().map(|it| it.issuer.text().zip(it.subject.text()));
            for (first, second) in federated_credential_duplicate::check(trusted) {
                let (Some(first), Some(second)) = (credentials.get(first), credentials.get(second)) else { continue };
                let words = federated_credential_duplicate::words(&identity, &first.object.name);
                let related = vec![RelatedPlace { place: first.place.clone(), message: "the other one".to_owned() }];
                let (place, path) = (second.subject.place().clone(), second.subject_path.clone());
                let found = Diagnostic::of_own_rule(Rule::FederatedCredentialDuplicate, place, words, options);
                findings.push(Diagnostic { object: second.object.clone(), related, ..found.at_path(path) });
            }
        }
        findings
    }

    /// Service accounts with an identity that nothing uses.
    fn unused_accounts(&self, used: &[usize]) -> Vec<Diagnostic> {
        let (set, options) = (self.set, self.options);
        let used: HashSet<_> = used.iter().copied().collect();
        let runs =
            self.facts.iter().flat_map(|facts| &facts.runs).map(|(namespace, name)| (namespace.as_deref(), &**name));
        let uses = self.uses.iter().map(|one| (one.account.namespace.as_deref(), &*one.account.name));
        let named = by_name(uses.chain(runs));
        let unknown = self.unknown_kinds();
        let mut findings = Vec::new();
        for fact in self.facts.iter().flat_map(|facts| &facts.accounts).filter(|fact| !used.contains(&fact.position)) {
            let Some((place, object)) = set.object(fact.position) else { continue };
            let (Some(client_id), false) = (&fact.client_id, set.is_patch(place)) else { continue };
            let namespace = object.name.namespace.as_deref().or(options.namespace.as_deref());
            if !is_named(&named, namespace, &object.name.name) && !unknown.contains(&namespace) {
                let path = format!("metadata.annotations[{:?}]", keys::CLIENT_ID);
                // Pods of another repository may use it.
                let certainty = Certainty::not_lowered(Assumption::Absence);
                let (place, words) = (client_id.clone(), service_account_unused::words());
                let found = Diagnostic::of_own_rule(Rule::ServiceAccountUnused, place, words, options);
                findings.push(Diagnostic { certainty, object: object.name.clone(), ..found.at_path(path) });
            }
        }
        findings
    }

    /// The namespaces with an object of a kind that is not known, which may use a service account.
    fn unknown_kinds(&self) -> HashSet<Option<&str>> {
        let objects = self.set.objects.iter().map(|at| &at.object.name);
        let unknown = objects.filter(|name| {
            let group = name.group();
            let is_built_in = !group.contains('.') || group.ends_with(".k8s.io");
            !is_built_in && !Consumer::is_group(group) && !is_identity(group, &name.kind)
        });
        unknown.map(|name| name.namespace.as_deref().or(self.options.namespace.as_deref())).collect()
    }

    /// Credentials for tokens of this cluster whose subject nothing uses, although its namespace is among the files.
    fn unused_credentials(&self) -> Vec<Diagnostic> {
        let Some(issuer) = self.chains.iter().find_map(|chain| chain.issuer.value.as_deref()) else {
            return Vec::new();
        };
        // As credentials have to name it.
        let issuer = Issuer::new(issuer).corrected().unwrap_or_else(|| issuer.into());
        let namespaces: HashSet<_> =
            self.set.objects.iter().filter_map(|at| at.object.name.namespace.as_deref()).collect();
        let subjects: HashSet<_> = self.chains.iter().filter_map(|chain| chain.subject.value.as_deref()).collect();
        let near = self.chains.iter().flat_map(|chain| &chain.credentials);
        let near: HashSet<_> = near.map(|it| (&it.place.source.name, it.place.span.start)).collect();
        let unused = self.index.credentials.iter().filter_map(|credential| {
            let subject = credential.subject.text()?;
            let (namespace, _) = subject.strip_prefix(SUBJECT_PREFIX)?.split_once(':')?;
            let is_unused = credential.issuer.text() == Some(&*issuer)
                && namespaces.contains(namespace)
                && !subjects.contains(subject)
                && !near.contains(&(&credential.place.source.name, credential.place.span.start));
            is_unused.then(|| {
                let (place, words) = (credential.subject.place().clone(), federated_credential_unused::words(subject));
                let found = Diagnostic::of_own_rule(Rule::FederatedCredentialUnused, place, words, self.options);
                let certainty = Certainty::not_lowered(Assumption::Absence);
                let path = credential.subject_path.clone();
                Diagnostic { certainty, object: credential.object.clone(), ..found.at_path(path) }
            })
        });
        unused.collect()
    }

    /// What is wrong with settings of consumers and is not a part of a chain.
    fn settings(&self) -> Vec<Diagnostic> {
        let mounted: HashSet<_> =
            self.facts.iter().flat_map(|facts| &facts.mounts).map(|mount| mount.position).collect();
        let faults = self.facts.iter().flat_map(|facts| &facts.faults);
        let apart =
            faults.filter(|it| !it.is_of_request || it.mounted.is_some_and(|position| !mounted.contains(&position)));
        let diagnostic = |it: &FaultFact| {
            let words = (it.fault.problem.clone(), it.fault.fix.clone());
            let found = Diagnostic::of_own_rule(Rule::ConsumerSettings, it.place.clone(), words, self.options);
            let severity = found.severity.min(it.fault.effect.severity());
            Diagnostic { severity, object: it.object.clone(), ..found.at_path(it.fault.path.to_string()) }
        };
        apart.map(diagnostic).collect()
    }
}

/// The credentials of each identity, each once: one may come from several sources. Those of two clusters may have one name.
fn by_identity<'c>(index: &Index<'c>) -> BTreeMap<&'c str, Vec<&'c Credential>> {
    let (mut groups, mut seen) = (BTreeMap::<&str, Vec<&Credential>>::new(), HashSet::new());
    for credential in &index.credentials {
        // All keys of one identity are one group.
        let key = index.identity_of(credential).and_then(|identity| identity.keys.first());
        let Some(owner) = key.or(credential.owners.first()) else { continue };
        let parts = [credential.issuer.text(), credential.subject.text()];
        if seen.insert((owner.as_str(), credential.object.name.as_str(), parts)) {
            groups.entry(owner).or_default().push(credential);
        }
    }
    groups
}

/// Service accounts by name; the namespace may not be known.
fn by_name<'a>(
    accounts: impl Iterator<Item = (Option<&'a str>, &'a str)>,
) -> HashMap<&'a str, HashSet<Option<&'a str>>> {
    let mut named = HashMap::<&str, HashSet<Option<&str>>>::new();
    for (namespace, name) in accounts {
        named.entry(name).or_default().insert(namespace);
    }
    named
}

fn is_named(named: &HashMap<&str, HashSet<Option<&str>>>, namespace: Option<&str>, name: &str) -> bool {
    named
        .get(name)
        .is_some_and(|namespaces| namespace.is_none() || namespaces.contains(&namespace) || namespaces.contains(&None))
}

/// Leaves out the findings that comments or the configuration suppress.
fn leave_out_suppressed(findings: &mut Vec<Diagnostic>, options: &Options<'_>) {
    use azure_workload_identity_policy::rule::Severity;

    let mut comments = HashMap::new();
    findings.retain(|finding| {
        let source = &finding.place.source;
        let comments = comments.entry(source.name.clone()).or_insert_with(|| Suppressions::of(&source.text));
        let is_suppressed = comments.about(finding.rule, finding.place.span.start).next().is_some();
        !is_suppressed && finding.severity != Severity::Off && !(options.is_ignored)(finding.rule, &source.name)
    });
}
