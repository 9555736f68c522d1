//! `cargo oci`: from the checkout to a registry, and back.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use launcher::exit_code;
use oci::{
    artefact::Artefact,
    layout,
    registry::{self, Credentials, Options, Registry},
    sbom::Bom,
    verify,
};
use xtask::Workspace;

/// Lays the policy out as an OCI artefact; pushes, pulls and verifies it.
#[derive(Parser)]
#[command(name = "cargo oci", bin_name = "cargo oci")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the policy and write it as an OCI image layout, with the list of its crates
    Layout {
        /// Where to; a layout that is there is replaced [default: policy/oci-layout in cargo's target directory]
        #[arg(long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
    /// Push what `layout` has written
    Push {
        /// With a tag, as in ghcr.io/OWNER/azure-workload-identity-policy:v0.1.0
        reference: String,
        /// The layout [default: where `layout` writes]
        #[arg(long, value_name = "DIR")]
        layout: Option<PathBuf>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Pull the module
    Pull {
        /// With a tag or a digest
        reference: String,
        /// Where to write the module
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
        #[command(flatten)]
        connection: Connection,
    },
    /// Compare what is in a registry with this checkout
    Verify {
        /// With a tag or a digest
        reference: String,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Args)]
struct Connection {
    /// User; without it, docker's configuration is asked
    #[arg(long, requires = "password_stdin")]
    username: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "username")]
    password_stdin: bool,
    /// PEM file of certificates to trust besides the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// HTTP in place of HTTPS, for a registry on this machine
    #[arg(long)]
    plain_http: bool,
}

fn main() -> ExitCode {
    exit_code(run(Arguments::parse().command))
}

fn run(command: Command) -> Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let mut out = io::stdout();
    match command {
        Command::Layout { output } => {
            let workspace = Workspace::locate()?;
            let directory = output.unwrap_or_else(|| oci::default_layout(&workspace));
            let module = xtask::build_policy()?;
            let module = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
            let bom = Bom::of_policy(&workspace, &module)?;
            let artefact = Artefact::new(module, &bom)?;
            layout::write(&directory, &artefact)?;
            writeln!(out, "{}", directory.display())?;
            writeln!(out, "{}", artefact.policy.digest())?;
        }
        Command::Push { reference, layout, connection } => {
            let default = || Workspace::locate().map(|workspace| oci::default_layout(&workspace));
            let artefact = layout::read(&layout.map_or_else(default, Ok)?)?;
            registry::check_push_target(&reference, &artefact.version)?;
            let registry = Registry::new(&reference, &connection.options()?)?;
            let digest = runtime.block_on(registry.push(&artefact))?;
            writeln!(out, "{}", registry.reference())?;
            writeln!(out, "{digest}")?;
        }
        Command::Pull { reference, output, connection } => {
            let registry = Registry::new(&reference, &connection.options()?)?;
            let pulled = runtime.block_on(registry.pull())?;
            fs::write(&output, &pulled.module).with_context(|| format!("cannot write {}", output.display()))?;
            writeln!(out, "{} ({} bytes)", output.display(), pulled.module.len())?;
            writeln!(out, "{}", pulled.digest)?;
        }
        Command::Verify { reference, connection } => {
            let registry = Registry::new(&reference, &connection.options()?)?;
            let verified = runtime.block_on(verify::verify(&registry, &Workspace::locate()?))?;
            writeln!(out, "{} is what this checkout makes", registry.reference())?;
            writeln!(out, "policy {}", verified.digest)?;
            writeln!(out, "list of {} components {}", verified.components, verified.sbom)?;
        }
    }
    Ok(())
}

impl Connection {
    fn options(self) -> Result<Options> {
        let credentials = match self.username {
            Some(username) => {
                let mut password = String::new();
                io::stdin().read_to_string(&mut password).context("cannot read the password from standard input")?;
                Some(Credentials { username, password: password.trim_end_matches(['\r', '\n']).to_owned() })
            }
            None => None,
        };
        Ok(Options { credentials, ca: self.ca, plain_http: self.plain_http })
    }
}
