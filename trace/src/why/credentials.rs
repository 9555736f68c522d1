//! The last step: the token's issuer, subject and audience against federated credentials, by the chain over files.

use azure_workload_identity_lint::{File, OneThread, Options};
use azure_workload_identity_policy::cluster::ServiceAccount;
use azure_workload_identity_policy::federated::SUBJECT_PREFIX;
use azure_workload_identity_policy::ids::is_client_id;
use azure_workload_identity_policy::json::{Document, Reading};
use azure_workload_identity_policy::settings::{DEFAULT_AUDIENCE, Settings};

use super::explanation::{Detail, Step, StepState, StepTopic};
use super::gather::{Facts, of_text};
use super::question::{DISCOVERY, Question, Unanswered};
use crate::azure::AzureFile;
use crate::chain::report::{Break, Chain, Link, Match};
use crate::chain::{Azure, ClusterIssuer, Owner, Trusted, chains, create};

/// The issuer in a discovery document.
fn issuer(text: &str) -> Option<String> {
    of_text(text, |document| Some(document.field("issuer")?.as_str()?.into_owned()))?
        .filter(|issuer| !issuer.is_empty())
}

/// The step. `settings` are those of the policy that injects, if there is one.
pub(super) fn step(facts: &Facts, settings: Option<&str>, credentials: &[AzureFile]) -> Step {
    let mut step = Step::new(StepTopic::FederatedCredential, StepState::Ok, "");
    let found = match &facts.issuer {
        Ok(text) => issuer(text).ok_or_else(|| Unanswered::Failed("the answer names no issuer".to_owned())),
        Err(why) => Err(why.clone()),
    };
    let issuer = found.as_deref().ok().map(|issuer| ClusterIssuer::new(issuer, "the issuer of the cluster"));
    let chains = chains_of(facts, settings, found.as_deref().ok(), credentials);
    let subject = format!("{SUBJECT_PREFIX}{}:{}", facts.namespace, facts.service_account_name);
    let part = |part: Option<&crate::chain::report::TokenPart>| part.and_then(|part| part.value.clone());
    let audience = part(chains.first().map(|it| &it.audience)).unwrap_or_else(|| DEFAULT_AUDIENCE.to_owned());
    // What the service account says counts after the next restart.
    let account = facts.service_account.as_ref().ok();
    let account =
        account.and_then(|text| of_text(text, |it| ServiceAccount::read(it, &mut Reading::default()).client_id));
    let client_id =
        account.flatten().or_else(|| part(chains.first().map(|it| &it.client_id))).filter(|id| is_client_id(id));
    step.say("the federated credential must have exactly:");
    match &found {
        Ok(issuer) => step.fact(format!("issuer   {issuer}")),
        Err(why) => {
            let why = why.explain(&Question::Issuer);
            step.unknown(format!(
                "issuer   not known ({why}); `az aks show --query oidcIssuerProfile.issuerUrl` and `kubectl get --raw {DISCOVERY}` tell it"
            ));
        }
    }
    step.fact(format!("subject  {subject}"));
    step.fact(format!("audience {audience}"));
    if let Some(fault) = issuer.as_ref().and_then(|issuer| issuer.fault.as_ref()) {
        step.broken(fault.clone());
    }
    if let Some(note) = issuer.as_ref().and_then(|issuer| issuer.note.as_ref()) {
        step.details.push(Detail::Unknown(note.clone()));
    }
    if credentials.is_empty() {
        step.unknown("which federated credentials there are; these commands list them:");
        match &client_id {
            Some(id) => {
                step.command(format!(
                    "az identity list --query \"[?clientId=='{id}'].{{name:name, resourceGroup:resourceGroup}}\" --output table"
                ));
                step.command("az identity federated-credential list --identity-name IDENTITY_NAME --resource-group RESOURCE_GROUP");
            }
            None => step.command(
                "az identity federated-credential list --identity-name IDENTITY_NAME --resource-group RESOURCE_GROUP",
            ),
        }
        let wanted = issuer.as_ref().map(|issuer| issuer.wanted.as_deref());
        // No credential can trust some issuers.
        if wanted != Some(None) {
            step.fact("if none of them has these values, this command creates one:");
            let wanted = Trusted {
                namespace: &facts.namespace,
                account: &facts.service_account_name,
                issuer: wanted.flatten(),
                subject: &subject,
                audience: &audience,
            };
            step.command(create(&wanted, &Owner::Identity { name: None, resource_group: None }, &|_| false));
        }
    } else {
        for chain in &chains {
            compared(chain, chains.len() > 1, &mut step);
        }
        if chains.is_empty() {
            step.unknown("nothing is compared, because the pod does not ask for an identity");
        }
    }
    step
}

/// What comparing with credentials gave.
fn compared(chain: &Chain, is_one_of_several: bool, step: &mut Step) {
    if is_one_of_several {
        let client_id = chain.client_id.value.as_deref().filter(|id| is_client_id(id)).unwrap_or("that is not known");
        let audience = chain.audience.value.as_deref().unwrap_or("that is not known");
        step.fact(format!("for client id {client_id} and audience {audience}:"));
    }
    let is_own = |link: Link| !matches!(link, Link::Label | Link::ServiceAccount);
    // The step says itself what is wrong with the issuer of the cluster, at no place.
    let is_of_cluster = |fault: &Break| fault.link == Link::Issuer && fault.place.is_none();
    for credential in chain.credentials.iter().filter(|credential| credential.matches == Match::Yes) {
        let of = credential.identity.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let (file, line) = (&credential.place.source.name, credential.place.line);
        step.fact(format!("{}{of} matches ({file}:{line})", credential.name));
    }
    for fault in chain.breaks.iter().filter(|fault| is_own(fault.link) && !is_of_cluster(fault)) {
        step.broken(format!("{}: {}", fault.link.name(), fault.message));
        if let Some(command) = &fault.command {
            step.command(command.clone());
        }
    }
    // Of the issuer the step says so itself.
    let is_said = |link: Link| link == Link::Issuer || !is_own(link);
    for unknown in chain.unknown.iter().filter(|unknown| !is_said(unknown.link)) {
        let text = format!("{}: {}", unknown.link.name(), unknown.message);
        if unknown.decides {
            step.unknown(text);
        } else {
            step.details.push(Detail::Unknown(text));
        }
    }
}

/// The chains of the pod, as if it and its service account were files: one for each identity that its containers use.
fn chains_of(facts: &Facts, settings: Option<&str>, issuer: Option<&str>, credentials: &[AzureFile]) -> Vec<Chain> {
    let mut files = vec![File::read("pod", facts.pod.clone().into_bytes())];
    if let Ok(account) = &facts.service_account {
        files.push(File::read("service account", account.clone().into_bytes()));
    }
    let Ok(document) = Document::parse(settings.unwrap_or("{}").as_bytes()) else { return Vec::new() };
    let settings = Settings::read(document.root()).ok().into_iter().collect();
    let mut options = Options::new(settings, &[]);
    options.namespace = Some(facts.namespace.clone());
    let report = chains(&files, &options, Azure { issuer, files: credentials }, &OneThread);
    let is_own = |chain: &Chain| chain.service_account.name == facts.service_account_name;
    report.chains.into_iter().filter(is_own).collect()
}
