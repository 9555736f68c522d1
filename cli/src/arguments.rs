//! The command line: what was typed. What it means is worked out in the modules of the commands.

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Checks Kubernetes manifests for mistakes with Azure Workload Identity, without a cluster.
#[derive(Debug, Parser)]
#[command(name = "azwi-check", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what a rule finds, why it matters, and how to fix it
    Explain {
        /// The name of the rule, as messages show it
        rule: String,
    },
    /// List the rules
    Rules {
        /// The format of the list
        #[arg(long, value_enum, default_value_t = ListFormat::Human)]
        format: ListFormat,
    },
    /// Print a script that completes the command line in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// A format of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table
    Human,
    /// A JSON array
    Json,
}
