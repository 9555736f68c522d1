//! What the policy does, on a few pods: `cargo demo`.
//!
//! Builds the module and puts admission reviews from `demo/` through it, in a host that does what policy-server does.

#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, Result};
use e2e_tests::{
    cluster::FakeCluster,
    policy::{Evaluation, Policy},
    request::AdmissionRequest,
};
use launcher::exit_code;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

const SETTINGS: &str = include_str!("../../demo/settings.yaml");
const SERVICE_ACCOUNT: &str = include_str!("../../demo/service-account.yaml");

/// Admission reviews with what they show.
const REVIEWS: [(&str, &str); 7] = [
    ("A labelled pod gets the identity of its service account", include_str!("../../demo/labelled-pod.json")),
    (
        "So does the pod of a Deployment, but not a container that it skips",
        include_str!("../../demo/deployment-pod.json"),
    ),
    ("A pod without the label is left alone", include_str!("../../demo/unlabelled-pod.json")),
    ("A token expiration with a unit", include_str!("../../demo/expiration-with-unit.json")),
    ("A service account that does not exist", include_str!("../../demo/missing-service-account.json")),
    ("Two problems at once", include_str!("../../demo/two-problems.json")),
    ("The proxy on the host's network", include_str!("../../demo/proxy-on-host-network.json")),
];

/// Unchanged lines that are shown around a change.
const CONTEXT_LINES: usize = 1;

const TITLE: Style = Style::new().bold();
const ALLOWED: Style = AnsiColor::Green.on_default();
const DENIED: Style = AnsiColor::Red.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default();
const UNCHANGED: Style = Style::new().dimmed();

fn main() -> ExitCode {
    exit_code(run())
}

fn run() -> Result<()> {
    let settings = yaml_serde::from_str(SETTINGS).context("cannot read the settings")?;
    let service_account = yaml_serde::from_str(SERVICE_ACCOUNT).context("cannot read the service account")?;
    let cluster = FakeCluster::with_objects([service_account])?;
    let policy = Policy::new(e2e_tests::policy_module()?, settings)?.connected_to(cluster);

    let mut out = anstream::stdout().lock();
    writeln!(out, "{TITLE}The settings{TITLE:#}")?;
    indent(&mut out, UNCHANGED, SETTINGS)?;
    writeln!(out, "{TITLE}The service account{TITLE:#}")?;
    indent(&mut out, UNCHANGED, SERVICE_ACCOUNT)?;
    for (title, review) in REVIEWS {
        let request = AdmissionRequest::from_review(review).context(title)?;
        let evaluation = policy.validate(&request).context(title)?;
        writeln!(out, "\n{TITLE}{title}{TITLE:#}")?;
        show(&mut out, &request, &evaluation).context(title)?;
    }
    Ok(())
}

fn show(out: &mut impl Write, request: &AdmissionRequest, evaluation: &Evaluation) -> Result<()> {
    let response = &evaluation.response;
    if response.allowed {
        let change = if response.patch.is_some() { ", with this change" } else { ", unchanged" };
        writeln!(out, "  {ALLOWED}allowed{ALLOWED:#}{change}")?;
    } else {
        let code = response.code.map(|code| format!(" ({code})")).unwrap_or_default();
        writeln!(out, "  {DENIED}denied{DENIED:#}{code}")?;
    }
    if let Some(message) = &response.message {
        indent(out, Style::new(), message)?;
    }
    for warning in response.warnings.iter().flatten() {
        writeln!(out, "  {WARNING}warning{WARNING:#}: {warning}")?;
    }
    if let (Some(before), Some(_)) = (&request.object, &response.patch) {
        diff(out, before, &response.patched(before)?)?;
    }
    Ok(())
}

/// A unified diff of two objects as YAML. Hunks are set apart by a dotted line: line numbers of a file that nobody has would
/// help nobody.
fn diff(out: &mut impl Write, before: &Value, after: &Value) -> Result<()> {
    let [before, after] = [yaml_serde::to_string(before)?, yaml_serde::to_string(after)?];
    let diff = TextDiff::from_lines(&before, &after);
    for (number, hunk) in diff.grouped_ops(CONTEXT_LINES).iter().enumerate() {
        if number > 0 {
            writeln!(out, "    {UNCHANGED}...{UNCHANGED:#}")?;
        }
        for operation in hunk {
            for change in diff.iter_changes(operation) {
                let style = match change.tag() {
                    ChangeTag::Insert => ALLOWED,
                    ChangeTag::Delete => DENIED,
                    ChangeTag::Equal => UNCHANGED,
                };
                writeln!(out, "  {style}{} {}{style:#}", change.tag(), change.value().trim_end())?;
            }
        }
    }
    Ok(())
}

fn indent(out: &mut impl Write, style: Style, text: &str) -> io::Result<()> {
    text.lines().try_for_each(|line| writeln!(out, "  {style}{line}{style:#}"))
}
