//! What is wrong with credentials and service accounts as a set.

use std::collections::{BTreeMap, HashMap, HashSet};

use azure_workload_identity_lint::Options;
use azure_workload_identity_lint::certainty::Certainty;
use azure_workload_identity_lint::diagnose::key;
use azure_workload_identity_lint::report::{Diagnostic, RelatedPlace};
use azure_workload_identity_lint::rule::Rule;
use azure_workload_identity_lint::rules::{
    federated_credential_duplicate, federated_credential_limit, service_account_unused,
};
use azure_workload_identity_lint::set::Set;
use azure_workload_identity_lint::suppressions::Suppressions;
use azure_workload_identity_policy::assumption::Assumption;
use azure_workload_identity_policy::finding::quote;
use azure_workload_identity_policy::keys;

use super::credentials::Credential;
use super::facts::{AccountFact, Use};
use super::index::Index;

/// What rules about the set find, without what comments suppress.
pub(super) fn find<'a>(
    set: &Set<'_>,
    options: &Options<'_>,
    index: &Index<'_>,
    accounts: impl Iterator<Item = &'a AccountFact>,
    used: &[usize],
    uses: &[Use],
) -> Vec<Diagnostic> {
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
    let used: HashSet<_> = used.iter().copied().collect();
    let named = named(uses);
    for fact in accounts.filter(|fact| !used.contains(&fact.position)) {
        let Some((place, object)) = set.object(fact.position) else { continue };
        let (Some(client_id), false) = (&fact.client_id, set.is_patch(place)) else { continue };
        let namespace = object.name.namespace.as_deref().or(options.namespace.as_deref());
        if !is_named(&named, namespace, &object.name.name) {
            let path = format!("metadata.annotations[{:?}]", keys::CLIENT_ID);
            // Pods of another repository may use it.
            let certainty = Certainty::not_lowered(Assumption::Absence);
            let (place, words) = (client_id.clone(), service_account_unused::words());
            let found = Diagnostic::of_own_rule(Rule::ServiceAccountUnused, place, words, options);
            findings.push(Diagnostic { certainty, object: object.name.clone(), ..found.at_path(path) });
        }
    }
    leave_out_suppressed(&mut findings, options);
    // Those of other files come last.
    let numbers: HashMap<_, _> = set.files.iter().zip(0..).map(|(file, number)| (&file.source.name, number)).collect();
    let file = |it: &Diagnostic| numbers.get(&it.place.source.name).copied().unwrap_or(usize::MAX);
    findings.sort_by(|one, other| {
        let name = |it: &Diagnostic| it.place.source.name.clone();
        (file(one), name(one), key(one)).cmp(&(file(other), name(other), key(other)))
    });
    findings
}

/// The credentials of each identity, each once: one may come from several sources.
fn by_identity<'c>(index: &Index<'c>) -> BTreeMap<&'c str, Vec<&'c Credential>> {
    let (mut groups, mut seen) = (BTreeMap::<&str, Vec<&Credential>>::new(), HashSet::new());
    for credential in &index.credentials {
        // All keys of one identity are one group.
        let key = index.identity_of(credential).and_then(|identity| identity.keys.first());
        let Some(owner) = key.or(credential.owners.first()) else { continue };
        if seen.insert((owner.as_str(), credential.object.name.as_str())) {
            groups.entry(owner).or_default().push(credential);
        }
    }
    groups
}

/// The service accounts that uses name, by name; the namespace may not be known.
fn named(uses: &[Use]) -> HashMap<&str, HashSet<Option<&str>>> {
    let mut named = HashMap::<&str, HashSet<Option<&str>>>::new();
    for one in uses {
        named.entry(&one.account.name).or_default().insert(one.account.namespace.as_deref());
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
