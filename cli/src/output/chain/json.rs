//! JSON, as `docs/azwi-check-chain.schema.json` describes it. Members are only ever added to a version.

use std::io::{self, Write};

use azure_workload_identity_lint::report::FilePlace;
use azure_workload_identity_trace::chain::report::{Chain, ChainReport, Match};
use serde::Serialize;

use crate::json_text;
use crate::output::json::{Finding, SkippedFile, Unreadable, finding, skipped, unreadable};

/// The version of the format.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    chains: Vec<OneChain<'r>>,
    findings: Vec<Finding<'r>>,
    skipped: Vec<SkippedFile<'r>>,
    errors: Vec<Unreadable<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OneChain<'r> {
    service_account: Account<'r>,
    workloads: Vec<Workload<'r>>,
    client_id: Option<&'r str>,
    tenant_id: Option<&'r str>,
    audience: Option<&'r str>,
    issuer: Option<&'r str>,
    subject: Option<&'r str>,
    federated_credentials: Vec<Credential<'r>>,
    verdict: &'static str,
    breaks: Vec<Broken<'r>>,
    unknown: Vec<NotKnown<'r>>,
}

#[derive(Serialize)]
struct Account<'r> {
    namespace: Option<&'r str>,
    name: &'r str,
    file: Option<&'r str>,
    line: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Workload<'r> {
    kind: &'r str,
    namespace: Option<&'r str>,
    name: &'r str,
    file: &'r str,
    line: usize,
    expiration_seconds: Option<u32>,
}

#[derive(Serialize)]
struct Credential<'r> {
    name: &'r str,
    identity: Option<&'r str>,
    file: &'r str,
    line: usize,
    matches: bool,
}

#[derive(Serialize)]
struct Broken<'r> {
    link: &'static str,
    message: &'r str,
    file: Option<&'r str>,
    line: Option<usize>,
    command: Option<&'r str>,
}

#[derive(Serialize)]
struct NotKnown<'r> {
    link: &'static str,
    message: &'r str,
    file: Option<&'r str>,
    line: Option<usize>,
}

/// Writes chains.
pub(super) fn write(report: &ChainReport, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        version: VERSION,
        chains: report.chains.iter().map(chain).collect(),
        findings: report.report.findings.iter().map(finding).collect(),
        skipped: report.report.skipped.iter().map(skipped).collect(),
        errors: report.report.errors.iter().map(unreadable).collect(),
    };
    json_text::write(&document, out)
}

fn chain(chain: &Chain) -> OneChain<'_> {
    let account = &chain.service_account;
    let (file, line) = place(account.place.as_ref());
    let workloads = chain.users.iter().map(|user| Workload {
        kind: &user.object.kind,
        namespace: user.object.namespace.as_deref(),
        name: &user.object.name,
        file: &user.place.source.name,
        line: user.place.range.start.line,
        expiration_seconds: user.expiration,
    });
    let credentials = chain.credentials.iter().map(|it| Credential {
        name: &it.name,
        identity: it.identity.as_deref(),
        file: &it.place.source.name,
        line: it.place.range.start.line,
        matches: it.matches == Match::Yes,
    });
    let breaks = chain.breaks.iter().map(|it| {
        let (file, line) = place(it.place.as_ref());
        Broken { link: it.link.name(), message: &it.message, file, line, command: it.command.as_deref() }
    });
    let unknown = chain.unknown.iter().map(|it| {
        let (file, line) = place(it.place.as_ref());
        NotKnown { link: it.link.name(), message: &it.message, file, line }
    });
    OneChain {
        service_account: Account { namespace: account.namespace.as_deref(), name: &account.name, file, line },
        workloads: workloads.collect(),
        client_id: chain.client_id.value.as_deref(),
        tenant_id: chain.tenant_id.value.as_deref(),
        audience: chain.audience.value.as_deref(),
        issuer: chain.issuer.value.as_deref(),
        subject: chain.subject.value.as_deref(),
        federated_credentials: credentials.collect(),
        verdict: chain.verdict.name(),
        breaks: breaks.collect(),
        unknown: unknown.collect(),
    }
}

fn place(place: Option<&FilePlace>) -> (Option<&str>, Option<usize>) {
    place.map(|it| (&*it.source.name, it.range.start.line)).unzip()
}
