//! The whole chain: from what runs, by its label, service account, client and tenant, to the federated credential that Entra ID
//! compares the issuer, subject and audience of its token with.
//!
//! ```text
//! files       -> uses         what uses identities (pods; consumers: everything else; volumes: through another object), as facts
//! azure       -> index        federated credentials, identities and clusters of Azure, from any source
//! both        -> assemble     the chains, with what is broken and what cannot be known (links, and trust for the last one;
//!                             compare, command: in which words; issuer: that of the cluster as it was given)
//!             -> findings     what is wrong with the credentials and service accounts as a set
//!             -> graph        the chains as nodes and edges, for drawings
//! ```

mod assemble;
mod command;
mod compare;
mod facts;
mod findings;
pub mod graph;
mod index;
mod issuer;
mod links;
mod pods;
mod reader;
pub mod report;
pub(crate) mod texts;
mod trust;
mod uses;
mod volumes;

use std::fmt;

use azure_workload_identity_lint::consumers::neighbours::Neighbours;
use azure_workload_identity_lint::report::Report;
use azure_workload_identity_lint::set::Set;
use azure_workload_identity_lint::{File, Options, Workers};

pub(crate) use command::{Owner, Trusted, create, quoted};
pub(crate) use issuer::ClusterIssuer;

use crate::azure::AzureFile;
use findings::ChainFindings;
use index::Index;
use links::Basis;
use report::ChainReport;
use uses::of_file;

/// What is known of Azure.
#[derive(Clone, Copy, Default)]
pub struct Azure<'a> {
    /// The issuer of the tokens of the cluster, if it is known; the setting `issuer` counts otherwise.
    pub issuer: Option<&'a str>,
    /// The files with what Azure has, besides the objects in the files.
    pub files: &'a [AzureFile],
}

impl fmt::Debug for Azure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Azure").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Follows the chains of all service accounts that something in the files uses.
pub fn chains(files: &[File], options: &Options<'_>, azure: Azure<'_>, workers: &impl Workers) -> ChainReport {
    let set = Set::new(files, options.cluster_state);
    let neighbours = Neighbours::new(&set, options.namespace.as_deref());
    let mut facts = workers.map(files.len(), |file| of_file(&set, &neighbours, options, file));
    let mut uses: Vec<_> = facts.iter_mut().flat_map(|facts| std::mem::take(&mut facts.uses)).collect();
    uses.extend(volumes::uses(&facts));
    let given = azure.files.iter().map(|file| &file.found);
    let index = Index::new(facts.iter().map(|facts| &facts.found), given);
    let accounts = facts.iter().flat_map(|facts| &facts.accounts).map(|fact| (fact.position, fact)).collect();
    let of_settings = || options.settings.iter().find_map(|settings| settings.issuer.as_deref());
    let issuer =
        azure.issuer.map(|issuer| (issuer, "--issuer")).or_else(|| Some((of_settings()?, "the setting issuer")));
    let clusters: Vec<_> = azure.files.iter().flat_map(|file| &file.found.clusters).collect();
    let issuer = ClusterIssuer::find(issuer, &clusters);
    let maker_of_account = |namespace: Option<&str>, name: &str| neighbours.maker_of_account(namespace, name);
    let basis = Basis { set: &set, maker_of_account: &maker_of_account, index: &index, accounts, issuer };
    let (chains, used) = basis.chains(&uses);
    let mut report = Report::of_reading(files);
    report.summary.files += azure.files.len();
    report.errors.extend(azure.files.iter().flat_map(|file| file.errors().iter().cloned()));
    let found = ChainFindings { set: &set, options, index: &index, facts: &facts, uses: &uses, chains: &chains };
    report.set_findings(found.findings(&used), options);
    ChainReport { chains, report }
}
