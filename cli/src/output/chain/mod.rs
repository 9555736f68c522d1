//! The formats of chains, one module each: a function from the chains to a writer.

mod dot;
mod graph;
mod json;
mod mermaid;
mod tree;

use std::io::{self, Write};

use azure_workload_identity_lint::chain::report::{Chain, ChainReport, Link, Match};
use azure_workload_identity_lint::report::FilePlace;

use super::Look;
use crate::arguments::ChainFormat;

impl ChainFormat {
    /// Writes chains.
    pub(crate) fn write(self, report: &ChainReport, look: Look, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Tree => tree::write(report, look, out),
            Self::Mermaid => mermaid::write(report, out),
            Self::Dot => dot::write(report, out),
            Self::Json => json::write(report, out),
        }
    }
}

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// Nothing speaks against it.
    Whole,
    /// It cannot be compared, since an earlier or later link is broken or not known.
    Open,
    /// It cannot be known.
    Unknown,
    /// It is broken.
    Broken,
}

impl State {
    fn of(link: Link, chain: &Chain) -> Self {
        if chain.breaks.iter().any(|it| it.link == link) {
            Self::Broken
        } else if chain.unknown.iter().any(|it| it.link == link && it.decides) {
            Self::Unknown
        } else if Self::is_open(link, chain) {
            Self::Open
        } else {
            Self::Whole
        }
    }
}

impl State {
    /// Whether nothing is known of a link, since an earlier one is broken or not known.
    fn is_open(link: Link, chain: &Chain) -> bool {
        let has_account = !chain.unknown.iter().any(|it| it.link == Link::ServiceAccount && it.decides);
        match link {
            Link::Label | Link::ServiceAccount => false,
            Link::ClientId => chain.client_id.value.is_none(),
            Link::TenantId => chain.tenant_id.value.is_none() && !has_account,
            Link::Audience => chain.audience.value.is_none(),
            Link::Issuer => chain.issuer.value.is_none(),
            Link::Subject => chain.subject.value.is_none(),
            Link::FederatedCredential => chain.credentials.iter().all(|it| it.matches != Match::Yes),
        }
    }
}

/// The first broken link.
fn first_broken(chain: &Chain) -> Option<Link> {
    chain.breaks.first().map(|it| it.link)
}

/// `deploy/web.yaml:12`.
fn at(place: &FilePlace) -> String {
    format!("{}:{}", place.source.name, place.range.start.line)
}
