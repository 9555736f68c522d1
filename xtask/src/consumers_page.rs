//! Generates `docs/consumers.md` from the table of consumers and the doc comment of each consumer's file.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};
use azure_workload_identity_lint::consumers::CONSUMERS;

use crate::rules_page::parts;

/// The headings of a consumer's doc comment, in this order, below its title.
const HEADINGS: [&str; 5] = ["Reads", "Right", "Fails", "Uses", "Sources"];

const INTRODUCTION: &str = "\
<!-- Written by `cargo xtask docs` from lint/src/consumers/; changes here are lost. -->

# Consumers

Besides pods with the label, other software uses identities: CSI drivers, operators and controllers. For each, this page says which
objects it reads, which set-up is right, what fails and with which error, and what the identity needs in Azure. It is read in the
source of each, in the version that is named. [azwi-check](cli.md) reports what fails by the rule
[consumer-settings](rules.md#consumer-settings), and `azwi-check chain` follows the identity.

There are three ways to a token:

- **Mount**: the kubelet gives a CSI driver tokens of the pod's service account, for the audiences of `CSIDriver.spec.tokenRequests`. The
  pod needs no label.
- **Request**: the controller requests a token of the service account that the object names. The account needs no label.
- **Pod**: the controller uses the token of its own pod, which needs the label. A client id in an object selects the identity; the
  subject is always the service account of the controller.

The audience is `api://AzureADTokenExchange`. A controller that is not among the files counts as its chart installs it.
";

/// Generates the page from the consumers and their files in the repository at `root`.
///
/// # Errors
/// If a consumer's file cannot be read, or its doc comment lacks one of the headings.
pub fn markdown(root: &Path) -> Result<String> {
    let mut page = INTRODUCTION.to_owned();
    let mut written = BTreeSet::new();
    // A consumer has a row for each API group.
    for name in CONSUMERS.iter().map(|consumer| consumer.name).filter(|name| written.insert(*name)) {
        let file = format!("lint/src/consumers/{name}.rs");
        let source = fs::read_to_string(root.join(&file)).with_context(|| format!("cannot read {file}"))?;
        let (title, texts) = parts(&source, HEADINGS).with_context(|| format!("in {file}"))?;
        writeln!(page, "\n## {title}")?;
        for (heading, text) in HEADINGS.iter().zip(texts) {
            // A text that begins with a list or a block is a paragraph of its own.
            let separator = if text.starts_with(char::is_alphabetic) { "\n" } else { "\n\n" };
            writeln!(page, "\n**{heading}.**{separator}{text}")?;
        }
    }
    Ok(page)
}
